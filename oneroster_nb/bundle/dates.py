"""Dates that are not in ISO 8601, such as ``1/05/2023``."""

import re
from collections.abc import Iterable

_PARTS = re.compile(r"\s*(\d{1,2})([/.\-])(\d{1,2})\2(\d{4})(?:[ T].*)?\s*", re.DOTALL)


def iso_dates(texts: Iterable[str]) -> tuple[dict[str, str], str]:
    """Convert dates with day, month and year to ISO 8601.

    Values with a number above 12 show which number is the month. If there are none, or if they
    contradict each other, the month is first.

    Parameters
    ----------
    texts : iterable of str
        The distinct values of a column.

    Returns
    -------
    iso : dict of str to str
        The values that are such dates, with their ISO 8601 form.
    how : str
        The order of day and month; empty if there are no such dates.

    Examples
    --------
    >>> iso_dates(["1/05/2023", "17/05/2023"])
    ({'1/05/2023': '2023-05-01', '17/05/2023': '2023-05-17'}, 'the day first')
    """
    matches = {text: match for text in texts if (match := _PARTS.fullmatch(text))}
    if not matches:
        return {}, ""
    firsts = {int(match[1]) for match in matches.values()}
    seconds = {int(match[3]) for match in matches.values()}
    day_first = max(firsts) > 12 and max(seconds) <= 12
    sure = max(firsts) > 12 or max(seconds) > 12
    month, day = (3, 1) if day_first else (1, 3)
    iso = {
        text: f"{match[4]}-{int(match[month]):02d}-{int(match[day]):02d}"
        for text, match in matches.items()
    }
    how = "the day first" if day_first else "the month first"
    return iso, how if sure else f"{how}, which is a guess"
