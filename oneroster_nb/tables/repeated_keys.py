"""Rows of one table that share a sourcedId (pure)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.errors import DuplicateKeyWarning, warn
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import join_values, split_values
from oneroster_nb.tables.text import examples
from oneroster_nb.tables.vocabulary import DELETED

_PLACING = ("orgSourcedIds", "primaryOrgSourcedId", "role", "_roles", "status", "dateLastModified")
"""What may differ in rows of one user that are joined."""
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)


class DistinctRows(NamedTuple):
    """A table in which each sourcedId is there once, and what was left out or joined."""

    table: pd.DataFrame
    parts: pd.DataFrame
    """The rows that `table` was joined of: of users, a row for each role and org."""
    findings: list[Finding]


def distinct_rows(name: str, table: pd.DataFrame) -> DistinctRows:
    """Keep each sourcedId once.

    Rows marked tobedeleted do not count beside an active one. Identical rows are dropped. Users
    whose rows differ only in orgs or role are joined: they keep all their orgs. Of other repeats
    the first row is kept, which is a finding of severity error. Rows without a sourcedId are all
    kept.

    Examples
    --------
    >>> from oneroster_nb.tables.table import empty_table
    >>> users = empty_table("users").reindex([0, 1]).assign(sourcedId="u1", status="active")
    >>> users["orgSourcedIds"] = ["s1", "s2"]
    >>> distinct_rows("users", users).table[["sourcedId", "orgSourcedIds"]].to_numpy().tolist()
    [['u1', 's1,s2']]
    """
    if table["sourcedId"].is_unique or not (repeated := _repeated(table)).any():
        return DistinctRows(table, table, [])
    rest = table.loc[repeated]
    live = rest["status"] != DELETED
    rest = rest.loc[live | ~live.groupby(rest["sourcedId"]).transform("any")]
    identical = rest.duplicated()
    findings = _of_identical(name, int((identical & live.loc[rest.index]).sum()))
    rest = rest.loc[~identical]
    alike = ~rest["sourcedId"].duplicated()
    if name == "users":
        # Some systems write a row for each of a person's schools.
        said = rest.drop(columns=["sourcedId", *(c for c in _PLACING if c in rest)])
        shape = said.groupby(list(said.columns), dropna=False, sort=False).ngroup()
        alike = shape == shape.groupby(rest["sourcedId"]).transform("first")
    lost = rest.loc[~alike]
    parts = pd.concat([table.loc[~repeated], rest.loc[alike]]).sort_index().reset_index(drop=True)
    several = _repeated(parts)
    findings += _of_joined(name, parts.loc[several, "sourcedId"])
    findings += _of_lost(name, lost.loc[lost["status"] != DELETED, "sourcedId"])
    return DistinctRows(_joined(parts, several) if several.any() else parts, parts, findings)


def latest_rows(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Keep of each sourcedId the row of the latest dateLastModified, else the last one.

    That is how the rows of a delta are meant: as one change after another.
    """
    if not _repeated(table).any():
        return table, []
    ordered = table.sort_values("dateLastModified", kind="stable", na_position="first")
    older = ordered["sourcedId"].duplicated(keep="last") & ordered["sourcedId"].notna()
    kept = table.loc[~older.reindex(table.index)].reset_index(drop=True)
    words = f"{int(older.sum()):,} earlier states of rows."
    return kept, [found("row-superseded", name, words, explains=int(older.sum()))]


def without_identical_rows(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Leave out of the pages of a list the rows that came before, word for word.

    Rows that share a sourcedId and differ are kept: what they mean depends on the table.
    """
    keys = pa.chunked_array([table["sourcedId"] for table in tables], pa.string())
    present = keys.drop_null()
    if pc.count_distinct(present).as_py() == len(present):
        return list(tables)
    whole = pa.concat_tables(tables, promote_options="default").to_pandas()
    again = whole["sourcedId"].duplicated(keep=False) & whole["sourcedId"].notna()
    identical = whole.loc[again].duplicated().reindex(whole.index, fill_value=False)
    keep = pa.array(~identical)
    start, kept = 0, []
    for table in tables:
        kept.append(table.filter(keep.slice(start, table.num_rows)))
        start += table.num_rows
    return kept


def warn_of_lost_rows(findings: Sequence[Finding]) -> None:
    """Warn of rows that were left out because another row has their sourcedId."""
    for finding in findings:
        if finding.code == "key-repeated":
            warn(f"In {finding.table}: {finding.message}", DuplicateKeyWarning)


def _repeated(table: pd.DataFrame) -> "pd.Series[bool]":
    keys = table["sourcedId"]
    return keys.duplicated(keep=False) & keys.notna()


def _joined(parts: pd.DataFrame, several: "pd.Series[bool]") -> pd.DataFrame:
    """Join the rows of each user."""
    rows = parts.loc[several]
    orgs = split_values(rows["orgSourcedIds"]).explode()
    pairs = pd.DataFrame({"user": rows["sourcedId"].reindex(orgs.index), "org": orgs})
    together = pairs.dropna().drop_duplicates().groupby("user", sort=False)["org"].agg(join_values)
    by_user = rows.groupby("sourcedId", sort=False)
    primary = by_user["primaryOrgSourcedId"].first()
    changed = by_user["dateLastModified"].max()
    table = parts.loc[~several | ~parts["sourcedId"].duplicated()]
    users, several = table["sourcedId"], several.loc[table.index]
    return table.assign(
        orgSourcedIds=table["orgSourcedIds"].mask(several, users.map(together).astype("str")),
        primaryOrgSourcedId=table["primaryOrgSourcedId"].fillna(users.map(primary).astype("str")),
        dateLastModified=table["dateLastModified"].mask(several, users.map(changed)),
    ).reset_index(drop=True)


def _of_identical(name: str, count: int) -> list[Finding]:
    words = f"{count:,} of them were left out."
    return [found("row-repeated", name, words, explains=count)] if count else []


def _of_joined(name: str, keys: "pd.Series[str]") -> list[Finding]:
    people = keys.nunique()
    if not people:
        return []
    words = f"{people:,} people have {len(keys):,} rows, which differ only in orgs or role."
    return [found("rows-joined", name, words, explains=len(keys) - people)]


def _of_lost(name: str, keys: "pd.Series[str]") -> list[Finding]:
    if keys.empty:
        return []
    distinct = keys.drop_duplicates()
    words = (
        f"{len(keys):,} rows have the sourcedId of an earlier row and say something else, so they"
        f" were left out ({examples(distinct)})."
    )
    if distinct.map(lambda key: bool(_ROUNDED.fullmatch(key.strip()))).any():
        words += (
            " A spreadsheet has rounded long ids, so that several became one. Export them again,"
            " and open the file with these columns as text."
        )
    key = distinct.iloc[0] if len(distinct) == 1 else None
    return [found("key-repeated", name, words, key=key, field="sourcedId", explains=len(keys))]
