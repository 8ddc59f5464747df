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
from typing import TYPE_CHECKING, Self

from ..version import file_version, find_sidecars

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class StableFile:
    """A regular file that nobody seems to be writing to.

    ``sidecar`` is the version of what lies beside a photo, see `find_sidecars`.
    """

    path: bytes
    size: int
    mtime_ns: int
    inode: int
    sidecar: int = 0

    @classmethod
    def found(cls, path: bytes, status: os.stat_result) -> Self:
        """Describe a file of this status, and look for its sidecars."""
        return cls(path, *file_version(status), find_sidecars(path))


@dataclass(slots=True)
class _Waiting:
    due: float
    settle: float
    seen: tuple[int, int, int] | None = None


class Settling:
    """The files that were touched and are not stable yet. ``touch`` may come from any thread.

    ``clock`` counts seconds steadily; ``wall_clock`` is what files' mtimes are compared with.
    """

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._waiting: dict[bytes, _Waiting] = {}
        self._changed = threading.Condition()
        self._overflowed = False
        self._wakes_at = 0.0

    def touch(self, path: bytes, settle: float) -> None:
        """Note that something happened to a file; it must now be left alone for ``settle`` seconds.

        Does no I/O and never raises.
        """
        with self._changed:
            if path in self._waiting or len(self._waiting) < MOST_WAITING:
                due = self._clock() + settle
                self._waiting[path] = _Waiting(due, settle)
                if due < self._wakes_at:
                    self._changed.notify()
            else:
                self._overflowed = True

    def take_overflow(self) -> bool:
        """Tell, once, whether a touch was dropped because too many wait: only a scan helps."""
        with self._changed:
            overflowed, self._overflowed = self._overflowed, False
        return overflowed

    @property
    def is_empty(self) -> bool:
        """Tell whether no file waits."""
        return not self._waiting

    def take_ready(self) -> tuple[list[StableFile], list[bytes]]:
        """Take out what is decided: (stable files, paths where no regular file is any more)."""
        now = self._clock()
        with self._changed:
            due = [(path, waiting) for path, waiting in self._waiting.items() if waiting.due <= now]
        stable: list[StableFile] = []
        gone: list[bytes] = []
        for path, waiting in due:
            self._look(path, waiting, stable, gone)
        return stable, gone

    def wait(self, longest: float) -> None:
        """Return when the next file is due, after ``longest`` seconds, or on ``wake``."""
        with self._changed:
            due = min((waiting.due for waiting in self._waiting.values()), default=None)
            until = longest if due is None else min(longest, due - self._clock())
            if until > 0:
                self._wakes_at = self._clock() + until
                self._changed.wait(until)
                self._wakes_at = 0.0

    def wake(self) -> None:
        """End a ``wait``."""
        with self._changed:
            self._changed.notify_all()

    def _look(
        self, path: bytes, waiting: _Waiting, stable: list[StableFile], gone: list[bytes]
    ) -> None:
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            status = None
        except OSError:  # the disk does not say: a walk will
            self._remove(path, waiting)
            return
        if status is None or not stat.S_ISREG(status.st_mode):
            if self._remove(path, waiting):
                gone.append(path)
            return
        seen = file_version(status)
        age = self._wall_clock() - status.st_mtime
        if waiting.seen == seen or age >= waiting.settle:
            if self._remove(path, waiting):
                stable.append(StableFile.found(path, status))
        else:
            waiting.seen = seen
            # Look again when the mtime will be old enough; one from the future waits once.
            waiting.due = self._clock() + min(max(waiting.settle - age, 0.0), waiting.settle)

    def _remove(self, path: bytes, waiting: _Waiting) -> bool:
        """Take a file out unless it was touched again meanwhile."""
        with self._changed:
            if self._waiting.get(path) is not waiting:
                return False
            del self._waiting[path]
            return True
