"""Questions as one line of text: ``group_filter::group_name::user_filter?conditions``."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from oneroster_nb.errors import QueryError
from oneroster_nb.query.conditions import condition_on
from oneroster_nb.spelling import shown
from oneroster_nb.tables.where import OPERATORS, conditions_of

EVERY = "*"
"""The name that means every group."""

_FLAGS = ("include_end_date", "demographics")
_CONDITIONS = ("as_of", "term", *_FLAGS, "school", "status")
_CONDITION = re.compile(r"(?P<name>[^=!<>~]+)(?P<sign>!=|>=|<=|=|>|<|~)(?P<value>(?![=<>~]).*)")
"""A value that begins with another sign is more likely a sign that there is not, such as ==."""


def parts_of(text: str) -> dict[str, Any]:
    """Return the arguments of a question that a line of text says.

    Examples
    --------
    >>> parts_of("schools::North::students?grades=06,07&as_of=2026-10-01")["where"]
    {'grades': {'=': ['06', '07']}}
    """
    first, *rest = text.split("::", 1)
    if not rest:
        users, conditions = _conditions(first)
        return {"user_filter": users.strip(), **conditions}
    name, separator, users = rest[0].rpartition("::")
    if not separator:
        return {"group_filter": first.strip(), "group_name": users}
    users, conditions = _conditions(users)
    group = {"group_filter": first.strip(), "group_name": name}
    return {"user_filter": users.strip(), **group, **conditions}


def text_of(parts: Mapping[str, Any]) -> str:
    """Write a question as a line of text; what has no place there is left out.

    `parts` are those of :meth:`Query.to_dict`.

    Examples
    --------
    >>> text_of({"user_filter": "students", "where": {"email": None}, "max_users": 5})
    'students?email='
    """
    asked = [f"{name}={_quoted(parts[name])}" for name in _CONDITIONS if name in parts]
    for column, conditions in conditions_of(parts.get("where") or {}).items():
        asked += [f"{_quoted(column)}{sign}{_quoted(v)}" for sign, v in conditions.items()]
    users = parts["user_filter"] + ("?" + "&".join(asked) if asked else "")
    if "group_filter" not in parts:
        return str(users)
    names = parts.get("group_name", EVERY)
    name = names if isinstance(names, str) else " | ".join(names)
    return f"{parts['group_filter']}::{name}::{users}"


def _conditions(users: str) -> tuple[str, dict[str, Any]]:
    """Take the conditions off the last part of a query string."""
    users, mark, text = users.partition("?")
    found: dict[str, Any] = {}
    where: dict[str, dict[str, Any]] = {}
    for part in text.split("&") if mark else ():
        said = _CONDITION.fullmatch(part)
        if said is None:
            raise QueryError(
                f"{shown(part)} is no condition of a query. Write column=value, with & between"
                f" them; the signs are {' '.join(OPERATORS)}, and %3D is = in a value, %3E is >."
            )
        name, sign = unquote(said["name"]).strip(), said["sign"]
        values = [unquote(value.strip()) or None for value in said["value"].split(",")]
        value = values[0] if len(values) == 1 else values
        known = name in _CONDITIONS
        if known and (sign != "=" or not isinstance(value, str)):
            raise QueryError(
                f"The condition {shown(part)} of a query must be {name}= and one value. Write %2C"
                " for a comma in it."
            )
        if name in found or sign in where.get(name, {}):
            raise QueryError(f"The condition {shown(name)} is in the query twice. Leave one out.")
        if known:
            found[name] = _flag(name, value) if name in _FLAGS else value
        else:
            condition_on(name, others=_CONDITIONS)
            where.setdefault(name, {})[sign] = value
    return users, {**found, **({"where": where} if where else {})}


def _flag(name: str, value: object) -> bool:
    flags = {"true": True, "false": False}
    if value not in flags:
        raise QueryError(f"{name} must be true or false in a query, not {shown(value)}.")
    return flags[str(value)]


def _quoted(value: object) -> str:
    """Write a value, or several, as a query string has them."""
    if isinstance(value, list | tuple):
        return ",".join(map(_quoted, value))
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    # A tilde is a sign of conditions, and quote() leaves it as it is.
    return quote(text, safe="", errors="replace").replace("~", "%7E")
