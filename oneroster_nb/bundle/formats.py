"""The encoding, line ends and separator of a CSV file, detected from its first bytes."""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from oneroster_nb.errors import BundleError
from oneroster_nb.tables.rules import Finding, found

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)
_RETURN_ALONE = re.compile(r"\r(?!\n|\Z)")
_LOOKED_AT = 64  # bytes that show whether a file without a mark is UTF-16


@dataclass(frozen=True)
class Format:
    """The encoding, line ends and separator of a file.

    Attributes
    ----------
    encoding : str
        ``"utf-8"``, ``"utf-16-le"`` or ``"utf-16-be"``.
    mark : int
        The length of its byte order mark in bytes, 0 without one.
    returns : bool
        Whether lines end with a carriage return alone.
    separator : str
        The character between values.
    separator_line : bool
        Whether a line such as ``sep=;`` comes first.
    """

    encoding: str = "utf-8"
    mark: int = 0
    returns: bool = False
    separator: str = ","
    separator_line: bool = False


def format_of(head: bytes) -> Format:
    r"""Detect the format of a file from its first bytes.

    Examples
    --------
    >>> format_of(b"sourcedId,name\r\n1,A\r\n")
    Format(encoding='utf-8', mark=0, returns=False, separator=',', separator_line=False)
    >>> format_of("sep=;\rsourcedId;name\r1;A\r".encode("utf-16")).separator
    ';'
    """
    encoding, mark = _encoding(head)
    text = head[mark:].decode(encoding, "ignore")
    returns = _ends_with_returns(text)
    first = text.split("\r" if returns else "\n", 1)[0].removesuffix("\r")
    if stated := _SEPARATOR_LINE.fullmatch(first):
        return Format(encoding, mark, returns, stated[1], separator_line=True)
    return Format(encoding, mark, returns, _separator(first))


def findings_of_format(table: str, form: Format) -> list[Finding]:
    """Return what deviates from the standard in the format of a file."""
    findings = []
    if form.encoding != "utf-8":
        findings.append(found("encoding-utf16", table))
    elif form.mark:
        findings.append(found("encoding-mark", table))
    if form.returns:
        findings.append(found("line-ends", table))
    if form.separator != ",":
        findings.append(found("separator-other", table, f"{form.separator!r}."))
    if form.separator_line:
        findings.append(found("separator-line", table))
    return findings


def reopened(file: io.BufferedReader, form: Format, place: str) -> io.BufferedReader:
    r"""Return the file from its header on, in UTF-8 or unchanged, with line ends that contain \n.

    Reading it raises BundleError if the file is not in the detected encoding.
    """
    file.read(form.mark)
    if form.encoding != "utf-8" or form.returns:
        file = io.BufferedReader(_Recoded(file, form, place), 1 << 20)
    if form.separator_line:
        file.readline(1 << 10)
    return file


def _encoding(head: bytes) -> tuple[str, int]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    first = head[:_LOOKED_AT]
    even, odd = first[::2], first[1::2]
    if len(first) > 3 and not odd.strip(b"\0") and b"\0" not in even:
        return "utf-16-le", 0
    if len(first) > 3 and not even.strip(b"\0") and b"\0" not in odd:
        return "utf-16-be", 0
    return "utf-8", 0


def _ends_with_returns(text: str) -> bool:
    """Return True if lines end with a carriage return alone, which is not part of a value."""
    alone = [found.start() for found in _RETURN_ALONE.finditer(text)]
    feeds = text.count("\n")
    return bool(alone) and len(alone) >= feeds and (not feeds or alone[0] < text.index("\n"))


def _separator(line: str) -> str:
    """Return the character that separates most names of a header; if in doubt, a comma."""

    def names(sign: str) -> int:
        try:
            return len(next(csv.reader([line], delimiter=sign), []))
        except csv.Error:
            return 0

    return max(_SEPARATORS, key=names)


class _Recoded(io.RawIOBase):
    """A file converted to UTF-8, and to line ends that contain a line feed."""

    def __init__(self, file: io.BufferedReader, form: Format, place: str) -> None:
        # Decoding and encoding as Latin-1 leaves all bytes unchanged, valid UTF-8 or not.
        self._out = "latin-1" if form.encoding == "utf-8" else "utf-8"
        encoding = "latin-1" if form.encoding == "utf-8" else form.encoding
        newline = None if form.returns else ""
        self._text = io.TextIOWrapper(file, encoding, newline=newline)
        self._place = place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._text.read(max(1, len(buffer) // 4)).encode(self._out)
        except UnicodeDecodeError as exc:
            raise BundleError(
                f"{self._place} begins as a file in UTF-16, but a later part is not UTF-16"
                f" ({exc.reason}), so it is damaged. Export it again, in UTF-8."
            ) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._text.close()
        super().close()
