"""One writer a catalog: an flock beside it, released by the kernel however the writer ends."""

from __future__ import annotations

import fcntl
import os

from .errors import CatalogLocked


class CatalogLock:
    """The lock on `<catalog>.lock`; the file holds the writer's pid and is left in place.

    Removing it on release would let two processes hold locks on two files of one name.
    """

    def __init__(self, catalog: bytes) -> None:
        self._catalog = catalog
        self._fd: int | None = None

    @property
    def path(self) -> bytes:
        """The lock file."""
        return self._catalog + b".lock"

    def acquire(self) -> None:
        """Take the lock or raise CatalogLocked at once."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        except BlockingIOError:
            holder = _read_pid(fd)
            os.close(fd)
            raise CatalogLocked(self._catalog, holder) from None
        except OSError:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Let the lock go; does nothing when it is not held."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def _read_pid(fd: int) -> int | None:
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else None
