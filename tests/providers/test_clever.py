"""Clever and OneRoster give the same answers about one district; what Clever alone has to obey."""

import secrets
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.cleverserver import Asked, CleverServer, Reply
from helpers.untidy import questions, untidy

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer

USER_COLUMNS = [
    *("sourcedId", "status", "dateLastModified", "givenName", "familyName", "middleName", "role"),
    *("email", "orgSourcedIds", "primaryOrgSourcedId", "grades"),
]
MEMBERSHIP = [
    *("groupType", "groupSourcedId", "groupName", "classSourcedId", "classTitle", "classCode"),
    *("courseSourcedId", "courseTitle", "schoolSourcedId", "schoolName"),
]
QUESTIONS: list[dict[str, Any]] = [
    {"user_filter": "students"},
    {"user_filter": "teachers"},
    {"user_filter": "users"},
    {"user_filter": "guardians"},
    {"user_filter": "aides"},
    {"user_filter": "administrators"},
    {"user_filter": "students", "group_filter": "classes", "group_name": "ELA 6 (6A ELA)"},
    {"user_filter": "students", "group_filter": "sections", "group_name": "31763"},
    {"user_filter": "teachers", "group_filter": "classes", "group_name": ["31733", "31734"]},
    {"user_filter": "users", "group_filter": "courses", "group_name": "Econ 101"},
    {"user_filter": "students", "group_filter": "courses"},
    {"user_filter": "teachers", "group_filter": "classes"},
    {"user_filter": "students", "group_filter": "schools", "group_name": "Classlink HS"},
    {"user_filter": "students", "group_filter": "schools", "group_name": "7"},
    {"user_filter": "teachers", "group_filter": "schools"},
    {"user_filter": "guardians", "group_filter": "schools", "group_name": "7"},
    {"user_filter": "administrators", "group_filter": "schools"},
    {"user_filter": "students", "term": "Semester 1"},
    {"user_filter": "students", "group_filter": "classes", "term": "Semester 2"},
    {"user_filter": "students", "group_filter": "schools", "term": "2026-2027"},
    {
        "user_filter": "students",
        "group_filter": "classes",
        "group_name": "302",
        "match_on": "location",
    },
    {
        "user_filter": "students",
        "group_filter": "classes",
        "group_name": "econ",
        "match": "contains",
        "unique": True,
    },
    {"user_filter": "students", "group_filter": "courses", "group_name": "A*", "match": "glob"},
    {"user_filter": "students", "group_filter": "schools", "max_users": 5},
]


@pytest.fixture(scope="module")
def served() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


def clever(server: DemoServer, version: str = "3.1", **options: Any) -> onb.CleverConnector:
    return onb.CleverConnector(server.clever_token, server.clever_hosts[version], **options)


@pytest.fixture(scope="module")
def sources(served: DemoServer) -> Iterator[dict[str, Any]]:
    """Return the district by every way."""
    with (
        onb.OneRosterConnector(served.host, served.client_id, served.client_secret) as demo,
        clever(served) as new,
        clever(served, "2.1") as old,
    ):
        yield {
            "demo": demo,
            "demo roster": demo.get_roster(),
            "3.1": new,
            "3.1 roster": new.get_roster(),
            "2.1": old,
            "2.1 roster": old.get_roster(),
        }


def own_ids(roster: onb.Roster) -> dict[str, str]:
    """Return the district's own id for each of Clever's."""
    courses = {title: key for key, title in enumerate(roster.courses["title"])}
    assert len(courses) == len(roster.courses)
    users = roster.users["identifier"].fillna(roster.users["email"])
    pairs = [
        (roster.users["sourcedId"], users),
        (roster.orgs["sourcedId"], roster.orgs["identifier"].fillna("district")),
        (roster.classes["sourcedId"], roster.classes["clever.sis_id"]),
        (roster.courses["sourcedId"], roster.courses["courseCode"]),
    ]
    return {key: value for keys, values in pairs for key, value in zip(keys, values, strict=True)}


def in_own_ids(frame: pd.DataFrame, ids: dict[str, str]) -> pd.DataFrame:
    names = [name for name in frame if "SourcedId" in name or name == "sourcedId"]
    translated = {
        name: frame[name].map(
            lambda text: ",".join(ids.get(part, part) for part in text.split(",")),
            na_action="ignore",
        )
        for name in names
    }
    return frame.assign(**translated)


@pytest.mark.parametrize("version", ["3.1", "2.1"])
@pytest.mark.parametrize("kind", ["", " roster"], ids=["live", "roster"])
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_demo_and_clever_agree(
    sources: dict[str, Any], question: dict[str, Any], kind: str, version: str
) -> None:
    expected = sources["demo" + kind].get_users(**question)
    frame = sources[version + kind].get_users(**question)
    assert len(expected) > 0
    ids = own_ids(sources[version + " roster"])
    frame = in_own_ids(frame, ids)
    # Clever has no ids of the district, of its administrators and of courses.
    same = {"1": "district"} | dict(
        zip(
            sources["demo roster"].courses["sourcedId"],
            sources["demo roster"].courses["courseCode"],
            strict=True,
        )
    )
    orgs = sources["demo roster"].orgs
    same |= dict.fromkeys(orgs.loc[orgs["type"] == "district", "sourcedId"], "district")
    users = sources["demo roster"].users
    nameless = users["sourcedId"].isin(expected["sourcedId"]) & (
        users["email"].isin(list(ids.values()))
    )
    same |= dict(zip(users.loc[nameless, "sourcedId"], users.loc[nameless, "email"], strict=True))
    expected = in_own_ids(expected, same)
    columns = [*USER_COLUMNS, *(MEMBERSHIP if "group_filter" in question else ["schoolNames"])]
    if version == "2.1":
        # It has no middle names of contacts and admins, and not when they changed.
        columns = [c for c in columns if c not in ("middleName", "dateLastModified")]
        # Their contacts' names are one text, which is taken apart at the last space.
        for people in (frame, expected):
            contacts = people["role"] == "guardian"
            whole = people["givenName"] + " " + people["familyName"]
            people.loc[contacts, "givenName"] = whole[contacts]
            people.loc[contacts, "familyName"] = whole[contacts]
    if "roster" in kind and question.get("group_filter") in ("classes", "courses"):
        columns += ["enrollmentRole", "enrollmentPrimary"]
    if question["user_filter"] in ("students", "teachers"):
        columns.append("username")
    if question.get("unique"):
        columns.append("groupCount")
    # 2.1 lists people by kind, and staff by their ids there.
    order = [name for name in ("sourcedId", "groupSourcedId", "classSourcedId") if name in frame]
    pd.testing.assert_frame_equal(
        frame[columns].sort_values(order, ignore_index=True),
        expected[columns].sort_values(order, ignore_index=True),
    )


@pytest.mark.parametrize("version", ["3.1", "2.1"])
def test_what_is_read_on_the_way_is_no_column(version: str) -> None:
    with onb.connect("demo-clever", version=version) as conn:
        roster = conn.get_roster()
    for table in roster.summary()["table"]:
        assert not [name for name in roster.table(table) if name.startswith(("_", "clever._"))]


def test_demographics_agree(sources: dict[str, Any]) -> None:
    known = sources["demo roster"].demographics
    columns = [
        *("birthDate", "sex", "hispanicOrLatinoEthnicity", "demographicRaceTwoOrMoreRaces"),
        "dateLastModified",
    ]
    races = ["americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "white"]
    for version in ("3.1", "2.1"):
        roster = sources[version + " roster"]
        frame = in_own_ids(roster.demographics, own_ids(roster))
        frame = frame.set_index("sourcedId").loc[known["sourcedId"]].reset_index()
        pd.testing.assert_frame_equal(frame[columns], known[columns])
        single = ~known["demographicRaceTwoOrMoreRaces"].astype(bool)
        assert 0 < single.sum() < len(single)
        pd.testing.assert_frame_equal(frame.loc[single, races], known.loc[single, races])
        assert frame.loc[~single, races].isna().all(axis=None)


def test_both_versions_give_the_same_tables(sources: dict[str, Any]) -> None:
    new, old = sources["3.1 roster"], sources["2.1 roster"]
    for name in ("orgs", "academicSessions", "courses", "classes", "enrollments", "demographics"):
        one, other = (
            in_own_ids(roster.table(name), own_ids(roster)).drop(columns="sourcedId")
            for roster in (new, old)
        )
        canonical = [column for column in one if not column.startswith("clever.")]
        assert canonical == [column for column in other if not column.startswith("clever.")]
        pd.testing.assert_frame_equal(one[canonical], other[canonical], obj=name)
    users = [in_own_ids(roster.users, own_ids(roster)) for roster in (new, old)]
    one, other = (frame.sort_values("sourcedId", ignore_index=True) for frame in users)
    contacts = one["role"] == "guardian"
    whole = [people["givenName"] + " " + people["familyName"] for people in (one, other)]
    pd.testing.assert_series_equal(whole[0][contacts], whole[1][contacts])
    for people in (one, other):
        people.loc[contacts, ["givenName", "familyName"]] = ""
    same = [c for c in one if "clever." not in c and c not in ("middleName", "dateLastModified")]
    pd.testing.assert_frame_equal(one[same], other[same])
    told = one["role"].isin(["student", "teacher"])
    late = ["middleName", "dateLastModified"]
    pd.testing.assert_frame_equal(one.loc[told, late], other.loc[told, late])
    assert old.table("resources").empty


def test_version_3_0_is_as_3_1(served: DemoServer) -> None:
    # Both asked nothing before, so both know as much about the enrollments.
    with clever(served, "3.0") as conn, clever(served, "3.1") as newer:
        frame = conn.get_users("users", "courses", "Econ 101")
        pd.testing.assert_frame_equal(frame, newer.get_users("users", "courses", "Econ 101"))


@pytest.mark.parametrize("seed", [3, 11, 42])
def test_live_and_roster_agree_on_untidy_districts(seed: int) -> None:
    tables = untidy(seed)
    with (
        warnings.catch_warnings(),
        DemoServer(tables) as server,
        clever(server) as new,
        clever(server, "2.1") as old,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        for conn in (new, old):
            roster = conn.get_roster()
            for query in questions(tables, seed):
                try:
                    expected = roster.query(query)
                except onb.QueryError:  # a session that Clever has no section in
                    with pytest.raises(onb.QueryError):
                        conn.query(query)
                    continue
                frame = conn.query(query)
                known = [c for c in expected if not (frame[c].isna().all() and "enroll" in c)]
                pd.testing.assert_frame_equal(
                    frame[known], expected[known], obj=f"{conn!r} {query!r}"
                )


def test_a_roster_that_was_saved_answers_as_clever_does(
    sources: dict[str, Any], tmp_path: Path
) -> None:
    roster = onb.Roster.load(sources["3.1 roster"].save(tmp_path / "kept.roster"))
    assert roster.match_groups_by == ["sourcedId", "name", "title", "sis_id"]
    for question in (("students", "classes", "31763"), ("students", "schools", "7")):
        pd.testing.assert_series_equal(
            roster.get_users(*question)["sourcedId"],
            sources["3.1"].get_users(*question)["sourcedId"],
        )


# --- asking ------------------------------------------------------------------------------------


class Counted:
    """Counts the requests of a connector by path, ids left out."""

    def __init__(self, connector: onb.CleverConnector) -> None:
        self.paths: list[str] = []
        get = connector._provider.session.get

        def counting(url: str, *args: Any, **options: Any) -> Any:
            self.paths.append(url.removeprefix(connector.host).partition("?")[0])
            return get(url, *args, **options)

        connector._provider.session.get = counting  # type: ignore[method-assign]

    def of(self, start: str, end: str = "") -> int:
        return sum(path.startswith(start) and path.endswith(end) for path in self.paths)


def test_few_sections_are_asked_one_by_one(served: DemoServer) -> None:
    with clever(served) as conn:
        asked = Counted(conn)
        frame = conn.get_users("students", "classes", ["31763", "31764"])
        assert asked.of("sections", "/users") == 2
        assert asked.of("users") == 0
        assert asked.of("sections", "sections") == 1
        # How they are enrolled was told with the sections.
        assert frame["enrollmentRole"].unique().tolist() == ["student"]


def test_many_sections_are_one_sweep(served: DemoServer) -> None:
    with clever(served) as conn:
        asked = Counted(conn)
        conn.get_users("students", "classes")
        assert asked.of("sections", "/users") == 0
        assert asked.of("users") == 1
        assert asked.of("sections") == 1  # which gave the classes and who is in them
        conn.get_users("students", "classes")
        assert asked.of("sections") == 2  # by then, a person may have moved


def test_a_roster_is_one_request_a_list(served: DemoServer) -> None:
    with clever(served) as conn:
        asked = Counted(conn)
        conn.get_roster()
    lists = ["courses", "districts", "resources", "schools", "sections", "terms", "users"]
    assert sorted(asked.paths) == lists


def test_some_tables_of_a_roster(served: DemoServer) -> None:
    with clever(served) as conn:
        assert len(conn.get_roster(tables=["enrollments"]).enrollments) == 847
        assert len(conn.get_roster(tables=["demographics"]).demographics) == 139
        assert conn.get_roster(tables=["courses"]).classes.empty


@pytest.mark.parametrize(
    ("name", "group_name", "count"),
    [
        ("id", "{id}", 3),
        ("sis_id", "31763", 3),
        ("sourcedId", "{id}", 3),
        ("subject", "math", None),
        ("grade", "Kindergarten", None),
        ("section_number", "{section_number}", 3),
    ],
)
@pytest.mark.parametrize("source", ["3.1", "3.1 roster"])
def test_clevers_names_of_fields_match(
    sources: dict[str, Any], source: str, name: str, group_name: str, count: int | None
) -> None:
    classes = sources["3.1 roster"].classes
    row = classes.loc[classes["clever.sis_id"] == "31763"].iloc[0]
    wanted = group_name.format(id=row["sourcedId"], section_number=row["classCode"])
    frame = sources[source].get_users("students", "sections", wanted, match_on=name)
    assert len(frame) == count if count else len(frame) > 3


def test_an_unknown_field_is_named_with_what_there_is(sources: dict[str, Any]) -> None:
    with pytest.raises(onb.QueryError, match="Unknown match_on field 'sis_ids'"):
        sources["3.1"].get_users("students", "classes", "1", match_on="sis_ids")


def test_the_usual_fields_are_asked_where_there_are_any(sources: dict[str, Any]) -> None:
    assert sources["3.1"].match_groups_by == ["sourcedId", "name", "title", "sis_id"]
    assert len(sources["3.1"].get_users("users", "courses", "Econ 101")) == 4  # has no sis_id
    with pytest.raises(onb.QueryError):
        sources["3.1"].get_users("users", "courses", "Econ 101", match_on=["title", "sis_id"])


def test_the_key_in_addresses_can_be_named_as_clever_does(served: DemoServer) -> None:
    with clever(served, key_identifier="id") as conn:
        assert len(conn.get_users("students", "sections", "31763")) == 3
    with (
        clever(served, key_identifier="no_such") as conn,
        pytest.raises(onb.QueryError, match="no_such"),
    ):
        conn.get_users("students", "sections", "31763")


@pytest.mark.parametrize("call", ["get_categories", "get_line_items", "get_results"])
@pytest.mark.parametrize("version", ["3.1", "2.1"])
def test_what_clever_has_not_is_said(sources: dict[str, Any], version: str, call: str) -> None:
    with pytest.raises(onb.NotProvidedError, match="gradebook"):
        getattr(sources[version], call)()
    assert getattr(sources[version + " roster"], call)().empty


def test_other_calls(sources: dict[str, Any]) -> None:
    conn = sources["3.1"]
    assert len(conn.get_schools()) == 3
    assert set(conn.get_orgs()["type"]) == {"district", "school"}
    assert len(conn.get_terms()) == 3
    assert conn.get_grading_periods().empty
    assert len(conn.get_classes({"title": "ELA 6 (6A ELA)"})) == 2
    course = conn.get_courses({"title": "Econ 101"}).iloc[0]["sourcedId"]
    assert set(conn.get_classes({"courseSourcedId": course})["courseSourcedId"]) == {course}
    changed = conn.get_classes(modified_since="2026-10-15")
    assert 0 < len(changed) < len(conn.get_classes())
    assert len(conn.get_resources()) == len(sources["demo roster"].resources)
    with pytest.raises(onb.NotProvidedError):
        sources["2.1"].get_resources()
    assert conn.headcounts() == {"students": 139, "teachers": 37, "schools": 3}
    assert sources["2.1"].headcounts() == conn.headcounts()


def test_a_server_that_counts_nothing(served: DemoServer) -> None:
    def silent(asked: Asked, reply: Reply) -> None:
        assert "count" not in reply.body

    with CleverServer({}, silent) as server, onb.CleverConnector("a token", server.host) as conn:
        assert conn.headcounts() == {"students": None, "teachers": None, "schools": 0}


def test_refresh_pulls_anew_and_refuses_a_sudden_loss() -> None:
    people = [
        {"id": f"u{number}", "roles": {"student": {"school": "s1"}}} for number in range(1, 9)
    ]
    routes = {"users": people, "schools": [{"id": "s1", "name": "North"}]}
    with CleverServer(routes) as server, onb.CleverConnector("a token", server.host) as conn:
        roster = conn.get_roster()
        server.routes["users"] = [*people[1:], {"id": "u9", "roles": {"student": {}}}]
        asked = Counted(conn)
        newer = roster.refresh(conn)
        assert len(asked.paths) == len(set(asked.paths))  # each list once
        assert newer.users["sourcedId"].tolist() == [f"u{number}" for number in range(2, 10)]
        server.routes["users"] = people[:2]
        with pytest.raises(onb.IncompleteError, match="users from 8 to 2"):
            newer.refresh(conn)


# --- getting in --------------------------------------------------------------------------------


def test_a_token_is_fetched_for_an_id_and_a_secret(served: DemoServer) -> None:
    options = {
        "host": served.clever_hosts["3.1"],
        "client_id": served.client_id,
        "client_secret": served.client_secret,
        "token_url": served.clever_token_url,
    }
    with onb.CleverConnector(**options) as conn:
        assert len(conn.get_users("students")) == 139
        district = conn.get_orgs({"type": "district"}).iloc[0]["sourcedId"]
        assert served.clever_token not in repr(vars(conn))
    with onb.CleverConnector(**options, district=district) as conn:
        assert len(conn.get_users("students")) == 139
        assert conn.provider == f"{conn.host} {district}"
        elsewhere = onb.Roster({}, provider=f"{conn.host} another")
        with pytest.raises(onb.ConfigurationError, match="another"):
            elsewhere.refresh(conn)
    with (
        onb.CleverConnector(**options, district="another") as conn,
        pytest.raises(onb.ConfigurationError, match=f"another.*{district}"),
    ):
        conn.get_users("students")
    with onb.CleverConnector(**{**options, "client_secret": "wrong"}) as conn:
        with pytest.raises(onb.AuthenticationError, match="client id and the secret") as caught:
            conn.get_users("students")
        assert "wrong" not in str(caught.value)


def listing(*records: dict[str, Any]) -> Any:
    """Answer to who asks for tokens; a token is good as long as it is listed."""
    held = list(records)

    def behave(asked: Asked, reply: Reply) -> None:
        if asked.path == "/oauth/tokens":
            reply.status, reply.body = 200, {"data": held}
        else:
            tokens = {f"Bearer {record['access_token']}" for record in held}
            if asked.headers.get("Authorization") not in tokens:
                reply.status, reply.body = 401, {"message": "Unauthorized"}

    return held, behave


def token(district: str, created: str = "2026-08-01T00:00:00.000Z") -> dict[str, Any]:
    owner = {"type": "district", "id": district}
    return {"access_token": secrets.token_hex(8), "owner": owner, "created": created}


def with_tokens(server: CleverServer, **options: Any) -> onb.CleverConnector:
    return onb.CleverConnector(
        host=server.host,
        client_id="an application",
        client_secret="a secret",
        token_url=server.url + "/oauth/tokens",
        **options,
    )


SCHOOLS = {"schools": [{"id": "s1", "name": "North"}]}


def test_several_districts_must_be_chosen_from() -> None:
    _, behave = listing(token("d1"), token("d2"))
    with CleverServer(SCHOOLS, behave) as server:
        with with_tokens(server) as conn, pytest.raises(onb.ConfigurationError, match="d1, d2"):
            conn.get_schools()
        with with_tokens(server, district="d2") as conn:
            assert len(conn.get_schools()) == 1


def test_no_district_yet() -> None:
    _, behave = listing()
    with (
        CleverServer(SCHOOLS, behave) as server,
        with_tokens(server) as conn,
        pytest.raises(onb.AuthenticationError, match="No district shares"),
    ):
        conn.get_schools()


def test_the_newest_token_is_taken_and_a_revoked_one_fetched_anew() -> None:
    old, new = token("d1", "2025-01-01T00:00:00.000Z"), token("d1", "2026-01-01T00:00:00.000Z")
    held, behave = listing(new, old)
    with CleverServer(SCHOOLS, behave) as server, with_tokens(server) as conn:
        conn.get_schools()
        assert server.requests[-1].headers["Authorization"] == f"Bearer {new['access_token']}"
        held[:] = [token("d1", "2026-09-01T00:00:00.000Z")]
        assert len(conn.get_schools()) == 1
        # A token that stays refused is an error, and no endless fetching.
        before = len(server.requests)
        held[:] = [token("d1")]
        held[0]["access_token"] = "refused"
        server.behaviours = (behave, _refuse)
        with pytest.raises(onb.AuthenticationError):
            conn.get_schools()
        assert len(server.requests) - before < 10


def _refuse(asked: Asked, reply: Reply) -> None:
    if asked.path != "/oauth/tokens":
        reply.status, reply.body = 401, {"message": "Unauthorized"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>Log in</html>", onb.AnswerError),
        (200, {"data": None}, onb.AnswerError),
        (404, {"message": "Resource not found"}, onb.AnswerError),
        (401, {"message": "Unauthorized"}, onb.AuthenticationError),
        (503, b"", onb.UnavailableError),
    ],
)
def test_where_no_tokens_are_listed(status: int, body: Any, error: type[Exception]) -> None:
    def behave(asked: Asked, reply: Reply) -> None:
        if asked.path == "/oauth/tokens":
            reply.status, reply.body = status, body

    with (
        CleverServer(SCHOOLS, behave) as server,
        with_tokens(server, retry_seconds=0) as conn,
        pytest.raises(error, match="oauth/tokens") as caught,
    ):
        conn.get_schools()
    assert "a secret" not in str(caught.value)


def test_nothing_listens_where_tokens_should_be() -> None:
    with (
        onb.CleverConnector(
            client_id="an application", client_secret="a secret", token_url="http://127.0.0.1:9/"
        ) as conn,
        pytest.raises(onb.ConnectionFailedError, match="token_url"),
    ):
        conn.get_schools()


# --- options -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, onb.CredentialsError, "access_token"),
        ({"client_id": "an id"}, onb.CredentialsError, "client_secret"),
        ({"access_token": 5}, onb.CredentialsError, "must be text"),
        ({"host": "https://api.clever.com/"}, onb.ConfigurationError, "v3.1, v3.0, v2.1"),
        ({"host": "https://api.clever.com/v1.1/"}, onb.ConfigurationError, "v3.1"),
        ({"host": "http://api.clever.com/v3.1/"}, onb.ConfigurationError, "not encrypted"),
        ({"district": ""}, onb.ConfigurationError, "district"),
        ({"page_size": -1}, onb.ConfigurationError, "page_size"),
        ({"timeout": 5}, onb.ConfigurationError, "timeout"),
        ({"retry_seconds": "x"}, onb.ConfigurationError, "retry_seconds"),
    ],
)
def test_options_that_cannot_be(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    given = {} if error is onb.CredentialsError else {"access_token": "a token"}
    with pytest.raises(error, match=words):
        onb.CleverConnector(**{**given, **options})


def test_a_token_url_that_is_not_encrypted_is_refused() -> None:
    with pytest.raises(onb.ConfigurationError, match="token_url"):
        onb.CleverConnector(client_id="a", client_secret="b", token_url="http://example.org/t")


def test_connect_finds_clever(served: DemoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with onb.connect("clever", access_token="open sesame") as conn:
        assert conn.host == "https://api.clever.com/v3.1/"
        assert conn.recipe == "onb.connect('clever')"
    monkeypatch.setenv("ONEROSTER_PROVIDER", "clever")
    monkeypatch.setenv("ONEROSTER_HOST", served.clever_hosts["3.1"])
    monkeypatch.setenv("ONEROSTER_ACCESS_TOKEN", served.clever_token)
    with onb.connect() as conn:
        assert len(conn.get_users("students", "sections", "31763")) == 3
    with pytest.raises(onb.ConfigurationError, match="signature_method"):
        onb.connect("clever", signature_method="HMAC-SHA1")


def test_the_recipe_holds_no_secret() -> None:
    with onb.CleverConnector("open sesame", "https://api.clever.com/v2.1/") as conn:
        assert conn.recipe == (
            "onb.CleverConnector(host='https://api.clever.com/v2.1/',"
            ' access_token=os.environ["ONEROSTER_ACCESS_TOKEN"])'
        )
        assert "sesame" not in repr(conn) + repr(vars(conn))


def test_the_demo_over_clever() -> None:
    with onb.connect("demo-clever") as conn:
        assert len(conn.get_users("students")) == 139
        assert len(conn.get_users("students", "classes", "ELA 6 (6A ELA)")) == 7
        assert len(conn.get_users("students", "classes", "31763")) == 3
        assert len(conn.get_users("students", "schools", "Classlink HS")) == 38
        assert len(conn.get_users("students", "schools", "7")) == 54
        assert len(conn.get_users("students", "classes", "302", match_on="location")) == 13
        assert conn.recipe == "onb.connect('demo-clever')"
        roster = conn.get_roster()
    with onb.connect("demo-clever", version="2.1") as conn:
        assert conn.host.endswith("/v2.1/")
        assert "version='2.1'" in conn.recipe
    with onb.connect("demo-clever") as conn:
        assert len(roster.refresh(conn).users) == 371
    with pytest.raises(onb.ConfigurationError, match="version can be"):
        onb.connect("demo-clever", version="1.1")
    with pytest.raises(onb.ConfigurationError, match="host"):
        onb.connect("demo-clever", host="https://example.org/v3.1/")


@pytest.mark.parametrize("source", ["3.1", "3.1 roster"])
def test_matched_on_is_the_field_that_was_asked_for(sources: dict[str, Any], source: str) -> None:
    for asked, shown in (("sis_id", "sis_id"), ("name", "name"), (None, "sis_id")):
        name = "ELA 6 (6A ELA)" if asked == "name" else "31763"
        frame = sources[source].get_users("students", "sections", name, match_on=asked)
        assert set(frame["matchedOn"]) == {shown}
