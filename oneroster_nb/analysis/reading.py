"""Getting the tables that a question reads, from a source or from a frame."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pandas as pd

from oneroster_nb.analysis.choosing import as_chosen
from oneroster_nb.analysis.conditions import NO_DEMOGRAPHICS, Conditions
from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.analysis.tables_of_frame import tables_of_frame
from oneroster_nb.counts.footnotes import earlier_counts, earlier_unknown_roles
from oneroster_nb.errors import (
    DanglingReferenceWarning,
    ForbiddenError,
    NotFoundError,
    NotSharedWarning,
    PartialResultWarning,
    QueryError,
    muted,
    warn,
)
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Moment, tables_at
from oneroster_nb.source.source import Source, WholeRoster
from oneroster_nb.tables.table import TABLES, empty_table

SourceOrFrame: TypeAlias = Source | pd.DataFrame
"""A connection, a roster, or a frame that ``get_users`` gave."""

CLASS_TABLES = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
"""The tables that questions about classes read."""

_TABLES_OF_A_MOMENT = ("academicSessions", "classes", "enrollments", "roles")
"""The tables that say who counts on a day or in a term."""

_NO_BIRTH_DATES = "The server does not show demographics, so no birth dates are known:"

_TOLD = ("users", "classes", "enrollments", "orgs")
"""The tables without which an answer would be wrong and would not show it."""


def tables_for(
    source: SourceOrFrame,
    question: str,
    tables: Sequence[str],
    progress: ProgressOption,
    *,
    frame_columns: Sequence[str] | None = None,
    roles: Sequence[str] = (),
    moment: Moment | None = None,
    conditions: Conditions | None = None,
    adds_up: bool = False,
) -> RosterTables:
    """Return the tables that a question reads.

    A table that a source does not have is empty, and so are ``demographics`` that a server does not
    show. A frame must have `frame_columns` (if these are None, no frame will do) and, in a frame of
    classes that is not empty, a person in each of `roles`, the roles that the question counts.
    QueryError if the source cannot answer this question. NotSharedWarning if there are no users,
    classes or enrollments at all, and others of these.
    """
    conditions = Conditions() if conditions is None else conditions
    empty: list[str] = []
    earlier = None
    earlier_roles: Mapping[str, int] = {}
    if isinstance(source, pd.DataFrame):
        if moment is not None:
            raise QueryError(
                f"{question}() cannot take as_of and term with a DataFrame, which does not hold the"
                " dates of terms. Pass the connection or the roster, or ask get_users() for that"
                " day or term."
            )
        if frame_columns is None:
            raise QueryError(
                f"{question}() looks at whole tables ({', '.join(tables)}), which a DataFrame does"
                " not hold. Pass the connection or the roster that it came from."
            )
        found = tables_of_frame(source, question, frame_columns)
        earlier, earlier_roles = earlier_counts(source), earlier_unknown_roles(source)
        if "classSourcedId" in frame_columns:
            _require_roles(question, found, roles)
    elif hasattr(source, "get_roster"):
        needed = [*tables, *conditions.tables, *(_TABLES_OF_A_MOMENT if moment else ())]
        needed = list(dict.fromkeys(needed))
        roster, why = _pulled(source, needed, progress)
        found = {name: roster.table(name) for name in needed}
        if conditions.needs_demographics and found["demographics"].empty:
            warn(f"{NO_DEMOGRAPHICS}{why}", PartialResultWarning)
        elif why:
            warn(f"{_NO_BIRTH_DATES}{why}", PartialResultWarning)
        empty = _warn_of_gaps(question, {name: found[name] for name in _TOLD if name in found})
    else:
        raise QueryError(
            f"{question}() takes a connection, a roster or a DataFrame, not"
            f" {type(source).__name__}."
        )
    whole = {name: found[name] if name in found else empty_table(name) for name in TABLES}
    if moment is not None:
        whole = tables_at(moment, whole)
    roster_tables = RosterTables(
        whole,
        tuple(roles),
        frozenset(empty),
        earlier,
        earlier_roles,
        moment,
        adds_up and earlier is None,
        conditions,
    )
    return as_chosen(roster_tables, source if isinstance(source, pd.DataFrame) else None)


def _require_roles(question: str, tables: Mapping[str, pd.DataFrame], roles: Sequence[str]) -> None:
    """Refuse a frame without people in a role that the question counts."""
    if tables["enrollments"].empty:
        return
    lacking = [role for role in roles if not (tables["enrollments"]["role"] == role).any()]
    if lacking:
        users = "students" if list(roles) == ["student"] else "users"
        raise QueryError(
            f"{question}() counts {'s and '.join(roles)}s in classes, and this frame has no"
            f" {lacking[0]}. Ask get_users({users!r}, 'classes'), or pass the connection or the"
            " roster itself."
        )


def roster_for(source: Source, tables: Sequence[str], progress: ProgressOption) -> WholeRoster:
    """Return a roster with the tables of a question, without ``demographics`` if not shown."""
    roster, why = _pulled(source, tables, progress)
    if why:
        warn(f"{_NO_BIRTH_DATES}{why}", PartialResultWarning)
    return roster


def _pulled(
    source: Source, tables: Sequence[str], progress: ProgressOption
) -> tuple[WholeRoster, str]:
    """Return a roster with some tables, and why ``demographics`` are not shown, if they are not."""
    if isinstance(source, WholeRoster):
        return source, ""
    with muted(DanglingReferenceWarning):  # each question says itself what it leaves out
        try:
            return source.get_roster(tables=tables, progress=progress), ""
        except (ForbiddenError, NotFoundError) as error:
            if "demographics" not in tables:
                raise
            shown = [name for name in tables if name != "demographics"]
            return source.get_roster(tables=shown, progress=progress), f" {error}"


def _warn_of_gaps(question: str, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Warn if some tables that the answer rests on are empty and others are not; return those."""
    empty = [name for name, table in tables.items() if table.empty]
    if empty and len(empty) < len(tables):
        warn(
            f"There are no {' and no '.join(empty)} in this roster, so what {question}() says of"
            " them may be wrong. Perhaps they are not shared with this application, or were left"
            " out of get_roster(tables=…).",
            NotSharedWarning,
        )
    return empty
