"""What people are called (pure)."""

import pandas as pd


def full_names(people: pd.DataFrame) -> "pd.Series[str]":
    """Return given and family name with a space between them; missing if a person has neither.

    Examples
    --------
    >>> people = pd.DataFrame({"givenName": ["Ada", None], "familyName": ["Moe", "Lee"]})
    >>> full_names(people).tolist()
    ['Ada Moe', 'Lee']
    """
    given, family = (people[name].fillna("") for name in ("givenName", "familyName"))
    return (given + " " + family).str.strip().replace("", None).astype("str")
