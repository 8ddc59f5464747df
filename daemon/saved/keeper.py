"""The saved searches as the service sees them: one part on the thread that writes the catalog."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from ...db.errors import CatalogError
from ...db.states import label_key
from ..monitoring.status import Trouble
from ..printable import printable
from .commands import CommandRunner, Job, Ran
from .matcher import Compared, Matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...db.catalog import Catalog
    from ...db.records import MatchRun
    from ..config import Config

logger = logging.getLogger(__name__)

HOLD_SECONDS: Final = 60.0  # before a program that cannot be started is tried again
COUNT_SECONDS: Final = 5.0


class SavedSearchKeeper:
    """Writes down what the searches find, and hands out the commands for what is new."""

    def __init__(
        self, catalog: Catalog, config: Config, put: Callable[[Compared | Ran], None]
    ) -> None:
        self._catalog = catalog
        self._matcher = Matcher(config.catalog.path, put)
        self._runner = CommandRunner(config.catalog.path, put)
        self._take_settings(config)
        self._running: MatchRun | None = None
        self._ended: Ran | None = None  # what the catalog could not take in yet
        self._may_wait = True
        self._held: dict[str, float] = {}
        self._problems: dict[str, Trouble] = {}
        self._ran = self._failed = self._waiting = 0
        self._next_count = 0.0

    def start(self) -> None:
        """Begin; a command that a crash has cut off is told, not repeated."""
        for run in self._catalog.saved.begun_runs():
            path = printable(self._catalog.photo_paths([run.photo_id]).get(run.photo_id, b"?"))
            reason = f"{path}: cut off when the daemon ended; not run again"
            logger.warning("on_match.%s: %s", run.name, reason)
            self._note_problem(run.name, reason, "run it by hand if the photo still needs it")
            self._catalog.saved.end_run(run)
        self._runner.start()
        self._matcher.start(self._commands)

    def stop(self) -> None:
        """End both threads and the command that runs; write down what became of it."""
        self._matcher.stop()
        last = self._runner.stop()
        if last is not None and last.run == self._running:
            with contextlib.suppress(CatalogError):  # then it counts as cut off
                self._take_run(last)

    def use(self, config: Config) -> None:
        """Take newly loaded settings."""
        self._take_settings(config)
        self._problems.clear()
        self._held.clear()
        self._may_wait = True
        self._matcher.use(self._commands)

    def handle(self, message: Compared | Ran) -> None:
        """Take in what one of the threads has to say."""
        if isinstance(message, Ran):
            self._take_run(message)
            return
        change = message.change
        has_command = label_key(change.search.name) in self._commands
        self._catalog.saved.note(change, has_command=has_command)
        self._may_wait |= bool(change.found)
        self._matcher.noted()

    def feed(self) -> None:
        """Begin with the next command, if none is running."""
        if self._ended is not None:
            self._take_run(self._ended)
        self._release()
        self._count()
        names = self._commands.keys() - self._held.keys()
        if self._running is not None or not self._may_wait or not names:
            return
        run = self._catalog.saved.begin_run(names)
        if run is None:
            self._may_wait = False
            return
        self._running = run
        self._runner.submit(Job(run, self._commands[label_key(run.name)], self._seconds))

    def troubles(self) -> list[Trouble]:
        """Return what keeps links or commands from being right."""
        threads = self._matcher.troubles
        if self._runner.has_failed:
            threads.append(Trouble("no command is run any more", "see the log; restart"))
        known = self._matcher.names
        if known is None:  # not yet looked
            return [*threads, *self._problems.values()]
        unknown = [
            Trouble(
                f"on_match.{name}: no search is saved under this name",
                "save it, or take its command out of the settings",
            )
            for name in sorted(self._commands.keys() - known)
        ]
        failing = [trouble for name, trouble in self._problems.items() if name in known]
        return [*threads, *failing, *unknown]

    def summary(self) -> dict[str, Any]:
        """Return the commands in numbers: those since the start, and those that wait."""
        return {"run": self._ran, "failed": self._failed, "waiting": self._waiting}

    def _take_settings(self, config: Config) -> None:
        self._commands = {label_key(name): parts for name, parts in config.on_match.items()}
        self._seconds = config.watch.on_match_seconds

    def _count(self) -> None:
        now = time.monotonic()
        if now >= self._next_count:
            self._next_count = now + COUNT_SECONDS
            self._waiting = self._catalog.saved.count_waiting() if self._commands else 0
            self._may_wait |= self._waiting > 0  # a photo, or its disk, may be back

    def _release(self) -> None:
        """Let those go on whose hold is over."""
        now = time.monotonic()
        for name in [name for name, until in self._held.items() if until <= now]:
            del self._held[name]
            self._may_wait = True

    def _take_run(self, ran: Ran) -> None:
        self._ended = ran
        name = label_key(ran.run.name)
        is_wanted = name in self._commands
        if is_wanted and not ran.has_begun:
            self._catalog.saved.put_back(ran.run)
        else:
            self._catalog.saved.end_run(ran.run)
        self._ended = self._running = None
        if not ran.has_begun:
            if is_wanted and ran.problem:
                self._held[name] = time.monotonic() + HOLD_SECONDS
                self._note_problem(name, ran.problem, "mend it; the photos wait for it")
            return
        self._ran += 1
        if ran.problem:
            self._failed += 1
            self._note_problem(
                name, ran.problem, "see the log, and mend the command or the settings"
            )
        else:
            self._problems.pop(name, None)

    def _note_problem(self, name: str, reason: str, remedy: str) -> None:
        key = label_key(name)
        self._problems[key] = Trouble(f"on_match.{name}: {reason}", remedy)
