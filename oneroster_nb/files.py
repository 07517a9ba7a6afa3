"""Private files that several processes may change."""

import errno
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_HELD_BY_ANOTHER = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_PAUSE = 0.01


@contextmanager
def locked(path: Path, seconds: float = 30) -> Iterator[None]:
    """Lock a file against all other processes of this machine in this context.

    The lock is a second file beside the first. It is released when its process ends, for any
    reason. If another process still holds it after some `seconds`, raise TimeoutError.
    """
    lock = path.with_name(f".{path.name}.lock")
    ends = time.monotonic() + seconds
    while (handle := _try_lock(lock)) is None:
        if time.monotonic() > ends:
            raise TimeoutError(f"another process has held the lock for {seconds:g} seconds")
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows keeps a file that is open
            lock.unlink(missing_ok=True)
        os.close(handle)


def new_private(path: Path) -> BinaryIO:
    """Create a file that only its owner can ever read, and open it for writing.

    If it exists, raise FileExistsError.
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def partial_of(path: Path) -> Path:
    """Return a new name beside a file or folder, for what is to take its place."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Write a private file, which takes the place of an older one when the context ends.

    If anything fails in the context, the older file is unchanged and nothing is left behind.
    """
    partial = partial_of(path)
    try:
        with new_private(partial) as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _try_lock(lock: Path) -> int | None:
    """Return the handle of the lock, or None if another process holds it."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The former holder may have removed this file, and another process created a new one.
        if os.path.samestat(os.fstat(handle), lock.stat()):
            return handle
    except FileNotFoundError:
        pass
    except OSError as exc:
        if exc.errno not in _HELD_BY_ANOTHER:
            os.close(handle)
            raise
    os.close(handle)
    return None
