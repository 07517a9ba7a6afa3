"""Which rows count: those that are not marked ``tobedeleted`` (pure)."""

import pandas as pd


def is_active(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Return True for each row that is not marked tobedeleted.

    Examples
    --------
    >>> is_active(pd.DataFrame({"status": ["active", "tobedeleted", None]})).tolist()
    [True, False, True]
    """
    deleted = (frame["status"] == "tobedeleted").to_numpy(dtype=bool, na_value=False)
    return pd.Series(~deleted, index=frame.index)


def active(frame: pd.DataFrame, status: str = "active") -> pd.DataFrame:
    """Return the rows that are not marked tobedeleted, or all rows if `status` is ``"all"``."""
    if status == "all":
        return frame
    kept = is_active(frame)
    return frame.copy(deep=False) if kept.all() else frame.loc[kept]
