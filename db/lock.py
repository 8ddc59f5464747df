"""One writer a catalog: an flock beside it, released by the kernel however the writer ends."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from dataclasses import dataclass
from typing import Final

from .errors import CatalogLocked

MADE: Final = b"made"
TRIES: Final = 5
BETWEEN_TRIES: Final = 0.02  # seconds


@dataclass(frozen=True, slots=True)
class Writer:
    """The process that holds a catalog's lock; `pid` is None where it is not known."""

    pid: int | None


class CatalogLock:
    """The lock on `<catalog>.lock`: the writer's pid, and a note that the catalog was made.

    The file is left in place. Removing it on release would let two processes hold locks on two
    files of one name; and it remembers that there was a catalog, should that be gone one day.
    """

    def __init__(self, catalog: bytes) -> None:
        self._catalog = catalog
        self._fd: int | None = None
        self._note = b""

    @property
    def path(self) -> bytes:
        """The lock file."""
        return _lock_path(self._catalog)

    @property
    def is_noted(self) -> bool:
        """Tell whether a writer has noted that it made the catalog; the lock must be held."""
        return self._note == MADE

    def acquire(self) -> None:
        """Take the lock or raise CatalogLocked almost at once."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _lock_soon(fd)
            self._note = MADE if _is_made(fd) else b""
            _write(fd, os.getpid(), self._note)
        except BlockingIOError:
            holder = _read_pid(fd)
            os.close(fd)
            raise CatalogLocked(self._catalog, holder) from None
        except OSError:
            os.close(fd)
            raise
        self._fd = fd

    def note_made(self) -> None:
        """Remember that the catalog was made; the lock must be held."""
        if self._fd is not None and self._note != MADE:
            self._note = MADE
            _write(self._fd, os.getpid(), self._note)

    def release(self) -> None:
        """Let the lock go; does nothing when it is not held."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            try:
                _write(fd, None, self._note)
            finally:
                os.close(fd)


def was_made(catalog: bytes) -> bool:
    """Say whether a writer has noted that it made this catalog, whatever is there now."""
    try:
        fd = os.open(_lock_path(catalog), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return _is_made(fd)
    finally:
        os.close(fd)


def find_writer(catalog: bytes) -> Writer | None:
    """Say who writes a catalog now; None for nobody. Raises OSError where that cannot be seen."""
    try:
        fd = os.open(_lock_path(catalog), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Writer(_read_pid(fd))
    finally:
        os.close(fd)
    return None


def _lock_path(catalog: bytes) -> bytes:
    return catalog + b".lock"


def _lock_soon(fd: int) -> None:
    """Take the lock in a moment: who only asks for the writer holds it for some microseconds."""
    for _ in range(TRIES - 1):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(BETWEEN_TRIES)
        else:
            return
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write(fd: int, pid: int | None, note: bytes) -> None:
    """Write the file's two lines: who, and whether the catalog was made; never empty between."""
    who = b"" if pid is None else b"%d" % pid
    text = who + b"\n" + (note + b"\n" if note else b"")
    try:
        os.pwrite(fd, text, 0)
        os.ftruncate(fd, len(text))
    except OSError as error:
        # On a full disk the lock holds all the same; only the words in it are missing.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def _lines(fd: int) -> list[bytes]:
    return os.pread(fd, 64, 0).split(b"\n")


def _read_pid(fd: int) -> int | None:
    first = _lines(fd)[0]
    return int(first) if first.isdigit() else None


def _is_made(fd: int) -> bool:
    return _lines(fd)[1:2] == [MADE]
