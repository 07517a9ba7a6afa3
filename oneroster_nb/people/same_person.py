"""Decide whether two user rows are the same person: names, birth dates, schools (pure)."""

import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.people.connected_components import connected_components
from oneroster_nb.tables.elements import elements_by_row
from oneroster_nb.tables.lookup import among, combinations

_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "þ": "th"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)
"""Letters that are no plain letter with an accent, and what people write instead of them."""


def bare(text: str) -> str:
    """Return a text without accents and invisible characters.

    Examples
    --------
    >>> bare("Søren Wałęsa")
    'Soren Walesa'
    """
    if text.isascii():  # as most are: no need to look at each character
        return text
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(sign for sign in parts if unicodedata.category(sign) not in ("Mn", "Cf"))


def plain(text: str) -> str:
    """Return a text in lower case, without accents and outer spaces.

    Examples
    --------
    >>> plain(" Ramírez ")
    'ramirez'
    """
    return bare(text.strip()).casefold()


def fold_names(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Fold texts as :func:`plain` does; missing ones stay missing."""
    distinct = {text: plain(text) for text in texts.dropna().unique()}
    return texts.map(distinct).astype("str")


def names_and_roles(users: pd.DataFrame) -> pd.DataFrame:
    """Return ``given family role`` of users, names without case and accents, empty if missing."""
    names = {"given": "givenName", "family": "familyName"}
    folded = {name: fold_names(users[column].fillna("")) for name, column in names.items()}
    return pd.DataFrame({**folded, "role": users["role"].fillna("")}).reset_index(drop=True)


def same_people(
    users: pd.DataFrame, demographics: pd.DataFrame, orgs: pd.DataFrame
) -> pd.DataFrame:
    """Find the users who look like one person under several ids.

    Name and role must be the same, and the birth date. If there is no birth date, the grade and one
    of the schools must be. If a person is at no school, any org will do.

    Return a row for each user who has a double, with the index of ``users``, those of one person
    together: ``group`` (int64, the same for one person) and ``birthDate`` (datetime64). Users
    without family name or role, and those with neither birth date nor org, are left out.
    """
    names = names_and_roles(users).set_axis(users.index)
    named = names["family"].ne("") & names["role"].ne("") & names.duplicated(keep=False)
    users, names = users.loc[named], names.loc[named].reset_index(drop=True)
    born = demographics.drop_duplicates("sourcedId").set_index("sourcedId")["birthDate"]
    birth = pd.Series(born.reindex(users["sourcedId"]).array, index=users.index)
    who = pd.Series(combinations(names[name] for name in names))
    # A birth date is enough. People without one and without an org cannot be told apart.
    dated = birth.notna().to_numpy()
    row, place = _places(users, orgs)
    row, place = row[~dated[row]], place[~dated[row]]
    sets = [
        *_alike(np.flatnonzero(dated), who[dated], birth[dated].dt.normalize()),
        *_alike(row, who[row], users["grades"].fillna("").take(row), place),
    ]
    group = connected_components(len(users), sets)
    found = pd.DataFrame({"group": group, "birthDate": birth.array}, index=users.index)
    found = found.loc[found["group"].duplicated(keep=False)]
    return found.sort_values("group", kind="stable")


def records_per_school(users: pd.DataFrame) -> "pd.Series[int]":
    """Find users who are records of one person at several schools.

    They share ``userIds`` or ``identifier``, and also names and role, and differ in their orgs.

    Return a number for each such user, the same for one person, with the index of ``users``; those
    of one person are together.

    Examples
    --------
    >>> from oneroster_nb.demo.district.making import make_district
    >>> users = make_district()["users"].head(2)
    >>> again = users.assign(sourcedId=users["sourcedId"] + "-b", orgSourcedIds="9")
    >>> records_per_school(pd.concat([users, again], ignore_index=True)).to_dict()
    {0: 0, 2: 0, 1: 1, 3: 1}
    """
    shared = [users[c].notna() & users[c].duplicated(keep=False) for c in ("userIds", "identifier")]
    some = users.loc[(shared[0] | shared[1]) & users["sourcedId"].notna()]
    if some.empty:  # as in most answers
        return pd.Series(0, index=some.index)
    marks = names_and_roles(some).assign(user=range(len(some)))
    sets: list[list[int]] = []
    for column in ("userIds", "identifier"):
        alike = marks.assign(id=some[column].array).dropna(subset=["id"])
        sets += alike.groupby(["id", "given", "family", "role"])["user"].agg(list).tolist()
    group = pd.Series(connected_components(len(some), sets), index=some.index)
    apart = some["orgSourcedIds"].fillna("").groupby(group).nunique()
    group = group.loc[group.map(apart) > 1]
    return group.sort_values(kind="stable")


def _alike(user: NDArray[np.intp], *marks: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the users who have the same marks: an array for each marks that several have."""
    kind = combinations(marks)
    several = pd.Series(kind).duplicated(keep=False).to_numpy()
    return pd.Series(user[several]).groupby(kind[several]).unique()


def _places(users: pd.DataFrame, orgs: pd.DataFrame) -> tuple[NDArray[np.intp], "pd.Series[str]"]:
    """Return the schools of each user, or all orgs if there is no school among them.

    They are given as the position of a user and the org, for each of them.
    """
    row, org = elements_by_row(users["orgSourcedIds"])
    school = among(org, orgs.loc[orgs["type"] == "school", "sourcedId"]).to_numpy()
    at_school = np.zeros(len(users), dtype=bool)
    at_school[row[school]] = True
    kept = school | ~at_school[row]
    return row[kept], org[kept]
