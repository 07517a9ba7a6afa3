"""Findings counted by school, class or rule, beside the rows that were looked at (pure)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from oneroster_nb.counts.cells import groups_of
from oneroster_nb.counts.columns import checked_columns
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.counts.small_counts import hide_counts, is_small
from oneroster_nb.counts.suppression import threshold_for
from oneroster_nb.quality.places import STUDENTS, LookedAt
from oneroster_nb.tables.rulebook import SEVERITIES
from oneroster_nb.tables.table import split_values

_PLACES = ["schoolName", "classTitle"]
_KINDS = ["severity", "code", "table"]


def rates(
    found: pd.DataFrame,
    looked_at: LookedAt,
    by: str | Sequence[str],
    suppress_below: int | None = None,
) -> pd.DataFrame:
    """Count findings, and the share of the rows looked at that have one; see `Findings.by`."""
    below = threshold_for(suppress_below)
    names = checked_columns(found[[*_PLACES, *_KINDS]], "by", by)
    looked = _of_kinds(found, looked_at, [name for name in names if name in _KINDS])
    several = "schoolName" in names and _at_several_schools(looked)
    if "schoolName" in names:
        found, looked = _each_school(found), _each_school(looked)
    both = pd.concat([found[names], looked[names]], ignore_index=True)
    if "severity" in names:
        both["severity"] = pd.Categorical(both["severity"], SEVERITIES, ordered=True)
    groups, labels = groups_of(both, names)
    of_found, of_looked = np.split(groups, [len(found)])
    size = len(labels)
    table = labels.assign(
        findings=np.bincount(of_found, minlength=size).astype(np.int64),
        lookedAt=np.bincount(of_looked, looked["rows"], minlength=size).astype(np.int64),
    )
    judged = found["code"].map(looked_at.of_rule).map(bool, na_action="ignore").eq(True)
    rows = found[["table", "sourcedId"]].assign(group=of_found)
    rows = rows.loc[judged & rows["sourcedId"].notna()].drop_duplicates()
    wrong = pd.Series(np.bincount(rows["group"], minlength=size))
    # Of what a source could not read, a row may be marked tobedeleted and not be looked at.
    wrong = wrong.clip(upper=table["lookedAt"]).astype("int64")
    table["share"] = (wrong / table["lookedAt"].where(table["lookedAt"] > 0)).astype("float64")
    notes = ["Rows at several schools count at each of them."] if several else []
    if below is None:
        return with_footnote(table, notes)
    # Few rows without a finding give as much away as few with one.
    right = is_small(table["lookedAt"] - wrong, below) & (wrong > 0)
    hidden = is_small(table["findings"], below) | is_small(wrong, below) | right
    of_few = is_small(table["lookedAt"], below)
    marks = {"findings": hidden, "lookedAt": of_few}
    table, said = hide_counts(table, marks, below)
    if (hidden | of_few).any():
        table["share"] = table["share"].astype(object).mask(hidden | of_few, "*")
        said.append("A share is hidden (*) beside a hidden number.")
    return with_footnote(table, [*notes, *said])


def _of_kinds(found: pd.DataFrame, looked_at: LookedAt, kinds: list[str]) -> pd.DataFrame:
    """Return the rows looked at, for each kind of findings those that its rules look at."""
    rows = looked_at.rows
    if not kinds:
        return rows.loc[rows["population"].isin(looked_at.population(looked_at.of_rule))]
    parts = [rows.head(0).assign(**dict.fromkeys(kinds, ""))]
    for kind, of_kind in found.groupby(kinds, sort=False):
        values = {name: str(value) for name, value in zip(kinds, kind, strict=True)}
        names = looked_at.population(of_kind["code"].unique())
        if "table" in values:
            tables = {"users", STUDENTS} if values["table"] == "users" else {values["table"]}
            names &= tables
        parts.append(rows.loc[rows["population"].isin(names)].assign(**values))
    return pd.concat(parts, ignore_index=True)


def _at_several_schools(rows: pd.DataFrame) -> bool:
    return any(len(names) > 1 for names in split_values(rows["schoolName"].drop_duplicates()))


def _each_school(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each row once for each of its schools."""
    each = rows.assign(schoolName=split_values(rows["schoolName"])).explode("schoolName")
    return each.assign(schoolName=each["schoolName"].astype("str")).reset_index(drop=True)
