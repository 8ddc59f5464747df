"""Writing tags when somebody asks for it: many photos, one after the other, to their end."""

from __future__ import annotations

import queue
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Self

from ...db.catalog import Catalog
from ...db.reader import CatalogReader
from ..worker import Worker
from .setup import find_root, make_job, scribe_program, tag_rules
from .tagger import Tagger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from ...db.records import PhotoRecord
    from ..config import Config
    from ..messages import Died
    from .orders import Answer
    from .tagger import TagJob, TagReport

CHUNK: Final = 200
MOST_TRIES: Final = 3
WAIT_SECONDS: Final = 0.5


class Batch:
    """One run of writing or taking back; a context manager that ends the scribe.

    ``on_report`` hears of every file. It works beside a running daemon, in short transactions.
    """

    def __init__(self, config: Config, on_report: Callable[[TagReport], None]) -> None:
        self._config = config
        self._on_report = on_report
        self._inbox: queue.SimpleQueue[Answer | Died] = queue.SimpleQueue()
        self._rules = tag_rules(config)
        self._catalog = Catalog.open(config.catalog.path, exclusive=False)
        self._scribe = Worker(scribe_program(config), self._inbox.put)
        self._tagger = Tagger(self._catalog, self._scribe, self._take_report)
        self._busy: list[TagReport] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._scribe.stop()
        self._catalog.close()

    def recover(self) -> None:
        """Find out what became of writes that a crash has interrupted."""
        with CatalogReader.open(self._config.catalog.path) as reader:
            for photo_id, path, intent in reader.tag_intents():
                self._tagger.recover(photo_id, path, find_root(reader, path), intent)
        self._wait()

    def run(
        self,
        photos: Sequence[PhotoRecord],
        targets: tuple[str, ...],
        *,
        undo: bool = False,
        again: bool = False,
        is_dry: bool = False,
    ) -> None:
        """Write to each of the photos, or take back; a busy file is tried three times."""
        for start in range(0, len(photos), CHUNK):
            some = self._with_details(photos[start : start + CHUNK])
            todo = deque((photo, targets, 1) for photo in some)
            while todo:
                photo, wanted, attempt = todo.popleft()
                self._busy.clear()
                self._tagger.submit(
                    self._make_job(photo, wanted, undo=undo, again=again, is_dry=is_dry)
                )
                self._wait()
                if self._busy and attempt < MOST_TRIES:
                    time.sleep(max(report.seconds for report in self._busy) + WAIT_SECONDS)
                    todo.appendleft((photo, tuple(r.target for r in self._busy), attempt + 1))
                else:
                    for report in self._busy:
                        self._on_report(report)

    def _make_job(
        self, photo: PhotoRecord, targets: tuple[str, ...], *, undo: bool, again: bool, is_dry: bool
    ) -> TagJob:
        with CatalogReader.open(self._config.catalog.path) as reader:
            return make_job(
                reader, photo, self._rules, targets, undo=undo, again=again, is_dry=is_dry
            )

    def _with_details(self, photos: Sequence[PhotoRecord]) -> list[PhotoRecord]:
        strangers = [photo for photo in photos if not photo.id]
        with CatalogReader.open(self._config.catalog.path) as reader:
            known = reader.photos_by_id([photo.id for photo in photos if photo.id])
        return [*strangers, *known]

    def _wait(self) -> None:
        while not self._tagger.is_idle:
            self._tagger.check_deadline()
            try:
                self._tagger.handle(self._inbox.get(timeout=WAIT_SECONDS))
            except queue.Empty:
                continue

    def _take_report(self, report: TagReport) -> None:
        if report.kind == "busy":
            self._busy.append(report)
        else:
            self._on_report(report)
