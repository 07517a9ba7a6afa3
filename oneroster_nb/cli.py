"""The command line: ``oneroster-nb lab`` and ``oneroster-nb serve-demo``."""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from oneroster_nb.errors import ConfigurationError, RosterError

_QUICK_START = "01_quickstart.ipynb"


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
        print(f"oneroster-nb: {error}", file=sys.stderr)
        return 1
    return status


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
