"""Reading numbers and dates in headers, even absurd ones."""

import datetime
import email.utils

_DIGITS = 18  # more than any count needs


def whole_number(text: str | None) -> int | None:
    """Return a whole number of at least 0; None if the text is not one, or absurdly long.

    Examples
    --------
    >>> whole_number(" 250 "), whole_number("-1"), whole_number("9" * 5000)
    (250, None, None)
    """
    text = (text or "").strip()
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def http_date(text: str | None) -> float | None:
    """Return an HTTP date (RFC 9110, 5.6.7) as seconds since 1970; None if it is not one.

    A date without a zone is in UTC, like all HTTP dates.

    Examples
    --------
    >>> http_date("Fri, 15 Jan 2027 08:00:00 GMT")
    1800000000.0
    >>> http_date("Fri, 15 Jan 2027 08:00:00")
    1800000000.0
    >>> http_date("Fri, 15 Jan 99999999999 08:00:00 GMT") is None
    True
    """
    try:
        moment = email.utils.parsedate_to_datetime(text or "")
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        return zoned.timestamp()
    except (ValueError, OverflowError):
        return None
