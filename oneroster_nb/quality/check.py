"""What is wrong with a roster, root causes first."""

import html
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.errors import ConfigurationError, DanglingReferenceWarning, muted
from oneroster_nb.progress import ProgressOption
from oneroster_nb.quality import (
    enrollments,
    fields,
    guardians,
    identifiers,
    links,
    people,
    required,
    root_causes,
    schools,
)
from oneroster_nb.source.source import Source
from oneroster_nb.tables.rules import RULES, Finding, found, frame_of
from oneroster_nb.tables.table import TABLES

_SHOWN_AT_MOST = 1000
_Rules = tuple[Callable[[Mapping[str, pd.DataFrame]], list[Finding]], ...]
_RosterRules = tuple[Callable[[RosterTables], list[Finding]], ...]
_OF_ROWS: _Rules = (
    identifiers.keys,
    identifiers.signs,
    required.required,
    fields.enumerations,
    fields.other_version,
    fields.grades,
    fields.subjects,
    fields.dates,
    schools.school_years,
    root_causes.spreadsheet_numbers,
)
"""Rules about single rows, which see the tables as they are."""
_OF_LINKS: _Rules = (
    links.cycles,
    enrollments.outside_terms,
    enrollments.schools,
    enrollments.primary,
    enrollments.of_one_person,
    schools.class_orgs,
)
"""Rules about rows that refer to others, which see the tables as if root causes were fixed."""
_OF_ROSTER: _RosterRules = (
    enrollments.roles,
    schools.empty_schools,
    people.students,
    people.classes,
)
"""Rules that read those tables as the questions do."""
_OF_PEOPLE: _RosterRules = (people.twice, identifiers.addresses, guardians.one_way)
"""Rules about several records of one person, which see one record of each."""


class Findings(pd.DataFrame):
    """What was found: ``severity code table sourcedId field message`` (str), ``explains`` (int64).

    The gravest come first, and among them those that explain most others.
    """

    @property
    def _constructor(self) -> "type[Findings]":
        return Findings

    def summary(self) -> pd.DataFrame:
        """Count the findings of each rule.

        Returns
        -------
        pandas.DataFrame
            ``severity code table`` (str), ``findings`` and ``explains`` (int64), and ``means``,
            the sentence of the rule.
        """
        counted = (
            self.groupby(["severity", "code", "table"], sort=False)
            .agg(findings=("message", "size"), explains=("explains", "sum"))
            .reset_index()
        )
        means = counted["code"].map({code: rule.sentence for code, rule in RULES.items()})
        return pd.DataFrame(counted.assign(means=means.astype("str")))

    @property
    def words(self) -> str:
        """How many findings there are of each severity, in a sentence."""
        counts = self["severity"].value_counts()
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
        return f"<p>{html.escape(self.words)}</p>{table}"


def check(source: Source, *, progress: ProgressOption = None) -> Findings:
    """Find out what is wrong with a roster.

    Parameters
    ----------
    source : Source
        A roster, a CSV bundle, or a live connection, of which every table is pulled.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    Findings
        A DataFrame with a row a finding: ``severity`` (``error``, ``warning`` or ``info``),
        ``code``, ``table`` (or ``manifest``), ``sourcedId``, ``field``, ``message`` (str) and
        ``explains`` (int64), how many others have this one as their root: of a school that is
        missing, all rows that refer to it. Rows marked ``tobedeleted`` are not judged, and a
        reference to one is no reference to nothing. A file of a bundle that cannot be read is one
        error, and the others are judged. Fields that the source never sends are one info, people
        who are referred to and not there are one warning. Of one kind of finding in one table at
        most 1,000 rows are given, and one that says how many more.

    Raises
    ------
    ConfigurationError
        For something that is no source.
    RosterError
        Where the source cannot be read.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> len(onb.check(onb.Roster(tables)))
    0
    >>> tables["orgs"] = tables["orgs"].loc[tables["orgs"]["name"] != "Classlink HS"]
    >>> onb.check(onb.Roster(tables)).iloc[0][["code", "table", "sourcedId"]].tolist()
    ['reference-unknown', 'orgs', '2']
    """
    if not isinstance(source, Source):
        raise ConfigurationError(
            f"check() takes a connection, a bundle or a roster, not {type(source).__name__}."
        )
    with muted(DanglingReferenceWarning):  # they are among the findings
        pulled = source._roster_to_check(progress)
    findings = list(pulled.noted)
    roster = RosterTables({name: pulled.table(name) for name in TABLES})
    active = {name: roster.active(name) for name in TABLES}
    gone = {name: roster.deleted(name) for name in TABLES}
    unread = {finding.table for finding in findings if finding.code == "file-unreadable"}
    causes = root_causes.root_causes(active, gone, unread)
    findings += causes.findings
    unknown = links.references(causes.tables, gone)
    findings += links.people_together([each for each in unknown if not causes.explain(each)])
    fixed = roster.with_active(causes.tables)
    once = roster.with_active(root_causes.one_record_each(causes.tables))
    judged = [
        *(rule(active) for rule in _OF_ROWS),
        *(rule(causes.tables) for rule in _OF_LINKS),
        *(rule(fixed) for rule in _OF_ROSTER),
        *(rule(once) for rule in _OF_PEOPLE),
    ]
    findings += [each for of_rule in judged for each in of_rule if not causes.explain(each)]
    return Findings(frame_of(_bounded(findings)))


def _bounded(findings: list[Finding]) -> list[Finding]:
    """Keep the first findings of a kind, and say how many more there are."""
    counts: dict[tuple[Any, ...], int] = {}
    kept = []
    for finding in findings:
        kind = (finding.code, finding.table, finding.field)
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= _SHOWN_AT_MOST or finding.explains:
            kept.append(finding)
    return kept + [
        found(code, table, f"{count - _SHOWN_AT_MOST:,} more rows.", field=field)
        for (code, table, field), count in counts.items()
        if count > _SHOWN_AT_MOST
    ]
