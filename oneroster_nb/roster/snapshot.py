"""A saved roster: a folder of Parquet files and a manifest."""

import datetime
import glob
import hashlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from oneroster_nb.errors import SnapshotError
from oneroster_nb.files import new_private, partial_of
from oneroster_nb.tables.made_ids import with_present_ids
from oneroster_nb.tables.rulebook import RULES
from oneroster_nb.tables.rules import Finding

SCHEMA_VERSION = 2
_FORMAT = "oneroster_nb roster"
_MANIFEST = "manifest.json"
_ABANDONED = 3600.0  # seconds after which a partial folder is surely abandoned


@dataclass(frozen=True)
class Snapshot:
    """The tables of one moment, their source and time, and the findings of reading them."""

    tables: Mapping[str, pd.DataFrame]
    provider: str
    taken: datetime.datetime
    findings: Sequence[Finding] = ()
    server_time: datetime.datetime | None = None


def write_snapshot(snapshot: Snapshot, path: str | Path, *, overwrite: bool) -> Path:
    """Write a snapshot into a folder, all of it or nothing, that only its owner can read.

    All files are written into a hidden folder beside the target, which is renamed when it is
    complete. If the process is killed, the old roster remains, or none. If it is killed between
    moving the old folder aside and renaming the new one, reading finds the old folder. Unfinished
    folders are removed after an hour.

    The parameters and the errors are those of :meth:`oneroster_nb.Roster.save`.
    """
    target = Path(path)
    aside = _set_aside(target)
    if aside is not None:
        aside.rename(target)
    if target.exists():
        if not overwrite:
            raise SnapshotError(
                f"{target} already exists. Choose another name, or pass overwrite=True to replace"
                " the roster in it."
            )
        if not (target / _MANIFEST).is_file():
            raise SnapshotError(f"{target} holds no roster, so it was not overwritten.")
    partial = partial_of(target)
    try:
        _remove_abandoned(target)
        partial.mkdir(mode=0o700)
        try:
            _write_files(snapshot, partial)
            _replace(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as exc:
        raise SnapshotError(
            f"The roster cannot be written to {target}: {exc.strerror}. Check that the folder"
            " above it exists and that the disk has room."
        ) from None
    return target


def read_snapshot(path: str | Path) -> Snapshot:
    """Read a folder that :func:`write_snapshot` wrote, and check it.

    Raises
    ------
    SnapshotError
        If it is not such a folder, is from a newer version, or is incomplete: each file's SHA-256
        and number of rows are compared with the manifest.
    """
    folder = _set_aside(Path(path)) or Path(path)
    manifest = _manifest(folder)
    tables = {}
    try:
        taken = datetime.datetime.fromisoformat(manifest["taken"])
        served = manifest.get("serverTime")
        server_time = None if served is None else datetime.datetime.fromisoformat(served)
        for name, entry in manifest["tables"].items():
            tables[name] = _read_table(folder, str(entry["file"]), entry)
        if manifest["schemaVersion"] == 1:
            tables = with_present_ids(tables)
        provider = str(manifest["provider"])
        noted = [Finding(**entry) for entry in manifest.get("findings", ())]
    except SnapshotError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(folder, "its manifest is not in the form that save() writes") from None
    # A rule may have been removed since the roster was saved.
    kept = [each for each in noted if each.code in RULES]
    return Snapshot(tables, provider, taken, kept, server_time)


def _write_files(snapshot: Snapshot, folder: Path) -> None:
    entries: dict[str, Any] = {}
    for name, frame in snapshot.tables.items():
        file = folder / f"{name}.parquet"
        with new_private(file) as sink:
            pa.parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
        entries[name] = {"file": file.name, "rows": len(frame), "sha256": _sha256(file)}
    manifest = {
        "format": _FORMAT,
        "schemaVersion": SCHEMA_VERSION,
        "provider": snapshot.provider,
        "taken": snapshot.taken.isoformat(),
        "serverTime": snapshot.server_time and snapshot.server_time.isoformat(),
        "tables": entries,
        "findings": [asdict(finding) for finding in snapshot.findings],
    }
    with new_private(folder / _MANIFEST) as sink:
        sink.write(json.dumps(manifest, indent=2).encode())


def _replace(partial: Path, target: Path) -> None:
    """Rename the finished folder to the target; remove the old folder last."""
    if not target.exists():
        partial.rename(target)
        return
    old = partial.with_suffix(".old")
    target.rename(old)
    partial.rename(target)
    shutil.rmtree(old)


def _set_aside(target: Path) -> Path | None:
    """If the target is missing, return the old folder that was moved aside, if there is one."""
    if target.exists():
        return None
    return next(target.parent.glob(f".{glob.escape(target.name)}.*.old"), None)


def _remove_abandoned(target: Path) -> None:
    """Remove unfinished folders of killed processes: they hold people's data."""
    kinds = ["partial", "old"] if target.exists() else ["partial"]
    for kind in kinds:
        for left in target.parent.glob(f".{glob.escape(target.name)}.*.{kind}"):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SnapshotError(
            f"{folder} holds no roster: there is no {_MANIFEST} in it. Name a folder that"
            " Roster.save() wrote."
        ) from None
    except NotADirectoryError:
        raise SnapshotError(
            f"{folder} is a file. A saved roster is a folder that Roster.save() wrote."
        ) from None
    except (OSError, ValueError):
        raise _damaged(folder, f"its {_MANIFEST} cannot be read") from None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise SnapshotError(f"{folder} holds something else, not a roster.")
    version = manifest.get("schemaVersion")
    if not isinstance(version, int):
        raise _damaged(folder, "its manifest names no schemaVersion")
    if version > SCHEMA_VERSION:
        raise SnapshotError(
            f"{folder} was written by a newer version of oneroster_nb (its schema is {version},"
            f" this one reads {SCHEMA_VERSION}). Upgrade oneroster_nb to read it."
        )
    return manifest


def _read_table(folder: Path, name: str, entry: Mapping[str, Any]) -> pd.DataFrame:
    file = folder / name
    if file.name != name or not file.is_file():
        raise _damaged(folder, f"the file {name!r} is missing")
    if _sha256(file) != entry["sha256"]:
        raise _damaged(folder, f"the file {name!r} has changed")
    try:
        # To take rows of a column in chunks is slow.
        frame: pd.DataFrame = pa.parquet.read_table(file).combine_chunks().to_pandas()
    except (pa.ArrowException, OSError):
        raise _damaged(folder, f"the file {name!r} is not Parquet") from None
    if len(frame) != entry["rows"]:
        raise _damaged(folder, f"the file {name!r} has {len(frame):,} rows")
    return frame


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _damaged(folder: Path, why: str) -> SnapshotError:
    return SnapshotError(f"The roster in {folder} is damaged: {why}. Pull it again.")
