"""The Data API of Clever over the district's records: addresses, pages and errors."""

import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from oneroster_nb.demo.server.answers import Answer, RefusalError, Request
from oneroster_nb.demo.server.clever_records import CleverRecords, Record
from oneroster_nb.demo.server.tokens import basic_credentials

CLEVER_VERSIONS: Final = ("3.1", "3.0", "2.1")
_DEFAULT_LIMIT: Final = 100
_LARGEST: Final = 10_000
_NOWHERE: Final = "Resource not found"
_ROLES: Final = frozenset({"student", "teacher", "staff", "district_admin", "contact"})
_LISTS_OF_2_1: Final = {
    "students": "student",
    "teachers": "teacher",
    "school_admins": "staff",
    "district_admins": "district_admin",
    "contacts": "contact",
}


class Clever:
    """One version of the Data API.

    Parameters
    ----------
    version : str
        One of :data:`CLEVER_VERSIONS`.
    records : CleverRecords
        The district.
    token : str
        The token that clients must send.
    """

    reads: bool = False

    def __init__(self, version: str, records: CleverRecords, token: str) -> None:
        self.prefix = f"/v{version}/"
        self._old = version == "2.1"
        self._records = records
        self._token = token.encode()

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises
        ------
        RefusalError
            401 without the token, 404 if there is nothing at that address, 400 and 413 if a
            parameter is wrong, 405 if the method is not GET.
        """
        if request.method != "GET":
            raise RefusalError(405, "", "Only GET is answered here.", {"Allow": "GET"})
        self._check(request)
        path = request.path.removeprefix(self.prefix)
        steps = [unquote(step) for step in path.removesuffix("/").split("/")]
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        if len(steps) == 2:
            return _answer({"data": self._one(*steps)})
        if len(steps) == 1:
            name, found = steps[0], self._all(steps[0])
        elif len(steps) == 3:
            name, found = steps[2], self._nested(steps)
        else:
            raise RefusalError(404, "", _NOWHERE)
        if name == "users":
            found = _holders(found, params.get("role"))
        return self._page(request.path, params, name, found)

    def refuse(self, refusal: RefusalError) -> Answer:
        """Write the error body that Clever has."""
        body = json.dumps({"message": refusal.description}).encode()
        return Answer(refusal.status, body, refusal.headers)

    def _check(self, request: Request) -> None:
        kind, _, token = (request.header("Authorization") or "").partition(" ")
        known = hmac.compare_digest(token.strip().encode(), self._token)
        if kind.casefold() != "bearer" or not known:
            raise RefusalError(401, "", "Unauthorized", {"WWW-Authenticate": "Bearer"})

    def _all(self, name: str) -> list[Record]:
        """Return a whole list."""
        shared: Mapping[str, Callable[[], list[Record]]] = {
            "districts": lambda: self._records.districts,
            "schools": lambda: self._records.schools,
            "courses": lambda: self._records.courses,
            "terms": lambda: self._records.terms,
            "sections": lambda: self._sections,
        }
        if name in shared:
            return shared[name]()
        if not self._old and name in ("users", "resources"):
            return self._records.users if name == "users" else self._records.resources
        if self._old and name in _LISTS_OF_2_1:
            role = _LISTS_OF_2_1[name]
            holders = [user for user in self._records.users if role in user["roles"]]
            listed = [_as_of_2_1(user, role) for user in holders]
            return sorted(listed, key=lambda record: str(record["id"]))
        raise RefusalError(404, "", _NOWHERE)

    def _one(self, name: str, key: str) -> Record:
        found = [record for record in self._all(name) if record["id"] == key]
        if not found:
            raise RefusalError(404, "", _NOWHERE)
        return found[0]

    def _nested(self, steps: Sequence[str]) -> list[Record]:
        """Return the list below one record."""
        within, key, name = steps
        owner = self._one(within, key)
        if (within, name) in (("courses", "sections"), ("schools", "sections")):
            field = within.removesuffix("s")
            return [section for section in self._sections if section[field] == key]
        if within == "schools" and name in ("courses", "terms") and not self._old:
            field = "course" if name == "courses" else "term_id"
            used = {section[field] for section in self._sections if section["school"] == key}
            return [record for record in self._all(name) if record["id"] in used]
        if within == "sections" and name in ("students", "teachers", "users"):
            parts = (name,) if self._old else ("students", "teachers")
            members = {member for part in parts for member in owner[part]}
            return [person for person in self._all(name) if person["id"] in members]
        if within == "schools" and name in ("students", "teachers", "users"):
            return [person for person in self._all(name) if key in _schools(person)]
        raise RefusalError(404, "", _NOWHERE)

    @property
    def _sections(self) -> list[Record]:
        """The sections; version 2.1 has its own ids for their teachers."""
        if not self._old:
            return self._records.sections
        old = {
            user["id"]: user["roles"]["teacher"]["legacy_id"]
            for user in self._records.users
            if "teacher" in user["roles"]
        }
        return [
            section
            | {
                "teachers": [old[key] for key in section["teachers"] if key in old],
                "teacher": old.get(section["teacher"]),
            }
            for section in self._records.sections
        ]

    def _page(
        self, path: str, params: Mapping[str, str], name: str, found: Sequence[Record]
    ) -> Answer:
        """Return the requested page."""
        limit = _limit(params)
        after, before = params.get("starting_after"), params.get("ending_before")
        if after is not None and before is not None:
            raise RefusalError(400, "", "starting_after and ending_before exclude each other.")
        start, more = 0, False
        if after is not None:
            start = sum(record["id"] <= after for record in found)
        if before is not None:
            end = sum(record["id"] < before for record in found)
            start = max(0, end - limit)
            limit, more = end - start, end < len(found)
        shown = found[start : start + limit]
        more = more or start + len(shown) < len(found)
        kept = {k: v for k, v in params.items() if k not in ("starting_after", "ending_before")}

        def link(rel: str, **cursor: str) -> Record:
            query = urlencode({**kept, **cursor}, quote_via=quote, safe="")
            return {"rel": rel, "uri": path + (f"?{query}" if query else "")}

        links = [link("self", **{k: params[k] for k in params if k not in kept})]
        if shown and more:
            links.append(link("next", starting_after=shown[-1]["id"]))
        if shown and (after is not None or start > 0):
            links.append(link("prev", ending_before=shown[0]["id"]))
        data = [{"data": record, "uri": f"{self.prefix}{name}/{record['id']}"} for record in shown]
        counted = {"count": len(found)} if params.get("count") == "true" else {}
        return _answer({"data": data, "links": links, **counted})


class DistrictTokens:
    """Lists the token of the district for the application's id and secret.

    Parameters
    ----------
    client_id, client_secret : str
        The application's credentials, for Basic authentication.
    district : callable
        Returns the id of the district.
    token : str
        Its token.
    """

    prefix: str = "/oauth/tokens"
    reads: bool = False

    def __init__(
        self, client_id: str, client_secret: str, district: Callable[[], str], token: str
    ) -> None:
        self._credentials = client_id, client_secret
        self._district = district
        self._token = token

    def answer(self, request: Request) -> Answer:
        """List the tokens.

        Raises
        ------
        RefusalError
            401 for another application, 404 and 405 for any other request.
        """
        if request.path != self.prefix:
            raise RefusalError(404, "", _NOWHERE)
        if request.method != "GET":
            raise RefusalError(405, "", "Only GET is answered here.", {"Allow": "GET"})
        shown = basic_credentials(request.header("Authorization") or "") or ("", "")
        same = [
            hmac.compare_digest(one.encode(), other.encode())
            for one, other in zip(shown, self._credentials, strict=True)
        ]
        if not all(same):
            raise RefusalError(401, "", "Unauthorized", {"WWW-Authenticate": "Basic"})
        record = {
            "id": "5f3c00ff0000000000000001",
            "created": "2026-08-01T12:00:00.000Z",
            "owner": {"type": "district", "id": self._district()},
            "access_token": self._token,
            "scopes": ["read:district_admins", "read:sis", "read:user_id"],
        }
        uri = f"{request.path}?{request.query}" if request.query else request.path
        return _answer({"data": [record], "links": [{"rel": "self", "uri": uri}]})

    def refuse(self, refusal: RefusalError) -> Answer:
        """Write the error body that Clever has."""
        return Answer(
            refusal.status, json.dumps({"message": refusal.description}).encode(), refusal.headers
        )


def _answer(body: Record) -> Answer:
    return Answer(200, json.dumps(body, ensure_ascii=False).encode())


def _holders(users: list[Record], role: str | None) -> list[Record]:
    """Return the users with a role; all users if `role` is None."""
    if role is None:
        return users
    if role not in _ROLES:
        raise RefusalError(400, "", f"Invalid role: {role}")
    return [user for user in users if role in user["roles"]]


def _schools(person: Record) -> list[str]:
    """Return the schools of a person, in any version."""
    parts = person["roles"].values() if "roles" in person else [person]
    return [school for part in parts for school in part.get("schools", ())]


def _as_of_2_1(user: Record, role: str) -> Record:
    """Return one role of a person as a record of version 2.1."""
    part = dict(user["roles"][role])
    record = {**part, "id": part.pop("legacy_id"), "district": user["district"]}
    record.pop("legacy_id")
    record["email"] = user["email"]
    name = user["name"]
    if role == "contact":
        links = record.pop("student_relationships")
        record["students"] = [link["student"] for link in links]
        first = links[0] if links else {"relationship": "", "type": ""}
        record |= {"relationship": first["relationship"], "type": first["type"]}
        record["name"] = " ".join(filter(None, (name["first"], name["last"])))
        return record
    if role in ("staff", "district_admin"):
        record.pop("roles", None)
        record["name"] = {"first": name["first"], "last": name["last"]}
        return record
    return record | {"name": name}


def _limit(params: Mapping[str, str]) -> int:
    text = params.get("limit", str(_DEFAULT_LIMIT))
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < 1:
        raise RefusalError(400, "", f"Invalid limit: {text}")
    if int(text) > _LARGEST:
        raise RefusalError(413, "", f"limit must not exceed {_LARGEST}")
    return int(text)
