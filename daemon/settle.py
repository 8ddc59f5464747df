"""When is a file finished? The stability rule, with the clock passed in.

A file is stable when no event named it for ``settle_seconds`` and either its mtime is that old
already or two looks that far apart saw the same size and mtime. A close event cannot be required:
most files in freshly made folders never get one.
"""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class StableFile:
    """A regular file that nobody seems to be writing to."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class _Waiting:
    quiet_since: float
    seen: tuple[int, int] | None = None


class Settling:
    """The files that were touched and are not stable yet. ``touch`` may come from any thread."""

    def __init__(self, settle_seconds: float, clock: Callable[[], float]) -> None:
        self._settle = settle_seconds
        self._clock = clock  # seconds since the epoch: compared with mtimes
        self._waiting: dict[bytes, _Waiting] = {}
        self._lock = threading.Lock()
        self._overflowed = False

    def touch(self, path: bytes) -> None:
        """Note that something happened to a file. Does no I/O and never raises."""
        with self._lock:
            if path in self._waiting or len(self._waiting) < MOST_WAITING:
                self._waiting[path] = _Waiting(self._clock())
            else:
                self._overflowed = True

    def take_overflow(self) -> bool:
        """Tell, once, whether a touch was dropped because too many wait: only a scan helps."""
        with self._lock:
            overflowed, self._overflowed = self._overflowed, False
        return overflowed

    def take_ready(self) -> tuple[list[StableFile], list[bytes]]:
        """Take out what is decided: (stable files, paths where no regular file is any more)."""
        now = self._clock()
        with self._lock:
            due = [
                (path, waiting)
                for path, waiting in self._waiting.items()
                if now - waiting.quiet_since >= self._settle
            ]
        stable: list[StableFile] = []
        gone: list[bytes] = []
        for path, waiting in due:
            self._look(path, waiting, now, stable, gone)
        return stable, gone

    def next_due(self) -> float | None:
        """Return the time at which the next file may be ready, or None if nothing waits."""
        with self._lock:
            since = min((w.quiet_since for w in self._waiting.values()), default=None)
        return None if since is None else since + self._settle

    def _look(
        self,
        path: bytes,
        waiting: _Waiting,
        now: float,
        stable: list[StableFile],
        gone: list[bytes],
    ) -> None:
        try:
            status = os.lstat(path)
        except OSError:
            status = None
        if status is None or not stat.S_ISREG(status.st_mode):
            if self._remove(path, waiting):
                gone.append(path)
            return
        seen = (status.st_size, status.st_mtime_ns)
        age = now - status.st_mtime_ns / 1e9
        if waiting.seen == seen or age >= self._settle:
            if self._remove(path, waiting):
                stable.append(StableFile(path, *seen, status.st_ino))
        else:
            waiting.seen = seen
            # Look again when the mtime will be old enough; one from the future waits once.
            waiting.quiet_since = now - min(max(age, 0.0), self._settle)

    def _remove(self, path: bytes, waiting: _Waiting) -> bool:
        """Take a file out unless it was touched again meanwhile."""
        with self._lock:
            if self._waiting.get(path) is not waiting:
                return False
            del self._waiting[path]
            return True
