"""What servers get wrong, as behaviours of a `FaultServer`.

`at` confines a behaviour to some paths, `first` to the first few requests.
"""

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from helpers.faultserver import Answer, Asked, Behaviour, Record

# --- where and when a behaviour applies ----------------------------------------------------


def at(pattern: str, behave: Behaviour) -> Behaviour:
    """Behave so on the paths that match a glob, ``"classes/*/students"`` say."""

    def confined(asked: Asked, answer: Answer) -> None:
        if fnmatchcase(asked.path, pattern):
            behave(asked, answer)

    return confined


def first(times: int, behave: Behaviour) -> Behaviour:
    """Behave so for the first few requests, then no more."""
    count = itertools.count(1)

    def passing(asked: Asked, answer: Answer) -> None:
        if next(count) <= times:
            behave(asked, answer)

    return passing


# --- pages -----------------------------------------------------------------------------------


def clamp(most: int) -> Behaviour:
    """Send at most so many rows, whatever limit was asked, and say nothing about it."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.limit = min(answer.limit, most)

    return behave


def no_total(_asked: Asked, answer: Answer) -> None:
    """Announce no total."""
    answer.total = None


def totals(*values: object) -> Behaviour:
    """Announce these totals, one a request; the last one stays."""
    following: Iterator[object] = itertools.chain(values, itertools.repeat(values[-1]))

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.total = next(following)

    return behave


def no_link(_asked: Asked, answer: Answer) -> None:
    """Send no next link."""
    answer.link = None


def link_to(url: str) -> Behaviour:
    """Send this next link with every page."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.link = url

    return behave


def same_page(_asked: Asked, answer: Answer) -> None:
    """Send the first page whatever offset was asked."""
    answer.offset = 0


# --- statuses and bodies ---------------------------------------------------------------------


def status(code: int, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with an error status and a OneRoster error."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.status = code
        answer.headers.update(headers or {})
        answer.body = json.dumps(
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_description": f"This server answers {code} on purpose.",
            }
        ).encode()

    return behave


def html(code: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with a page of HTML."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.status = code
        answer.headers.update({"Content-Type": "text/html", **(headers or {})})
        answer.body = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"

    return behave


def redirect(url: str, code: int = 302) -> Behaviour:
    """Answer with a redirect."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.status = code
        answer.headers["Location"] = url
        answer.body = b""

    return behave


def cut(_asked: Asked, answer: Answer) -> None:
    """Send half of the JSON as if it were all."""
    body = json.dumps({answer.key: answer.rows}).encode()
    answer.body = body[: len(body) // 2]


def dropped(_asked: Asked, answer: Answer) -> None:
    """Close the connection in the middle of the body."""
    answer.dropped = True


def envelope(key: str) -> Behaviour:
    """Put the list under another key."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.key = key

    return behave


def bare_list(_asked: Asked, answer: Answer) -> None:
    """Send the list without an envelope."""
    answer.body = json.dumps(answer.rows).encode()
    if answer.total is not None:
        answer.headers["X-Total-Count"] = str(answer.total)


def each(change: Callable[[Record], Record]) -> Behaviour:
    """Change every record that is sent: booleans for strings, nulls, relative hrefs."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.records = [change(dict(record)) for record in answer.records]

    return behave


# --- filters ---------------------------------------------------------------------------------


def filters_exactly(asked: Asked, answer: Answer) -> None:
    """Honour ``field='value'`` to the letter, as servers that mind case do."""
    clause = re.fullmatch(r"(\w+)='(.*)'", asked.query.get("filter", ""))
    if clause:
        name, value = clause[1], clause[2].replace("''", "'")
        answer.records = [r for r in answer.records if str(r.get(name)) == value]
        answer.total = None if answer.total is None else len(answer.records)


def filters_to_nothing(asked: Asked, answer: Answer) -> None:
    """Answer any filter with an empty list."""
    if "filter" in asked.query:
        answer.records, answer.total = [], 0


def filters_well(asked: Asked, answer: Answer) -> None:
    """Honour clauses of ``=`` and ``>=`` that are joined by AND."""
    if "filter" not in asked.query:
        return
    for clause in asked.query["filter"].split(" AND "):
        parts = re.fullmatch(r"(\w+)(=|>=)'(.*)'", clause)
        assert parts is not None
        name, sign, value = parts.groups()
        answer.records = [
            record
            for record in answer.records
            if (record[name] == value if sign == "=" else record[name] >= value)
        ]
    answer.total = None if answer.total is None else len(answer.records)


def selects_fields(asked: Asked, answer: Answer) -> None:
    """Honour ``fields``: send the fields that are named, and no others."""
    if names := asked.query.get("fields"):
        wanted = names.split(",")
        answer.records = [{n: r[n] for n in wanted if n in r} for r in answer.records]


def refuses_filters(code: int) -> Behaviour:
    """Answer any filter with an error status."""

    def behave(asked: Asked, answer: Answer) -> None:
        if "filter" in asked.query:
            status(code)(asked, answer)

    return behave


# --- time ------------------------------------------------------------------------------------


class Together:
    """Hold each answer until so many requests are under way at once, within a bound.

    `most` is the largest number that was under way together.
    """

    def __init__(self, wanted: int, *, seconds: float = 2.0) -> None:
        self.wanted = wanted
        self.most = 0
        self._seconds = seconds
        self._now = 0
        self._changed = threading.Condition()

    def __call__(self, _asked: Asked, _answer: Answer) -> None:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self.wanted, self._seconds)
            self._now -= 1


class Silence:
    """Answer nothing until `end` is called, or for a minute at most."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def __call__(self, _asked: Asked, _answer: Answer) -> None:
        self._over.wait(60)

    def end(self) -> None:
        """Let the answers go."""
        self._over.set()
