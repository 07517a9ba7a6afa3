"""``group_name="*"`` is every group, wherever a group can be named."""

from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb import Query
from oneroster_nb.forms.explorer import explore
from oneroster_nb.source.source import Source

NAMES = ["*", " * ", ["*"], ("31763", "*"), pd.Series(["*", "no such class"])]


@pytest.mark.parametrize("match", ["exact", "contains", "glob", "regex"])
@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_star_is_no_name(name: Any, match: str) -> None:
    query = Query("students", "classes", name, match=match)
    assert query == Query("students", "classes", match=match)
    assert query.names is None
    assert query.to_dict().get("group_name") is None


def test_a_star_within_a_name_is_a_name() -> None:
    assert Query("students", "classes", "ELA*", match="glob").names == ("ELA*",)
    assert Query("students", "classes", "**").names == ("**",)


def test_a_star_needs_a_kind_of_group() -> None:
    with pytest.raises(onb.QueryError, match="group_filter"):
        Query("students", group_name="*")


@pytest.fixture(params=["live", "clever", "roster", "csv"])
def source(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    roster = onb.Roster(small_district())
    if request.param == "roster":
        yield roster
    elif request.param == "csv":
        yield onb.CsvConnector(roster.to_csv_bundle(tmp_path / "demo.zip"))
    else:
        with onb.connect("demo" if request.param == "live" else "demo-clever") as conn:
            yield conn


@pytest.mark.parametrize("name", ["*", ["*", "Lincoln Middle School"]], ids=repr)
def test_every_source_takes_a_star(source: Source, name: Any) -> None:
    expected = source.get_users("students", "schools")
    assert len(expected) == 139
    pd.testing.assert_frame_equal(source.get_users("students", "schools", name), expected)


def test_the_form_takes_a_star_and_writes_none_in_its_code() -> None:
    form = explore(onb.Roster(small_district()), group_filter="schools", group_name="*")
    assert form.query == Query("students", "schools")
    form.run()
    assert len(form.result) == 139
    assert "'*'" not in form.code
    assert "conn.get_users('students', 'schools')" in form.code
    form._question.group.value = "no such school | *"
    form.run()
    assert len(form.result) == 139
