"""The demo server: OneRoster 1.1 as a client sees it, over real HTTP with real signatures."""

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pandas as pd
import pytest
import requests
from requests_oauthlib import OAuth1

from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.tables.table import TABLES, empty_table

Tables = dict[str, pd.DataFrame]

TIMEOUT = 30


class Client:
    """Asks a server, signed."""

    def __init__(self, server: DemoServer, session: requests.Session, **options: Any) -> None:
        self.host = server.host
        self.session = session
        options = {"signature_method": "HMAC-SHA256", **options}
        self.auth = OAuth1(server.client_id, server.client_secret, **options)

    def get(self, path: str, **params: object) -> requests.Response:
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in params.items())
        address = self.host + path + (f"?{query}" if query else "")
        return self.session.get(address, auth=self.auth, timeout=TIMEOUT)

    def rows(self, path: str, **params: object) -> list[dict[str, Any]]:
        """Return what is under the one key of the answer."""
        answer = self.get(path, **{"limit": 10_000, **params})
        assert answer.status_code == 200, answer.text
        (found,) = answer.json().values()
        assert isinstance(found, list)
        return found

    def ids(self, path: str, **params: object) -> list[str]:
        return [row["sourcedId"] for row in self.rows(path, **params)]

    def refusal(self, path: str, **params: object) -> tuple[int, str]:
        answer = self.get(path, **params)
        return answer.status_code, code_of(answer)


def code_of(answer: requests.Response) -> str:
    body = answer.json()
    assert body["imsx_codeMajor"] in ("failure", "unsupported")
    assert body["imsx_severity"] == "error"
    assert body["imsx_description"]
    (field,) = body["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldName"] == "TargetEndSystem"
    return str(field["imsx_codeMinorFieldValue"])


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


@pytest.fixture(scope="module")
def client(server: DemoServer, session: requests.Session) -> Client:
    return Client(server, session)


def table(name: str, *records: dict[str, Any]) -> pd.DataFrame:
    """Build a canonical table of a few records; all are active."""
    columns = TABLES[name].visible(sensitive=True)
    rows = pd.DataFrame([{"status": "active", **record} for record in records])
    return pd.DataFrame(
        {c: pd.Series(rows.get(c, [None] * len(rows)), dtype=k.dtype) for c, k in columns.items()}
    )


AWKWARD = "a/b c~d&e'f?g+h%#é"


@pytest.fixture(scope="module")
def awkward(session: requests.Session) -> Iterator[Client]:
    """A district of a few records in which everything is a little odd."""
    names = ("O'Neil", "Núñez", "Stone", "stone")
    users = table(
        "users",
        *(
            {
                "sourcedId": sourced_id,
                "role": "student",
                "familyName": name,
                "orgSourcedIds": "s 1,s/2" if name == "Stone" else "s 1",
                "grades": '06,"7, advanced"' if name == "Stone" else "06",
                "userIds": "{FED:x:9},plain" if name == "Stone" else None,
            }
            for sourced_id, name in zip((AWKWARD, "u2", "u3", "u4"), names, strict=True)
        ),
        {"sourcedId": "t1", "role": "teacher", "familyName": "AND role='student'"},
    )
    users["metadata.house"] = pd.Series(["Owl", None, "owl", None, None], dtype="str")
    users["metadata.bus"] = pd.Series(["4", None, None, None, None], dtype="str")
    enrolled = [
        ("e1", "u3", "student", "active"),
        ("e2", AWKWARD, "student", "active"),
        ("e3", "u2", "student", "tobedeleted"),
        ("e4", "t1", "teacher", "active"),
        ("e5", "gone", "student", "active"),
    ]
    tables = {
        "orgs": table(
            "orgs",
            {"sourcedId": "s 1", "type": "school", "name": 'One "&" only'},
            {"sourcedId": "s/2", "type": "school", "name": "Two"},
        ),
        "users": users,
        "classes": table("classes", {"sourcedId": AWKWARD, "schoolSourcedId": "s/2"}),
        "enrollments": table(
            "enrollments",
            *(
                {
                    "sourcedId": sourced_id,
                    "classSourcedId": AWKWARD,
                    "userSourcedId": user,
                    "role": role,
                    "status": status,
                }
                for sourced_id, user, role, status in enrolled
            ),
        ),
    }
    with DemoServer(tables) as server:
        yield Client(server, session)


class TestSignature:
    @pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
    def test_both_methods(self, server: DemoServer, session: requests.Session, method: str) -> None:
        client = Client(server, session, signature_method=method)
        answer = client.get("users", filter="familyName='O'Neil' OR givenName~'a b/c~'", limit=3)
        assert answer.status_code == 200

    def test_in_the_query(self, server: DemoServer, session: requests.Session) -> None:
        assert Client(server, session, signature_type="QUERY").ids("schools")

    @pytest.mark.parametrize(
        "auth",
        [
            None,
            lambda s: OAuth1(s.client_id, secrets.token_urlsafe(), signature_method="HMAC-SHA256"),
            lambda s: OAuth1(secrets.token_hex(), s.client_secret, signature_method="HMAC-SHA256"),
            lambda s: OAuth1("clé", s.client_secret, signature_method="HMAC-SHA256"),
            lambda s: OAuth1(s.client_id, s.client_secret, signature_method="PLAINTEXT"),
            lambda s: OAuth1(s.client_id, s.client_secret, resource_owner_key="token"),
            lambda s: OAuth1(s.client_id, s.client_secret, timestamp=str(int(time.time()) - 3600)),
            lambda s: OAuth1(s.client_id, s.client_secret, timestamp=str(int(time.time()) + 3600)),
            lambda s: OAuth1(s.client_id, s.client_secret, nonce="n" * 129),
        ],
        ids=["unsigned", "secret", "id", "accent", "plaintext", "token", "old", "early", "nonce"],
    )
    def test_refused(self, server: DemoServer, session: requests.Session, auth: Any) -> None:
        signed = auth(server) if auth else None
        answer = session.get(server.host + "users", auth=signed, timeout=TIMEOUT)
        assert answer.status_code == 401
        assert code_of(answer) == "unauthorisedrequest"
        assert answer.headers["WWW-Authenticate"] == "OAuth"

    @pytest.mark.parametrize("header", ["OAuth", "OAuth realm", "OAuth =,=", "Bearer x", ""])
    def test_header_that_is_none(
        self, server: DemoServer, session: requests.Session, header: str
    ) -> None:
        headers = {"Authorization": header}
        answer = session.get(server.host + "users", headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 401

    def test_a_request_counts_once(self, server: DemoServer, session: requests.Session) -> None:
        client = Client(server, session)
        first = client.get("schools")
        assert first.status_code == 200
        again = session.send(first.request, timeout=TIMEOUT)
        assert again.status_code == 401
        assert client.get("schools").status_code == 200

    def test_a_forged_request_spends_no_nonce(
        self, server: DemoServer, session: requests.Session
    ) -> None:
        fixed = {"nonce": secrets.token_hex(), "timestamp": str(int(time.time()))}
        forged = OAuth1(server.client_id, secrets.token_urlsafe(), **fixed)
        answer = session.get(server.host + "schools", auth=forged, timeout=TIMEOUT)
        assert answer.status_code == 401
        real = Client(server, session, signature_method="HMAC-SHA1", **fixed)
        assert real.get("schools").status_code == 200

    def test_what_is_signed_is_what_is_asked(
        self, server: DemoServer, session: requests.Session
    ) -> None:
        signed = requests.Request(
            "GET", server.host + "schools", auth=Client(server, session).auth
        ).prepare()
        assert signed.url is not None
        signed.url = signed.url.replace("schools", "users")
        assert session.send(signed, timeout=TIMEOUT).status_code == 401

    def test_many_requests_at_once(self, server: DemoServer) -> None:
        statuses = []

        def ask() -> None:
            with requests.Session() as own:
                client = Client(server, own)
                statuses.extend(client.get("schools").status_code for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 80


class TestRecords:
    KEYS = (
        ("orgs", "orgs", "org"),
        ("schools", "orgs", "org"),
        ("academicSessions", "academicSessions", "academicSession"),
        ("terms", "academicSessions", "academicSession"),
        ("gradingPeriods", "academicSessions", "academicSession"),
        ("courses", "courses", "course"),
        ("classes", "classes", "class"),
        ("users", "users", "user"),
        ("students", "users", "user"),
        ("teachers", "users", "user"),
        ("enrollments", "enrollments", "enrollment"),
        ("demographics", "demographics", "demographics"),
        ("resources", "resources", "resource"),
        ("categories", "categories", "category"),
        ("lineItems", "lineItems", "lineItem"),
        ("results", "results", "result"),
    )

    @pytest.mark.parametrize(("path", "many", "one"), KEYS)
    def test_keys(self, client: Client, path: str, many: str, one: str) -> None:
        answer = client.get(path)
        assert answer.headers["Content-Type"].startswith("application/json")
        assert list(answer.json()) == [many]
        record = answer.json()[many][-1]
        assert client.get(f"{path}/{record['sourcedId']}").json() == {one: record}

    def test_a_user(self, client: Client, district: Tables) -> None:
        users = district["users"].query("role == 'student' and middleName.notna()")
        student = users[users["agentSourcedIds"].str.contains(",")].iloc[0]
        agents = student["agentSourcedIds"].split(",")
        school = student["orgSourcedIds"]
        assert client.get(f"students/{student['sourcedId']}").json()["user"] == {
            **student[
                ["sourcedId", "username", "givenName", "familyName", "middleName", "identifier"]
            ].to_dict(),
            "status": "active",
            "dateLastModified": f"{student['dateLastModified']:%Y-%m-%dT%H:%M:%S}.000Z",
            "userIds": [{"type": "FED", "identifier": student["sourcedId"]}],
            "enabledUser": "true",
            "role": "student",
            "email": student["email"],
            "agents": [
                {"href": f"{client.host}users/{agent}", "sourcedId": agent, "type": "user"}
                for agent in agents
            ],
            "orgs": [{"href": f"{client.host}orgs/{school}", "sourcedId": school, "type": "org"}],
            "grades": [student["grades"]],
        }

    def test_a_class(self, client: Client) -> None:
        record = client.get("classes/31733").json()["class"]
        assert record["subjects"] == ["Social Studies", "Business"]
        assert record["periods"] == ["7"]
        assert record["school"]["sourcedId"] == "2"
        assert [term["type"] for term in record["terms"]] == ["academicSession"]
        reference = record["course"]
        answer = client.session.get(reference["href"], auth=client.auth, timeout=TIMEOUT)
        assert answer.json()["course"]["title"] == "Econ 101"

    def test_both_ends(self, client: Client) -> None:
        year = client.get("academicSessions/sy2027").json()["academicSession"]
        assert [child["sourcedId"] for child in year["children"]] == ["s1", "s2"]
        assert client.get("terms/s1").json()["academicSession"]["parent"]["sourcedId"] == "sy2027"
        (first, *_) = client.rows("classes")
        assert [given["sourcedId"] for given in first["resources"]] == ["r1", "r3"]

    def test_values(self, client: Client, district: Tables) -> None:
        session = client.get("terms/s1").json()["academicSession"]
        assert (session["startDate"], session["endDate"]) == ("2026-08-17", "2027-01-15")
        item = client.rows("lineItems")[0]
        assert item["assignDate"] == "2026-09-08T00:00:00.000Z"
        assert item["resultValueMax"] == 100
        result = client.rows("results")[0]
        assert result["score"] == district["results"]["score"][0]
        primary = {row["role"]: row["primary"] for row in client.rows("enrollments")}
        assert primary == {"teacher": "true", "student": "false"}
        white = ["true" if value else "false" for value in district["demographics"]["white"]]
        assert [row["white"] for row in client.rows("demographics")] == white

    def test_everything_arrives(self, client: Client, district: Tables) -> None:
        for name in ("orgs", "classes", "users", "enrollments", "demographics", "results"):
            assert client.ids(name) == district[name]["sourcedId"].tolist()
        names = [row["familyName"] for row in client.rows("users")]
        assert names == district["users"]["familyName"].tolist()

    def test_missing_values_are_left_out(self, client: Client, district: Tables) -> None:
        without = district["users"].query("middleName.isna()")["sourcedId"].tolist()
        found = [row["sourcedId"] for row in client.rows("users") if "middleName" not in row]
        assert found == without
        values = [value for row in client.rows("users") for value in row.values()]
        assert not [value for value in values if value in ("", None, [])]

    def test_metadata_and_odd_values(self, awkward: Client) -> None:
        first, second, third, *_ = awkward.rows("users")
        assert first["metadata"] == {"house": "Owl", "bus": "4"}
        assert "metadata" not in second
        assert third["metadata"] == {"house": "owl"}
        assert third["grades"] == ["06", "7, advanced"]
        assert third["userIds"] == [
            {"type": "FED", "identifier": "x:9"},
            {"type": "", "identifier": "plain"},
        ]
        assert awkward.rows("schools")[0]["name"] == 'One "&" only'

    def test_no_password(self, session: requests.Session) -> None:
        users = table("users", {"sourcedId": "u1", "role": "student"})
        users["password"] = pd.Series([secrets.token_hex()], dtype="str")
        with DemoServer({"users": users}) as server:
            assert "password" not in Client(server, session).rows("users")[0]


class TestPages:
    @pytest.mark.parametrize("path", ["users", "students", "enrollments", "classes/31761/students"])
    def test_pages_add_up(self, client: Client, path: str) -> None:
        whole = client.rows(path)
        size = max(2, len(whole) // 4)
        address = client.host + f"{path}?limit={size}"
        pages, seen = [], 0
        while address:
            answer = client.session.get(address, auth=client.auth, timeout=TIMEOUT)
            (page,) = answer.json().values()
            assert answer.headers["X-Total-Count"] == str(len(whole))
            pages += page
            seen += 1
            address = answer.links.get("next", {}).get("url", "")
        assert pages == whole
        assert seen == -(-len(whole) // size)

    def test_the_default_is_100(self, client: Client) -> None:
        answer = client.get("users")
        assert len(answer.json()["users"]) == 100

    def test_links(self, client: Client) -> None:
        answer = client.get("students", limit=10, offset=20, filter="role='student'", sort="email")
        links = {
            name: dict(parse_qsl(urlsplit(link["url"]).query))
            for name, link in answer.links.items()
        }
        assert {name: int(query["offset"]) for name, query in links.items()} == {
            "first": 0,
            "prev": 10,
            "next": 30,
            "last": 130,
        }
        for query in links.values():
            assert query["limit"] == "10"
            assert query["filter"] == "role='student'"
            assert query["sort"] == "email"
        assert "+" not in answer.headers["Link"]

    def test_ends(self, client: Client) -> None:
        assert set(client.get("students", limit=139).links) == {"first", "last"}
        assert "next" not in client.get("students", limit=100, offset=100).links
        assert client.get("students", offset=139).json() == {"users": []}

    def test_limit_is_capped(self, session: requests.Session, district: Tables) -> None:
        with DemoServer(district, max_page_size=7) as server:
            answer = Client(server, session).get("users", limit=10_000)
            assert len(answer.json()["users"]) == 7
            assert "limit=7&" in answer.links["next"]["url"] + "&"

    @pytest.mark.parametrize(
        "params",
        [
            {"limit": 0},
            {"limit": -1},
            {"limit": "ten"},
            {"limit": ""},
            {"limit": "9" * 5000},
            {"offset": -1},
            {"offset": "1.5"},
            {"sort": "shoeSize"},
            {"sort": "email", "orderBy": "up"},
        ],
        ids=str,
    )
    def test_wrong_numbers(self, client: Client, params: dict[str, object]) -> None:
        assert client.refusal("users", **params) == (400, "invaliddata")


class TestFilter:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("familyName='Stone'", ["u3", "u4"]),
            ("familyName='O'Neil'", [AWKWARD]),
            ("familyName='NÚÑEZ'", ["u2"]),
            ("familyName!='stone'", [AWKWARD, "u2", "t1"]),
            ("familyName~'to'", ["u3", "u4"]),
            ("familyName>'o'neil'", ["u3", "u4"]),
            ("familyName>='o'neil'", [AWKWARD, "u3", "u4"]),
            ("familyName<'nz'", ["t1"]),
            ("familyName<='o'neil'", [AWKWARD, "u2", "t1"]),
            ("familyName = 'stone' AND grades='7, advanced'", ["u3"]),
            ("familyName='nobody' OR role='teacher'", ["t1"]),
            ("familyName='O'Neil' AND role='student'", [AWKWARD]),
            ("familyName='AND role='student''", ["t1"]),
            ("familyName='AND role='student'' AND role='teacher'", ["t1"]),
            ("orgs.sourcedId='s/2'", ["u3"]),
            ("grades='06'", [AWKWARD, "u2", "u3", "u4"]),
            ("grades!='06'", ["t1"]),
            ("userIds.type='fed'", ["u3"]),
            ("userIds.identifier='PLAIN'", ["u3"]),
            ("metadata.house='OWL'", [AWKWARD, "u3"]),
            ("metadata.house!='owl'", ["u2", "u4", "t1"]),
            (f"sourcedId='{AWKWARD}'", [AWKWARD]),
            ("middleName='x'", []),
        ],
    )
    def test_operators(self, awkward: Client, text: str, expected: list[str]) -> None:
        answer = awkward.get("users", filter=text)
        assert [row["sourcedId"] for row in answer.json()["users"]] == expected
        assert answer.headers["X-Total-Count"] == str(len(expected))

    def test_dates_and_times(self, client: Client, district: Tables) -> None:
        sessions = client.ids("academicSessions", filter="startDate<='2026-08-17'")
        assert sessions == ["sy2027", "s1", "gp1"]
        users = district["users"]
        moment = users["dateLastModified"].sort_values().iloc[100]
        expected = users[users["dateLastModified"] >= moment]["sourcedId"].tolist()
        for text in (f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{moment:%Y-%m-%dT%H:%M:%S}.000+00:00"):
            assert client.ids("users", filter=f"dateLastModified>='{text}'") == expected
        later = moment.tz_convert("America/New_York").isoformat()
        assert client.ids("users", filter=f"dateLastModified>='{later}'") == expected
        month = users[users["dateLastModified"].dt.strftime("%Y-%m") == "2026-09"]
        found = client.ids("users", filter="dateLastModified~'2026-09'")
        assert found == month["sourcedId"].tolist()

    def test_numbers_and_booleans(self, client: Client, district: Tables) -> None:
        results = district["results"]
        expected = results[results["score"] >= 99]["sourcedId"].tolist()
        assert client.ids("results", filter="score>='99'") == expected
        primary = district["enrollments"].query("primary")["sourcedId"].tolist()
        assert client.ids("enrollments", filter="primary='TRUE'") == primary

    def test_within_a_nested_collection(self, client: Client, district: Tables) -> None:
        users = district["users"].query("role == 'student' and orgSourcedIds == '7'")
        expected = users[users["grades"] == "08"]["sourcedId"].tolist()
        assert client.ids("schools/7/students", filter="grades='08'") == expected

    @pytest.mark.parametrize(
        "text",
        [
            "shoeSize='9'",
            "orgs='2'",
            "role",
            "role=student",
            "role='student",
            "role='student' AND",
            "role='a' OR role='b' OR role='c'",
            "dateLastModified>'yesterday at noon'",
            "",
        ],
    )
    def test_wrong_filters(self, client: Client, text: str) -> None:
        assert client.refusal("users", filter=text) == (400, "invalid_filter_field")

    def test_a_joining_word_is_written_large(self, awkward: Client) -> None:
        assert awkward.ids("users", filter="familyName='stone' and role='student'") == []

    def test_a_number_that_is_none(self, client: Client) -> None:
        assert client.refusal("results", filter="score>'high'") == (400, "invalid_filter_field")


class TestSortAndFields:
    def test_sort(self, awkward: Client) -> None:
        ascending = ["t1", "u2", AWKWARD, "u3", "u4"]
        assert awkward.ids("users", sort="familyName") == ascending
        assert awkward.ids("users", sort="familyName", orderBy="asc") == ascending
        descending = ["u3", "u4", AWKWARD, "u2", "t1"]
        assert awkward.ids("users", sort="familyName", orderBy="desc") == descending

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_missing_values_come_last(self, awkward: Client, order: str) -> None:
        found = awkward.ids("users", sort="metadata.house", orderBy=order)
        assert found == [AWKWARD, "u3", "u2", "u4", "t1"]

    def test_numbers_sort_as_numbers(self, client: Client) -> None:
        scores = [row["score"] for row in client.rows("results", sort="score", orderBy="desc")]
        assert 100 in scores
        assert scores == sorted(scores, reverse=True)

    def test_fields(self, client: Client, awkward: Client) -> None:
        keys = ("sourcedId", "familyName", "orgs")
        rows = client.rows("users", fields="familyName, sourcedId,orgs")
        assert {tuple(row) for row in rows} == {keys}
        assert rows == [{key: row[key] for key in keys} for row in client.rows("users")]
        one = client.get("users/18001", fields="role").json()
        assert one == {"user": {"role": "student"}}
        assert awkward.rows("users", fields="metadata")[:2] == [
            {"metadata": {"house": "Owl", "bus": "4"}},
            {},
        ]

    @pytest.mark.parametrize("names", ["familyName,shoeSize", "", "password", "house"])
    def test_unknown_fields(self, client: Client, names: str) -> None:
        assert client.refusal("users", fields=names) == (400, "invalid_selection_field")


class TestNested:
    def test_class(self, client: Client, district: Tables) -> None:
        rows = district["enrollments"].query("classSourcedId == '31763'")
        users = district["users"]["sourcedId"]
        for role in ("student", "teacher"):
            enrolled = rows[rows["role"] == role]["userSourcedId"]
            expected = users[users.isin(enrolled)].tolist()
            assert expected
            assert client.ids(f"classes/31763/{role}s") == expected
            assert client.ids(f"schools/7/classes/31763/{role}s") == expected
        everyone = rows["sourcedId"].tolist()
        assert client.ids("schools/7/classes/31763/enrollments") == everyone

    def test_school(self, client: Client, district: Tables) -> None:
        users, classes = district["users"], district["classes"]
        here = users[users["orgSourcedIds"].str.split(",").map(lambda orgs: "7" in orgs)]
        for role in ("student", "teacher"):
            expected = here[here["role"] == role]["sourcedId"].tolist()
            assert client.ids(f"schools/7/{role}s") == expected
        taught = classes[classes["schoolSourcedId"] == "7"]
        assert client.ids("schools/7/classes") == taught["sourcedId"].tolist()
        courses = district["courses"]["sourcedId"]
        expected = courses[courses.isin(taught["courseSourcedId"])].tolist()
        assert client.ids("schools/7/courses") == expected
        rows = district["enrollments"].query("schoolSourcedId == '7'")
        assert client.ids("schools/7/enrollments") == rows["sourcedId"].tolist()
        assert client.ids("schools/7/terms") == ["s1", "s2"]

    def test_course_and_term(self, client: Client, district: Tables) -> None:
        classes = district["classes"]
        (econ,) = district["courses"].query("title == 'Econ 101'")["sourcedId"]
        assert client.ids(f"courses/{econ}/classes") == ["31733"]
        expected = classes[classes["termSourcedIds"].str.contains("s2")]["sourcedId"].tolist()
        assert client.ids("terms/s2/classes") == expected
        assert client.ids("terms/s2/gradingPeriods") == ["gp3", "gp4"]
        assert client.ids("courses/c1/resources") == ["r2"]
        assert client.ids("classes/31710/resources") == ["r1", "r3"]

    def test_classes_of_people(self, client: Client, district: Tables) -> None:
        rows = district["enrollments"]
        for role in ("student", "teacher"):
            user = rows[rows["role"] == role]["userSourcedId"].iloc[0]
            expected = rows[rows["userSourcedId"] == user]["classSourcedId"].sort_values().tolist()
            assert client.ids(f"{role}s/{user}/classes") == expected
            assert client.ids(f"users/{user}/classes") == expected

    def test_gradebook(self, client: Client, district: Tables) -> None:
        items, results = district["lineItems"], district["results"]
        one = items["classSourcedId"].iloc[0]
        mine = items[items["classSourcedId"] == one]["sourcedId"]
        assert client.ids(f"classes/{one}/lineItems") == mine.tolist()
        of_class = results[results["lineItemSourcedId"].isin(mine)]
        assert client.ids(f"classes/{one}/results") == of_class["sourcedId"].tolist()
        student = of_class["studentSourcedId"].iloc[0]
        expected = of_class[of_class["studentSourcedId"] == student]["sourcedId"].tolist()
        assert len(expected) == len(mine)
        assert client.ids(f"classes/{one}/students/{student}/results") == expected
        of_item = results[results["lineItemSourcedId"] == mine.iloc[1]]["sourcedId"].tolist()
        assert client.ids(f"classes/{one}/lineItems/{mine.iloc[1]}/results") == of_item

    def test_awkward_ids(self, awkward: Client) -> None:
        step = quote(AWKWARD, safe="")
        assert awkward.get(f"users/{step}").json()["user"]["familyName"] == "O'Neil"
        assert awkward.ids(f"schools/s%2F2/classes/{step}/teachers") == ["t1"]
        assert awkward.ids(f"students/{step}/classes") == [AWKWARD]
        href = awkward.rows("enrollments")[1]["user"]["href"]
        assert href.endswith(f"/users/{step}")
        answer = awkward.session.get(href, auth=awkward.auth, timeout=TIMEOUT)
        assert answer.json()["user"]["sourcedId"] == AWKWARD

    def test_deleted_and_dangling_enrollments(self, awkward: Client) -> None:
        step = quote(AWKWARD, safe="")
        assert awkward.ids(f"classes/{step}/students") == [AWKWARD, "u3"]
        assert awkward.ids("users/u2/classes") == []
        assert len(awkward.rows("enrollments")) == 5


class TestNothingThere:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "nothing",
            "users//18001",
            "users/0",
            "students/18140",
            "schools/1",
            "schools/1/students",
            "terms/gp1",
            "classes/0/students",
            "classes/31763/nothing",
            "users/18001/agents",
            "schools/2/classes/31763/students",
            "schools/0/classes/31763/students",
            "classes/31763/students/18001/results",
            "users/18001/classes/31763",
            "users/%ff%fe",
        ],
    )
    def test_404(self, client: Client, path: str) -> None:
        assert client.refusal(path) == (404, "unknownobject")

    def test_a_slash_at_the_end_says_nothing(self, client: Client) -> None:
        assert client.get("schools/").json() == client.get("schools").json()
        assert client.get("schools/7/").json() == client.get("schools/7").json()

    def test_outside_the_service(self, server: DemoServer, session: requests.Session) -> None:
        answer = session.get(server.url, timeout=TIMEOUT)
        assert answer.status_code == 404
        assert "error" in answer.json()

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
    def test_other_methods(
        self, server: DemoServer, session: requests.Session, method: str
    ) -> None:
        answer = session.request(method, server.host + "users", data="x" * 100, timeout=TIMEOUT)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET"
        assert session.get(server.url, timeout=TIMEOUT).status_code == 404

    def test_empty_tables(self, session: requests.Session) -> None:
        with DemoServer({"orgs": empty_table("orgs")}) as server:
            client = Client(server, session)
            for path, *_ in TestRecords.KEYS:
                answer = client.get(path)
                (found,) = answer.json().values()
                assert found == []
                assert answer.headers["X-Total-Count"] == "0"


class TestServer:
    def test_connection_is_kept(self, client: Client) -> None:
        with requests.Session() as own:
            first = own.get(client.host + "schools", auth=client.auth, stream=True, timeout=TIMEOUT)
            assert first.raw.version == 11
            assert "Connection" not in first.headers
            port = first.raw.connection.sock.getsockname()
            first.content  # noqa: B018 - reads the body, which gives the connection back
            second = own.get(client.host + "orgs", auth=client.auth, stream=True, timeout=TIMEOUT)
            assert second.raw.connection.sock.getsockname() == port
            second.close()

    def test_credentials_are_made_up_for_each(self, district: Tables) -> None:
        with DemoServer(district) as one, DemoServer(district) as other:
            assert one.client_id != other.client_id
            assert one.client_secret != other.client_secret
            assert one.url != other.url
            assert one.client_secret not in repr(one)

    def test_given_credentials(self, district: Tables, session: requests.Session) -> None:
        key, secret = f"key {secrets.token_hex()}", f"s/ ~&'ü{secrets.token_urlsafe()}"
        with DemoServer(district, client_id=key, client_secret=secret) as server:
            assert (server.client_id, server.client_secret) == (key, secret)
            assert Client(server, session).ids("schools") == ["2", "3", "7"]

    def test_addresses(self, server: DemoServer) -> None:
        assert server.host == server.url + "ims/oneroster/v1p1/"
        assert urlsplit(server.url).hostname == "127.0.0.1"

    def test_links_follow_the_name_that_was_used(
        self, server: DemoServer, session: requests.Session
    ) -> None:
        address = server.host.replace("127.0.0.1", "localhost")
        auth = Client(server, session).auth
        answer = session.get(address + "users?limit=5", auth=auth, timeout=TIMEOUT)
        assert answer.links["next"]["url"].startswith(address)

    def test_close(self, district: Tables) -> None:
        before = set(threading.enumerate())
        server = DemoServer(district)
        server.start()
        server.start()
        place = ("127.0.0.1", urlsplit(server.url).port)
        with socket.create_connection(place, TIMEOUT) as idle, requests.Session() as own:
            Client(server, own).get("schools")
            server.close()
            server.close()
            assert idle.recv(1) == b""
        assert set(threading.enumerate()) == before
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place).close()

    def test_close_without_start(self, district: Tables) -> None:
        DemoServer(district).close()

    def test_port_in_use(self, server: DemoServer, district: Tables) -> None:
        port = urlsplit(server.url).port
        assert port is not None
        with pytest.raises(OSError, match="in use"):
            DemoServer(district, port=port)

    def test_page_size(self) -> None:
        with pytest.raises(ConfigurationError, match=r"max_page_size .* not 0"):
            DemoServer(max_page_size=0)

    def test_quiet(self, district: Tables, capfd: pytest.CaptureFixture[str]) -> None:
        with DemoServer(district) as server, requests.Session() as own:
            Client(server, own).get("users")
            Client(server, own).get("nothing")
            place = ("127.0.0.1", urlsplit(server.url).port)
            with socket.create_connection(place, TIMEOUT) as rude:
                rude.sendall(b"GARBAGE\r\n\r\n")
                rude.recv(1)
        assert capfd.readouterr() == ("", "")
