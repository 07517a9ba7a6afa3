"""Files that several processes change, and that only their owner can read."""

import errno
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["locked", "write_private"]

_HELD_BY_ANOTHER = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_PAUSE = 0.01


@contextmanager
def locked(path: Path, seconds: float = 30) -> Iterator[None]:
    """Hold a lock on a file among all processes of this machine while something is done.

    The lock ends with its process, however that ends. It is a file beside the other, which is
    there only while the lock is held.

    Parameters
    ----------
    path : Path
        The file that is about to change; its folder must be there.
    seconds : float
        How long to wait for another process.

    Raises
    ------
    OSError
        If the folder cannot be written to; TimeoutError if another process holds the lock.
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


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone from its first byte on.

    Raises
    ------
    OSError
        If it cannot be written; the file is as it was then.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _try_lock(lock: Path) -> int | None:
    """Return an open file that is locked, or nothing if another process has it."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The process that had it before removed the file, and another one may have made it again.
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
