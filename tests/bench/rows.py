"""The rows of the table: what is measured, against what, and what is to be reached."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import ceil

from groups import CLASS, COURSE, LARGE_COURSE, SCHOOL
from job import BUNDLE, LATER
from serving import Network
from table import GROWING, LARGE, LARGEST, USUAL, Entry, Goal, Row

FAR = Network(latency=0.05, connecting=0.1, page=1_000, workers=8)
"""A server far away."""
NEAR = Network()
"""A server on this machine, large pages."""
DEEP = Network(latency=0.05, page=0, workers=8)
"""Many small pages over connections that cost nothing."""
CAPPED = Network(latency=0.05, connecting=0.1, cap=1_000, workers=8)
"""A server far away that sends smaller pages than it is asked for."""
PACKED = Network(packed=True)
"""A server on this machine that compresses its answers."""
PAGES = 200
_BESIDE = {"diff": LATER, "bundle: roster": BUNDLE}
"""What some ways read beside the roster."""


def _asked(
    labels: Iterable[str], *group: str, network: Network, size: str = USUAL, times: int = 1
) -> tuple[Entry, ...]:
    """Return ways to ask a server one question."""
    return tuple(
        Entry(way, way, size, tuple(group), network, times=times, served=True) for way in labels
    )


def _grown(name: str, title: str, way: str, *, served: bool = False, group: str = "") -> Row:
    """Return a row of how one way grows with the district."""
    asked = ("courses", group) if group else ()
    return Row(
        f"growth-{name}",
        f"growth: {title}",
        tuple(
            Entry(f"{way}, {size}", way, size, asked, served=served, beside=_BESIDE.get(way, ""))
            for size in GROWING
        ),
        tuple(
            Goal(
                f"{more} / {less}",
                f"{way}, {more}",
                f"{way}, {less}",
                bound=10.5,
                aim=9.5,
                low=True,
            )
            for less, more in pairwise(GROWING)
        ),
    )


def _faster(than: str, bound: float, aim: float, ours: str = "ours") -> Goal:
    return Goal(f"{than} / {ours}", than, ours, bound=bound, aim=aim)


def _takes(way: str, bound: float, aim: float) -> tuple[Goal, ...]:
    return (Goal("seconds", way, bound=bound, aim=aim, low=True, unit=" s"),)


def _done(name: str, title: str, way: str, bounds: Mapping[str, tuple[float, float]]) -> list[Row]:
    """Return a row a size of something that is done to a roster."""
    return [
        Row(
            f"{name}-{size}",
            f"{title}, {size} district",
            (Entry(way, way, size, beside=_BESIDE.get(way, "")),),
            _takes(way, *b),
        )
        for size, b in bounds.items()
    ]


def _model(network: Network, pages: int) -> float:
    """Return the seconds of requests that go out as soon as they can, the first one alone."""
    return network.latency * (1 + ceil((pages - 1) / network.workers))


_ALL = ("peer", "peer + pandas", "ours")
_FEW = ("peer", "ours")
_LISTED, _ASKED = "ours, listed before", "ours, asked before"
_FETCH, _PARSE = "limit: fetch only", "limit: parse only"

ROWS: tuple[Row, ...] = (
    Row(
        "all-far",
        "all students; 50 ms a request, 100 ms a connection, page 1,000, 8 workers",
        _asked((*_ALL, _FETCH), network=FAR),
        (_faster("peer", 11, 15), Goal("ours / fetch only", "ours", _FETCH, low=True)),
    ),
    Row(
        "class-far",
        "students of one class by title, same network",
        _asked((*_FEW, _LISTED), "classes", CLASS, network=FAR),
        (_faster("peer", 7, 10), _faster("peer", 15, 30, _LISTED)),
    ),
    Row(
        "course-far",
        "students of one course of 20 sections, same network",
        _asked(_FEW, "courses", COURSE, network=FAR),
        (_faster("peer", 7, 10),),
    ),
    Row(
        "school-far",
        "students of one school, same network",
        _asked((*_FEW, _ASKED), "schools", SCHOOL, network=FAR),
        (_faster("peer", 1.5, 2), Goal(f"peer / {_ASKED}", "peer", _ASKED)),
    ),
    Row(
        "pages",
        f"all students in {PAGES} pages, 50 ms a request, 8 workers",
        tuple(Entry(way, way, network=DEEP, pages=PAGES, served=True) for way in ("ours", _FETCH)),
        (
            Goal(
                "ours / round-trip model",
                "ours",
                model=_model(DEEP, PAGES),
                bound=1.15,
                aim=1.05,
                low=True,
            ),
            Goal("fetch only / model", _FETCH, model=_model(DEEP, PAGES), low=True),
        ),
    ),
    Row(
        "all-near",
        "all students; no latency, page 10,000",
        _asked((*_ALL, _FETCH, _PARSE), network=NEAR),
        (
            _faster("peer", 3.5, 5),
            Goal("peer + pandas / ours", "peer + pandas", "ours"),
            Goal("memory: ours / peer", "ours", "peer", of="megabytes", low=True),
        ),
    ),
    Row(
        "all-capped",
        "all students; 50 ms a request, 100 ms a connection, page 10,000, of which 1,000 come",
        _asked(_FEW, network=CAPPED),
        (Goal("peer / ours", "peer", "ours"),),
    ),
    Row(
        "all-packed",
        "all students, compressed; no latency, page 10,000",
        _asked(_FEW, network=PACKED),
        (Goal("peer / ours", "peer", "ours"),),
    ),
    Row(
        "class-near",
        "students of one class by title, no latency",
        _asked((*_FEW, _LISTED), "classes", CLASS, network=NEAR, times=7),
        (_faster("peer", 4, 8), Goal(f"peer / {_LISTED}", "peer", _LISTED)),
    ),
    Row(
        "course-near",
        "students of one course of 20 sections, no latency",
        _asked(_FEW, "courses", COURSE, network=NEAR, times=7),
        (_faster("peer", 1, 1.8),),
    ),
    Row(
        "school-near",
        "students of one school, no latency",
        _asked((*_FEW, _ASKED), "schools", SCHOOL, network=NEAR, times=7),
        (_faster("peer", 0.9, 1.2), Goal(f"peer / {_ASKED}", "peer", _ASKED)),
    ),
    Row(
        "clever-course",
        "requests to Clever for 60 sections of a course",
        (
            Entry(
                "ours, Clever",
                "ours, Clever",
                group=("courses", LARGE_COURSE),
                network=NEAR,
                served=True,
            ),
        ),
        (Goal("requests", "ours, Clever", of="requests", bound=4, aim=2, low=True, unit=""),),
    ),
    *(
        Row(
            f"roster-course-{size}",
            f"one course of a roster against pandas merges, {size} district",
            tuple(
                Entry(way, way, size, ("courses", COURSE), times=7 * times + 1)
                for way, times in (
                    ("pandas merges", 1),
                    ("roster", 1),
                    ("roster, first question", 0),
                )
            ),
            (
                _faster("pandas merges", *bounds, "roster"),
                Goal("pandas merges / first question", "pandas merges", "roster, first question"),
            ),
        )
        for size, bounds in ((USUAL, (3, 6)), (LARGEST, (12, 20)))
    ),
    Row(
        "form",
        "the form, from Run query to the table, against the query alone",
        (
            Entry("form", "form", times=5),
            Entry("students of a roster", "students of a roster", times=5),
        ),
        (
            Goal(
                "form - query",
                "form",
                "students of a roster",
                bound=0.3,
                aim=0.1,
                low=True,
                minus=True,
                unit=" s",
            ),
        ),
    ),
    *_done("check", "check()", "check", {USUAL: (1, 0.5), LARGE: (7, 3)}),
    *_done("pseudonymise", "pseudonymise()", "pseudonymise", {USUAL: (2, 1), LARGE: (13, 6)}),
    *_done("diff", "diff() of two rosters", "diff", {LARGE: (3, 1.5)}),
    *_done("cross-listed", "cross_listed()", "cross_listed", {LARGE: (1, 0.5)}),
    *_done("to-csv", "to_csv_bundle()", "to_csv_bundle", {LARGE: (4, 2.5)}),
    *(
        Row(
            f"bundle-{size}",
            f"a CSV bundle against pandas' reader of its files as text, {size} district",
            tuple(
                Entry(way, f"bundle: {way}", size, beside=BUNDLE)
                for way in ("pandas", "rows", "roster")
            ),
            (
                _faster("pandas", 2.5, 4, "roster"),
                Goal("pandas / rows alone", "pandas", "rows"),
                Goal(
                    "memory: roster / pandas",
                    "roster",
                    "pandas",
                    of="megabytes",
                    bound=1,
                    aim=0.64,
                    low=True,
                ),
            ),
        )
        for size in (USUAL, LARGEST)
    ),
    Row(
        "all-largest",
        "all students of the largest district; no latency, page 10,000",
        _asked(_FEW, network=NEAR, size=LARGEST),
        (
            _faster("peer", 7, 10),
            Goal(
                "memory: ours / peer",
                "ours",
                "peer",
                of="megabytes",
                bound=0.3,
                aim=0.22,
                low=True,
            ),
        ),
    ),
    _grown("district", "the whole district from a server", "ours, whole roster", served=True),
    _grown("students", "all students from a server", "ours", served=True),
    _grown("course", "one course of a roster", "roster, first question", group=COURSE),
    _grown("bundle", "a roster from a CSV bundle", "bundle: roster"),
    *(
        _grown(way.replace("_", "-"), f"{way}()", way)
        for way in (
            *("check", "pseudonymise", "diff", "cross_listed"),
            *("to_csv_bundle", "save", "load"),
        )
    ),
)
"""All rows."""
