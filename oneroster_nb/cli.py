"""The command line: ``oneroster-nb query``, ``oneroster-nb lab``, ``oneroster-nb serve-demo``."""

import argparse
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from oneroster_nb.errors import (
    ConfigurationError,
    QueryError,
    RosterError,
    collected_warnings,
)

if TYPE_CHECKING:  # help is shown at once, without pandas
    import pandas as pd

    from oneroster_nb.source.source import Source

_QUICK_START = "01_quickstart.ipynb"
_SHOWN = (
    *("sourcedId", "givenName", "familyName", "role", "grades"),
    *("groupName", "classTitle", "schoolName", "schoolNames"),
)
"""The columns of an answer that are printed; a file has all of them."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys, or that change the order of what it shows."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default, those of this process.
    """
    parser = argparse.ArgumentParser(
        prog="oneroster-nb", description="School rosters in Jupyter, as pandas DataFrames."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    query = commands.add_parser(
        "query",
        help="answer a question such as 'classes::ELA 6 (6A ELA)::students'",
        description="Answer a question, as query() of a connection does: print who it is, or write"
        " all columns to a file. Warnings and footnotes go to stderr.",
    )
    query.add_argument("query", metavar="QUERY", help="group_filter::group_name::user_filter?...")
    _add_source(query)
    query.add_argument("--as-of", metavar="DAY", help="such as 2026-10-01, or today")
    query.add_argument("--term", help="a title, an id or current")
    query.add_argument("--csv", metavar="OUT", help="write a .csv file that only you can read")
    query.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    query.set_defaults(run=_query)

    lab = commands.add_parser(
        "lab",
        help="open JupyterLab on the quick start",
        description="Open JupyterLab on the quick start. In a clone of the repository, its own"
        " notebooks are opened. Elsewhere, copies are put into FOLDER; no file is overwritten.",
    )
    lab.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    lab.add_argument("--no-browser", action="store_true", help="only print the address")
    lab.set_defaults(run=lambda args: _lab(args.folder, browser=not args.no_browser))

    demo = commands.add_parser(
        "serve-demo",
        help="serve the demo district until Ctrl+C",
        description="Serve the demo district, a made-up one, on this machine until Ctrl+C, over"
        " OneRoster 1.1 and 1.2 and Clever. Hosts, ids and secrets are printed.",
    )
    demo.add_argument("--port", type=int, default=0, help="by default, any free port")
    demo.add_argument("--students", type=int, help="make a district with this many students")
    demo.add_argument("--school-year", help="such as 2026-2027; by default, that of today")
    demo.set_defaults(run=lambda args: _serve_demo(args.port, args.students, args.school_year))

    args = parser.parse_args(argv)
    try:
        status: int = args.run(args)
    except RosterError as error:
        _tell(str(error))
        return 2
    return status


def _tell(text: str) -> None:
    """Say something beside the answer."""
    print(f"oneroster-nb: {text}", file=sys.stderr)


def _add_source(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which source a command asks."""
    parser.add_argument("--provider", help="such as classlink, clever, oneroster, csv or demo")
    parser.add_argument("--profile", metavar="NAME", help="a saved connection")
    parser.add_argument("--path", help="the bundle of --provider csv, or the roster of snapshot")


def _source(args: argparse.Namespace) -> "Source":
    """Connect to the source of a command: the one it names, else the environment's, else the demo.

    Ids and secrets come from the environment or the saved connection, as a command line is no
    place for them.
    """
    from oneroster_nb.connectors.connect import connect  # slow to import

    named = {"provider": args.provider, "profile": args.profile, "path": args.path}
    options = {name: value for name, value in named.items() if value is not None}
    if not options and not any(name.startswith("ONEROSTER_") for name in os.environ):
        _tell("This is the demo district, a made-up one. --provider or --profile names another.")
        options = {"provider": "demo"}
    return connect(**options)


def _query(args: argparse.Namespace) -> int:
    from oneroster_nb.export import checked_target, write  # slow to import
    from oneroster_nb.query.query import Query

    query = Query.parse(args.query)
    for name in ("as_of", "term"):
        value = getattr(args, name)
        if value is not None and getattr(query, name) is not None:
            raise QueryError(f"{name} is in the query and beside it. Leave one out.")
        query = query if value is None else replace(query, **{name: value})
    if args.csv is not None:
        if not args.csv.lower().endswith(".csv"):
            raise ConfigurationError(f"--csv writes a .csv file, not {args.csv!r}.")
        checked_target(args.csv, overwrite=args.overwrite)
    with collected_warnings() as told, _source(args) as source:
        answer = source.query(query, progress=None if sys.stderr.isatty() else False)
    footnote = str(answer.attrs.get("footnote", ""))
    for note in dict.fromkeys([*(text for text in told if text not in footnote), footnote]):
        if note:
            _tell(note)
    if args.csv is None:
        _print(_lines_of(answer, query.where or ()))
    else:
        _tell(f"{_size_of(answer)} in {write(answer, args.csv, overwrite=args.overwrite)}.")
    return 0


def _size_of(answer: "pd.DataFrame") -> str:
    people, rows = answer["sourcedId"].nunique(), len(answer)
    return (
        f"{people:,} {'person' if people == 1 else 'people'},"
        f" {rows:,} {'row' if rows == 1 else 'rows'}"
    )


def _lines_of(answer: "pd.DataFrame", asked: Iterable[str]) -> list[str]:
    """Write an answer as lines of text: its size, and the columns that say who and where.

    Those of conditions are among them. A control character, which could change what a terminal
    does, becomes a question mark.
    """
    lines = [""] * (len(answer) + 1)
    for name in dict.fromkeys([*_SHOWN, *asked]):
        if name in answer:
            cells = [name, *answer[name].astype("string").fillna("")]
            width = max(map(len, cells))
            lines = [f"{line}{cell:{width}}  " for line, cell in zip(lines, cells, strict=True)]
    rows = [_CONTROL.sub("?", line.rstrip()) for line in lines] if len(answer) else []
    return [_size_of(answer), *rows]


def _print(lines: Iterable[str]) -> None:
    """Print lines, whatever the encoding of the output, until nobody reads on."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:  # as of head, which has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lab(folder: Path | None, *, browser: bool) -> int:
    from jupyterlab.labapp import LabApp  # slow to import, and only needed here

    notebooks = _notebooks(folder)
    arguments = [
        f"--ServerApp.root_dir={notebooks.resolve()}",
        f"--LabApp.default_url=/lab/tree/{_QUICK_START}",
    ]
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # JupyterLab refuses root; in a container there is no other user.
        print(
            "Running as root, as in a container, so JupyterLab is started with --allow-root.",
            file=sys.stderr,
        )
        arguments.append("--allow-root")
    LabApp.launch_instance(argv=arguments)
    return 0


def _notebooks(folder: Path | None) -> Path:
    """Return the folder of the clone's notebooks, or copy the notebooks of the wheel."""
    package = Path(__file__).parent
    in_clone = package.parent / "notebooks"
    if folder is None and (in_clone / _QUICK_START).is_file():
        return in_clone
    shipped = next(p for p in (package / "_notebooks", in_clone) if (p / _QUICK_START).is_file())
    target = folder or Path("oneroster-notebooks")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for notebook in sorted(shipped.glob("*.ipynb")):
            if not (target / notebook.name).exists():
                shutil.copyfile(notebook, target / notebook.name)
    except OSError as exc:
        raise ConfigurationError(
            f"The notebooks cannot be copied to {target} ({exc.strerror}). Name another folder."
        ) from None
    return target


def _serve_demo(port: int, students: int | None, school_year: str | None) -> int:
    from oneroster_nb.demo.district.making import make_district
    from oneroster_nb.demo.server.embedded import DemoServer

    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        server = DemoServer(make_district(students, school_year=school_year), port=port)
    except (OSError, OverflowError) as exc:
        raise ConfigurationError(
            f"Port {port} is not available ({exc}). Choose another one."
        ) from None
    with server:
        for label, value in {
            "host": server.host,
            "client id": server.client_id,
            "client secret": server.client_secret,
            "OneRoster 1.2 host": server.host_v1p2,
            "token URL": server.token_url,
            "Clever host": server.clever_hosts["3.1"],
            "Clever token": server.clever_token,
        }.items():
            print(f"{label:18}  {value}")
        print("All people in it are made up. Press Ctrl+C to stop.", flush=True)
        try:
            stopped.wait()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
