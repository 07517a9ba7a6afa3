"""The files of a bundle: in a folder, or in a zip whose contents are bounded when unpacked."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self, cast

from oneroster_nb.errors import BundleError, ConfigurationError

_FREE = 4 << 20  # bytes that any file may unpack to; larger files must keep to max_ratio
_BLOCK = 1 << 20
_DAMAGE = (
    *(OSError, EOFError, ValueError, RuntimeError, IndexError, struct.error),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
"""What the standard library raises when it reads or unpacks a damaged zip.

NotImplementedError is a RuntimeError, and UnicodeDecodeError a ValueError.
"""


@dataclass(frozen=True)
class Limits:
    """Limits of unpacking: bytes in total, and the ratio of unpacked to packed size."""

    max_bytes: int = 8 << 30
    max_ratio: float = 200

    def __post_init__(self) -> None:
        """Refuse limits that are not positive numbers."""
        for name in ("max_bytes", "max_ratio"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise ConfigurationError(f"{name} must be a number above 0, not {value!r}.")


class Archive:
    """The CSV files of a bundle; a context manager.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A zip or a folder, or the bytes of a zip.
    limits : Limits
        How much may be unpacked.

    Attributes
    ----------
    files : Mapping[str, str]
        File name without folder and extension, to its full path in the bundle.
    inside : str
        The folder in the bundle that holds the files; empty if they are at the top.

    Raises
    ------
    BundleError
        If the source is not a zip or a folder, is encrypted, unpacks to too much, or holds only
        other zips; if a file has no name, the name of another file, or a name that leads outside.
    """

    def __init__(self, source: object, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.max_bytes
        self._unpacked: dict[str, int] = {}
        self._zip: zipfile.ZipFile | None = None
        self._folder = Path()
        if isinstance(source, str | Path) and Path(source).is_dir():
            self._folder = Path(source)
            try:
                names = sorted(
                    path.relative_to(self._folder).as_posix()
                    for path in (*self._folder.glob("*"), *self._folder.glob("*/*"))
                    if path.is_file()
                )
            except OSError as exc:
                raise BundleError(f"{source} cannot be read: {exc.strerror}.") from None
        else:
            self._zip = _opened(source)
            try:
                _check_members(self._zip)
                names = [info.filename for info in self._zip.infolist() if not info.is_dir()]
            except BundleError:
                self._zip.close()
                raise
        try:
            self.files, self.inside = _chosen(names)
            self._check_sizes()
        except BundleError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the zip."""
        if self._zip is not None:
            self._zip.close()

    def open(self, name: str) -> io.BufferedReader:
        """Open a file; reading it raises BundleError if the file is damaged or too large."""
        place = self.files[name]
        try:
            if self._zip is None:
                path = self._folder / place
                raw: Any = path.open("rb")
                packed = 0
            else:
                info = self._zip.getinfo(place)
                raw, packed = self._zip.open(info), info.compress_size
        except _DAMAGE as exc:
            raise BundleError(f"{place} cannot be unpacked ({exc}).") from None
        return io.BufferedReader(_Bounded(raw, place, packed, self), _BLOCK)

    def take(self, place: str, unpacked: int, packed: int) -> None:
        """Count the unpacked bytes of a file; raise BundleError if there are too many."""
        before = self._unpacked.get(place, 0)
        self._unpacked[place] = max(before, unpacked)
        self._left -= self._unpacked[place] - before
        if self._left < 0:
            raise self._too_large(place)
        self._check_ratio(place, unpacked, packed)

    def _check_sizes(self) -> None:
        """Compare the sizes that the zip declares, so that a bomb is refused before it unpacks.

        A member never unpacks to more than it declares: the standard library stops there.
        """
        if self._zip is None:
            return
        left = self._left
        for place in self.files.values():
            info = self._zip.getinfo(place)
            self._check_ratio(place, info.file_size, info.compress_size)
            left -= info.file_size
            if left < 0:
                raise self._too_large(place)

    def _check_ratio(self, place: str, unpacked: int, packed: int) -> None:
        if packed and unpacked > _FREE and unpacked > packed * self._limits.max_ratio:
            raise BundleError(
                f"{place} unpacks to more than {self._limits.max_ratio:g} times its size, as a zip"
                " bomb does, so it was not read. If you trust this file, pass a larger max_ratio."
            )

    def _too_large(self, place: str) -> BundleError:
        return BundleError(
            f"The bundle unpacks to more than {self._limits.max_bytes:,} bytes, so reading it"
            f" stopped at {place}. If the bundle really is so large, pass a larger max_bytes."
        )


class _Bounded(io.RawIOBase):
    """A file of a bundle, whose bytes are counted."""

    def __init__(self, raw: IO[bytes], place: str, packed: int, archive: Archive) -> None:
        self._raw = raw
        self._place = place
        self._packed = packed
        self._archive = archive
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._raw.read(len(buffer))
        except _DAMAGE as exc:
            raise BundleError(
                f"{self._place} is damaged ({exc}). Get the bundle again from its source."
            ) from None
        self._unpacked += len(data)
        self._archive.take(self._place, self._unpacked, self._packed)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def _opened(source: object) -> zipfile.ZipFile:
    shown = "The bundle" if isinstance(source, bytes) or hasattr(source, "read") else str(source)
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
    if not isinstance(source, str | Path) and not hasattr(source, "read"):
        raise ConfigurationError(
            f"A bundle is the path of a zip or a folder, or the bytes of a zip, not {source!r}."
        )
    try:
        return zipfile.ZipFile(cast(IO[bytes], source))
    except FileNotFoundError:
        raise BundleError(f"There is no bundle {shown}. Check the path.") from None
    except OSError as exc:
        raise BundleError(f"{shown} cannot be read: {exc.strerror or exc}.") from None
    except _DAMAGE as exc:
        raise BundleError(
            f"{shown} is not a zip, or it is damaged ({exc}). A OneRoster bundle is a zip or a"
            " folder of CSV files."
        ) from None


def _check_members(archive: zipfile.ZipFile) -> None:
    for info in archive.infolist():
        if not info.filename.strip("/"):
            raise BundleError(
                "The bundle holds a file without a name, so it is damaged. Get it again from its"
                " source."
            )
        if info.flag_bits & 1:
            raise BundleError(
                f"{info.filename} is encrypted. Ask for the bundle without a password, or unpack it"
                " into a folder and pass the folder."
            )
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in info.filename:
            raise BundleError(
                f"The bundle holds a file named {info.filename!r}, which leads outside the bundle,"
                " so nothing was read."
            )


def _chosen(names: list[str]) -> tuple[Mapping[str, str], str]:
    """Return the CSV files of the one folder that has any; check their names."""
    places = [PurePosixPath(name.replace("\\", "/")) for name in names]
    pairs = [
        (place, name)
        for place, name in zip(places, names, strict=True)
        if place.suffix.casefold() == ".csv"
        and not any(part.startswith((".", "__MACOSX")) for part in place.parts)
    ]
    if not pairs:
        zips = [name for name in names if name.casefold().endswith(".zip")]
        if zips:
            raise BundleError(
                f"The bundle holds no CSV files, only another zip ({zips[0]}). Unpack the bundle"
                " and pass that zip."
            )
        raise BundleError("There are no CSV files in the bundle. Check that it is the right one.")
    depth = min(len(place.parts) for place, _ in pairs)
    folders = sorted({place.parent.as_posix() for place, _ in pairs if len(place.parts) == depth})
    if len(folders) > 1:
        raise BundleError(
            f"The bundle holds CSV files in several folders ({', '.join(folders[:5])}), so it is"
            " unclear which one to read. Pass one of these folders."
        )
    files: dict[str, str] = {}
    seen: dict[str, str] = {}
    for place, name in pairs:
        if place.parent.as_posix() != folders[0]:
            continue
        folded = place.stem.casefold()
        if folded in seen:
            raise BundleError(
                f"The bundle holds two files of one name, {seen[folded]} and {name}, so it is"
                " unclear which one to read. Remove one."
            )
        seen[folded] = name
        files[place.stem] = name
    return files, "" if folders[0] == "." else folders[0]
