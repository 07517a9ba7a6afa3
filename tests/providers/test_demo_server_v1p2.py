"""The demo server: tokens and OneRoster 1.2 as a client sees them, over real HTTP."""

import base64
import secrets
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import pandas as pd
import pytest
import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth1, OAuth2Session

from oneroster_nb.demo.district.making import make_district
from oneroster_nb.demo.server.answers import RefusalError, Request
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.demo.server.tokens import Tokens
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.tables.table import TABLES

Tables = dict[str, pd.DataFrame]
Record = dict[str, Any]

TIMEOUT = 30
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"


def ask_token(server: DemoServer, **form: str) -> requests.Response:
    """Ask for a token with the credentials in the body."""
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        **form,
    }
    return requests.post(server.token_url, data=form, timeout=TIMEOUT)


def basic(user: str, password: str) -> dict[str, str]:
    """Write the header of Basic, form-encoded first."""
    pair = f"{quote_plus(user)}:{quote_plus(password)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


class Client:
    """Asks a server with a token."""

    def __init__(self, server: DemoServer, session: requests.Session, **form: str) -> None:
        self.host = server.host_v1p2
        self.session = session
        self.token = ask_token(server, **form).json()["access_token"]

    def get(self, path: str, service: str = "rostering", **params: object) -> requests.Response:
        address = self.host.replace("rostering", service) + path
        return self.at(address, **params)

    def at(self, address: str, **params: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        query: Any = params
        return self.session.get(address, params=query, headers=headers, timeout=TIMEOUT)

    def rows(self, path: str, service: str = "rostering", **params: object) -> list[Record]:
        """Return what is under the one key of the answer."""
        answer = self.get(path, service, **{"limit": 10_000, **params})
        assert answer.status_code == 200, answer.text
        (found,) = answer.json().values()
        assert isinstance(found, list)
        return found

    def ids(self, path: str, service: str = "rostering", **params: object) -> list[str]:
        return [row["sourcedId"] for row in self.rows(path, service, **params)]

    def refusal(self, path: str, service: str = "rostering", **params: object) -> tuple[int, str]:
        answer = self.get(path, service, **params)
        return answer.status_code, code_of(answer)


def code_of(answer: requests.Response) -> str:
    body = answer.json()
    assert body["imsx_codeMajor"] in ("failure", "unsupported")
    (field,) = body["imsx_CodeMinor"]["imsx_codeMinorField"]
    return str(field["imsx_codeMinorFieldValue"])


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


@pytest.fixture(scope="module")
def client(server: DemoServer, session: requests.Session) -> Client:
    return Client(server, session)


def table(name: str, *records: Record) -> pd.DataFrame:
    """Build a canonical table of a few records; all are active unless they say otherwise."""
    columns = TABLES[name].visible(sensitive=True)
    rows = pd.DataFrame([{"status": "active", **record} for record in records])
    return pd.DataFrame(
        {c: pd.Series(rows.get(c, [None] * len(rows)), dtype=k.dtype) for c, k in columns.items()}
    )


def role(user: str, name: str, org: str, **more: object) -> Record:
    return {
        "sourcedId": f"{user}:{name}:{org}",
        "userSourcedId": user,
        "roleType": "primary",
        "role": name,
        "orgSourcedId": org,
        **more,
    }


def people_of_many_roles() -> Tables:
    """Return a district in which people hold several roles, or roles nobody wrote down."""
    profile = "https://profiles.example/t1"
    profiles = pd.DataFrame(
        {
            "sourcedId": [profile],
            "status": ["active"],
            "userSourcedId": ["both"],
            "profileType": ["reader"],
            "vendorId": ["demo-books"],
        },
        dtype="str",
    )
    return {
        "orgs": table(
            "orgs",
            {"sourcedId": "d", "type": "district"},
            {"sourcedId": "a", "type": "school"},
            {"sourcedId": "b", "type": "school"},
        ),
        "resources": table("resources", {"sourcedId": "r1", "vendorResourceId": "book"}),
        "users": table(
            "users",
            {
                "sourcedId": "both",
                "role": "teacher",
                "orgSourcedIds": "a,b",
                "primaryOrgSourcedId": "a",
                "preferredGivenName": "Ti",
                "preferredFamilyName": "Ng",
                "pronouns": "they/them",
                "userMasterIdentifier": "m-1",
                "resourceSourcedIds": "r1",
            },
            {"sourcedId": "head", "role": "administrator", "orgSourcedIds": "a,d"},
            {"sourcedId": "lone", "role": "administrator"},
            {"sourcedId": "child", "role": "student", "orgSourcedIds": "b"},
            {
                "sourcedId": "left",
                "role": "student",
                "orgSourcedIds": "b",
                "status": "tobedeleted",
            },
        ),
        "roles": table(
            "roles",
            role("both", "teacher", "a", beginDate="2026-08-17", userProfileSourcedId=profile),
            role("both", "student", "b", roleType="secondary", endDate="2027-06-11"),
            role("both", "aide", "b", status="tobedeleted"),
            role("left", "student", "b", status="tobedeleted"),
        ),
        "classes": table("classes", {"sourcedId": "c1", "schoolSourcedId": "b"}),
        "enrollments": table(
            "enrollments",
            *(
                {
                    "sourcedId": f"e-{user}",
                    "classSourcedId": "c1",
                    "schoolSourcedId": "b",
                    "userSourcedId": user,
                    "role": "student",
                    "status": status,
                }
                for user, status in (("child", "active"), ("both", "tobedeleted"))
            ),
        ),
        "userProfiles": profiles,
    }


@pytest.fixture(scope="module")
def many(session: requests.Session) -> Iterator[Client]:
    with DemoServer(people_of_many_roles()) as server:
        yield Client(server, session)


class TestToken:
    def test_from_the_body(self, server: DemoServer) -> None:
        answer = ask_token(server)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"].startswith("application/json")
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
        assert f"{SCOPE}roster.readonly" in body["scope"].split()

    def test_each_is_another(self, server: DemoServer) -> None:
        tokens = {ask_token(server).json()["access_token"] for _ in range(3)}
        assert len(tokens) == 3

    def test_basic_is_form_encoded(self, district: Tables) -> None:
        key, secret = f"key:{secrets.token_hex()} +", f"s/ ~&'ü%:{secrets.token_urlsafe()}"
        with DemoServer(district, client_id=key, client_secret=secret) as server:
            form = {"grant_type": "client_credentials"}
            for headers, status in ((basic(key, secret), 200), (basic(key, secret + "x"), 401)):
                answer = requests.post(
                    server.token_url, data=form, headers=headers, timeout=TIMEOUT
                )
                assert answer.status_code == status
            assert ask_token(server).status_code == 200

    @pytest.mark.parametrize("in_header", [True, False])
    def test_a_client_of_others(
        self, server: DemoServer, monkeypatch: pytest.MonkeyPatch, in_header: bool
    ) -> None:
        monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        scope = [f"{SCOPE}roster-core.readonly", f"{SCOPE}gradebook.readonly"]
        with OAuth2Session(
            client=BackendApplicationClient(server.client_id, scope=scope), scope=scope
        ) as other:
            shown: dict[str, Any] = (
                {"auth": HTTPBasicAuth(server.client_id, server.client_secret)}
                if in_header
                else {"client_secret": server.client_secret, "include_client_id": True}
            )
            token = other.fetch_token(server.token_url, timeout=TIMEOUT, **shown)
            assert token["scope"] == scope
            answer = other.get(server.host_v1p2 + "schools", timeout=TIMEOUT)
            assert [org["sourcedId"] for org in answer.json()["orgs"]] == ["2", "3", "7"]

    def test_scope(self, server: DemoServer) -> None:
        scope = f"{SCOPE}roster.readonly {SCOPE}resource.readonly"
        assert ask_token(server, scope=scope).json()["scope"] == scope

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"scope": f"{SCOPE}roster.readonly everything"}, 400, "invalid_scope"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"grant_type": ""}, 400, "invalid_request"),
            ({"client_secret": "made up"}, 401, "invalid_client"),
            ({"client_secret": ""}, 401, "invalid_client"),
            ({"client_id": "clé"}, 401, "invalid_client"),
        ],
        ids=str,
    )
    def test_errors(
        self, server: DemoServer, form: dict[str, str], status: int, error: str
    ) -> None:
        answer = ask_token(server, **form)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.json()["error_description"]
        assert answer.headers["Cache-Control"] == "no-store"
        if status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    @pytest.mark.parametrize(
        "header",
        ["Basic", "Basic ???", "Basic /w==", "Basic bm9jb2xvbg==", "Bearer x", ""],
    )
    def test_headers_that_show_nobody(self, server: DemoServer, header: str) -> None:
        answer = requests.post(
            server.token_url,
            data={"grant_type": "client_credentials"},
            headers={"Authorization": header},
            timeout=TIMEOUT,
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    def test_one_way_at_a_time(self, server: DemoServer) -> None:
        headers = basic(server.client_id, server.client_secret)
        for more, status in (
            ({"client_id": server.client_id}, 200),
            ({"client_id": "another"}, 401),
            ({"client_secret": server.client_secret}, 400),
        ):
            form = {"grant_type": "client_credentials", **more}
            answer = requests.post(server.token_url, data=form, headers=headers, timeout=TIMEOUT)
            assert answer.status_code == status

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b'{"grant_type": "client_credentials"}', "application/json"),
            (b"grant_type=client_credentials&grant_type=x", "application/x-www-form-urlencoded"),
            (b"grant_type=%ff", "application/x-www-form-urlencoded"),
            (b"grant_type=\xff", "application/x-www-form-urlencoded"),
        ],
    )
    def test_bodies_that_are_no_form(self, server: DemoServer, body: bytes, kind: str) -> None:
        headers = {"Content-Type": kind, **basic(server.client_id, server.client_secret)}
        answer = requests.post(server.token_url, data=body, headers=headers, timeout=TIMEOUT)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_a_body_without_end(self, server: DemoServer) -> None:
        headers = basic(server.client_id, server.client_secret)
        for body in (iter([b"x=1"]), b"x" * 100_000):
            answer = requests.post(server.token_url, data=body, headers=headers, timeout=TIMEOUT)
            assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")
            assert answer.headers["Connection"] == "close"

    def test_only_there_and_only_by_post(self, server: DemoServer) -> None:
        answer = requests.get(server.token_url, timeout=TIMEOUT)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert answer.json()["error"] == "invalid_request"
        assert requests.post(server.token_url + "/x", data={}, timeout=TIMEOUT).status_code == 404

    def test_the_connection_is_kept(self, server: DemoServer) -> None:
        form = {"grant_type": "client_credentials"}
        with requests.Session() as own:
            first = own.post(server.token_url, data=form, stream=True, timeout=TIMEOUT)
            port = first.raw.connection.sock.getsockname()
            assert first.json()["error"] == "invalid_client"
            second = own.post(server.token_url, data=form, stream=True, timeout=TIMEOUT)
            assert second.raw.connection.sock.getsockname() == port
            second.close()


def asking(token: str) -> Request:
    return Request("GET", "http://here", "/", "", {"authorization": f"Bearer {token}"})


class TestTokensOfTime:
    def test_good_until_its_time(self) -> None:
        now = 100.0
        tokens = Tokens(60, lambda: now)
        token = tokens.issue(["one", "two"])
        now = 159.9
        tokens.check(asking(token), ["two", "three"])
        now = 160.0
        with pytest.raises(RefusalError) as refused:
            tokens.check(asking(token), ["two"])
        assert refused.value.status == 401
        later = tokens.issue(["one"])
        tokens.check(asking(later), ["one"])

    def test_all_at_once(self) -> None:
        tokens = Tokens(60)
        issued = [tokens.issue(["one"]) for _ in range(2)]
        tokens.expire()
        for token in issued:
            with pytest.raises(RefusalError):
                tokens.check(asking(token), ["one"])


class TestBearer:
    @pytest.mark.parametrize(
        "header", [None, "Bearer", "Bearer ", "Bearer made-up", "Basic eDp5", "Bearer clé"]
    )
    def test_refused(
        self, server: DemoServer, session: requests.Session, header: str | None
    ) -> None:
        headers = {"Authorization": header.encode()} if header else {}
        for service in ("rostering", "gradebook", "resources"):
            host = server.host_v1p2.replace("rostering", service)
            answer = session.get(host + "users", headers=headers, timeout=TIMEOUT)
            assert answer.status_code == 401
            assert code_of(answer) == "unauthorisedrequest"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")

    def test_not_in_the_query(self, client: Client) -> None:
        answer = client.session.get(
            f"{client.host}schools?access_token={client.token}", timeout=TIMEOUT
        )
        assert answer.status_code == 401

    def test_no_signature_here_and_no_token_there(self, server: DemoServer, client: Client) -> None:
        signed = OAuth1(server.client_id, server.client_secret)
        answer = client.session.get(server.host_v1p2 + "orgs", auth=signed, timeout=TIMEOUT)
        assert answer.status_code == 401
        assert client.at(server.host + "orgs").status_code == 401

    def test_expired_in_between(self, district: Tables, session: requests.Session) -> None:
        with DemoServer(district, token_seconds=7) as server:
            assert ask_token(server).json()["expires_in"] == 7
            first = Client(server, session)
            page = first.get("students", limit=100)
            server.expire_tokens()
            answer = first.at(page.links["next"]["url"])
            assert answer.status_code == 401
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
            again = Client(server, session).at(page.links["next"]["url"])
            assert len(again.json()["users"]) == 39

    def test_a_scope_that_does_not_open(
        self, server: DemoServer, session: requests.Session
    ) -> None:
        core = Client(server, session, scope=f"{SCOPE}roster-core.readonly")
        assert core.get("schools/7").status_code == 200
        for path in ("demographics", "schools/7/classes"):
            answer = core.get(path)
            assert (answer.status_code, code_of(answer)) == (403, "forbidden")
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert core.refusal("lineItems", "gradebook") == (403, "forbidden")


class TestRecords:
    def test_a_student(self, client: Client, district: Tables) -> None:
        users = district["users"].query("role == 'student' and middleName.notna()")
        student = users[users["agentSourcedIds"].str.contains(",")].iloc[0]
        school = student["orgSourcedIds"]
        reference = {"href": f"{client.host}orgs/{school}", "sourcedId": school, "type": "org"}
        expected = {
            **student[
                ["sourcedId", "username", "givenName", "familyName", "middleName", "identifier"]
            ].to_dict(),
            "status": "active",
            "dateLastModified": f"{student['dateLastModified']:%Y-%m-%dT%H:%M:%S}.000Z",
            "userIds": [{"type": "FED", "identifier": student["sourcedId"]}],
            "enabledUser": "true",
            "roles": [{"roleType": "primary", "role": "student", "org": reference}],
            "primaryOrg": reference,
            "email": student["email"],
            "agents": [
                {"href": f"{client.host}users/{agent}", "sourcedId": agent, "type": "user"}
                for agent in student["agentSourcedIds"].split(",")
            ],
            "grades": [student["grades"]],
        }
        assert client.get(f"students/{student['sourcedId']}").json() == {"user": expected}

    def test_all_people_have_their_roles(self, client: Client, district: Tables) -> None:
        shown = {
            user["sourcedId"]: [(one["role"], one["org"]["sourcedId"]) for one in user["roles"]]
            for user in client.rows("users")
        }
        expected: dict[str, list[tuple[str, str]]] = {}
        for row in district["roles"].itertuples():
            expected.setdefault(str(row.userSourcedId), []).append((row.role, row.orgSourcedId))
        assert shown == expected
        assert ("siteAdministrator", "7") in {pair for held in shown.values() for pair in held}

    def test_what_only_1_2_says_of_users(self, many: Client) -> None:
        both = many.get("users/both").json()["user"]

        def org(sourced_id: str) -> Record:
            href = f"{many.host}orgs/{sourced_id}"
            return {"href": href, "sourcedId": sourced_id, "type": "org"}

        assert both["roles"] == [
            {
                "roleType": "primary",
                "role": "teacher",
                "org": org("a"),
                "userProfile": "https://profiles.example/t1",
                "beginDate": "2026-08-17",
            },
            {
                "roleType": "secondary",
                "role": "student",
                "org": org("b"),
                "endDate": "2027-06-11",
            },
        ]
        assert both["userProfiles"] == [
            {
                "profileId": "https://profiles.example/t1",
                "profileType": "reader",
                "vendorId": "demo-books",
            }
        ]
        assert both["primaryOrg"] == org("a")
        assert both["preferredFirstName"] == "Ti"
        assert both["preferredLastName"] == "Ng"
        assert both["pronouns"] == "they/them"
        assert both["userMasterIdentifier"] == "m-1"
        (resource,) = both["resources"]
        assert many.at(resource["href"]).json()["resource"]["vendorResourceId"] == "book"
        assert not {"role", "orgs", "orgSourcedIds"} & set(both)

    def test_roles_nobody_wrote_down(self, many: Client) -> None:
        held = {
            user["sourcedId"]: [
                (one["roleType"], one["role"], one.get("org", {}).get("sourcedId"))
                for one in user["roles"]
            ]
            for user in many.rows("users")
        }
        assert held["head"] == [
            ("primary", "siteAdministrator", "a"),
            ("primary", "districtAdministrator", "d"),
        ]
        assert held["lone"] == [("primary", "districtAdministrator", None)]
        assert held["child"] == [("primary", "student", "b")]
        assert held["left"] == [("primary", "student", "b")]

    def test_addresses_lead_to_the_service_that_has_them(self, client: Client) -> None:
        item = client.rows("lineItems", "gradebook")[0]
        for name, key in (
            ("class", "class"),
            ("school", "org"),
            ("category", "category"),
            ("gradingPeriod", "academicSession"),
        ):
            answer = client.at(item[name]["href"])
            assert answer.json()[key]["sourcedId"] == item[name]["sourcedId"]
            assert item[name]["type"] == key
        (first, *_) = client.rows("classes")
        for resource in first["resources"]:
            assert client.at(resource["href"]).json()["resource"]

    def test_the_school_of_a_line_item(self, client: Client, district: Tables) -> None:
        schools = district["classes"].set_index("sourcedId")["schoolSourcedId"]
        items = client.rows("lineItems", "gradebook")
        assert [item["school"]["sourcedId"] for item in items] == [
            schools[item["class"]["sourcedId"]] for item in items
        ]
        given = district["lineItems"].assign(schoolSourcedId="elsewhere")
        with DemoServer({**district, "lineItems": given}) as server:
            own = Client(server, client.session).rows("lineItems", "gradebook")
        assert {item["school"]["sourcedId"] for item in own} == {"elsewhere"}

    def test_values_of_the_gradebook(self, session: requests.Session, district: Tables) -> None:
        results = district["results"].assign(
            classSourcedId="31710", textScore="B", late=True, missing=False, inProgress=True
        )
        categories = district["categories"].assign(weight=0.25)
        tables = {**district, "results": results, "categories": categories}
        with DemoServer(tables) as server:
            client = Client(server, session)
            first = client.rows("results", "gradebook")[0]
            assert first["score"] == district["results"]["score"][0]
            assert first["class"]["sourcedId"] == "31710"
            assert (first["textScore"], first["inProgress"]) == ("B", "true")
            assert (first["late"], first["missing"]) == ("true", "false")
            assert "incomplete" not in first
            weights = {row["weight"] for row in client.rows("categories", "gradebook")}
            assert weights == {0.25}

    @pytest.mark.parametrize(
        ("name", "service"),
        [
            *((name, "rostering") for name in ("orgs", "schools", "academicSessions", "terms")),
            *((name, "rostering") for name in ("gradingPeriods", "courses", "classes", "users")),
            *((name, "rostering") for name in ("students", "teachers", "enrollments")),
            ("demographics", "rostering"),
            ("resources", "resources"),
            *((name, "gradebook") for name in ("categories", "lineItems", "results")),
        ],
    )
    def test_the_same_district_as_in_1_1(
        self, server: DemoServer, client: Client, name: str, service: str
    ) -> None:
        auth = OAuth1(server.client_id, server.client_secret)
        address = f"{server.host}{name}?limit=10000"
        old = client.session.get(address, auth=auth, timeout=TIMEOUT).json()
        new = client.get(name, service, limit=10_000).json()
        assert list(old) == list(new)
        (before,), (after,) = old.values(), new.values()
        assert len(before) > 1
        only = {"role", "orgs", "roles", "primaryOrg"} if "userIds" in before[0] else {"school"}
        only = only if name in ("users", "students", "teachers", "lineItems") else set()
        assert [plain(row, only) for row in before] == [plain(row, only) for row in after]

    def test_what_is_deleted_is_not_pointed_at(self, session: requests.Session) -> None:
        orgs = table(
            "orgs",
            {"sourcedId": "d", "type": "district"},
            {"sourcedId": "a", "type": "school", "parentSourcedId": "d"},
            {"sourcedId": "b", "parentSourcedId": "d", "status": "tobedeleted"},
        )
        with DemoServer({"orgs": orgs}) as server:
            district, *schools = Client(server, session).rows("orgs")
        assert [child["sourcedId"] for child in district["children"]] == ["a"]
        assert [school["parent"]["sourcedId"] for school in schools] == ["d", "d"]

    def test_no_password(self, session: requests.Session) -> None:
        users = table("users", {"sourcedId": "u1", "role": "student"})
        users["password"] = pd.Series([secrets.token_hex()], dtype="str")
        with DemoServer({"users": users}) as server:
            assert "password" not in Client(server, session).rows("users")[0]

    def test_a_large_district_is_written_as_a_small_one(self, session: requests.Session) -> None:
        tables = make_district(1000)  # enough users for more than one chunk
        assert len(tables["users"]) > 2000
        with DemoServer(tables) as server:
            users = Client(server, session).rows("users")
        held = [(user["sourcedId"], one["role"]) for user in users for one in user["roles"]]
        expected = tables["roles"][["userSourcedId", "role"]]
        assert sorted(held) == sorted(expected.itertuples(index=False, name=None))


def plain(value: Any, without: Collection[str] = ()) -> Any:
    """Leave out addresses, and some fields of the record itself."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {k: plain(one) for k, one in value.items() if k != "href" and k not in without}
    return value


class TestRoles:
    def test_people_count_under_every_role(self, many: Client) -> None:
        assert many.ids("teachers") == ["both"]
        assert many.ids("students") == ["both", "child", "left"]
        assert many.get("students/both").status_code == 200
        assert many.refusal("students/head") == (404, "unknownobject")

    def test_at_a_school_by_the_role_there(self, many: Client) -> None:
        assert many.ids("schools/a/teachers") == ["both"]
        assert many.ids("schools/a/students") == []
        assert many.ids("schools/b/students") == ["both", "child", "left"]

    def test_deleted_enrollments_do_not_count(self, many: Client) -> None:
        assert many.ids("classes/c1/students") == ["child"]
        assert many.ids("schools/b/classes/c1/students") == ["child"]
        assert many.ids("users/both/classes") == []
        assert many.ids("students/child/classes") == ["c1"]
        assert many.ids("enrollments") == ["e-child", "e-both"]


class TestFilter:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("roles.role='student'", ["both", "child", "left"]),
            ("roles.role!='student'", ["head", "lone"]),
            ("roles.role~'Administrator'", ["head", "lone"]),
            ("roles.roleType='secondary'", ["both"]),
            ("roles.org.sourcedId='a'", ["both", "head"]),
            ("roles.beginDate>='2026-08-01'", ["both"]),
            ("roles.role='student' AND roles.org.sourcedId='a'", ["both"]),
            ("primaryOrg.sourcedId='a'", ["both"]),
            ("preferredFirstName='ti'", ["both"]),
            ("resources.sourcedId='r1'", ["both"]),
            ("userProfiles.vendorId='demo-books'", ["both"]),
            ("status='tobedeleted'", ["left"]),
        ],
    )
    def test_fields_of_users(self, many: Client, text: str, expected: list[str]) -> None:
        assert many.ids("users", filter=text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "role='student'",
            "orgs.sourcedId='a'",
            "roles='student'",
            "roles.shoeSize='9'",
            "roles.sourcedId='x'",
            "roles.beginDate>'soon'",
            "preferredGivenName='ti'",
            "roles.role='a' OR roles.role='b' OR roles.role='c'",
        ],
    )
    def test_what_is_no_field(self, many: Client, text: str) -> None:
        assert many.refusal("users", filter=text) == (400, "invalid_filter_field")

    def test_school_of_a_line_item(self, client: Client) -> None:
        items = client.rows("lineItems", "gradebook")
        schools = {item["sourcedId"]: item["school"]["sourcedId"] for item in items}
        for school in ("2", "3", "7"):
            expected = [sourced_id for sourced_id, held in schools.items() if held == school]
            found = client.ids("lineItems", "gradebook", filter=f"school.sourcedId='{school}'")
            assert found == expected
        assert set(schools.values()) & {"2", "3", "7"}

    def test_sort_and_fields(self, many: Client) -> None:
        names = many.rows("users", sort="preferredFirstName", fields="sourcedId,roles", limit=1)
        assert [set(user) for user in names] == [{"sourcedId", "roles"}]
        assert names[0]["sourcedId"] == "both"
        assert many.rows("users", fields="roles", offset=100) == []
        assert many.refusal("users", sort="roles") == (400, "invaliddata")
        assert many.refusal("users", fields="role") == (400, "invalid_selection_field")


class TestNested:
    def test_gradebook(self, client: Client, district: Tables) -> None:
        items, results = district["lineItems"], district["results"]
        one = items["classSourcedId"].iloc[0]
        mine = items[items["classSourcedId"] == one]["sourcedId"]
        of_class = results[results["lineItemSourcedId"].isin(mine)]
        student = of_class["studentSourcedId"].iloc[0]
        theirs = of_class[of_class["studentSourcedId"] == student]["sourcedId"].tolist()
        for path, expected in (
            ("lineItems", mine.tolist()),
            ("results", of_class["sourcedId"].tolist()),
            (f"students/{student}/results", theirs),
            ("categories", ["hw", "test"]),
            ("scoreScales", []),
        ):
            assert client.ids(f"classes/{one}/{path}", "gradebook") == expected

    def test_resources(self, client: Client, many: Client) -> None:
        assert client.ids("classes/31710/resources", "resources") == ["r1", "r3"]
        assert client.ids("courses/c1/resources", "resources") == ["r2"]
        assert many.ids("users/both/resources", "resources") == ["r1"]
        assert many.ids("users/child/resources", "resources") == []

    @pytest.mark.parametrize(
        ("path", "service"),
        [
            ("lineItems", "rostering"),
            ("resources", "rostering"),
            ("classes/31710/resources", "rostering"),
            ("classes", "gradebook"),
            ("classes/31710", "gradebook"),
            ("classes/31710/students", "gradebook"),
            ("orgs", "resources"),
            ("classes/0/resources", "resources"),
            ("classes/31710/lineItems/none/results", "gradebook"),
            ("scoreScales/none", "gradebook"),
            ("", "rostering"),
            ("users/18001/roles", "rostering"),
        ],
    )
    def test_each_service_has_its_own(self, client: Client, path: str, service: str) -> None:
        assert client.refusal(path, service) == (404, "unknownobject")

    def test_empty_collections(self, client: Client) -> None:
        for name in ("scoreScales", "assessmentLineItems", "assessmentResults"):
            answer = client.get(name, "gradebook")
            assert answer.json() == {name: []}
            assert answer.headers["X-Total-Count"] == "0"


class TestPages:
    @pytest.mark.parametrize("path", ["users", "students", "classes/31761/students"])
    def test_pages_add_up(self, client: Client, path: str) -> None:
        whole = client.rows(path)
        size = max(2, len(whole) // 4)
        address: str = client.host + f"{path}?limit={size}"
        pages: list[Record] = []
        while address:
            answer = client.at(address)
            assert answer.headers["X-Total-Count"] == str(len(whole))
            pages += answer.json()["users"]
            address = answer.links.get("next", {}).get("url", "")
        assert pages == whole

    def test_limit(self, session: requests.Session, district: Tables) -> None:
        with DemoServer(district, max_page_size=7) as server:
            own = Client(server, session)
            assert len(own.rows("users")) == 7
            assert own.refusal("users", limit=0) == (400, "invaliddata")

    def test_only_get(self, client: Client) -> None:
        headers = {"Authorization": f"Bearer {client.token}"}
        answer = client.session.put(client.host + "users/18001", headers=headers, timeout=TIMEOUT)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


class TestServer:
    def test_addresses(self, server: DemoServer) -> None:
        assert server.host_v1p2 == server.url + "ims/oneroster/rostering/v1p2/"
        assert urlsplit(server.token_url).netloc == urlsplit(server.url).netloc
        assert server.host == server.url + "ims/oneroster/v1p1/"

    def test_token_seconds(self) -> None:
        with pytest.raises(ConfigurationError, match=r"token_seconds .* not 0"):
            DemoServer(token_seconds=0)

    def test_awkward_ids(self, session: requests.Session) -> None:
        awkward = "a/b c~d&e'f?g+h%#é"
        users = table("users", {"sourcedId": awkward, "role": "student", "orgSourcedIds": awkward})
        orgs = table("orgs", {"sourcedId": awkward, "type": "school"})
        with DemoServer({"users": users, "orgs": orgs}) as server:
            client = Client(server, session)
            assert client.ids(f"schools/{quote(awkward, safe='')}/students") == [awkward]
            (user,) = client.rows("users", filter=f"roles.org.sourcedId='{awkward}'")
            assert client.at(user["roles"][0]["org"]["href"]).json()["org"]["sourcedId"] == awkward

    def test_quiet(self, district: Tables, capfd: pytest.CaptureFixture[str]) -> None:
        with DemoServer(district) as server:
            ask_token(server, client_secret="made up")
            ask_token(server)
        assert capfd.readouterr() == ("", "")
