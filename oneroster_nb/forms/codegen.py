"""What a form shows, as a cell that makes the same in a fresh kernel."""

from collections.abc import Mapping
from typing import Any

from oneroster_nb.query.query import Query

_WIDTH = 88


def cell(recipe: str, asked: Query | str, crosstab: Mapping[str, Any] | None) -> str:
    """Write a cell that makes ``conn``, ``df`` and ``table``.

    Parameters
    ----------
    recipe : str
        An expression that makes the connection, without secrets; empty if there is none, as
        for a roster that lives in this kernel only.
    asked : Query or str
        The question, or an expression that answers it from ``conn``.
    crosstab : mapping, optional
        The arguments of :func:`oneroster_nb.crosstab`; None if there is no table.

    Returns
    -------
    str
        Python code that ends with a line feed.

    Examples
    --------
    >>> print(cell("onb.connect('demo')", Query("students"), {"rows": "grades"}), end="")
    import oneroster_nb as onb
    <BLANKLINE>
    conn = onb.connect('demo')
    df = conn.get_users('students')
    table = onb.crosstab(df, rows='grades')
    """
    if isinstance(asked, Query):
        answer = _call("df = conn.get_users", arguments_of(asked))
    else:
        answer = f"df = {asked}"
    lines = ["import os\n"] if "os.environ" in recipe else []
    lines += ["import pandas as pd\n"] if "pd." in answer else []
    lines += [
        "import oneroster_nb as onb",
        "",
        f"conn = {recipe}" if recipe else "# conn is what this form holds: form.source.",
        answer,
    ]
    if crosstab is not None:
        arguments = [f"{name}={value!r}" for name, value in crosstab.items()]
        lines.append(_call("table = onb.crosstab", ["df", *arguments]))
    return "\n".join(lines) + "\n"


def arguments_of(query: Query) -> list[str]:
    """Write the arguments of ``get_users`` that ask a question.

    Returns
    -------
    list of str
        An expression each, named where that reads better.

    Examples
    --------
    >>> arguments_of(Query("students", "schools", term="current"))
    ["'students'", "'schools'", "term='current'"]
    """
    parts = query.to_dict()
    leading = [name for name in ("user_filter", "group_filter", "group_name") if name in parts]
    first = [repr(parts.pop(name)) for name in leading]
    return [*first, *(f"{name}={value!r}" for name, value in parts.items())]


def _call(function: str, arguments: list[str]) -> str:
    """Write a call on one line, or an argument a line if that is too long."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDTH:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"{function}(\n{inner})"
