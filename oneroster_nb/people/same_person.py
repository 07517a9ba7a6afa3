"""By what two rows are taken for one person: names, birth dates, places (pure)."""

import unicodedata

import pandas as pd

from oneroster_nb.people.components import joined
from oneroster_nb.tables.schema import split_text

__all__ = ["bare", "folded", "plain", "records_per_school", "same_people"]


_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "þ": "th"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)
"""Letters that are written plainly in other places, and that no accent makes of others."""


def bare(text: str) -> str:
    """Write a text without accents and signs that nobody sees.

    Examples
    --------
    >>> bare("Søren Wałęsa")
    'Soren Walesa'
    """
    if text.isascii():  # most are, and need no second look at every sign
        return text
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(sign for sign in parts if unicodedata.category(sign) not in ("Mn", "Cf"))


def plain(text: str) -> str:
    """Write a text without case, accents and outer spaces.

    Examples
    --------
    >>> plain(" Ramírez ")
    'ramirez'
    """
    return bare(text.strip()).casefold()


def folded(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Write texts as :func:`plain` does; missing ones stay missing."""
    distinct = {text: plain(text) for text in texts.dropna().unique()}
    return texts.map(distinct).astype("str")


def same_people(
    users: pd.DataFrame, demographics: pd.DataFrame, orgs: pd.DataFrame
) -> pd.DataFrame:
    """Give the users who look like one person under several ids.

    Name and role must be the same, and the birth date; of those without one, the grade and one of
    the schools. Where somebody is at no school, any org will do.

    Parameters
    ----------
    users, demographics, orgs : pandas.DataFrame
        Canonical tables.

    Returns
    -------
    pandas.DataFrame
        A row a user of whom there is another one, with the index of ``users``, those of one person
        together: ``group`` (int64, the same for one person) and ``birthDate`` (datetime64). Users
        without family name or role, and those with neither birth date nor org, are left out.
    """
    named = users["familyName"].fillna("").str.strip().ne("")
    users = users.loc[named & users["role"].fillna("").ne("")]
    born = demographics.drop_duplicates("sourcedId").set_index("sourcedId")["birthDate"]
    birth = pd.Series(born.reindex(users["sourcedId"]).array, index=users.index)
    marks = pd.DataFrame(
        {
            "user": range(len(users)),
            "given": folded(users["givenName"].fillna("")).array,
            "family": folded(users["familyName"]).array,
            "role": users["role"].array,
            "birth": birth.dt.strftime("%Y-%m-%d").astype("str").fillna("").array,
            "grades": users["grades"].fillna("").array,
            "place": _places(users, orgs),
        }
    )
    dated = marks["birth"] != ""
    marks.loc[dated, "grades"] = ""
    # A birth date says enough; who has none, and is nowhere, cannot be told from others.
    marks["place"] = marks["place"].where(~dated, [[""]] * len(marks))
    marks = marks.explode("place").dropna(subset=["place"])
    keys = [name for name in marks.columns if name != "user"]
    marks = marks.loc[marks.duplicated(keys, keep=False)]
    group = joined(len(users), marks.groupby(keys, sort=False)["user"].agg(list))
    found = pd.DataFrame({"group": group, "birthDate": birth.array}, index=users.index)
    found = found.loc[found["group"].duplicated(keep=False)]
    return found.sort_values("group", kind="stable")


def records_per_school(users: pd.DataFrame) -> "pd.Series[int]":
    """Find users who are records of one person at several schools.

    They share ``userIds`` or ``identifier``, and also names and role, and differ in their orgs.

    Parameters
    ----------
    users : pandas.DataFrame
        The canonical table.

    Returns
    -------
    pandas.Series of int64
        A number for each such user, the same for one person, with the index of ``users``; those of
        one person are together.

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
    marks = pd.DataFrame(
        {
            "user": range(len(some)),
            "given": folded(some["givenName"].fillna("")).array,
            "family": folded(some["familyName"].fillna("")).array,
            "role": some["role"].fillna("").array,
        }
    )
    sets: list[list[int]] = []
    for column in ("userIds", "identifier"):
        alike = marks.assign(id=some[column].array).dropna(subset=["id"])
        sets += alike.groupby(["id", "given", "family", "role"])["user"].agg(list).tolist()
    group = pd.Series(joined(len(some), sets), index=some.index)
    apart = some["orgSourcedIds"].fillna("").groupby(group).nunique()
    group = group.loc[group.map(apart) > 1]
    return group.sort_values(kind="stable")


def _places(users: pd.DataFrame, orgs: pd.DataFrame) -> list[list[str]]:
    """Give for each user the schools, or where there are none all orgs."""
    schools = frozenset(orgs.loc[orgs["type"] == "school", "sourcedId"])
    places = {}
    for text in users["orgSourcedIds"].dropna().unique():
        listed = split_text(text)
        places[text] = [org for org in listed if org in schools] or listed
    return [places.get(text, []) for text in users["orgSourcedIds"]]
