"""Rules about what refers to what: references, circles."""

from collections.abc import Iterable, Sequence

import pandas as pd

from oneroster_nb.tables.references import UnknownIds
from oneroster_nb.tables.rules import Finding, Tables, found
from oneroster_nb.tables.table import TABLES
from oneroster_nb.tables.text import examples

_OPTIONAL = frozenset({"categories", "lineItems", "resources"})
"""Tables of other services, which a source may not show."""


def references(tables: Tables, found_unknown: Iterable[UnknownIds]) -> list[Finding]:
    """Make a finding of each id that is referred to and is not there, with all that refer to it."""
    lost: dict[str, list[pd.DataFrame]] = {}
    for name, column, unknown in found_unknown:
        rows = {"key": unknown.index, "place": f"{name}.{column}", "count": unknown.array}
        lost.setdefault(TABLES[name].references[column], []).append(pd.DataFrame(rows))
    findings = []
    for target, parts in lost.items():
        counts = pd.concat(parts)
        if tables[target].empty:
            total = int(counts["count"].sum())
            code = "table-not-shared" if target in _OPTIONAL else "reference-unknown"
            words = f"there are no {target} at all, and {total:,} references to them."
            findings.append(found(code, target, words, explains=total))
            continue
        code = "person-not-shared" if target == "users" else "reference-unknown"
        for key, of_key in counts.groupby("key", sort=False):
            pairs = zip(of_key["count"], of_key["place"], strict=True)
            where = ", ".join(f"{count:,} in {place}" for count, place in pairs)
            words = f"{str(key)[:60]!r} is not there; {where} refer to it."
            total = int(of_key["count"].sum())
            findings.append(found(code, target, words, key=key, explains=total))
    return findings


def people_together(findings: Sequence[Finding]) -> list[Finding]:
    """Make one finding of all people who are referred to and not there, in the first's place."""
    people = [finding for finding in findings if finding.code == "person-not-shared"]
    if len(people) < 2:
        return list(findings)
    total = sum(finding.explains for finding in people)
    ids = examples((str(finding.sourcedId) for finding in people), 60)
    words = f"{len(people):,} people in {total:,} references: {ids}."
    one = found("person-not-shared", "users", words, explains=total)
    return [one if each is people[0] else each for each in findings if each not in people[1:]]


def cycles(tables: Tables) -> list[Finding]:
    """Find orgs and sessions that are below themselves."""
    findings, column = [], "parentSourcedId"
    for name in ("orgs", "academicSessions"):
        table = tables[name].dropna(subset=["sourcedId", column])
        parents = dict(zip(table["sourcedId"], table[column], strict=True))
        settled: set[str] = set()
        for start in parents:
            path: dict[str, None] = {}
            at: str | None = start
            while at is not None and at not in settled and at not in path:
                path[at] = None
                at = parents.get(at)
            if at in path:
                walked = list(path)
                circle = walked[walked.index(str(at)) :]
                words = " in ".join([*circle, circle[0]])[:200] + "."
                below = len(circle) - 1
                one = found("cycle", name, words, key=circle[0], field=column, explains=below)
                findings.append(one)
            settled.update(path)
    return findings
