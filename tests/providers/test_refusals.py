"""What is done and said if a server refuses: no such list, no such scope, nothing shared."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from helpers.faults import at, status
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb.transport.scopes import scope_advice

Connect = Callable[..., onb.OneRosterConnector]

SCOPES = "https://purl.imsglobal.org/spec/or"
QUESTIONS = [
    ("students", "classes", "c1"),
    ("students", "classes", "c1", "sourcedId"),
    ("users", "courses", "Art 101"),
    ("students", "schools", "North School"),
    ("students", "schools", "s1", "sourcedId"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("code", [403, 404])
def test_lists_below_other_objects_that_are_refused_are_made_up_for(
    connected: Connect, question: tuple[str, ...], code: int
) -> None:
    """A token may open the lists of the roster, and nothing below them."""
    with (
        FaultServer(school()) as whole,
        FaultServer(school(), at("*/*", status(code))) as bare,
    ):
        expected = connected(whole).get_users(*question)
        frame = connected(bare).get_users(*question)

    assert len(expected)
    columns = [name for name in expected if not name.startswith("enrollment")]
    pd.testing.assert_frame_equal(frame[columns], expected[columns])


@pytest.mark.parametrize("code", [403, 404])
def test_classes_of_a_course_that_are_refused_are_made_up_for(
    connected: Connect, code: int
) -> None:
    with FaultServer(school(), at("*/*", status(code))) as server:
        classes = connected(server).get_classes({"courseSourcedId": "co1"})
        one = connected(server).get_classes({"sourcedId": "c2"})

    assert list(classes["sourcedId"]) == ["c1", "c2"]
    assert list(one["sourcedId"]) == ["c2"]


def test_what_is_refused_everywhere_is_an_error(connected: Connect) -> None:
    with (
        FaultServer(school(), at("*/*/*", status(403)), at("users", status(403))) as server,
        pytest.raises(onb.ForbiddenError, match="/users"),
    ):
        connected(server).get_users("students", "classes", "c1")


def refused(challenge: str = "", **body: str) -> Behaviour:
    """Answer 403 with a challenge and a body."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.status = 403
        answer.body = json.dumps(body).encode()
        if challenge:
            answer.headers["WWW-Authenticate"] = challenge

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        refused('Bearer error="insufficient_scope"'),
        refused('Bearer realm="x", error="insufficient_scope", scope="a.readonly b.readonly"'),
        refused(error="insufficient_scope"),
        refused(error="forbidden", error_description="Insufficient scope for this resource"),
        refused(imsx_description="insufficient_scope"),
    ],
)
@pytest.mark.parametrize(
    ("call", "scope"),
    [
        ("get_enrollments", "v1p1/scope/roster.readonly"),
        ("get_demographics", "v1p1/scope/roster-demographics.readonly"),
        ("get_results", "v1p1/scope/gradebook.readonly"),
    ],
)
def test_a_403_for_lack_of_a_scope_names_the_scope(
    connected: Connect, behaviour: Behaviour, call: str, scope: str
) -> None:
    with FaultServer(school(), behaviour) as server, pytest.raises(onb.ForbiddenError) as caught:
        getattr(connected(server), call)()

    text = str(caught.value)
    named = getattr(behaviour, "__closure__", None)
    own = any("a.readonly" in str(cell.cell_contents) for cell in named or ())
    assert f'scope="{"a.readonly b.readonly" if own else f"{SCOPES}/{scope}"}"' in text
    assert "share" not in text


def test_another_403_does_not_speak_of_scopes(connected: Connect) -> None:
    with (
        FaultServer(school(), refused(error="forbidden")) as server,
        pytest.raises(onb.ForbiddenError) as caught,
    ):
        connected(server).get_enrollments()

    assert "scope" not in str(caught.value)
    assert "share" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/ims/oneroster/rostering/v1p2/users", f"{SCOPES}/v1p2/scope/roster.readonly"),
        (
            "/a/ims/oneroster/rostering/v1p2/demographics",
            f"{SCOPES}/v1p2/scope/roster-demographics.readonly",
        ),
        (
            "/ims/oneroster/gradebook/v1p2/classes/1/lineItems",
            f"{SCOPES}/v1p2/scope/gradebook.readonly",
        ),
        ("/ims/oneroster/resources/v1p2/resources", f"{SCOPES}/v1p2/scope/resource.readonly"),
        ("/v3.1/users", ""),
    ],
)
def test_the_usual_scope_of_an_address(path: str, scope: str) -> None:
    advice = scope_advice(path, "insufficient_scope")

    assert advice is not None
    assert (f'scope="{scope}"' in advice) == bool(scope)
    assert scope_advice(path, "forbidden") is None


def test_a_404_advises_the_address_of_the_version(connected: Connect) -> None:
    with FaultServer({}) as server:
        with pytest.raises(onb.NotFoundError, match="v1p1/") as old:
            connected(server).get_enrollments()
        with pytest.raises(onb.NotFoundError, match="rostering/v1p2/") as new:
            connected(server, version="1.2").get_enrollments()
    assert "v1p2" not in str(old.value)
    assert "down to .../ims/oneroster/v1p1/" not in str(new.value)


@pytest.mark.parametrize("tables", [None, ["orgs", "classes"], ["users"]])
def test_a_token_that_opens_nothing_is_told_with_the_roster(
    connected: Connect, tables: list[str] | None
) -> None:
    nothing: dict[str, list[dict[str, object]]] = {path: [] for path in school(sections=0)}
    more = ("demographics", "resources", "categories", "lineItems", "results")
    with (
        FaultServer(nothing | {name: [] for name in more}) as server,
        pytest.warns(onb.NotSharedWarning, match="shared") as caught,
    ):
        roster = connected(server).get_roster(tables=tables)
    assert len(caught) == 1
    assert roster.users.empty


def test_a_district_alone_is_told_and_a_roster_without_courses_is_not(connected: Connect) -> None:
    paths = school() | {"courses": []}
    names = ["orgs", "courses", "classes", "users"]
    with FaultServer(paths) as server:
        assert connected(server).get_roster(tables=names).courses.empty
    with (
        FaultServer(paths | {"classes": [], "users": []}) as server,
        pytest.warns(onb.NotSharedWarning, match="no users"),
    ):
        assert len(connected(server).get_roster(tables=names).orgs) == 2
