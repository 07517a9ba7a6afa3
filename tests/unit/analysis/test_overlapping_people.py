"""People who stand in several cells: nothing that is shown tells how many they are."""

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb


def students(*places: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(places, columns=["sourcedId", "schoolName", "grades"], dtype="str")


@pytest.fixture
def shared() -> pd.DataFrame:
    """Sixteen children at each of two schools, of whom one is at both."""
    north = [(f"n{i}", "North", "06") for i in range(15)]
    south = [(f"s{i}", "South", "06") for i in range(15)]
    return students(*north, *south, ("both", "North", "06"), ("both", "South", "06"))


def test_totals_would_tell_that_one_child_is_at_both_schools(shared: pd.DataFrame) -> None:
    assert onb.crosstab(shared, "schoolName", "grades").loc["All", "All"] == 31
    table = onb.crosstab(shared, "schoolName", "grades", suppress_below=10)
    assert table.to_dict() == {"06": {"North": 16, "South": 16}}
    assert "Totals are left out" in table.attrs["footnote"]
    assert "1" not in table.attrs["footnote"]


@pytest.mark.parametrize("normalize", [True, "columns"])
def test_shares_of_a_total_of_fewer_people_are_hidden(
    shared: pd.DataFrame, normalize: bool
) -> None:
    # 16 / 31 would tell the total that the counts beside it do not show.
    table = onb.crosstab(shared, "schoolName", "grades", suppress_below=10, normalize=normalize)
    assert table.to_numpy().tolist() == [["*"], ["*"]]


def test_shares_of_rows_that_add_up_are_shown(shared: pd.DataFrame) -> None:
    rows = onb.crosstab(shared, "schoolName", "grades", suppress_below=10, normalize="index")
    assert rows.to_numpy().tolist() == [[1.0], [1.0]]


def test_where_nobody_overlaps_totals_are_shown(shared: pd.DataFrame) -> None:
    apart = shared.loc[shared["sourcedId"] != "both"]
    table = onb.crosstab(apart, "schoolName", "grades", suppress_below=10)
    assert table.to_numpy().tolist() == [[15, 15], [15, 15], [30, 30]]


def test_changes_by_school_show_no_total_of_people_at_two_schools() -> None:
    tables = small_district()
    orgs, users = tables["orgs"], tables["users"]
    schools = orgs.loc[orgs["type"] == "school", "sourcedId"].tolist()[:2]
    new = users.head(1).iloc[[0] * 31].reset_index(drop=True)
    new["sourcedId"] = [f"new-{i}" for i in range(31)]
    new["username"] = new["sourcedId"]
    new["role"] = "student"
    new["primaryOrgSourcedId"] = schools[0]
    new["orgSourcedIds"] = [schools[0]] * 15 + [schools[1]] * 15 + [",".join(schools)]
    after = tables | {"users": pd.concat([users, new], ignore_index=True)}
    both = onb.Roster(tables), onb.Roster(after)
    told = onb.diff(*both).by_school
    assert told["added"].tolist()[-1] == 31
    table = onb.diff(*both, suppress_below=10).by_school
    assert "All" not in table["schoolName"].tolist()
    assert sorted(table["added"].tolist()) == [16, 16]
