"""Gathers what the daemon has to say of itself and keeps its status file fresh."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from ...db.states import PhotoState, RootState
from ..printable import count, printable
from .status import Rate, Trouble, troubles_to_json, write_status

if TYPE_CHECKING:
    from ..housekeeping import Housekeeper
    from ..library import Library, Root
    from ..pipeline import Outcome
    from ..watching.scan import Walk
    from ..watching.watcher import Watcher
    from .stages import StageTimes

logger = logging.getLogger(__name__)

FAILURES = (PhotoState.FAILED, PhotoState.DEAD)
MOST_TROUBLES = 20
SOONEST, LATEST = 1.0, 5.0  # seconds between two writings, with and without news

ROOT_TROUBLES = {
    RootState.OFFLINE: "mount it; nothing is lost meanwhile",
    RootState.MISSING: "bring the folder back, or take it out of the settings",
    RootState.SUSPECT: "if they are really gone: phototag confirm-missing",
}


class Reporter:
    """Belongs to the service's thread; the service sets what it alone knows."""

    def __init__(
        self,
        catalog: bytes,
        library: Library,
        watcher: Watcher,
        housekeeper: Housekeeper,
        stages: StageTimes,
    ) -> None:
        self._catalog = catalog
        self._library = library
        self._watcher = watcher
        self._housekeeper = housekeeper
        self._stages = stages
        self._since = time.time()
        self._rate = Rate()
        self._outcomes: Counter[str] = Counter()
        self._scans = 0
        self._unreadable: dict[int, dict[bytes, str]] = {}
        self._last: dict[str, Any] = {}
        self._next_write = self._latest_write = 0.0
        self.overflows = self.restarts = 0
        self.pause_reason: str | None = None
        self.config_error: str | None = None
        self.hung: list[bytes] = []
        self.tag_troubles: list[Trouble] = []
        self.saved_troubles: list[Trouble] = []
        self.commands: dict[str, Any] = {}
        self.metrics_troubles: list[Trouble] = []

    def count(self, outcome: Outcome) -> None:
        """Take in one photo's outcome."""
        self._outcomes[outcome.state] += 1
        if outcome.state is PhotoState.DONE:
            self._rate.count()

    def note_walk(self, root: Root, walk: Walk) -> None:
        """Take in the end of a walk; one of the whole root tells anew what cannot be read."""
        if walk.under == root.prefix:
            self._scans += 1
            self._unreadable[root.key] = dict(walk.unreadable) if root.is_served else {}

    @property
    def last_status(self) -> dict[str, Any]:
        """What was written last; empty before the first time."""
        return self._last

    def write_when_due(self, is_idle: bool) -> None:
        """Write the status file if there is news, or to show that the daemon lives."""
        now = time.monotonic()
        if now < self._next_write:
            return
        self._next_write = now + SOONEST
        status = self._gather(is_idle)
        if status != self._last or now >= self._latest_write:
            self._last, self._latest_write = status, now + LATEST
            self._write(status | {"updated": time.time()})

    def headline(self, waiting: int) -> str:
        """Say in one line what goes on, for so many photos that wait."""
        roots = self._library.roots.values()
        served = sum(root.is_served for root in roots)
        parts = [f"folders watched: {served} of {len(roots)}"]
        if waiting:
            parts.append(f"{count(waiting, 'photo')} to do, {self._rate.per_second():.1f} photos/s")
        else:
            done = count(self._outcomes[PhotoState.DONE], "photo")
            parts.append(f"caught up, {done} done since start")
        troubles = self._troubles()
        if troubles:
            parts.append(f"DEGRADED: {troubles[0].reason}")
        return "; ".join(parts)

    def write_end(self) -> None:
        """Say that the daemon has ended in order."""
        self._write(self._last | {"running": False, "updated": time.time()})

    def _write(self, status: dict[str, Any]) -> None:
        try:
            write_status(self._catalog, status)
        except OSError as error:  # a full disk: the reader sees that the status is old
            logger.debug("status not written: %s", error)

    def _gather(self, is_idle: bool) -> dict[str, Any]:
        return {
            "running": True,
            "pid": os.getpid(),
            "since": self._since,
            "is_idle": is_idle,
            "rate": round(self._rate.per_second(), 2),
            "outcomes": dict(self._outcomes),
            "errors": self._errors(),
            "stages": self._stages.to_json(),
            "scans": self._scans,
            "paused": self.pause_reason is not None,
            "overflows": self.overflows,
            "restarts": self.restarts,
            "commands": self.commands,
            "roots": [self._root(root) for root in self._library.roots.values()],
            "degraded": troubles_to_json(self._troubles()),
        }

    def _errors(self) -> dict[str, int]:
        """Count what went wrong since the start, by kind."""
        failed = {state: self._outcomes[state] for state in (*FAILURES, PhotoState.UNSUPPORTED)}
        return failed | {"lost_events": self.overflows, "observer_ended": self.restarts}

    def _root(self, root: Root) -> dict[str, Any]:
        watch = self._watcher.state(root.top)
        return {
            "path": printable(root.top),
            "mode": watch.mode,
            "mode_reason": watch.why,
            "state": "suspect" if root.state is RootState.CONFIRMED else str(root.state),
            "watched": watch.watched,
            "unwatched": watch.unwatched,
            "last_scan": root.last_scan,
        }

    def _troubles(self) -> list[Trouble]:
        found = [*self._housekeeper.troubles, *self.tag_troubles, *self.saved_troubles]
        found += self.metrics_troubles
        if self.pause_reason:
            remedy = "make room on the catalog's disk; it goes on by itself"
            found.append(Trouble(f"paused: {self.pause_reason}", remedy))
        if self.config_error:
            found.append(Trouble(f"settings not reloaded: {self.config_error}", "mend the file"))
        for top in self.hung:
            found.append(Trouble(f"{printable(top)}: the disk does not answer", "check the mount"))
        for root in self._library.roots.values():
            found += self._root_troubles(root)
        hidden = len(found) - MOST_TROUBLES
        if hidden > 0:
            found[MOST_TROUBLES:] = [Trouble(f"... and {hidden} more", "see the log")]
        return found

    def _root_troubles(self, root: Root) -> list[Trouble]:
        path, watch = printable(root.top), self._watcher.state(root.top)
        found = []
        if root.state in ROOT_TROUBLES:
            reason = f": {root.error}" if root.error and not root.is_served else ""
            found.append(Trouble(f"{path} is {root.state}{reason}", ROOT_TROUBLES[root.state]))
        if watch.problem and root.is_served:
            found.append(Trouble(f"{path}: {watch.problem}", watch.remedy or ""))
        for folder, reason in self._unreadable.get(root.key, {}).items():
            where = printable(os.path.join(root.path, folder))
            found.append(Trouble(f"{where}: {reason}", "check the permissions and the disk"))
        return found
