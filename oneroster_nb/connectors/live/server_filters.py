"""How a live source is asked for some rows of a table, where it was seen to know how to."""

import datetime
from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from oneroster_nb.connectors.live.live_source import LiveSource, whole_tables
from oneroster_nb.connectors.live.pushdown import Clause, only_value, pushable, stamp
from oneroster_nb.errors import (
    AnswerError,
    IncompleteError,
    PartialResultWarning,
    RosterError,
    ServerError,
    warn,
)
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.tables.where import Where, active
from oneroster_nb.transport.side_by_side import Job

__all__ = ["ChoosingSource"]

_REFUSED = (ServerError, AnswerError, IncompleteError)
_PROBED = 1_000  # rows of a whole list that a list below another object is compared with


class ChoosingSource(LiveSource):
    """A live source that lets the server choose rows, where that changes nothing but the speed.

    A list below another object (``/courses/{id}/classes``) and a filter give a part of the table,
    from which the rows are chosen as from the whole one. A filter is trusted only where the server
    was seen to honour it on that field; whatever it refuses is made up for by the whole table.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Table, field and sign of clauses that this server honours or not, as it was seen to.
        self._honoured: dict[tuple[str, str, str], bool] = {}
        # Table and column of lists below other objects that hold all rows or not, likewise.
        self._complete: dict[tuple[str, str], bool] = {}
        # Tables of which this server lists the ids alone or not, as it was seen to.
        self._ids_listed: dict[str, bool] = {}

    @abstractmethod
    def _plain_fields(self, table: str) -> Collection[str]:
        """Give the columns of a table that are one text in the records, under the same name."""

    @abstractmethod
    def _filtered_job(
        self,
        table: str,
        clause: str,
        *,
        sensitive: bool = False,
        wanted: int | None = None,
        fields: str = "",
    ) -> Job:
        """Pull the rows of a table that fulfil a filter; if `fields` names some, these alone."""

    @abstractmethod
    def _part_job(self, table: str, column: str, value: str) -> Job | None:
        """Pull the rows with a value in a column from a list of their own, where there is one."""

    def _rows(
        self,
        name: str,
        where: Where | None,
        modified_since: str | datetime.date | None,
        status: str,
        progress: ProgressOption,
    ) -> pd.DataFrame:
        with Reporter(progress, name) as reporter:
            found = None
            if status == "active":  # such lists may leave out what is to be deleted
                found = self._part(name, where, reporter)
            clause = pushable(where, modified_since, self._plain_fields(name))
            if found is None and clause is not None:
                found = self._filtered(name, clause, reporter)
            return self._whole(name, reporter) if found is None else found

    def _part(self, name: str, where: Where | None, reporter: Reporter) -> pd.DataFrame | None:
        """Give the part of a table that has a list of its own; None where that cannot be had."""
        for column, condition in where.items() if isinstance(where, Mapping) else ():
            value = only_value(condition)
            job = None if value is None else self._part_job(name, column, value)
            if job is not None:
                whole = column == "sourcedId" or self._lists_all(name, column, reporter)
                return self._tried(name, job, reporter) if whole else None
        return None

    def _lists_all(self, name: str, column: str, reporter: Reporter) -> bool:
        """See, once, whether a list below another object holds what the whole list has there.

        Some servers list the current term only.
        """
        key = (name, column)
        if key not in self._complete:
            sample = self._tried(name, self._list_job(name, wanted=_PROBED), reporter)
            value = None if sample is None else _telling(active(sample, "active"), column)
            job = None if value is None else self._part_job(name, column, value)
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

    def _filtered(self, name: str, clause: Clause, reporter: Reporter) -> pd.DataFrame | None:
        """Give the rows that fulfil a clause; None where the server does not honour it."""
        if not self._honours(name, clause, reporter):
            return None
        found = self._tried(name, self._filtered_job(name, str(clause)), reporter)
        if found is None:
            self._honoured[name, clause.field, clause.sign] = False
        return found

    def _honours(self, name: str, clause: Clause, reporter: Reporter) -> bool:
        """See, once, whether a server finds a row that it has, and only where it should."""
        key = (name, clause.field, clause.sign)
        if key not in self._honoured:
            first = self._tried(name, self._filtered_job(name, "", wanted=1), reporter)
            if first is None or first.empty:
                return False
            probes = _probes(first.iloc[0], clause)
            if probes is None:
                return False  # this row tells nothing; another one may
            jobs = [self._filtered_job(name, probe, wanted=1) for probe in probes]
            there, absent = (self._keys_of(name, job, reporter) for job in jobs)
            self._honoured[key] = there == [first.iloc[0]["sourcedId"]] and absent == []
        return self._honoured[key]

    def _lists_ids(self, name: str, reporter: Reporter) -> bool:
        """See, once, whether a server lists the ids of a table without the rest of its rows."""
        if name not in self._ids_listed:
            job = self._filtered_job(name, "", wanted=1, fields="sourcedId")
            first = self._tried(name, job, reporter)
            if first is None or first.empty:
                return False
            rest = first.iloc[0].drop(["sourcedId", "status", "dateLastModified"])
            has_id = bool(first["sourcedId"].notna().iloc[0])
            self._ids_listed[name] = has_id and bool(rest.isna().all())
        return self._ids_listed[name]

    def _keys_of(self, name: str, job: Job, reporter: Reporter) -> list[str] | None:
        found = self._tried(name, job, reporter)
        return None if found is None else list(found["sourcedId"])

    def _tried(self, name: str, job: Job, reporter: Reporter) -> pd.DataFrame | None:
        """Pull a part of a table; None where the server refuses or answers nonsense."""
        job.keep = _REFUSED
        (outcome,) = self._pull([job], reporter)
        return None if isinstance(outcome, RosterError) else self._frame(name, outcome)

    def _whole(self, name: str, reporter: Reporter) -> pd.DataFrame:
        return self._frame(name, whole_tables(self._pull([self._list_job(name)], reporter)[0]))


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
    """Give a filter that finds a known row, and one that must not; None where it is of no use."""
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
