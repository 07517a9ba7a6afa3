"""What was found to be wrong with a roster: counted, kept as known, and shown."""

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from oneroster_nb.counts.columns import require_column
from oneroster_nb.counts.footnotes import with_earlier_moment
from oneroster_nb.errors import QueryError
from oneroster_nb.quality.known import COLUMNS, write_known
from oneroster_nb.quality.places import LookedAt
from oneroster_nb.quality.rates import rates
from oneroster_nb.tables.rulebook import RULES, Rule, rule_table

MORE = " more rows."
"""How the message of a row ends that stands for the findings of a kind that are not shown."""

_KIND = ["code", "table", "field"]


@dataclass(frozen=True)
class Checked:
    """What was checked.

    Attributes
    ----------
    rules : mapping of str to Rule
        The rules that there are, those of the caller among them.
    looked_at : LookedAt
        How many rows they looked at.
    not_shown : pandas.DataFrame
        The findings of which there are so many of one kind that they are not shown.
    """

    rules: Mapping[str, Rule]
    looked_at: LookedAt
    not_shown: pd.DataFrame


class Findings(pd.DataFrame):
    """What was found: ``severity code table sourcedId field message schoolName classTitle`` (str).

    ``explains`` (int64) is the last column. The gravest come first, and among them those that
    explain most others.
    """

    _metadata: ClassVar[list[str]] = ["_checked"]
    _checked: Checked | None = None

    @property
    def _constructor(self) -> "type[Findings]":
        return Findings

    def summary(self) -> pd.DataFrame:
        """Count the findings of each rule.

        Returns
        -------
        pandas.DataFrame
            ``severity code table`` (str), ``findings`` and ``explains`` (int64), and of the rule
            ``means``, ``why`` that matters and how to ``fix`` it (str).
        """
        counted = (
            self._every()
            .groupby(["severity", "code", "table"], sort=False)
            .agg(findings=("message", "size"), explains=("explains", "sum"))
            .reset_index()
        )
        known = rule_table((self._checked.rules if self._checked else RULES).values())
        return counted.merge(known.drop(columns="severity"), on="code", how="left")

    def by(self, by: str | Sequence[str], *, suppress_below: int | None = None) -> pd.DataFrame:
        """Count the findings by school, class or rule, beside the rows that were looked at.

        Parameters
        ----------
        by : str or list of str
            ``schoolName``, ``classTitle``, ``severity``, ``code`` or ``table``.
        suppress_below : int, optional
            Show numbers from 1 to this less one as ``"<10"`` (for 10), and as ``"*"`` numbers and
            shares that would give such a one away, also of rows without findings. Not less than 3.
            Share only one such table about the same people.

        Returns
        -------
        pandas.DataFrame
            A row for each school (or what else is asked for) at which something was looked at:
            the columns of `by` (str; a missing value is ``(missing)``), ``findings`` (int64),
            ``lookedAt`` (int64), the number of rows there that the rules look at, and ``share``
            (float64), how many of these rows have a finding, from 0 to 1; missing if there are
            none. Beside a ``severity``, ``code`` or ``table``, ``lookedAt`` has the rows that the
            rules with such findings look at: of ``student-without-class``, the students. A person
            at two schools counts at both. With `suppress_below`, columns that hold marks are
            object, and ``attrs["footnote"]`` says what was hidden.

        Raises
        ------
        QueryError
            For another column, a `suppress_below` that cannot be, and a frame that ``check`` did
            not return.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> from oneroster_nb.demo.district.making import make_district
        >>> tables = make_district()
        >>> tables["users"].loc[tables["users"]["sourcedId"] == "18001", "grades"] = None
        >>> found = onb.check(onb.Roster(tables), rules="student-without-grade")
        >>> found.by("schoolName")
                        schoolName  findings  lookedAt     share
        0             Classlink HS         1        38  0.026316
        1    Lincoln Middle School         0        54  0.000000
        2  North Elementary School         0        47  0.000000
        """
        if self._checked is None:
            raise QueryError("by() counts what check() returned; this frame is not of check().")
        for name in ("severity", "code", "table", "sourcedId", "schoolName", "classTitle"):
            require_column(self, name)
        table = rates(self._every(), self._checked.looked_at, by, suppress_below)
        return with_earlier_moment(table, self)

    def save_known(self, path: str | os.PathLike[str]) -> None:
        """Add these findings to a file of known ones, which ``check(known=path)`` leaves out.

        Parameters
        ----------
        path : str or path
            A CSV file with ``code table sourcedId field``, a row a finding. Those that it holds
            stay. It is made if it is not there, readable only by its owner. To forget a finding,
            remove its row.

        Raises
        ------
        ConfigurationError
            If there is another file, or it cannot be written.
        QueryError
            If the frame lacks one of these columns.

        Examples
        --------
        >>> import tempfile
        >>> import oneroster_nb as onb
        >>> from oneroster_nb.demo.district.making import make_district
        >>> tables = make_district()
        >>> tables["users"].loc[tables["users"]["sourcedId"] == "18001", "grades"] = None
        >>> roster = onb.Roster(tables)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     onb.check(roster).save_known(f"{folder}/known.csv")
        ...     found = onb.check(roster, known=f"{folder}/known.csv")
        >>> len(found), found.attrs["footnote"]
        (0, '1 known finding is left out.')
        """
        for name in COLUMNS:
            require_column(self, name)
        write_known(path, self._every())

    def _every(self) -> pd.DataFrame:
        """Return all findings: those that are not shown stand in place of the row that says so."""
        shown = pd.DataFrame(self)
        if self._checked is None or "message" not in shown:
            return shown
        others = self._checked.not_shown
        more = shown["message"].str.endswith(MORE)
        kinds = pd.MultiIndex.from_frame(shown.loc[more, _KIND].fillna(""))
        meant = pd.MultiIndex.from_frame(others[_KIND].fillna("")).isin(kinds)
        return pd.concat([shown.loc[~more], others.loc[meant]], ignore_index=True)

    @property
    def words(self) -> str:
        """How many findings there are of each severity, in a sentence."""
        counts = self._every()["severity"].value_counts()
        counted = [
            f"{counts[severity]:,} {noun}{'' if counts[severity] == 1 else 's'}"
            for severity, noun in (("error", "error"), ("warning", "warning"), ("info", "note"))
            if severity in counts
        ]
        return f"{', '.join(counted)}." if counted else "Nothing was found to be wrong."

    def _repr_html_(self) -> str:
        if "severity" not in self or "code" not in self:
            return str(self.to_html(max_rows=60))
        table = self.summary().to_html(index=False) if len(self) else ""
        words = f"{self.words} {self.attrs.get('footnote', '')}".strip()
        return f"<p>{html.escape(words)}</p>{table}"
