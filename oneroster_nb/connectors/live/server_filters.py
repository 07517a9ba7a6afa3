"""Asking a server for some rows of a table, if it was seen to know how to."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from oneroster_nb.connectors.live.puller import Puller, whole_tables
from oneroster_nb.connectors.live.pushdown import Clause, only_value, pushdown_clause, stamp
from oneroster_nb.errors import (
    AnswerError,
    IncompleteError,
    PartialResultWarning,
    RosterError,
    ServerError,
    warn,
)
from oneroster_nb.progress import Reporter
from oneroster_nb.source.table_calls import Choice
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import sensitive_columns
from oneroster_nb.tables.where import Where
from oneroster_nb.transport.side_by_side import Job

REFUSED = (ServerError, AnswerError, IncompleteError)
"""What comes of a server that does not know how to give a part of a table."""
_PROBED = 1_000  # rows of a whole list that a list below another object is compared with


class ServerFilters:
    """Let the server choose rows if that changes nothing but the speed.

    A list below another object (``/courses/{id}/classes``) and a filter give a part of the table,
    from which the rows are chosen as from the whole one. A filter is trusted only if the server
    was seen to honour it on that field. If the server refuses it, the whole table is read.
    """

    def __init__(self, puller: Puller) -> None:
        self._puller = puller
        self._provider = puller.provider
        # What the server was seen to do. By list, field and sign: it honours such clauses.
        self._honoured: dict[tuple[str, str, str], bool] = {}
        # By table and column: its lists below other objects hold all rows.
        self._complete: dict[tuple[str, str], bool] = {}
        # By table: it lists the ids alone.
        self._ids_listed: dict[str, bool] = {}

    def rows(self, name: str, choice: Choice, reporter: Reporter) -> pd.DataFrame:
        """Return rows of a canonical table among which are all that are chosen."""
        found = None
        if choice.status == "active":  # such lists may leave out rows marked tobedeleted
            found = self._part(name, choice.where, reporter)
        plain = self._provider.plain_fields(name)
        clause = pushdown_clause(choice.where, choice.modified_since, plain)
        if found is None and clause is not None:
            found = self._filtered(name, clause, reporter)
        if found is None:
            (outcome,) = self._puller.pull([self._provider.list_job(name)], reporter)
            found = self._puller.frame(name, whole_tables(outcome))
        return found

    def lists_all(self, name: str, column: str, reporter: Reporter) -> bool:
        """Find out, once, whether a list below another object has the rows of the whole list.

        Some servers list the current term only.
        """
        key = (name, column)
        if key not in self._complete:
            sample = self._tried(name, self._provider.list_job(name, wanted=_PROBED), reporter)
            value = None if sample is None else _telling(active(sample, "active"), column)
            job = None if value is None else self._provider.part_job(name, column, value)
            if sample is None or job is None:
                return False  # these rows tell nothing; others may
            known = active(sample.loc[sample[column] == value], "active")["sourcedId"]
            part = self._tried(name, job, reporter)
            shown = 0 if part is None else int(known.isin(part["sourcedId"]).sum())
            self._complete[key] = shown == len(known)
            if part is not None and shown < len(known):
                warn(
                    f"The server's lists of {name} by {column} are not complete: one holds"
                    f" {shown:,} of {len(known):,} rows. The whole list was read instead.",
                    PartialResultWarning,
                )
        return self._complete[key]

    def supports_filter(self, name: str, clause: Clause, reporter: Reporter) -> bool:
        """Find out, once, whether a server finds a row that it has, and only if it should."""
        return self._supports(name, name, partial(self._provider.list_job, name), clause, reporter)

    def clause_of_people(self, role: str, where: Where | None, reporter: Reporter) -> Clause | None:
        """Return what of the conditions on people the list of a role can be asked for, if anything.

        The people who fulfil all conditions are among those who fulfil it. What an answer says of
        people that it leaves out is then about these. If a condition is on a column that the
        provider adds, everyone is needed, to see whether anybody has that column.
        """
        if any("." in column for column in where or ()):
            return None
        plain = set(self._provider.plain_fields("users"))
        plain.difference_update(sensitive_columns("users", plain))
        clause = pushdown_clause(where, None, plain)
        if clause is None:
            return None
        # That a server filters its list of users says nothing of its list of students.
        listing = partial(self._provider.user_job, role, sensitive=False)
        path = self._provider.people_path(role)
        return clause if self._supports(path, "users", listing, clause, reporter) else None

    def distrust(self, role: str, clause: Clause) -> None:
        """Remember that the list of a role does not honour such clauses after all."""
        self._honoured[self._provider.people_path(role), clause.field, clause.sign] = False

    def _supports(
        self,
        listed: str,
        name: str,
        listing: Callable[..., Job],
        clause: Clause,
        reporter: Reporter,
    ) -> bool:
        """Find out, once, whether a list of rows of a table honours such clauses."""
        if not self._provider.has_filters:
            return False
        key = (listed, clause.field, clause.sign)
        if key not in self._honoured:
            first = self._tried(name, listing(wanted=1), reporter)
            if first is None or first.empty:
                return False
            probes = _probes(first.iloc[0], clause)
            if probes is None:
                return False  # this row tells nothing; another one may
            jobs = [listing(wanted=1, clause=probe) for probe in probes]
            there, absent = (self._keys_of(name, job, reporter) for job in jobs)
            self._honoured[key] = there == [first.iloc[0]["sourcedId"]] and absent == []
        return self._honoured[key]

    def lists_ids(self, name: str, reporter: Reporter) -> bool:
        """Find out, once, whether a server lists the ids of a table without the other fields."""
        if name not in self._ids_listed:
            job = self._provider.list_job(name, wanted=1, fields="sourcedId")
            first = self._tried(name, job, reporter)
            if first is None or first.empty:
                return False
            rest = first.iloc[0].drop(["sourcedId", "status", "dateLastModified"])
            has_id = bool(first["sourcedId"].notna().iloc[0])
            self._ids_listed[name] = has_id and bool(rest.isna().all())
        return self._ids_listed[name]

    def _part(self, name: str, where: Where | None, reporter: Reporter) -> pd.DataFrame | None:
        """Return the part of a table that has a list of its own; None if there is no such list."""
        for column, condition in where.items() if isinstance(where, Mapping) else ():
            value = only_value(condition)
            job = None if value is None else self._provider.part_job(name, column, value)
            if job is not None:
                whole = column == "sourcedId" or self.lists_all(name, column, reporter)
                return self._tried(name, job, reporter) if whole else None
        return None

    def _filtered(self, name: str, clause: Clause, reporter: Reporter) -> pd.DataFrame | None:
        """Return the rows that fulfil a clause; None if the server does not honour it."""
        if not self.supports_filter(name, clause, reporter):
            return None
        found = self._tried(name, self._provider.list_job(name, clause=str(clause)), reporter)
        if found is None:
            self._honoured[name, clause.field, clause.sign] = False
        return found

    def _keys_of(self, name: str, job: Job, reporter: Reporter) -> list[str] | None:
        found = self._tried(name, job, reporter)
        return None if found is None else list(found["sourcedId"])

    def _tried(self, name: str, job: Job, reporter: Reporter) -> pd.DataFrame | None:
        """Pull a part of a table; None if the server refuses or answers nonsense."""
        job.keep = REFUSED
        (outcome,) = self._puller.pull([job], reporter)
        return None if isinstance(outcome, RosterError) else self._puller.frame(name, outcome)


def _telling(rows: pd.DataFrame, column: str) -> str | None:
    """Find the value of a column with rows of the most terms, else with the most rows."""
    rows = rows.dropna(subset=[column])
    if rows.empty:
        return None
    by_value = rows.groupby(column, sort=False)
    terms = by_value["termSourcedIds"].nunique() if "termSourcedIds" in rows else 0
    rank = pd.DataFrame({"rows": by_value.size()}).assign(terms=terms)
    return str(rank.sort_values(["terms", "rows"], ascending=False, kind="stable").index[0])


def _probes(known: "pd.Series[Any]", clause: Clause) -> tuple[str, str] | None:
    """Return a filter that finds a known row, and one that must not; None if that is of no use."""
    key, value = known["sourcedId"], known[clause.field]
    if not isinstance(key, str) or "'" in key or pd.isna(value):
        return None
    if clause.sign == "=":
        if "'" in value:
            return None
        values = value, f"not {value}"
    else:
        values = (stamp(value - pd.Timedelta(days=1)), stamp(value + pd.Timedelta(days=1)))
    here, absent = (
        f"sourcedId='{key}' AND {Clause(clause.field, clause.sign, text)}" for text in values
    )
    return here, absent
