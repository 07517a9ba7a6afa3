"""By what two rows are taken for one person: names, birth dates, places (pure)."""

import unicodedata

import pandas as pd

__all__ = ["folded", "marks_of_people", "plain"]


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


def marks_of_people(users: pd.DataFrame, demographics: pd.DataFrame) -> pd.DataFrame:
    """Give what makes two users look like one person.

    Parameters
    ----------
    users, demographics : pandas.DataFrame
        Canonical tables.

    Returns
    -------
    pandas.DataFrame
        ``given family role mark`` (str), equal for users who look like one person: ``mark`` is the
        birth date, or orgs and grades of one who has none; and ``birthDate`` (datetime64). The
        index is that of the users; those without family name or role are left out.
    """
    users = users.dropna(subset=["familyName", "role"])
    born = demographics.drop_duplicates("sourcedId").set_index("sourcedId")["birthDate"]
    birth = pd.Series(born.reindex(users["sourcedId"]).array, index=users.index)
    place = users["orgSourcedIds"].fillna("") + "|" + users["grades"].fillna("")
    return pd.DataFrame(
        {
            "given": folded(users["givenName"].fillna("")),
            "family": folded(users["familyName"]),
            "role": users["role"],
            "mark": birth.dt.strftime("%Y-%m-%d").astype("str").fillna(place),
            "birthDate": birth,
        }
    )
