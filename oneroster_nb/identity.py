"""By what two rows are taken for one person: names, birth dates, places (pure)."""

import unicodedata

import pandas as pd

from oneroster_nb.joining import joined
from oneroster_nb.schema import split_text

__all__ = ["folded", "plain", "same_people"]


def plain(text: str) -> str:
    """Write a text without case, accents and outer spaces.

    Examples
    --------
    >>> plain(" Ramírez ")
    'ramirez'
    """
    folded_case = text.strip().casefold()
    if folded_case.isascii():  # most are, and need no second look at every sign
        return folded_case
    parts = unicodedata.normalize("NFKD", folded_case)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


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
    users = users.loc[users["familyName"].fillna("").ne("") & users["role"].fillna("").ne("")]
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


def _places(users: pd.DataFrame, orgs: pd.DataFrame) -> list[list[str]]:
    """Give for each user the schools, or where there are none all orgs."""
    schools = frozenset(orgs.loc[orgs["type"] == "school", "sourcedId"])
    places = {}
    for text in users["orgSourcedIds"].dropna().unique():
        listed = split_text(text)
        places[text] = [org for org in listed if org in schools] or listed
    return [places.get(text, []) for text in users["orgSourcedIds"]]
