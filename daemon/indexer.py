"""The parts that every run shares, put together: catalog, child process, pipeline, their inbox.

The thread that owns an Indexer is the one that writes the catalog. Others hand it messages.
"""

from __future__ import annotations

import logging
import os
import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ..db.catalog import Catalog
from ..db.errors import CatalogError, CatalogUnreadable
from .config import ConfigError
from .formats import installed_readers
from .fusing import make_fuser
from .library import Library
from .messages import decode_reply, encode
from .monitoring.stages import StageTimes
from .pipeline import Outcome, Pipeline
from .printable import printable
from .saved.commands import Ran
from .saved.matcher import Compared
from .tagging.automatic import AutomaticTagger
from .tagging.setup import scribe_program
from .watching.ignores import IgnoreGlobError, Ignores
from .watching.mounts import find_mount, is_network
from .watching.scanner import Listed, RootSeen, Walked
from .watching.settler import Settled
from .worker import ChildProgram, Worker, plan_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from .config import Config, RootSettings
    from .messages import Died, Reply
    from .tagging.orders import Answer

logger = logging.getLogger(__name__)

PHOTOS_PER_THREAD = 4  # in the child at once: one decoded, one read ahead, two on their way


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply of the child."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class FolderTouched:
    """Something happened to this folder: walk it."""

    path: bytes


@dataclass(frozen=True, slots=True)
class Overflowed:
    """Events of this root were lost: walk all of it."""

    top: bytes


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing but a reason to look at the flags again."""


@dataclass(frozen=True, slots=True)
class TagAnswered:
    """An answer of the process that writes tags; ``source`` tells whether it still counts."""

    answer: Answer | Died
    source: Worker


Message = (
    TagAnswered
    | Replied
    | Listed
    | Walked
    | RootSeen
    | Settled
    | FolderTouched
    | Overflowed
    | Wake
    | Compared
    | Ran
)


class Indexer:
    """Owns the catalog and the child for one run; a context manager that closes both.

    Without ``write_tags`` no file is written to, whatever the settings say.
    """

    def __init__(
        self,
        config: Config,
        roots: Sequence[RootSettings],
        on_outcome: Callable[[Outcome], None],
        *,
        write_tags: bool = True,
    ) -> None:
        self.inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.ignores = make_ignores(config)
        self.stages = StageTimes()
        plan = plan_worker(config)
        self.catalog = open_catalog(config)
        again = self.catalog.queue.requeue_unsupported(installed_readers())
        if again:
            logger.info("%d photos that no library could read are tried again", again)
        program = ChildProgram("recognizer", plan.to_json(), encode, decode_reply)
        self._worker = Worker(program, lambda reply: self.inbox.put(Replied(reply)))
        self.pipeline = Pipeline(
            self.catalog,
            self._worker,
            make_fuser(config),
            window=plan.threads * PHOTOS_PER_THREAD,
            deadline_seconds=config.worker.deadline_seconds,
            on_outcome=on_outcome,
            stages=self.stages,
        )
        self._write_tags = write_tags
        self.tags = self._make_tags(config)
        self.pipeline.queue_tags = self.tags.is_on
        try:
            self.library = Library(
                self.catalog, config.catalog.path, roots, self.ignores, self.pipeline.wake
            )
        except BaseException:
            self.catalog.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.tags.stop()
        self._worker.stop()
        self.catalog.close()

    def use_rules(self, config: Config) -> None:
        """Believe by new settings from now on; what is known already is read anew when idle."""
        self.pipeline.fuser = make_fuser(config)

    def use_tags(self, config: Config) -> None:
        """Write tags by new settings from now on."""
        self.tags.stop()
        self.tags = self._make_tags(config)
        self.pipeline.queue_tags = self.tags.is_on
        self.tags.recover()

    def work_off(self, timeout: float) -> None:
        """Feed the child, wait for its replies up to ``timeout`` seconds, take them in."""
        self.pipeline.check_deadline()
        self.pipeline.feed()
        self.tags.feed()
        for message in self.messages(timeout):
            if isinstance(message, Replied):
                self.pipeline.handle(message.reply)
            elif isinstance(message, TagAnswered):
                self.tags.handle(message.answer, message.source)

    def _make_tags(self, config: Config) -> AutomaticTagger:
        scribe = Worker(
            scribe_program(config), lambda answer: self.inbox.put(TagAnswered(answer, scribe))
        )
        return AutomaticTagger(self.catalog, scribe, config, self.stages, is_on=self._write_tags)

    def messages(self, timeout: float) -> list[Message]:
        """Wait for the first message up to ``timeout`` seconds; return all that are there."""
        try:
            found = [self.inbox.get(timeout=max(timeout, 0.0))]
        except queue.Empty:
            return []
        while not self.inbox.empty():
            found.append(self.inbox.get())
        return found


def make_ignores(config: Config) -> Ignores:
    """Return the rules of what is left alone. Raises ConfigError for a bad pattern."""
    try:
        return Ignores(config.watch.ignore)
    except IgnoreGlobError as error:
        raise ConfigError(config.origins["watch.ignore"], "watch.ignore", str(error)) from None


def open_catalog(config: Config) -> Catalog:
    """Open the catalog as its writer; on a network mount only if the settings say so.

    Raises CatalogError.
    """
    path = config.catalog.path
    is_remote = check_place(config)
    # Of a place that was chosen only the last folder is made: what is above may be a disk's.
    above = os.path.dirname(os.path.dirname(path))
    if config.origins["catalog.path"] != "default" and not os.path.isdir(above):
        reason = f"there is no folder {printable(above)}"
        raise CatalogUnreadable(path, reason, "mount its disk, or make the folder")
    return Catalog.open(path, wal=not is_remote)


def check_place(config: Config) -> bool:
    """Tell whether the catalog lies on a network mount.

    Raises CatalogError where it does and the settings do not say that it may.
    """
    path = config.catalog.path
    folder = os.path.dirname(path)
    while folder != b"/" and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    mount = find_mount(folder)
    is_remote = is_network(mount.fstype)
    if is_remote and not config.catalog.allow_network:
        raise CatalogError(
            path,
            f"it would lie on a network mount ({mount.fstype}), where SQLite can lose data",
            "choose a local path, or set catalog.allow_network = true",
        )
    return is_remote
