"""What is wrong with a roster, root causes first."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.errors import ConfigurationError, DanglingReferenceWarning, muted
from oneroster_nb.progress import ProgressOption
from oneroster_nb.quality.findings import MORE, Checked, Findings
from oneroster_nb.quality.judging import RosterToJudge
from oneroster_nb.quality.known import key_of, read_known
from oneroster_nb.quality.own_rules import RulesOption, chosen_rules, findings_of
from oneroster_nb.quality.places import Whereabouts
from oneroster_nb.query.moment import Day, Moment, moment_of
from oneroster_nb.source.at_moment import with_moment
from oneroster_nb.source.source import Source, WholeRoster
from oneroster_nb.tables.rulebook import Rule
from oneroster_nb.tables.rules import Finding, frame_of
from oneroster_nb.tables.table import TABLES, without_sensitive

_SHOWN_AT_MOST = 1000


def check(
    source: Source,
    *,
    rules: RulesOption = None,
    severity: Mapping[str, str] | None = None,
    known: str | os.PathLike[str] | None = None,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    progress: ProgressOption = None,
) -> Findings:
    """Find out what is wrong with a roster.

    Parameters
    ----------
    source : Source
        A roster, a CSV bundle, or a live connection, of which every table is pulled.
    rules : str, function, or list of these, optional
        Codes of :func:`rules`: only these are judged. Functions are rules of your own, judged
        beside them. Such a function takes the tables by name, without rows marked
        ``tobedeleted``, and returns the rows that are wrong: ``{"users": rows}``, say. Its name is
        the code (``no_email`` is ``no-email``), and the first line of its docstring is the
        message. To judge it alone, name its code, too: ``[no_email, "no-email"]``.
    severity : mapping of str to str, optional
        Code to ``"error"``, ``"warning"`` or ``"info"``, in place of the severity of the rule. A
        function is a warning.
    known : str or path, optional
        A CSV file of findings that are known, as :meth:`Findings.save_known` writes it. They are
        left out, and ``attrs["footnote"]`` says how many. A column more does no harm.
    as_of : str or datetime.date, optional
        A day such as ``"2026-10-01"``, or ``"today"``: enrollments that do not count on that
        day, and classes that do not meet then, are not judged.
    term : str, optional
        A title or an id of an academic session, or ``"current"``: enrollments and classes that are
        not in that term are not judged.
    include_end_date : bool
        Whether an enrollment counts on its ``endDate``, too.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    Findings
        A DataFrame with a row a finding: ``severity`` (``error``, ``warning`` or ``info``),
        ``code``, ``table`` (or ``manifest``), ``sourcedId``, ``field``, ``message``,
        ``schoolName`` (where the row is; several joined with commas), ``classTitle`` (all str) and
        ``explains`` (int64), how many others have this one as their root: of a school that is
        missing, all rows that refer to it. Rows marked ``tobedeleted`` are not judged, and a
        reference to one is no reference to nothing. A file of a bundle that cannot be read is one
        error, and the others are judged. Fields that the source never sends are one info, people
        who are referred to and not there are one warning. Of one kind of finding in one table at
        most 1,000 rows are given, and one that says how many more. ``summary()`` counts by rule,
        and says why each matters and how to fix it; ``by("schoolName")`` gives rates by school.
        ``attrs["as_of"]`` holds the day or term.

    Raises
    ------
    ConfigurationError
        For something that is no source, a file of known findings that cannot be read, and a
        function that fails or returns something other than rows of tables.
    QueryError
        For an unknown rule, severity or term, and an `as_of` that is no day.
    RosterError
        Where the source cannot be read.

    Warns
    -----
    NoMatchWarning
        If no term is running on the day.

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

    A rule of your own:

    >>> def course_without_code(tables):
    ...     '''A course has no code.'''
    ...     courses = tables["courses"]
    ...     return {"courses": courses.loc[courses["courseCode"].isna()]}
    >>> tables = make_district()
    >>> tables["courses"].loc[0, "courseCode"] = None
    >>> found = onb.check(
    ...     onb.Roster(tables), rules=course_without_code, severity={"course-without-code": "info"}
    ... )
    >>> found[["severity", "code", "message"]].iloc[0].tolist()
    ['info', 'course-without-code', 'A course has no code.']
    """
    if not isinstance(source, Source):
        raise ConfigurationError(
            f"check() takes a connection, a bundle or a roster, not {type(source).__name__}."
        )
    chosen = chosen_rules(rules, severity)
    accepted = frozenset() if known is None else read_known(known)
    moment = moment_of(as_of, term, include_end_date)
    with muted(DanglingReferenceWarning):  # they are among the findings
        pulled = source if isinstance(source, WholeRoster) else source._roster_to_check(progress)
    tables = {name: without_sensitive(name, pulled.table(name)) for name in TABLES}
    roster = RosterTables(tables if moment is None else _at_moment(moment, tables))
    unread = frozenset(each.table for each in pulled.noted if each.code == "file-unreadable")
    judged = RosterToJudge(roster, unread)
    own = {
        code: findings_of(chosen.every[code], function, judged.tables)
        for code, function in chosen.own.items()
    }
    findings = [
        *(each for each in pulled.noted if each.code in chosen.codes),
        *judged.findings(chosen.codes),
        *(each for found, _ in own.values() for each in found),
    ]
    classes, sessions = roster.active("classes"), tables["academicSessions"]
    idle = classes["sourcedId"].head(0)
    if moment is not None:
        idle = classes.loc[~moment.meets(classes, sessions), "sourcedId"]
        ids = frozenset(idle)
        findings = [f for f in findings if f.table != "classes" or f.sourcedId not in ids]
    new = [each for each in findings if key_of(each) not in accepted] if accepted else findings
    where = Whereabouts(judged.fixed)
    shown, not_shown = (
        frame.assign(**where.of_findings(frame))
        for frame in (frame_of(part, chosen.every) for part in _bounded(new, chosen.every))
    )
    looked_at = where.looked_at(chosen.codes, {code: at for code, (_, at) in own.items()}, idle)
    table = Findings(shown)
    table._checked = Checked(chosen.every, looked_at, not_shown)
    if moment is not None:
        with_moment(table, moment, classes, sessions)
    with_footnote(table, _known_note(len(findings) - len(new)))
    return table


def _at_moment(moment: Moment, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Mark the enrollments that do not count, so that no rule judges them."""
    enrollments = tables["enrollments"]
    counts = moment.enrolled(enrollments, tables["classes"], tables["academicSessions"])
    status = enrollments["status"].where(counts, "tobedeleted").astype("str")
    return {**tables, "enrollments": enrollments.assign(status=status)}


def _known_note(count: int) -> list[str]:
    """Write how many known findings are left out."""
    if not count:
        return []
    return [
        f"{count:,} known findings are left out." if count > 1 else "1 known finding is left out."
    ]


def _bounded(
    findings: Iterable[Finding], rules: Mapping[str, Rule]
) -> tuple[list[Finding], list[Finding]]:
    """Part the first findings of each kind, and how many more there are, from the others."""
    counts: Counter[tuple[str, str, str | None]] = Counter()
    kept: list[Finding] = []
    others: list[Finding] = []
    for finding in findings:
        kind = (finding.code, finding.table, finding.field)
        counts[kind] += 1
        shown = counts[kind] <= _SHOWN_AT_MOST or finding.explains
        (kept if shown else others).append(finding)
    for (code, table, field), count in Counter(
        (each.code, each.table, each.field) for each in others
    ).items():
        words = f"{rules[code].sentence.removesuffix('.')}: {count:,}{MORE}"
        kept.append(Finding(code, table, words, None, field))
    return kept, others
