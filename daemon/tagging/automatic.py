"""Tags after each photo: the daemon's queue of photos whose files are to be written."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...db.reader import CatalogReader
from ...db.states import TagState
from ..monitoring.status import Trouble
from ..printable import printable
from .setup import TARGETS, find_root, make_job, tag_rules
from .tagger import Tagger

if TYPE_CHECKING:
    from ...db.catalog import Catalog
    from ..config import Config
    from ..messages import Died
    from ..monitoring.stages import StageTimes
    from ..worker import Worker
    from .orders import Answer
    from .tagger import TagJob, TagReport

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
LOCKED_SECONDS: Final = 60
MOST_TRIES: Final = 3
WAITING: Final = ("busy", "locked", "gone")  # kinds of reports; whose photo is missing waits idly
MOST_DOUBLINGS: Final = 5  # of the rest of a photo that lies where nothing can be written


class AutomaticTagger:
    """Feeds the tagger from the catalog's queue; belongs to the thread that writes the catalog."""

    def __init__(
        self,
        catalog: Catalog,
        scribe: Worker,
        config: Config,
        stages: StageTimes,
        *,
        is_on: bool = True,
    ) -> None:
        self._catalog = catalog
        self._stages = stages
        self._begun = 0.0
        self._config = config
        self._scribe = scribe
        self._tagger = Tagger(catalog, scribe, self._take_report, self._take_done)
        self._rules = tag_rules(config)
        self._targets = TARGETS[config.tags.write if is_on else "off"]
        self._put_off: float | None = None
        self._tries = 0
        self._next_look = 0.0
        self._is_new = True
        self.lock_problem = ""

    @property
    def is_on(self) -> bool:
        """Tell whether photos are to be written."""
        return bool(self._targets)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing waits that could be done now."""
        return not self.is_on or (self._tagger.is_idle and time.monotonic() < self._next_look)

    def troubles(self) -> list[Trouble]:
        """Return what keeps tags from being written."""
        if not self.lock_problem:
            return []
        return [Trouble(self.lock_problem, "end the other program; only one writes at a time")]

    def recover(self) -> None:
        """Find out what became of the writes that a crash has interrupted."""
        with CatalogReader.open(self._config.catalog.path) as reader:
            for photo_id, path, intent in reader.tag_intents():
                self._tagger.recover(photo_id, path, find_root(reader, path), intent)

    def wake(self) -> None:
        """Say that the queue may hold photos."""
        self._next_look = 0.0

    def handle(self, answer: Answer | Died, source: Worker) -> None:
        """Take in what a scribe said, unless it is one of former settings."""
        if source is self._scribe:
            self._tagger.handle(answer)

    def give_up(self) -> None:
        """Drop what is being done: the catalog cannot take it in."""
        self._tagger.give_up()

    def stop(self) -> None:
        """End the scribe."""
        self._scribe.stop()

    def feed(self) -> None:
        """Begin with the next photo, if none is being dealt with."""
        self._tagger.check_deadline()
        if not self.is_on or not self._tagger.is_idle or time.monotonic() < self._next_look:
            return
        if self._is_new:  # what kept photos from being written may have been mended
            self._catalog.tags.end_rests()
            self._is_new = False
        waiting = self._catalog.tags.next_jobs(1, (), int(time.time()))
        if not waiting:
            self._next_look = time.monotonic() + LOOK_SECONDS
            return
        photo_id = waiting[0].id
        with CatalogReader.open(self._config.catalog.path) as reader:
            known = reader.photos_by_id([photo_id])
            jobs = [make_job(reader, photo, self._rules, self._targets) for photo in known]
        targets = _wished_targets(jobs[0]) if jobs else ()
        if not targets:
            self._catalog.tags.finish(photo_id)
            return
        self._tries = waiting[0].attempts
        self._put_off = None
        self._begun = time.monotonic()
        self._tagger.submit(replace(jobs[0], targets=targets))

    def _take_report(self, report: TagReport) -> None:
        path = printable(report.photo.path)
        self.lock_problem = report.reason if report.kind == "locked" else ""
        if report.kind == "written":
            logger.info("%s: %s tagged: %s", path, report.target, ", ".join(report.added) or "-")
        elif report.kind == "refused":
            logger.info("%s: %s not written: %s", path, report.target, report.reason)
        elif report.kind in WAITING:
            logger.info("%s: %s; its tags wait", path, report.reason)
        if report.for_now or report.kind in WAITING:
            self._put_off = max(self._put_off or 0.0, time.time() + self._rest(report))

    def _rest(self, report: TagReport) -> float:
        """Return how long a file is left alone: a busy one the third time until the next walk.

        One that lies where nothing can be written, or whose disk may be away, rests longer each
        time.
        """
        watch = self._config.watch
        if report.kind == "locked":
            return LOCKED_SECONDS
        if report.for_now or report.kind == "gone":
            return watch.rescan_seconds * 2.0 ** min(self._tries, MOST_DOUBLINGS)
        if self._tries + 1 >= MOST_TRIES:
            return watch.rescan_seconds
        return max(report.seconds, watch.settle_seconds) + 1.0

    def _take_done(self, job: TagJob) -> None:
        self._stages.observe("tag", time.monotonic() - self._begun)
        if self._put_off is None:
            self._catalog.tags.finish(job.photo.id)
        else:
            self._catalog.tags.put_off(job.photo.id, int(self._put_off) + 1)


def _wished_targets(job: TagJob) -> tuple[str, ...]:
    """Return which files may be written: not those that the owner has had the tags taken out of."""
    undone = {file.target for file in job.files if file.state == TagState.UNDONE}
    if undone and not any(file.items for file in job.files):
        return ()
    return tuple(target for target in job.targets if target not in undone)
