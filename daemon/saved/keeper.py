"""The saved searches as the service sees them: one part on the thread that writes the catalog."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ...db.states import label_key
from ..status import Trouble
from .commands import CommandRunner, Job, Ran
from .matcher import Compared, Matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...db.catalog import Catalog
    from ..config import Config

logger = logging.getLogger(__name__)


class SavedSearchKeeper:
    """Writes down what the searches find, and hands out the commands for what is new."""

    def __init__(
        self, catalog: Catalog, config: Config, put: Callable[[Compared | Ran], None]
    ) -> None:
        self._catalog = catalog
        self._matcher = Matcher(config.catalog.path, put)
        self._runner = CommandRunner(config.catalog.path, put)
        self._take_settings(config)
        self._is_running = False
        self._may_wait = True
        self._problems: dict[str, str] = {}
        self._ran = self._failed = 0

    def start(self) -> None:
        """Begin; a command that a crash has cut off is told, not repeated."""
        for run in self._catalog.saved.begun_runs():
            paths = self._catalog.photo_paths([run.photo_id])
            path = paths.get(run.photo_id, b"?").decode("utf-8", "backslashreplace")
            logger.warning("on_match.%s: %s: cut off; not run again", run.name, path)
            self._catalog.saved.end_run(run)
        self._runner.start()
        self._matcher.start(self._commands)

    def stop(self) -> None:
        """End both threads and the command that runs."""
        self._matcher.stop()
        self._runner.stop()

    def use(self, config: Config) -> None:
        """Take newly loaded settings."""
        self._take_settings(config)
        self._problems.clear()
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
        if self._is_running or not self._may_wait or not self._commands:
            return
        run = self._catalog.saved.begin_run(self._commands)
        if run is None:
            self._may_wait = False
            return
        self._is_running = True
        self._runner.submit(Job(run, self._commands[label_key(run.name)], self._seconds))

    def troubles(self) -> list[Trouble]:
        """Return what keeps links or commands from being right."""
        remedy = "see the log, and mend the command or the settings"
        failing = [
            Trouble(f"on_match.{name}: {text}", remedy) for name, text in self._problems.items()
        ]
        return [*self._matcher.troubles, *failing]

    def summary(self) -> dict[str, Any]:
        """Return the commands in numbers, since the start."""
        return {"run": self._ran, "failed": self._failed}

    def _take_settings(self, config: Config) -> None:
        self._commands = {label_key(name): parts for name, parts in config.on_match.items()}
        self._seconds = config.watch.on_match_seconds

    def _take_run(self, ran: Ran) -> None:
        self._is_running = False
        self._ran += 1
        if ran.problem:
            self._failed += 1
            self._problems[ran.run.name] = ran.problem
        else:
            self._problems.pop(ran.run.name, None)
        self._catalog.saved.end_run(ran.run)
