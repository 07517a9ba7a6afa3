"""Root causes: one reason why many references point nowhere, found once and fixed."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.people.same_person import records_per_school
from oneroster_nb.tables.elements import distinct_elements, elements
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.references import UnknownIds, unknown_ids
from oneroster_nb.tables.rules import Finding, Tables, found
from oneroster_nb.tables.table import TABLES, join_values, split_text

_BRACES = "{}() \t\N{NO-BREAK SPACE}"
_NUMBER = r"^0*([0-9]+?)(\.0+)?$"
_ROUNDED = r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$"
_DECIMAL = r"^-?[0-9]+\.0$"
_MANY = 10
"""From so many ids on, a column of which none fits holds ids of another kind."""


def _number(texts: Any) -> Any:
    """Write whole numbers without leading zeros and decimals; other texts become missing."""
    numbers = pc.replace_substring_regex(texts, _NUMBER, r"\1")
    return pc.if_else(
        pc.match_substring_regex(texts, _NUMBER), numbers, pa.scalar(None, pa.string())
    )


def _bare(texts: Any) -> Any:
    return pc.utf8_trim(texts, _BRACES)


def _composed(texts: Any) -> Any:
    return pc.utf8_normalize(texts, form="NFC")


_WAYS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("id-number", _number),
    ("id-case", pc.utf8_lower),
    ("id-braces", _bare),
    ("id-composition", _composed),
    ("id-braces", lambda texts: _composed(pc.utf8_lower(_bare(texts)))),
)
"""What ids are compared by when they do not fit as they are, and the rule that is broken then."""

_OTHER_FIELDS: Mapping[str, tuple[str, ...]] = {
    "users": ("identifier", "userIds", "userMasterIdentifier", "username", "email"),
    "orgs": ("identifier", "name"),
    "courses": ("courseCode",),
    "classes": ("classCode",),
    "academicSessions": ("title",),
}
"""The fields that others may refer to a row by."""


_FOLLOWS: Mapping[str, frozenset[str]] = {
    "enrollments": frozenset(
        {"class-without-teacher", "class-without-primary-teacher", "class-without-student"}
        | {"student-without-class"}
    ),
}
"""The rules that are broken everywhere if the rows of a table, or their ids, are not known."""


@dataclass
class RootCauses:
    """What explains many findings at once.

    There is a finding for each cause; it ``explains`` the number of references that it breaks.
    `tables` are as if the causes were fixed, for rules about links, and `unknown` is what their
    references lead to that is not there then. Of each table, `unfixed` has the ids that others
    refer to it by, and that nothing can make fit; `blind` are the tables with such references.
    """

    findings: list[Finding]
    tables: dict[str, pd.DataFrame]
    unknown: Sequence[UnknownIds] = ()
    unfixed: dict[str, set[str]] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)
    unread: Collection[str] = ()

    def explain(self, finding: Finding) -> bool:
        """Return True if a finding follows from one of the causes."""
        if finding.code in ("reference-unknown", "person-not-shared", "table-not-shared"):
            lost = finding.sourcedId in self.unfixed.get(finding.table, ())
            return lost or finding.table in self.unread
        unknown = (*self.blind, *self.unread)
        return any(finding.code in _FOLLOWS.get(table, ()) for table in unknown)


@dataclass(frozen=True, eq=False)
class _Place:
    """A column that refers to a table: its distinct ids that are not there, and how often each."""

    table: str
    column: str
    target: str
    unknown: "pd.Series[int]"
    distinct: int


def root_causes(
    tables: Tables,
    deleted: Mapping[str, "pd.Series[str]"] | None = None,
    unread: Collection[str] = (),
) -> RootCauses:
    """Find why references point nowhere, if one reason explains many of them.

    The tables are without rows marked ``tobedeleted``; the ids of these are there all the same.
    Tables that could not be read are empty.

    Examples
    --------
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> users = tables["enrollments"]["userSourcedId"]
    >>> tables["enrollments"] = tables["enrollments"].assign(userSourcedId=users + ".0")
    >>> causes = root_causes(tables)
    >>> [(finding.code, finding.table, finding.explains) for finding in causes.findings]
    [('id-number', 'users', 847)]
    >>> causes.tables["enrollments"]["userSourcedId"].equals(users)
    True
    """
    unknown = list(unknown_ids(tables, deleted))
    causes = RootCauses([], dict(tables), unknown, unread=unread)
    places = _places(tables, unknown)
    for target in dict.fromkeys(place.target for place in places):
        mine = [place for place in places if place.target == target]
        fixes: dict[str, str | None] = {}
        causes.findings += _written_otherwise(tables[target], mine, fixes)
        for place in mine:
            causes.findings += _other_kind(place, tables, fixes)
        for place in mine:
            _fix(causes, place, fixes)
    if any(table is not tables[name] for name, table in causes.tables.items()):
        causes.unknown = list(unknown_ids(causes.tables, deleted))
    causes.findings += _repeated_records(tables)
    return causes


def spreadsheet_numbers(tables: Tables) -> list[Finding]:
    """Find columns of text of which every value ends in ``.0``, as whole numbers do in pandas.

    Grades are read nevertheless, so their original is looked at.
    """
    findings = []
    for name, table in tables.items():
        for column, kind in TABLES[name].columns.items():
            if kind not in (Kind.TEXT, Kind.VALUES) or column in TABLES[name].references:
                continue
            values = table.get("metadata.grades" if column == "grades" else column)
            if values is None or not len(values):
                continue
            every = column != "grades"  # beside "7.0" the original may hold words
            first = values.iloc[0]
            if every and isinstance(first, str) and not re.fullmatch(_DECIMAL, first):
                continue
            values = values.dropna()
            decimal = values.str.fullmatch(_DECIMAL)
            if len(values) < 2 or not decimal.any():
                continue
            if decimal.all() or not every:
                words = f"{column}, such as {values[decimal].iloc[0]!r}."
                count = int(decimal.sum())
                findings.append(found("value-number", name, words, field=column, explains=count))
    return findings


def one_record_each(tables: Tables) -> dict[str, pd.DataFrame]:
    """Keep of people who have a record at each school the first one alone."""
    users = tables["users"]
    again = records_per_school(users)
    others = again.index[again.duplicated()]
    return {**tables, "users": users.drop(index=others)} if len(others) else dict(tables)


def _places(tables: Tables, found: Sequence[UnknownIds]) -> list[_Place]:
    places = []
    for name, column, unknown in found:
        target = TABLES[name].references[column]
        if len(tables[target]):
            several = TABLES[name].columns[column] is Kind.VALUES
            values = tables[name][column]
            distinct = (distinct_elements(values) if several else values).nunique()
            places.append(_Place(name, column, target, unknown, distinct))
    return places


def _written_otherwise(
    table: pd.DataFrame, places: Sequence[_Place], fixes: dict[str, str | None]
) -> list[Finding]:
    """Find ids that would fit if they were compared in another way."""
    ids = dict.fromkeys(key for place in places for key in place.unknown.index)
    unknown = pa.array(ids, pa.string())
    known = pa.array(table["sourcedId"].dropna(), pa.string())
    fits: dict[str, dict[str, str | None]] = {}
    for code, way in _WAYS:
        at = pc.index_in(way(unknown), value_set=way(known), skip_nulls=True)
        pairs = zip(unknown.to_pylist(), known.take(at).to_pylist(), strict=True)
        fits.setdefault(code, {}).update({one: other for one, other in pairs if other is not None})
        unknown = unknown.filter(pc.is_null(at))
    rounded = unknown.filter(pc.match_substring_regex(unknown, _ROUNDED)).to_pylist()
    fits["id-number"].update(dict.fromkeys(rounded))
    findings = []
    for code, fit in fits.items():
        if not fit:
            continue
        fixes |= fit
        counts = {place: _count(place, fit) for place in places}
        counted = [f"{n:,} in {place.table}.{place.column}" for place, n in counts.items() if n]
        first, other = next(iter(fit.items()))
        means = "that a spreadsheet rounded" if other is None else f"for {other[:60]!r}"
        words = f"{first[:60]!r} {means}; {', '.join(counted)}."
        explained = sum(counts.values())
        findings.append(found(code, places[0].target, words, field="sourcedId", explains=explained))
    return findings


def _other_kind(place: _Place, tables: Tables, fixes: dict[str, str | None]) -> list[Finding]:
    """Find a column that holds another field of the rows that it refers to, or none of theirs."""
    unknown = place.unknown.loc[~_among_ids(place, fixes)]
    if len(unknown) < 2 or len(unknown) < place.distinct / 2:
        return []
    name, fit = _other_field(unknown, tables[place.target], place.target)
    if name:
        words = f"{place.column} fits {place.target}.{name}, not {place.target}.sourcedId."
    else:
        # Demographics are of one person each, so that two of which none fits are no accident.
        least = 2 if place.table == "demographics" else _MANY
        if len(unknown) < max(least, place.distinct):
            return []
        fit = dict.fromkeys(unknown.index)
        words = f"none of {len(unknown):,} in {place.column} is there in {place.target}."
    fixes |= fit
    explained = _count(place, fit)
    return [found("id-other", place.table, words, field=place.column, explains=explained)]


def _count(place: _Place, ids: Iterable[str]) -> int:
    return int(place.unknown.loc[_among_ids(place, ids)].sum())


def _among_ids(place: _Place, ids: Iterable[str]) -> "pd.Series[bool]":
    """Return True for each unknown id that is one of `ids`."""
    return among(place.unknown.index.to_series(), pd.Series(list(ids), dtype="str"))


def _fix(causes: RootCauses, place: _Place, fixes: Mapping[str, str | None]) -> None:
    """Write the ids of a column as the table that it refers to writes them."""
    mine = {key: fixes[key] for key in place.unknown.index if key in fixes}
    lost = {key for key, other in mine.items() if other is None}
    if lost:
        causes.unfixed.setdefault(place.target, set()).update(lost)
        causes.blind.add(place.table)
    known = {key: other for key, other in mine.items() if other is not None}
    if not known:
        return
    table = causes.tables[place.table]
    several = TABLES[place.table].columns[place.column] is Kind.VALUES
    values = table[place.column]
    texts = {
        text: join_values(known.get(part, part) for part in split_text(text))
        if several
        else known.get(text, text)
        for text in values.dropna().unique()
    }
    fixed = values.map(texts).astype("str")
    causes.tables[place.table] = table.assign(**{place.column: fixed})


def _other_field(
    unknown: "pd.Series[int]", table: pd.DataFrame, target: str
) -> tuple[str, dict[str, str | None]]:
    """Return the field that most of the ids fit, and which sourcedId each of them means."""
    best: tuple[str, dict[str, str | None]] = ("", {})
    for name in _OTHER_FIELDS.get(target, ()):
        values = table.set_index("sourcedId")[name].dropna()
        if name == "userIds":  # {type:id},{type:id}
            values = elements(values)
            values = values.str.strip("{} ").str.rpartition(":")[2]
        values = values.loc[values.isin(unknown.index)].drop_duplicates()
        if len(values) > len(best[1]):
            best = name, dict(zip(values, values.index, strict=True))
    return best if len(best[1]) >= max(2, len(unknown) / 2) else ("", {})


def _repeated_records(tables: Tables) -> list[Finding]:
    """Find people and orgs who have several records under one identifier."""
    findings = []
    users = tables["users"]
    again = records_per_school(users)
    if len(again):
        words = f"{len(again):,} users are {again.nunique():,} people: "
        findings.append(_named("users", words, users["sourcedId"], again))
    orgs = tables["orgs"].dropna(subset=["identifier"])
    marks = orgs[["identifier", "type"]].assign(name=orgs["name"].str.strip().str.casefold())
    twin = marks.duplicated(keep=False)
    if twin.any():
        same = marks.loc[twin].groupby(["identifier", "type", "name"], dropna=False).ngroup()
        words = f"{len(same):,} orgs are {same.nunique():,}: "
        findings.append(_named("orgs", words, orgs["sourcedId"], same))
    return findings


def _named(table: str, words: str, keys: "pd.Series[str]", groups: "pd.Series[int]") -> Finding:
    """Make the finding that names the records of one person or org, at most the first 20."""
    each = keys.loc[groups.index].groupby(groups, sort=False).agg(" = ".join)
    names = "; ".join(each.head(20)) + ("; …" if len(each) > 20 else "")
    explained = len(groups) - len(each)
    first = keys.loc[groups.index[0]]
    return found("record-per-school", table, f"{words}{names}.", key=first, explains=explained)
