"""When the roots are walked: at first sight, in time, and whenever events may have been lost."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from ..printable import printable
from .scanner import ScanRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import WatchSettings
    from ..library import Library, Root
    from .scanner import Scanner
    from .settler import Settlers
    from .watcher import Watcher

logger = logging.getLogger(__name__)

SLEPT_SECONDS: Final = 5.0  # the clocks differ by more: the computer has slept


class Rescans:
    """Asks the scanner for walks; belongs to the service's thread.

    ``watch`` are the present settings, ``observer_ends`` the observers that had to be replaced.
    """

    def __init__(
        self,
        watch: WatchSettings,
        library: Library,
        watcher: Watcher,
        scanner: Scanner,
        settlers: Settlers,
    ) -> None:
        self.watch = watch
        self.observer_ends = 0
        self._library = library
        self._watcher = watcher
        self._scanner = scanner
        self._settlers = settlers
        self._next: dict[int, float] = {}
        self._slept = _slept_seconds()

    def look_at_roots(self) -> None:
        """Begin to look at each root; its first sight starts its watch and its first walk."""
        for root in self._library.roots.values():
            self._scanner.look_at(root.key, root.top)

    def scan(self, root: Root, under: bytes | None = None) -> None:
        """Walk a root, or one of its folders, soon."""
        request = ScanRequest(
            root_id=root.key,
            root=root.path,
            under=root.prefix if under is None else under,
            prefix=root.prefix,
            watch=root.watch,
            known_mounts=root.known_mounts,
        )
        if under is None:
            self._next[root.key] = time.monotonic() + self._rescan_seconds(root)
        self._scanner.request(request)

    def scan_all(self, which: Callable[[Root], bool] = lambda _root: True) -> None:
        """Walk all roots that are there, or some of them, soon."""
        for root in self._library.roots.values():
            if root.is_served and root.identity is not None and which(root):
                self.scan(root)

    def scan_top(self, top: bytes) -> None:
        """Walk the root that is watched at this path soon: its events were lost."""
        self.scan_all(lambda root: root.top == top)

    def scan_when_due(self) -> None:
        """Walk what is due."""
        slept = _slept_seconds()
        if slept - self._slept > SLEPT_SECONDS:
            logger.info("the computer has slept; scanning")
            self.hurry()
        self._slept = slept
        if self._settlers.take_overflow():
            self.hurry()
        for top in self._watcher.dead():
            logger.error(
                "%s: the observer of file events has ended; starting another", printable(top)
            )
            self.observer_ends += 1
            self.scan_top(top)
        for root in self._library.take_confirmed():
            self.scan(root)
        now = time.monotonic()
        self.scan_all(lambda root: now >= self._next.get(root.key, 0.0))

    def hurry(self) -> None:
        """Let all walks be due now."""
        self._next.clear()

    def drop(self, root: Root) -> None:
        """Forget a root that is not watched any more."""
        self._next.pop(root.key, None)

    def settle_seconds(self, root: Root) -> float:
        """Return how long a file of a root must have been at rest."""
        is_remote = self._watcher.state(root.top).mode == "timer" and root.watch == "auto"
        return self.watch.network_settle_seconds if is_remote else self.watch.settle_seconds

    def _rescan_seconds(self, root: Root) -> float:
        """Return how often a root is walked: more often where events do not reach all of it."""
        state = self._watcher.state(root.top)
        if state.mode == "timer" or state.problem or state.timer_folders:
            return min(self.watch.network_rescan_seconds, self.watch.rescan_seconds)
        return self.watch.rescan_seconds


def _slept_seconds() -> float:
    """Return how long the computer has slept since it was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
