"""Reading the body of an answer: in large pieces, decompressed, with limits of size and time."""

import time
import zlib
from collections.abc import Iterator

import requests
import urllib3
from requests.exceptions import ChunkedEncodingError, ContentDecodingError

from oneroster_nb.errors import AnswerError, NoAnswerError

ENCODING = "gzip"
"""The compression that servers may use: zlib can decompress it within a limit."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_PIECE = 1 << 20
_SLOWEST = 10  # times the read timeout: the limit for a whole answer
_ANY_FORMAT = 32 + zlib.MAX_WBITS  # gzip or zlib, detected from the header
_GZIP_HEAD = b"\x1f\x8b"


def slowest(timeout: tuple[float, float]) -> float:
    """Return the seconds that one answer may take, from the request to its last byte."""
    connect, read = timeout
    return connect + _SLOWEST * read


def read_body(response: requests.Response, what: str, *, max_bytes: int, ends: float) -> bytes:
    """Read a whole body; raise AnswerError if it is larger than `max_bytes` when decompressed.

    Otherwise as :func:`read_start`.
    """
    body = read_start(response, what, most=max_bytes + 1, ends=ends)
    if len(body) > max_bytes:
        response.close()
        raise AnswerError(
            f"The answer to {what} is larger than max_bytes={max_bytes:,} bytes. A smaller"
            " page_size makes smaller answers; a larger max_bytes takes larger ones."
        )
    return body


def read_start(response: requests.Response, what: str, *, most: int, ends: float) -> bytes:
    """Read the first bytes of a body, decompressed, and leave the rest.

    Nothing of the streamed answer may have been read yet; `what` is the request, for messages.

    Raises
    ------
    AnswerError
        If the body has a compression that was not requested.
    NoAnswerError
        If it is not complete at the time `ends` of the monotonic clock.
    requests.RequestException
        If the connection fails or the body cannot be decompressed.
    """
    pieces: list[bytes] = []
    left = most
    for piece in _pieces(response, what, most, ends):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            response.close()
            break
    return b"".join(pieces)[:most]


def _pieces(response: requests.Response, what: str, most: int, ends: float) -> Iterator[bytes]:
    """Yield decompressed pieces of a body; the total may exceed `most` by up to one piece."""
    encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding not in {*_PACKED, "identity"}:
        response.close()
        raise AnswerError(
            f"The answer to {what} is compressed as {encoding[:50]!r}, which was not requested."
            f" Ask the server's administrator to send {ENCODING} or plain answers."
        )
    unpack = _Unpacker(most) if encoding in _PACKED else None
    came = False
    while piece := _read(response, what, ends):
        came = True
        yield piece if unpack is None else unpack(piece)
    if unpack is not None and came and not unpack.ended:
        raise ChunkedEncodingError("IncompleteRead: a compressed answer")


def _read(response: requests.Response, what: str, ends: float) -> bytes:
    """Read the bytes that have arrived, at most one piece; b"" at the end."""
    try:
        # Not read(): that waits for a whole piece, even if it arrives slowly.
        piece: bytes = response.raw.read1(_PIECE, decode_content=False)
    except urllib3.exceptions.ReadTimeoutError as exc:
        raise requests.ReadTimeout(exc) from None
    except urllib3.exceptions.HTTPError as exc:
        # TLS errors too: the certificate was verified before.
        raise ChunkedEncodingError(exc) from None
    if piece and time.monotonic() > ends:
        response.close()
        raise NoAnswerError(
            f"The answer to {what} was too slow: it was not complete after ten times the read"
            " timeout. If the server is slow, pass a smaller page_size or a longer timeout."
        )
    return piece


class _Unpacker:
    """Decompresses a body piece by piece, and stops after `most` bytes."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._held = b""
        self._zlib = zlib.decompressobj(_ANY_FORMAT)

    @property
    def ended(self) -> bool:
        """Whether the compressed data are complete."""
        return self._zlib.eof

    def __call__(self, piece: bytes) -> bytes:
        parts: list[bytes] = []
        piece, self._held = self._held + piece, b""
        while piece and self._left >= 0:
            if self._zlib.eof:
                if piece == _GZIP_HEAD[:1]:  # the rest of the header is in the next piece
                    self._held = piece
                    break
                if not piece.startswith(_GZIP_HEAD):
                    break  # some servers append zeros
                self._zlib = zlib.decompressobj(_ANY_FORMAT)
            try:
                part = self._zlib.decompress(piece, self._left + 1)
            except zlib.error as exc:
                raise ContentDecodingError(exc) from None
            parts.append(part)
            self._left -= len(part)
            piece = self._zlib.unconsumed_tail or self._zlib.unused_data
        return b"".join(parts)
