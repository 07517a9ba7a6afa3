"""The Clever Data API: its paths, and the ways to get in."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import pandas as pd
import pyarrow as pa

from oneroster_nb.connectors.clever.envelope import read_envelope
from oneroster_nb.connectors.clever.members import (
    demographics_of,
    enrollments_of,
    with_parents,
    with_schools_of_students,
)
from oneroster_nb.connectors.clever.records import columns_of
from oneroster_nb.connectors.live.connector import Connector
from oneroster_nb.connectors.live.live_source import NO_ROUTE
from oneroster_nb.connectors.live.options import (
    check_sendable,
    checked_seconds,
    checked_timeout,
    checked_whole,
    from_environment,
    wrapped_secrets,
    written_option,
)
from oneroster_nb.connectors.live.pushdown import Clause
from oneroster_nb.errors import (
    AnswerError,
    ConfigurationError,
    CredentialsError,
    NotFoundError,
    NotProvidedError,
    PartialResultWarning,
    warn,
)
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.secret import Secret
from oneroster_nb.tables.casting import conform
from oneroster_nb.tables.repeated_keys import DistinctRows
from oneroster_nb.tables.where import Where
from oneroster_nb.transport.address import (
    checked_host,
    checked_token_url,
    encoded,
    joined,
    origin,
)
from oneroster_nb.transport.auth import Auth, BearerAuth
from oneroster_nb.transport.district_tokens import DistrictTokenAuth
from oneroster_nb.transport.pages import Ask, Page, Tables
from oneroster_nb.transport.paging import pull_links
from oneroster_nb.transport.retrying import Call
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Job

__all__ = ["CLEVER_HOST", "CLEVER_TOKENS", "CleverConnector"]

CLEVER_HOST = "https://api.clever.com/v3.1/"
CLEVER_TOKENS = "https://clever.com/oauth/tokens"
_VERSIONS = ("v3.1", "v3.0", "v2.1")
_LARGEST_PAGE = 10_000  # Clever answers 413 to more
_TRIES_OF_A_LARGE_PAGE = 4
_ADVICE: Mapping[int, str] = MappingProxyType(
    {
        401: (
            "Clever does not accept the token. It must be a district's token, as the dashboard of"
            " the application shows it; the token of a person who signed in shows no rosters."
        ),
        404: (
            "Clever has nothing there for this token. Check the host, such as"
            " https://api.clever.com/v3.1/, and whether the district still shares it with this"
            " application."
        ),
    }
)
_PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "orgs": ("districts", "schools"),
        "academicSessions": ("terms",),
        "courses": ("courses",),
        "classes": ("sections",),
        "enrollments": ("sections",),
        "resources": ("resources",),
    }
)
"""Canonical table to the lists that hold its rows."""
_PEOPLE = ("students", "teachers", "school_admins", "district_admins", "contacts")
"""The lists of people of version 2.1; later versions have one."""
_OBJECTS: Mapping[str, str] = MappingProxyType(
    {"orgs": "schools", "courses": "courses", "classes": "sections"}
)
_PARTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {("classes", "courseSourcedId"): "courses", ("classes", "schoolSourcedId"): "schools"}
)
_LACKING = "Clever has no {}: it is a roster without a gradebook and without the tables around it."


class CleverConnector(Connector):
    """A district's roster in Clever, asked over the Data API.

    Sections are the classes, contacts the guardians, staff the aides, and a section's lists of
    students and teachers the enrollments. What Clever says beyond the canonical columns is kept
    as ``clever.<name>``. Of demographics Clever knows birth date, gender, race and ethnicity.

    Parameters
    ----------
    access_token : str, optional
        A district's token, as the dashboard of the application shows it.
    host : str
        The base address, whose path says the version: ``/v3.1/``, ``/v3.0/`` or ``/v2.1/``.
    client_id, client_secret : str, optional
        The application's, instead of a token; the district's token is then asked for.
    district : str, optional
        The id of the district that is meant, where several share their rosters.
    token_url : str
        Where the tokens of districts are listed.
    key_identifier, match_on, max_users, max_workers, timeout, retry_seconds, max_bytes
        As for :class:`OneRosterConnector`; ``match_on`` compares ``sis_id``, too.
    allow_insecure : bool
        As for :class:`OneRosterConnector`.
    page_size : int
        Rows to ask for at once; Clever sends 10,000 at most.

    Raises
    ------
    ConfigurationError
        For a host that is no address of a known version, or an option that makes no sense.
    CredentialsError
        Where there is neither a token nor an id with its secret.

    Notes
    -----
    Facts: https://dev.clever.com/docs, and the OpenAPI documents of versions 2.1, 3.0 and 3.1.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> onb.CleverConnector(access_token="open sesame")
    <CleverConnector https://api.clever.com/v3.1/>
    >>> with onb.connect("demo-clever") as conn:
    ...     len(conn.get_users("students", "sections", "31763"))
    3
    """

    # What shows of a connection that could not be set up.
    host: str = "nowhere"
    _made_of = MappingProxyType({"enrollments": "classes", "demographics": "users"})

    def __init__(
        self,
        access_token: str | Secret | None = None,
        host: str | None = CLEVER_HOST,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        *,
        district: str | None = None,
        token_url: str = CLEVER_TOKENS,
        key_identifier: str = "sourcedId",
        match_on: str | Sequence[str] | None = None,
        max_users: int = 0,
        page_size: int = _LARGEST_PAGE,
        max_workers: int = 4,
        timeout: tuple[float, float] = (10, 60),
        retry_seconds: float = 120,
        max_bytes: int = 1 << 30,
        allow_insecure: bool = False,
    ) -> None:
        # At once, so that no traceback that shows variables shows the secret.
        client_secret, access_token = wrapped_secrets(client_secret, access_token)
        check_sendable(client_secret=client_secret, access_token=access_token)
        super().__init__(
            key_identifier=key_identifier,
            match_on=match_on,
            max_users=max_users,
            page_size=page_size,
            max_workers=max_workers,
        )
        self.host = checked_host(host or CLEVER_HOST, allow_insecure=allow_insecure)
        self.version = _version(self.host)
        self.district = _checked_district(district)
        timeout = checked_timeout(timeout)
        auth: Auth
        if access_token:
            auth = BearerAuth(access_token)
        elif isinstance(client_id, str) and client_id and client_secret:
            token_url = checked_token_url(token_url, allow_insecure=allow_insecure)
            auth = DistrictTokenAuth(
                token_url, client_id, client_secret, district=self.district, timeout=timeout
            )
        else:
            raise CredentialsError(
                "CleverConnector needs an access_token, or a client_id with its client_secret:"
                " neither was given, and neither is in the environment (ONEROSTER_ACCESS_TOKEN;"
                " ONEROSTER_CLIENT_ID and ONEROSTER_CLIENT_SECRET) for this host, in a saved"
                " connection or in the keyring."
            )
        self._given = {
            "host": None if self.host == CLEVER_HOST else self.host,
            "client_id": None if access_token else client_id,
            "district": self.district,
            "token_url": None if token_url == CLEVER_TOKENS else token_url,
            "key_identifier": None if key_identifier == "sourcedId" else key_identifier,
        }
        self._session = Session(
            self.host,
            auth,
            timeout=timeout,
            retry_seconds=checked_seconds("retry_seconds", retry_seconds),
            max_bytes=checked_whole("max_bytes", max_bytes, 1),
            pool=self.max_workers,
            advice=_ADVICE,
        )
        resources = () if self.version == "v2.1" else ("resources",)
        self._listable = (
            *("orgs", "academicSessions", "courses", "classes", "users", "enrollments"),
            *("demographics", *resources),
        )

    @property
    def provider(self) -> str:
        """Where this source's data come from, as a roster keeps it."""
        return f"{self.host} {self.district}" if self.district else self.host

    @property
    def default_match_on(self) -> tuple[str, ...]:
        """The usual fields, and the id that the district's own system gave."""
        return (*super().default_match_on, "sis_id")

    def _own_recipe(self) -> str:
        secret = "client_secret" if self._given["client_id"] else "access_token"
        given = [written_option(name, value) for name, value in self._given.items() if value]
        given.append(from_environment(secret))
        return f"onb.CleverConnector({', '.join(given)})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host}>"

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._session.close()

    def _rows(
        self,
        name: str,
        where: Where | None,
        modified_since: str | datetime.date | None,
        status: str,
        progress: ProgressOption,
    ) -> pd.DataFrame:
        if name == "demographics":
            warn(
                "Clever gives the birth date, gender, race and ethnicity of students only; the"
                " other columns of demographics are missing.",
                PartialResultWarning,
            )
        return super()._rows(name, where, modified_since, status, progress)

    # Clever cannot be asked for the rows that fulfil a condition.

    def _plain_fields(self, table: str) -> Collection[str]:  # noqa: ARG002
        return ()

    def _honours(self, name: str, clause: Clause, reporter: Reporter) -> bool:  # noqa: ARG002
        return False

    def _filtered_job(
        self,
        table: str,
        clause: str,  # noqa: ARG002
        *,
        sensitive: bool = False,  # noqa: ARG002
        wanted: int | None = None,  # noqa: ARG002
        fields: str = "",  # noqa: ARG002
    ) -> Job:
        raise NotProvidedError(f"Clever cannot be asked for a part of {table} by a filter.")

    # Where its lists are.

    def _list_job(self, table: str, *, sensitive: bool = False, wanted: int | None = None) -> Job:
        if table not in self._listable:
            raise NotProvidedError(_LACKING.format(table))
        if table == "users":
            return self._user_job("user", sensitive=sensitive, wanted=wanted)
        if table == "demographics":
            return self._job(table, table, [self._people_path("student")], wanted=wanted)
        return self._job(table, table, _PATHS[table], wanted=wanted)

    def _user_job(self, role: str, *, sensitive: bool, wanted: int | None) -> Job:
        if role == "user":
            # All of them, as contacts are at the schools of their students.
            paths = _PEOPLE if self.version == "v2.1" else ("users",)
            return self._job("users", "users", paths, sensitive=sensitive)
        path = self._people_path(role)
        job = self._job("users", f"{role}s", [path], sensitive=sensitive, wanted=wanted)
        job.keep = (NotFoundError,)
        return job

    def _count_job(self, role: str) -> Job:
        path = self._people_path(role)
        path += ("&" if "?" in path else "?") + "count=true"
        job = self._job("users", f"{role}s", [path], wanted=1)
        job.keep = (NotFoundError,)
        return job

    def _member_job(self, kind: str, key: str, role: str, *, sensitive: bool) -> Job:
        within = "sections" if kind == "classes" else kind
        path = f"{encoded(within, key)}/{self._people_path(role)}"
        job = self._job("users", f"{role}s of {kind}", [path], sensitive=sensitive)
        job.keep = NO_ROUTE
        return job

    def _course_classes_job(self, key: str) -> Job:
        job = self._job("classes", "classes of a course", [encoded("courses", key, "sections")])
        job.keep = NO_ROUTE
        return job

    def _part_job(self, table: str, column: str, value: str) -> Job | None:
        if column == "sourcedId" and table in _OBJECTS:
            return self._object_job(table, value)
        within = _PARTS.get((table, column))
        if within is None:
            return None
        return self._job(table, f"{table} of {within}", [encoded(within, value, "sections")])

    def _object_job(self, table: str, key: str) -> Job:
        job = self._job(table, table, [encoded(_OBJECTS[table], key)])
        job.keep = NO_ROUTE
        return job

    def _people_path(self, role: str) -> str:
        return f"{role}s" if self.version == "v2.1" else f"users?role={role}"

    # What its records become.

    def _read(self, name: str, tables: Iterable[pa.Table], sensitive: bool = False) -> DistinctRows:
        rows = super()._read(name, tables, sensitive)
        return rows._replace(table=with_parents(rows.table)) if name == "academicSessions" else rows

    def _placed(self, roles: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
        return with_schools_of_students(roles, users)

    def _followers(self, name: str, pages: Tables) -> dict[str, pd.DataFrame]:
        if name == "classes":
            return {"enrollments": self._frame("enrollments", map(enrollments_of, pages))}
        if name == "users":
            return {"demographics": self._frame("demographics", map(demographics_of, pages))}
        return {}

    def _job(
        self,
        table: str,
        what: str,
        paths: Sequence[str],
        *,
        sensitive: bool = False,
        wanted: int | None = None,
    ) -> Job:
        """Pull lists along their links; their records become rows of a canonical table."""
        make = _MADE.get(table)
        source = self._made_of.get(table, table)

        def fetch(ask: Ask, call: Call) -> Page:
            url = _sized(ask.link or "", ask.limit)
            tries = _TRIES_OF_A_LARGE_PAGE if ask.divisible else None
            answer, (records, link, count) = self._session.read(
                url, call, read_envelope, attempts=tries
            )
            listed = urlsplit(url).path.removeprefix(urlsplit(self.host).path).split("/")
            columns = columns_of(source, listed[-1 if len(listed) != 2 else 0], records)
            page = conform(source, columns, sensitive=sensitive)
            return Page(make(page) if make else page, count, self._followed(answer.url, link))

        size = min(self.page_size, _LARGEST_PAGE)
        size = size if wanted is None else min(wanted, size)
        starts = [self._session.url(path) for path in paths]
        return Job(pull_links(what, starts, size, wanted, self._page_sizes), fetch)

    def _followed(self, url: str, link: str | None) -> str | None:
        """Give the address of the next page; AnswerError where it is on another server."""
        if link is None:
            return None
        target = joined(url, link)
        if origin(target) != origin(self.host):
            raise AnswerError(
                f"GET {urlsplit(url).path}: the link to the next page leads to another server, so"
                " it was not followed. Check the host."
            )
        return target


_MADE = MappingProxyType({"enrollments": enrollments_of, "demographics": demographics_of})
"""Tables that are made of the pages of another one, and what makes them."""


def _sized(url: str, limit: int) -> str:
    """Write how many rows are wanted into an address, in the place of what it says."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), "limit": str(limit)}
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote, safe="")))


def _version(host: str) -> str:
    """Read the version from the end of a host's path."""
    version = urlsplit(host).path.rstrip("/").rpartition("/")[2]
    if version not in _VERSIONS:
        raise ConfigurationError(
            f"host {host!r} must end with the version of Clever's API: {', '.join(_VERSIONS)}, as"
            f" in {CLEVER_HOST!r}."
        )
    return version


def _checked_district(district: object) -> str | None:
    if district is None or (isinstance(district, str) and district.strip()):
        return None if district is None else district.strip()
    raise ConfigurationError(f"district must be the id of a district, not {district!r}.")
