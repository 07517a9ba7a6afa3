"""Values that read like the labels of a table stay apart from them."""

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb

NAMES = ["All", "All", "(missing)", None, "North", '"All"']


@pytest.fixture
def people() -> pd.DataFrame:
    return pd.DataFrame(
        {"sourcedId": [*"abcdef"], "schoolName": NAMES, "role": ["student"] * 6}, dtype="str"
    )


def test_a_school_called_all_is_not_the_total(people: pd.DataFrame) -> None:
    table = onb.crosstab(people, "schoolName", "role")
    assert table["student"].to_dict() == {
        '""All""': 1,
        '"(missing)"': 1,
        '"All"': 2,
        "North": 1,
        "(missing)": 1,
        "All": 6,
    }


def test_a_value_called_missing_is_not_a_missing_one(people: pd.DataFrame) -> None:
    counted = onb.count(people, "schoolName").set_index("schoolName")["count"].to_dict()
    assert counted == {'""All""': 1, '"(missing)"': 1, '"All"': 2, "North": 1, "(missing)": 1}


def test_the_footnote_says_which_values_are_in_quotes(people: pd.DataFrame) -> None:
    footnote = onb.crosstab(people, "schoolName", "role").attrs["footnote"]
    assert '"All"' in footnote
    assert '"(missing)"' in footnote
    assert "North" not in footnote
    assert "footnote" not in onb.count(people, "role").attrs


def test_columns_have_labels_of_their_own(people: pd.DataFrame) -> None:
    table = onb.crosstab(people, "role", "schoolName")
    assert table.columns.tolist()[-1] == "All"
    assert table.loc["student", "All"] == 6
    assert table.loc["student", '"All"'] == 2


def test_changes_at_a_school_called_all_are_not_the_total() -> None:

    tables = small_district()
    orgs = tables["orgs"]
    tables["orgs"] = orgs.assign(name=orgs["name"].replace("Classlink HS", "All"))
    before = onb.Roster(tables)
    users = tables["users"]
    gone = users.assign(status=users["status"].mask(users["orgSourcedIds"] == "2", "tobedeleted"))
    after = onb.Roster(tables | {"users": gone})
    names = onb.diff(before, after).by_school["schoolName"].tolist()
    assert '"All"' in names
    assert names[-1] == "All"
    assert names.count("All") == 1
