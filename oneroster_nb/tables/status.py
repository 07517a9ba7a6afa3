"""Which rows count: those that are not marked ``tobedeleted`` (pure)."""

import pandas as pd


def is_active(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Return True for each row that is not marked tobedeleted.

    Examples
    --------
    >>> is_active(pd.DataFrame({"status": ["active", "tobedeleted", None]})).tolist()
    [True, False, True]
    """
    return (frame["status"] != "tobedeleted").fillna(True).astype(bool)


def active(frame: pd.DataFrame, status: str = "active") -> pd.DataFrame:
    """Return the rows that are not marked tobedeleted, or all rows if `status` is ``"all"``."""
    return frame if status == "all" else frame.loc[is_active(frame)]
