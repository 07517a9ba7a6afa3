"""Bundles to test with: the files of a district, changed, as bytes of a zip."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import cache

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district

Files = dict[str, bytes]
Change = Callable[[Files], None]


@cache
def _demo(version: str) -> Mapping[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = onb.Roster(make_district()).to_csv_bundle(f"{folder}/demo.zip", version)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def demo(version: str = "1.1") -> Files:
    """Return the files of the demo's bundle without metadata, like those of other systems."""
    files = dict(_demo(version))
    for name in files:
        if name != "manifest.csv":
            header, rows = table(files[name])
            kept = [place for place, column in enumerate(header) if "metadata" not in column]
            files[name] = written(
                [header[place] for place in kept], [[row[place] for place in kept] for row in rows]
            )
    return files


def table(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Split a file into rows."""
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return header, rows


def written(header: list[str], rows: list[list[str]], end: str = "\n") -> bytes:
    """Join rows into a file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([header, *rows])
    return text.getvalue().encode()


def packed(files: Mapping[str, bytes], prefix: str = "") -> bytes:
    """Zip files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(prefix + name, data)
    return content.getvalue()


def changed(*changes: Change, version: str = "1.1", prefix: str = "") -> bytes:
    """Return the demo's bundle with changes."""
    files = demo(version)
    for change in changes:
        change(files)
    return packed(files, prefix)


def column(name: str, column: str, change: Callable[[str], str]) -> Change:
    """Change the values of a column."""

    def apply(files: Files) -> None:
        header, rows = table(files[name])
        place = header.index(column)
        for row in rows:
            row[place] = change(row[place])
        files[name] = written(header, rows)

    return apply


def renamed(name: str, old: str, new: str) -> Change:
    """Rename a column."""

    def apply(files: Files) -> None:
        header, rows = table(files[name])
        files[name] = written([new if c == old else c for c in header], rows)

    return apply


def added(name: str, column: str, value: str) -> Change:
    """Add a column at the end."""

    def apply(files: Files) -> None:
        header, rows = table(files[name])
        files[name] = written([*header, column], [[*row, value] for row in rows])

    return apply


def raw(name: str, change: Callable[[bytes], bytes]) -> Change:
    """Change the bytes of a file."""

    def apply(files: Files) -> None:
        files[name] = change(files[name])

    return apply


def removed(*names: str) -> Change:
    """Leave files out."""

    def apply(files: Files) -> None:
        for name in names:
            del files[name]

    return apply


def said(name: str, mode: str) -> Change:
    """Set the mode of a file in the manifest."""

    def apply(files: Files) -> None:
        _, rows = table(files["manifest.csv"])
        rows = [[key, mode if key == f"file.{name}" else value] for key, value in rows]
        files["manifest.csv"] = written(["propertyName", "value"], rows)

    return apply
