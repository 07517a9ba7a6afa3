"""The body of an answer: read in large pieces, unpacked, within bounds of size and time."""

import time
import zlib
from collections.abc import Iterator

import requests
import urllib3
from requests.exceptions import ChunkedEncodingError, ContentDecodingError

from oneroster_nb.errors import AnswerError, NoAnswerError

__all__ = ["ENCODING", "read_body", "read_start", "slowest"]

ENCODING = "gzip"
"""How an answer may be packed: what a server is told, and zlib can unpack within a bound."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_PIECE = 1 << 20
_SLOWEST = 10  # times the read timeout: how long an answer as a whole may take
_ANY_FORMAT = 32 + zlib.MAX_WBITS  # of gzip and of zlib, told by the head
_GZIP_HEAD = b"\x1f\x8b"


def slowest(timeout: tuple[float, float]) -> float:
    """Return the seconds that one answer may take, from asking to its last byte."""
    connect, read = timeout
    return connect + _SLOWEST * read


def read_body(response: requests.Response, what: str, *, max_bytes: int, ends: float) -> bytes:
    """Read a whole body.

    Parameters
    ----------
    response : requests.Response
        An answer that is streamed, of which nothing was read.
    what : str
        What was asked, for messages.
    max_bytes : int
        How large the body may be, unpacked.
    ends : float
        The moment of the monotonic clock at which all must be there.

    Raises
    ------
    AnswerError
        If it is larger, or packed in a way that was not asked for.
    NoAnswerError
        If it takes longer.
    requests.RequestException
        If the connection fails or the body cannot be unpacked.
    """
    pieces: list[bytes] = []
    left = max_bytes
    for piece in _pieces(response, what, max_bytes, ends):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            response.close()
            raise AnswerError(
                f"The answer to {what} is larger than max_bytes={max_bytes:,} bytes. A smaller"
                " page_size makes smaller answers; a larger max_bytes takes larger ones."
            )
    return b"".join(pieces)


def read_start(response: requests.Response, what: str, *, most: int, ends: float) -> bytes:
    """Read the first bytes of a body and leave the rest; raise as :func:`read_body`."""
    start = b""
    for piece in _pieces(response, what, most, ends):
        start += piece
        if len(start) > most:
            response.close()
            break
    return start[:most]


def _pieces(response: requests.Response, what: str, most: int, ends: float) -> Iterator[bytes]:
    """Read pieces of a body, unpacked; the last one may exceed `most` by no more than itself."""
    encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding not in {*_PACKED, "identity"}:
        response.close()
        raise AnswerError(
            f"The answer to {what} is packed as {encoding[:50]!r}, which was not asked for. Ask"
            f" the server's administrator to send {ENCODING} or plain answers."
        )
    unpack = _Unpacker(most) if encoding in _PACKED else None
    came = False
    while piece := _read(response, what, ends):
        came = True
        yield piece if unpack is None else unpack(piece)
    if unpack is not None and came and not unpack.ended:
        raise ChunkedEncodingError("IncompleteRead: a packed answer")


def _read(response: requests.Response, what: str, ends: float) -> bytes:
    """Read what has arrived, at most a piece; nothing at the end."""
    try:
        # Not read(): that waits until a whole piece is there, however slowly it comes.
        piece: bytes = response.raw.read1(_PIECE, decode_content=False)
    except urllib3.exceptions.ReadTimeoutError as exc:
        raise requests.ReadTimeout(exc) from None
    except urllib3.exceptions.HTTPError as exc:
        # Of TLS, too: its certificate was verified before.
        raise ChunkedEncodingError(exc) from None
    if piece and time.monotonic() > ends:
        response.close()
        raise NoAnswerError(
            f"The answer to {what} came too slowly: it was not whole after ten times the read"
            " timeout. A smaller page_size or a longer timeout helps with a slow server."
        )
    return piece


class _Unpacker:
    """Unpacks a body piece by piece, and stops if that makes more than `most` bytes of it."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._held = b""
        self._zlib = zlib.decompressobj(_ANY_FORMAT)

    @property
    def ended(self) -> bool:
        """Whether the packed data were whole."""
        return self._zlib.eof

    def __call__(self, piece: bytes) -> bytes:
        parts: list[bytes] = []
        piece, self._held = self._held + piece, b""
        while piece and self._left >= 0:
            if self._zlib.eof:
                if piece == _GZIP_HEAD[:1]:  # the rest of the head is in the next piece
                    self._held = piece
                    break
                if not piece.startswith(_GZIP_HEAD):
                    break  # some servers fill up with zeros
                self._zlib = zlib.decompressobj(_ANY_FORMAT)
            try:
                part = self._zlib.decompress(piece, self._left + 1)
            except zlib.error as exc:
                raise ContentDecodingError(exc) from None
            parts.append(part)
            self._left -= len(part)
            piece = self._zlib.unconsumed_tail or self._zlib.unused_data
        return b"".join(parts)
