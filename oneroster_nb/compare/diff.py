"""What changed between two rosters: who came and went, who moved, which fields are others."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from oneroster_nb.analysis.reading import CLASS_TABLES, tables_for
from oneroster_nb.analysis.roster_tables import PERSON, RosterTables
from oneroster_nb.compare.inputs import in_one_order
from oneroster_nb.counts.cells import MISSING, TOTAL, apart
from oneroster_nb.counts.footnotes import overlap_note, totals_note, with_footnote
from oneroster_nb.counts.small_counts import hide_counts
from oneroster_nb.counts.suppression import hide_list, threshold_for
from oneroster_nb.errors import NoMatchWarning, QueryError, warn
from oneroster_nb.progress import ProgressOption
from oneroster_nb.source.source import Source
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import left_out, warn_of_left_out
from oneroster_nb.tables.table import join_values, sensitive_columns, split_values
from oneroster_nb.tables.text import texts
from oneroster_nb.tables.upsert import all_new

_NOT_COMPARED = frozenset({"sourcedId", "status", "dateLastModified"})
_KEY = ["userSourcedId", "role", "courseSourcedId"]
_ENROLLMENT = [
    *("change", "userSourcedId", "givenName", "familyName", "role"),
    *("courseSourcedId", "courseTitle", "fromClassSourcedId", "fromClassTitle"),
    *("toClassSourcedId", "toClassTitle", "fromSchoolSourcedId", "fromSchoolName"),
    *("toSchoolSourcedId", "toSchoolName"),
]
_COUNTED = {
    "added": ("people", "added"),
    "removed": ("people", "removed"),
    "changed": ("people", "changed"),
    "enrollmentsAdded": ("enrollments", "added"),
    "enrollmentsDropped": ("enrollments", "dropped"),
    "enrollmentsMoved": ("enrollments", "moved"),
}


@dataclass(frozen=True, repr=False)
class Diff:
    """What changed between two rosters; :func:`diff` returns it. It shows only counts of itself.

    Attributes
    ----------
    people : pandas.DataFrame
        A row a person: ``change`` (``added``, ``removed`` or ``changed``), ``sourcedId givenName
        familyName role grades schoolNames`` (as they are after, of who was removed as they were)
        and ``fields``, the columns of users that differ, joined with commas; all str.
    fields : pandas.DataFrame
        A row a field that changed: ``sourcedId field before after`` (str). Phone numbers are no
        such fields.
    enrollments : pandas.DataFrame
        A row an enrollment: ``change`` (``added``, ``dropped``, or ``moved``: the same course,
        another class), ``userSourcedId givenName familyName role courseSourcedId courseTitle
        fromClassSourcedId fromClassTitle toClassSourcedId toClassTitle fromSchoolSourcedId
        fromSchoolName toSchoolSourcedId toSchoolName`` (str, missing if there is none).
    by_school : pandas.DataFrame
        A row a school and one for ``All``: ``schoolName schoolSourcedId`` (str; ``(missing)`` for
        those at no school, and the id of ``All`` is empty), ``added removed changed
        enrollmentsAdded enrollmentsDropped enrollmentsMoved`` (int64, or object with marks), each
        the number of distinct people. Who is at two schools, or moved from one to another, counts
        at both, and in ``All`` once; ``attrs["footnote"]`` says so, and what was hidden.
    """

    people: pd.DataFrame
    fields: pd.DataFrame
    enrollments: pd.DataFrame
    by_school: pd.DataFrame

    def __repr__(self) -> str:
        if TOTAL not in self.by_school["schoolName"].to_numpy():
            return f"<Diff: {len(self.by_school)} schools, small counts hidden>"
        total = self.by_school.iloc[-1]
        counted = (f"{total[name]} {name}" for name in _COUNTED)
        return f"<Diff of people: {', '.join(counted)}>"

    def _repr_html_(self) -> str:
        note = html.escape(self.by_school.attrs.get("footnote", ""))
        return f"{self.by_school.to_html(index=False)}<p>{note}</p>"


def diff(
    before: Source,
    after: Source,
    *,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> Diff:
    """Compare two rosters: who came, who left, who moved, school by school.

    Parameters
    ----------
    before, after : Source
        Two rosters, such as one saved on Monday and today's, or a roster and a connection. Rows
        marked tobedeleted count as not there.
    suppress_below : int, optional
        Show the numbers of ``by_school`` from 1 to this less one as ``"<10"`` (for 10), and as
        ``"*"`` what would give them away; where ``All`` would, it is left out. Not less than 3.
        The other tables name people, and are as they are.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    Diff
        With the tables ``people fields enrollments by_school``.

    Raises
    ------
    QueryError
        For something that is no source, or a threshold that cannot be.
    RosterError
        If a source does not return its tables.

    Warns
    -----
    NoMatchWarning
        If all ids of a table are new: the rosters may be of two districts, or the provider may have
        given new ids. The footnote names the table, too.
    DanglingReferenceWarning
        If people, classes or orgs are referred to and not there.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> before, tables = make_district(), make_district()
    >>> users = tables["users"] = tables["users"].copy()
    >>> users.loc[users["sourcedId"] == "18001", "status"] = "tobedeleted"
    >>> changes = onb.diff(onb.Roster(before), onb.Roster(tables))
    >>> changes.by_school[["schoolName", "removed", "enrollmentsDropped"]]
         schoolName  removed  enrollmentsDropped
    0  Classlink HS        1                   1
    1           All        1                   1
    """
    below = threshold_for(suppress_below)
    for source in (before, after):
        if not isinstance(source, Source):
            kept = isinstance(source, str | Path)
            raise QueryError(
                f"diff() compares two rosters or connections, not {type(source).__name__};"
                + (
                    f" onb.Roster.load({str(source)!r}) reads a saved one."
                    if kept
                    else " compare_lists() compares two DataFrames."
                )
            )
    old, new = (tables_for(s, "diff", CLASS_TABLES, progress) for s in (before, after))
    new_ids = _warn_of_new_ids(old, new)
    people, fields = _people(old, new)
    enrollments = _enrollments(old, new)
    orgs = pd.concat([old.tables["orgs"], new.tables["orgs"]])
    names = dict(zip(orgs["sourcedId"], orgs["name"].replace("", None), strict=True))
    by_school = _by_school(_places(old, new, people), enrollments, names, below)
    notes = left_out({"before": old.not_there, "after": new.not_there}, below)
    warn_of_left_out(notes)
    for table in (people, enrollments, by_school):
        with_footnote(table, [*new_ids, *notes])
    return Diff(people, fields, enrollments, by_school)


def _warn_of_new_ids(old: RosterTables, new: RosterTables) -> list[str]:
    """Warn of the tables of which all ids are new, and return the note for the footnote."""
    names = all_new(*({name: side.active(name) for name in CLASS_TABLES} for side in (old, new)))
    if not names:
        return []
    note = f"All ids are new in {', '.join(names)}, so all of these rows are removed and added."
    people = (
        f"None of the {len(old.users):,} people before is among the {len(new.users):,} after. "
        if "users" in names
        else ""
    )
    warn(
        f"{people}{note} Are these two pulls of one district, by the same provider? match_people()"
        " pairs people whose ids differ.",
        NoMatchWarning,
    )
    return [note]


def _people(old: RosterTables, new: RosterTables) -> tuple[pd.DataFrame, pd.DataFrame]:
    here, there = new.users["sourcedId"], old.users["sourcedId"]
    come, gone = codes(here, there) < 0, codes(there, here) < 0
    was, now = (
        users.drop_duplicates("sourcedId").set_index("sourcedId")
        for users in (old.users.loc[~gone], new.users.loc[~come])
    )
    fields = _fields(was.loc[now.index], now)
    joined = fields.groupby("sourcedId", sort=False)["field"].agg(join_values)
    parts = {
        "added": new.people.loc[come],
        "removed": old.people.loc[gone],
        "changed": new.people.loc[codes(here, fields["sourcedId"]) >= 0],
    }
    people = pd.concat([part.assign(change=change) for change, part in parts.items()])
    people["fields"] = people["sourcedId"].map(joined)
    people = people[["change", *PERSON, "fields"]].astype("str").reset_index(drop=True)
    return people, fields


def _fields(was: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each value that differs, in the order of the people and the columns."""
    names = [*now.columns, *(name for name in was.columns if name not in now.columns)]
    found = []
    left_out = {*_NOT_COMPARED, *sensitive_columns("users", names)}
    for place, name in enumerate(name for name in names if name not in left_out):
        nothing = pd.Series([None] * len(now), index=now.index, dtype="str")
        before, after = (texts(side[name]) if name in side else nothing for side in (was, now))
        rows = np.flatnonzero((before.fillna("") != after.fillna("")).to_numpy())
        one, other = (in_one_order(name, side.iloc[rows].fillna("")) for side in (before, after))
        rows = rows[(one != other).to_numpy()]
        found.append(
            pd.DataFrame(
                {
                    "row": rows,
                    "place": place,
                    "sourcedId": now.index[rows],
                    "field": name,
                    "before": before.iloc[rows].array,
                    "after": after.iloc[rows].array,
                }
            )
        )
    fields = pd.concat(found).sort_values(["row", "place"], ignore_index=True)
    return fields[["sourcedId", "field", "before", "after"]].astype("str")


def _memberships(side: RosterTables) -> pd.DataFrame:
    """Return who is in which class in which role, by ids, with course and school of the class."""
    members = side.members.sort_values(["user", "class_"])
    classes = side.classes.loc[members["class_"]]
    return pd.DataFrame(
        {
            "userSourcedId": side.users["sourcedId"].loc[members["user"]].array,
            "role": members["role"].array,
            "courseSourcedId": classes["courseSourcedId"].array,
            "courseTitle": classes["courseTitle"].array,
            "classSourcedId": classes["sourcedId"].array,
            "classTitle": classes["title"].array,
            "schoolSourcedId": classes["schoolSourcedId"].array,
            "schoolName": classes["schoolName"].array,
        }
    )


def _enrollments(old: RosterTables, new: RosterTables) -> pd.DataFrame:
    was, now = _memberships(old), _memberships(new)
    same = ["userSourcedId", "role", "classSourcedId"]
    keys_was, keys_now = (pd.MultiIndex.from_frame(side[same]) for side in (was, now))
    gone, come = was.loc[~keys_was.isin(keys_now)], now.loc[~keys_now.isin(keys_was)]
    # Of one person and course, the first class that is gone and the first that came are one move.
    # Classes of no course have nothing in common.
    numbered = [
        side.assign(
            number=np.where(
                side["courseSourcedId"].isna(),
                start + np.arange(len(side)),
                side.groupby(_KEY, dropna=False).cumcount(),
            )
        )
        for side, start in ((gone, 10**9), (come, 2 * 10**9))
    ]
    pairs = numbered[0].merge(
        numbered[1], how="outer", on=[*_KEY, "number"], suffixes=("From", "To"), sort=False
    )
    left, entered = pairs["classSourcedIdFrom"].isna(), pairs["classSourcedIdTo"].isna()
    pairs["change"] = np.select([left, entered], ["added", "dropped"], "moved")
    names = pd.concat([new.people, old.people]).drop_duplicates("sourcedId").set_index("sourcedId")
    pairs["givenName"] = pairs["userSourcedId"].map(names["givenName"])
    pairs["familyName"] = pairs["userSourcedId"].map(names["familyName"])
    pairs["courseTitle"] = pairs["courseTitleTo"].fillna(pairs["courseTitleFrom"])
    renamed = {
        f"{name}{end}": f"{way}{name[0].upper()}{name[1:]}"
        for name in ("classSourcedId", "classTitle", "schoolSourcedId", "schoolName")
        for end, way in (("From", "from"), ("To", "to"))
    }
    order = {"added": 0, "dropped": 1, "moved": 2}
    pairs = pairs.rename(columns=renamed).astype({"change": "str"})
    pairs = pairs.sort_values("change", key=lambda change: change.map(order), kind="stable")
    return pairs[_ENROLLMENT].astype("str").reset_index(drop=True)


def _places(old: RosterTables, new: RosterTables, people: pd.DataFrame) -> pd.DataFrame:
    """Return the schools of those who came, went or changed: a row a person and school."""
    sides = {"added": [new], "removed": [old], "changed": [old, new]}
    found = []
    for change, group in people.groupby("change"):
        for side in sides[str(change)]:
            at = side.users_with_schools
            at = at.loc[among(at["sourcedId"], group["sourcedId"])]
            schools = split_values(at["schoolSourcedIds"]).explode()
            found.append(at[["sourcedId"]].join(schools).assign(change=change))
    if not found:
        return pd.DataFrame({"sourcedId": [], "schoolSourcedIds": [], "change": []}, dtype="str")
    return pd.concat(found).drop_duplicates()


def _or_missing(name: object) -> str:
    return apart(name) if isinstance(name, str) else MISSING


def _by_school(
    places: pd.DataFrame, enrollments: pd.DataFrame, names: Mapping[str, str], below: int | None
) -> pd.DataFrame:
    at = pd.concat(
        [
            places.set_axis(["who", "school", "change"], axis="columns").assign(of="people"),
            *(
                enrollments.loc[enrollments["change"] != unless]
                .rename(columns={"userSourcedId": "who", way: "school"})[
                    ["who", "school", "change"]
                ]
                .assign(of="enrollments")
                for way, unless in (
                    ("fromSchoolSourcedId", "added"),
                    ("toSchoolSourcedId", "dropped"),
                )
            ),
        ]
    )
    at["school"] = at["school"].fillna(MISSING).replace("", MISSING)
    at = at.drop_duplicates()
    named = {key: _or_missing(names.get(key)) for key in at["school"].unique()}
    schools = sorted(named, key=lambda key: (named[key] == MISSING, named[key], key))
    table = pd.DataFrame(
        {
            "schoolName": pd.Series([*(named[key] for key in schools), TOTAL], dtype="str"),
            "schoolSourcedId": pd.Series([*schools, ""], dtype="str"),
        }
    )
    several: set[str] = set()
    counted = {}
    for column, (of, change) in _COUNTED.items():
        rows = at.loc[(at["of"] == of) & (at["change"] == change)]
        at_schools = rows.groupby("school").size().reindex(schools, fill_value=0)
        twice = rows["who"].value_counts()
        several |= set(twice.index[twice > 1])
        counted[column] = np.array([*at_schools, len(twice)], dtype=np.int64)
    notes = overlap_note(len(several), below)
    if below is None:
        return with_footnote(table.assign(**counted), notes)
    additive = {column: counts[:-1].sum() == counts[-1] for column, counts in counted.items()}
    hidden = {c: hide_list(n, below, additive=additive[c]) for c, n in counted.items()}
    if not all(totals for _, totals in hidden.values()):
        # Where no total is shown, no count needs another one to protect it.
        table = table.iloc[:-1]
        counted = {column: counts[:-1] for column, counts in counted.items()}
        hides = {column: (n > 0) & (n < below) for column, n in counted.items()}
        notes.append(totals_note(len(several)))
    else:
        hides = {column: hide for column, (hide, _) in hidden.items()}
    table, hidden_notes = hide_counts(table.assign(**counted), hides, below)
    return with_footnote(table, [*hidden_notes, *notes])
