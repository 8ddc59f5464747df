"""The parts that every run shares, put together: catalog, child process, pipeline, their inbox.

The thread that owns an Indexer is the one that writes the catalog. Others hand it messages.
"""

from __future__ import annotations

import os
import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ..db.catalog import Catalog
from .pipeline import Outcome, Pipeline
from .scanner import Listed, Walked
from .worker import Worker, WorkerPlan, plan_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import TracebackType

    from ..db.records import FolderChange, RootFolder
    from .config import Config
    from .messages import Reply
    from .scan import Listing, Walk

PHOTOS_PER_THREAD = 4  # in the child at once: one decoded, one read ahead, two on their way


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply of the child and which child said it."""

    worker: Worker
    reply: Reply


@dataclass(frozen=True, slots=True)
class FolderTouched:
    """Something happened to this folder: walk it."""

    path: bytes


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing but a reason to look at the flags again."""


Message = Replied | Listed | Walked | FolderTouched | Wake


class Indexer:
    """Owns the catalog and the child for one run; a context manager that closes both."""

    def __init__(self, config: Config, on_outcome: Callable[[Outcome], None]) -> None:
        self.inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        plan: WorkerPlan = plan_worker(config)
        self.catalog = Catalog.open(config.catalog)
        self._worker = Worker(plan, lambda worker, reply: self.inbox.put(Replied(worker, reply)))
        self.pipeline = Pipeline(
            self.catalog,
            self._worker,
            window=plan.threads * PHOTOS_PER_THREAD,
            deadline_seconds=config.worker.deadline_seconds,
            on_outcome=on_outcome,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.stop()
        self.catalog.close()

    def add_root(self, path: bytes) -> RootFolder:
        """Enter a folder into the catalog under its real path."""
        return self.catalog.add_root(os.path.realpath(path))

    def take_listing(
        self, root_id: int, listing: Listing, unsettled: Collection[bytes] = ()
    ) -> FolderChange:
        """Make the catalog's rows of one folder equal to its listing."""
        change = self.catalog.reconcile_folder(root_id, listing.relpath, listing.files, unsettled)
        if change.new or change.changed:
            self.pipeline.wake()
        return change

    def finish_walk(self, root_id: int, walk: Walk) -> int:
        """Mark the photos of folders that are gone as missing; return their number."""
        known = self.catalog.folder_names(root_id, walk.under)
        gone = walk.vanished(known)
        return sum(self.catalog.mark_folder_missing(root_id, relpath) for relpath in gone)

    def work_off(self, timeout: float) -> None:
        """Feed the child, wait for its replies up to ``timeout`` seconds, take them in."""
        self.pipeline.check_deadline()
        self.pipeline.feed()
        for message in self.messages(timeout):
            if isinstance(message, Replied):
                self.pipeline.handle(message.reply)

    def messages(self, timeout: float) -> list[Message]:
        """Wait for the first message up to ``timeout`` seconds; return all that are there."""
        try:
            found = [self.inbox.get(timeout=max(timeout, 0.0))]
        except queue.Empty:
            return []
        while not self.inbox.empty():
            found.append(self.inbox.get())
        return found
