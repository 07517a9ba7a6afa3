"""How fast this package is, against the package ``oneroster`` and against what cannot be beaten.

    python tests/bench/run.py                       # the whole table; takes an hour or more
    python tests/bench/run.py --only all-near form  # some rows
    python tests/bench/run.py --students 5000       # smaller districts
    python tests/bench/run.py --quick               # each way once, without times

The usual district has `--students`; the small one has a tenth, the large one 6 times and the
largest one 10 times as many. Each measurement is a process of its own, the ways of a row take turns
in some rounds, and medians count. Peak memory is read from Linux.
"""

import argparse
import warnings
from collections.abc import Sequence
from functools import cache

from measuring import Places, in_own_process, measure
from printing import machine, results_of, table_text, ways_text
from rows import ROWS
from table import sizes_of
from work import perform

QUICK_STUDENTS = 210


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the chosen rows and print them."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog=f"The rows are: {', '.join(row.name for row in ROWS)}.",
    )
    parser.add_argument("--only", nargs="+", choices=[row.name for row in ROWS], metavar="ROW")
    parser.add_argument("--students", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_STUDENTS} students, no times")
    options = parser.parse_args(arguments)
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    sizes = sizes_of(options.students)
    if options.quick:
        sizes = dict.fromkeys(sizes, QUICK_STUDENTS)
        warnings.simplefilter("ignore")  # what the questions warn of is tested elsewhere
    else:
        print(machine())
        print(", ".join(f"{name}: {students:,} students" for name, students in sizes.items()))
    run = cache(perform) if options.quick else in_own_process  # most ways are in several rows
    results = []
    with Places() as places:
        for row in rows:
            found = measure(
                row,
                sizes,
                places,
                rounds=1 if options.quick else options.rounds,
                run=run,
                quick=options.quick,
            )
            print("\n" + ways_text(row, found, times=not options.quick), flush=True)
            results += results_of(row, found)
    if not options.quick:
        print("\n" + table_text(results))


if __name__ == "__main__":
    main()
