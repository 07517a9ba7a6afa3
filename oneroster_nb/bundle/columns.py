"""Which canonical column each column of a file is."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from oneroster_nb.bundle.layout import FILES
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES

CLOSE = 0.85
"""Two names at least this similar (from 0 to 1) are taken for two spellings of one name."""
_OLD_NAMES: Mapping[tuple[str, str], str] = {
    ("users", "userid"): "userIds",
    ("users", "agents"): "agentSourcedIds",
    ("users", "grade"): "grades",
    ("classes", "grade"): "grades",
    ("classes", "termsourcedid"): "termSourcedIds",
    ("courses", "grade"): "grades",
    ("courses", "schoolyearid"): "schoolYearSourcedId",
    ("demographics", "usersourcedid"): "sourcedId",
}
"""Columns of OneRoster 1.0, in lower case, to their names in later versions."""


def named_columns(table: str, header: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """Return the canonical name of each column of a file.

    Parameters
    ----------
    table : str
        The canonical table.
    header : sequence of str
        The names in the file.

    Returns
    -------
    names : list of str
        Canonical names, and ``metadata.<name>`` for other columns; no name is repeated. Tables that
        are not canonical keep their names.
    findings : list of Finding
        One for each kind of deviation.

    Examples
    --------
    >>> named_columns("orgs", ["sourcedId", "NAME", "dataLastModified", "ext_code"])[0]
    ['sourcedId', 'name', 'dateLastModified', 'metadata.ext_code']
    """
    known = dict.fromkeys(name for files in FILES.values() for name in files.get(table, ()))
    known |= dict.fromkeys(
        TABLES[table].columns if table in TABLES else EXTRA_TABLES.get(table, ())
    )
    folded = {name.casefold(): name for name in known}
    written = [name.strip() for name in header]
    taken = {name for name in written if name in known}
    if table == "demographics" and "usersourcedid" in map(str.casefold, written):
        # Demographics are identified by the user's id, even if they have an id of their own.
        taken.discard("sourcedId")
        written = ["metadata.sourcedId" if name == "sourcedId" else name for name in written]
    names: list[str] = []
    deviations: dict[str, list[str]] = {}
    for place, name in enumerate(written, 1):
        column = name
        if not name:
            deviations.setdefault("column-empty", []).append(f"column {place}")
            column = f"metadata.column{place}"
        elif name.casefold().startswith("metadata."):
            column = "metadata." + name[len("metadata.") :]
        elif (old := _OLD_NAMES.get((table, name.casefold()))) and old not in taken:
            column = old
            taken.add(column)
            deviations.setdefault("column-old", []).append(f"{name!r} is {column}")
        elif name not in known and name.casefold() in folded:
            column = folded[name.casefold()]
            deviations.setdefault("column-name", []).append(repr(name))
        elif name not in known and table in TABLES:
            free = {fold: real for fold, real in folded.items() if real not in taken}
            close = get_close_matches(name.casefold(), free, n=1, cutoff=CLOSE)
            column = free[close[0]] if close else f"metadata.{name}"
            if close:
                taken.add(column)
            code = "column-misspelt" if close else "column-unknown"
            deviations.setdefault(code, []).append(f"{name!r} is {column}" if close else repr(name))
        if column in names:
            deviations.setdefault("column-repeated", []).append(repr(name))
            column = _free(f"metadata.{column.removeprefix('metadata.')}", names)
        names.append(column)
    findings = [
        found(code, table, ", ".join(details) + ".") for code, details in deviations.items()
    ]
    return names, findings


def _free(name: str, names: Sequence[str]) -> str:
    number = 2
    while f"{name}.{number}" in names:
        number += 1
    return f"{name}.{number}"
