"""What the service says of itself to the service manager: ready, alive, what it is doing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from .notify import LONGEST_START_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..library import Library
    from ..pipeline import Pipeline
    from ..watching.watcher import Watcher
    from .notify import Notifier

PINGS: Final = 4  # within one interval of the watchdog
STATUS_SECONDS: Final = 5.0


class Supervision:
    """Tells the manager only what is proved; belongs to the service's thread.

    It is ready once every folder is watched, or known to be away, and the models have answered. It
    lives while the loop that calls ``tick`` turns, the observers with their emitters read events,
    and the child answers in time. The loop's thread is the catalog's one writer. ``headline`` gives
    the line that `systemctl status` shows, ``hung`` the keys of the roots whose disk does not
    answer.
    """

    def __init__(
        self,
        notifier: Notifier,
        headline: Callable[[], str],
        hung: Callable[[], Collection[int]],
        library: Library,
        watcher: Watcher,
        pipeline: Pipeline,
    ) -> None:
        self._notifier = notifier
        self._headline = headline
        self._hung = hung
        self._library = library
        self._watcher = watcher
        self._pipeline = pipeline
        self._since = time.monotonic()
        self._next_ping = self._next_status = self._next_ready = 0.0
        self._is_ready = False

    def tick(self) -> None:
        """Say what is due."""
        if not self._notifier.is_wanted:
            return
        now = time.monotonic()
        interval = self._notifier.watchdog_seconds
        if interval is not None and now >= self._next_ping and self.is_alive():
            self._next_ping = now + interval / PINGS
            self._notifier.alive()
        if now >= self._next_ready and self._has_started():
            self._next_ready = now + STATUS_SECONDS
            self._is_ready = self._notifier.ready(self._headline())
        elif now >= self._next_status:
            self._next_status = now + STATUS_SECONDS
            self._notifier.status(self._headline())
            if not self._is_ready and now - self._since < LONGEST_START_SECONDS:
                self._notifier.extend_start()

    def is_alive(self) -> bool:
        """Tell whether all parts of the service do their work."""
        return not self._watcher.has_dead() and not self._pipeline.is_stuck()

    def reloaded(self) -> None:
        """Say that a reload, announced before, is over."""
        if self._is_ready:
            self._is_ready = self._notifier.ready(self._headline())

    def _has_started(self) -> bool:
        """Tell whether all is ready and nobody has heard of it yet."""
        return not self._is_ready and self._is_watching() and self._pipeline.is_ready

    def _is_watching(self) -> bool:
        hung = self._hung()
        return all(
            root.error
            or (root.identity and self._watcher.is_decided(root.top))
            or (root.identity is None and root.key in hung)
            for root in self._library.roots.values()
        )
