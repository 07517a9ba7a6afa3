"""What was measured, as plain text."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from job import Measured
from table import Goal, Row

Rounds = Sequence[dict[str, Measured]]


@dataclass(frozen=True)
class Result:
    """A goal of a row, and the number in each round."""

    row: Row
    goal: Goal
    values: tuple[float, ...]
    by_processor: float | None
    """The median by seconds of processor time, if the number is of seconds and nothing waits."""

    @property
    def middle(self) -> float:
        """The median."""
        return statistics.median(self.values)


def machine() -> str:
    """Describe where this was measured."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()},"
        f" {os.cpu_count()} cores, load {load:.1f} at the start"
    )


def ways_text(row: Row, found: Rounds, *, times: bool) -> str:
    """Write what each way of a row took: medians, and of seconds the least and the most."""
    lines = [f"{row.name}: {row.title}"]
    for entry in row.entries:
        runs = [one[entry.label] for one in found]
        line = f"  {entry.label:28} {runs[0].requests:6,} requests {runs[0].rows:11,} rows"
        if times:
            seconds = [run.seconds for run in runs]
            middle = statistics.median(seconds)
            line += (
                f" {middle:9.4f} s ({min(seconds):.4f}-{max(seconds):.4f})"
                f" {statistics.median(run.processor for run in runs):9.4f} s of processor"
                f" {statistics.median(run.megabytes for run in runs):7,.0f} MB"
            )
        lines.append(line)
    return "\n".join(lines)


def results_of(row: Row, found: Rounds) -> list[Result]:
    """Work out the goals of a row."""
    waits = any(entry.network.latency for entry in row.entries)
    results = []
    for goal in row.goals:
        by_processor = None
        if goal.of == "seconds" and not waits:
            of_processor = replace(goal, of="processor")
            by_processor = statistics.median(map(of_processor.value, found))
        results.append(Result(row, goal, tuple(map(goal.value, found)), by_processor))
    return results


def table_text(results: Iterable[Result]) -> str:
    """Write the table: each number, its spread, what is to be reached, and whether it is."""
    head = ("row", "number", "measured", "spread", "by processor", "at least", "aim", "reached")
    lines = [head, *map(_cells, results)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(result: Result) -> tuple[str, ...]:
    goal = result.goal
    reached = goal.reached(result.middle)
    return (
        result.row.name,
        goal.label,
        _number(result.middle, goal),
        f"{_plain(min(result.values))}-{_plain(max(result.values))}",
        "" if result.by_processor is None else _number(result.by_processor, goal),
        _bound(goal.bound, goal),
        _bound(goal.aim, goal),
        "" if reached is None else "yes" if reached else "NO",
    )


def _bound(bound: float | None, goal: Goal) -> str:
    if bound is None:
        return ""
    return ("<= " if goal.low else ">= ") + _number(bound, goal)


def _number(value: float, goal: Goal) -> str:
    return _plain(value) + goal.unit


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
