"""The way of a photo's tags: planned, drafted by the scribe, entered in the ledger, committed.

Belongs to the thread that writes the catalog. One photo at a time; each of its files (the photo
itself, its sidecar) is a step of its own, and one that is refused does not hold up the other.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ...db.records import TagFile
from ...db.states import TagState
from ..messages import Died
from ..printable import printable
from .orders import (
    Commit,
    Committed,
    Declined,
    Draft,
    Drafted,
    Forget,
    Recover,
    Recovered,
    TagPlan,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...db.catalog import Catalog
    from ...db.records import FileEntry, PhotoRecord
    from ..worker import Worker
    from .orders import Answer, Order

logger = logging.getLogger(__name__)

DEADLINE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class TagJob:
    """What is to be done with one photo; no ``plan``: what is ours is taken out.

    ``files`` and ``intents`` are the photo's rows of the ledger, ``root`` is locked for writing. A
    photo with the id 0 is not in the catalog: nothing is recorded of it.
    """

    photo: PhotoRecord
    root: bytes
    targets: tuple[str, ...]
    plan: TagPlan | None
    files: tuple[TagFile, ...] = ()
    intents: tuple[TagFile, ...] = ()
    again: bool = False
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class TagReport:
    """What became of one file.

    ``kind``: `written`, `unchanged`, `refused` (``for_now``: nothing can be written there now),
    `busy`, `gone`, `locked`, or `would` in a dry run.
    """

    photo: PhotoRecord
    target: str
    kind: str
    reason: str = ""
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    seconds: float = 0.0
    for_now: bool = False


@dataclass(slots=True)
class _Step:
    """The file that the scribe is at work on."""

    job: TagJob
    target: str
    number: int
    started: float
    draft: Drafted | None = None


class Tagger:
    """Does one job after the other; ``on_report`` hears of every file, ``on_done`` of every job."""

    def __init__(
        self,
        catalog: Catalog,
        scribe: Worker,
        on_report: Callable[[TagReport], None],
        on_done: Callable[[TagJob], None] = lambda _job: None,
    ) -> None:
        self._catalog = catalog
        self._scribe = scribe
        self._on_report = on_report
        self._on_done = on_done
        self._numbers = 0
        self._todo: deque[tuple[TagJob, str]] = deque()
        self._recoveries: dict[int, tuple[int, TagFile]] = {}
        self._recovering_since = 0.0
        self._step: _Step | None = None
        self._renewed: tuple[TagJob, FileEntry] | None = None

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is being done."""
        return self._step is None and not self._todo and not self._recoveries

    def submit(self, job: TagJob) -> None:
        """Begin with a photo; every target is a step."""
        self._todo.extend((job, target) for target in job.targets)
        self._go_on()

    def recover(self, photo_id: int, path: bytes, root: bytes, intent: TagFile) -> None:
        """Find out what became of a write that a crash has interrupted."""
        number = self._next_number()
        if not self._recoveries:
            self._recovering_since = time.monotonic()
        self._recoveries[number] = (photo_id, intent)
        self._send(Recover(number, path, root, intent))

    def handle(self, answer: Answer | Died) -> None:
        """Take in what the scribe said."""
        if isinstance(answer, Died):
            self._take_death(answer.reason)
            return
        if isinstance(answer, Recovered):
            self._take_recovered(answer)
            return
        step = self._step
        if step is None or answer.id != step.number:  # it was given up meanwhile
            return
        match answer:
            case Drafted():
                self._take_draft(step, answer)
            case Committed():
                self._record(step, answer.file, answer.entry, answer.sidecars)
                self._renewed = (step.job, answer.entry) if answer.entry else None
                draft = step.draft
                added, dropped = (draft.added, draft.dropped) if draft else ((), ())
                self._finish(step, "written", added=added, dropped=dropped)
            case Declined():
                self._take_declined(step, answer)

    def give_up(self) -> None:
        """Drop what is being done: the catalog cannot take it in."""
        if self._step is not None:
            self._scribe.send(Forget(self._step.number))
        self._step = None
        self._todo.clear()

    def check_deadline(self) -> None:
        """Kill the scribe if a file takes too long; its end then arrives as Died."""
        now, step = time.monotonic(), self._step
        is_late = bool(self._recoveries) and now - self._recovering_since > DEADLINE_SECONDS
        if step is not None and now - max(step.started, self._recovering_since) > DEADLINE_SECONDS:
            is_late, step.started = True, now
        if is_late:
            self._recovering_since = now
            self._scribe.kill(f"it took longer than {DEADLINE_SECONDS:g} s")

    def _go_on(self) -> None:
        if self._step is not None or not self._todo:
            return
        job, target = self._todo.popleft()
        step = self._step = _Step(job, target, self._next_number(), time.monotonic())
        order = Draft(
            id=step.number,
            path=job.photo.path,
            root=job.root,
            format=job.photo.format or "",
            target=target,
            plan=job.plan,
            files=job.files,
            intents=job.intents,
            models=job.photo.models,
            again=job.again,
            version=self._version(job),
        )
        self._send(order)

    def _version(self, job: TagJob) -> tuple[int, int, int] | None:
        """Return which version of a photo the catalog knows; our own write has made a new one."""
        known: PhotoRecord | FileEntry = job.photo
        if self._renewed is not None and self._renewed[0] is job:
            known = self._renewed[1]
        return (known.size, known.mtime_ns, known.inode) if job.photo.id else None

    def _take_draft(self, step: _Step, draft: Drafted) -> None:
        step.draft = draft
        if step.job.is_dry:
            self._scribe.send(Forget(step.number))
            kind = "would" if draft.is_change else "unchanged"
            self._finish(step, kind, added=draft.added, dropped=draft.dropped)
        elif draft.is_change:
            if step.job.photo.id:
                self._catalog.tags.intend(step.job.photo.id, draft.file)
            self._scribe.send(Commit(step.number))
        else:
            self._scribe.send(Forget(step.number))
            if _is_news(draft.file, self._known(step)):
                self._record(step, draft.file)
            self._finish(step, "unchanged")

    def _take_declined(self, step: _Step, answer: Declined) -> None:
        photo_id = step.job.photo.id
        if not step.job.is_dry:
            if step.draft is not None and photo_id:
                self._catalog.tags.drop_intent(photo_id, step.target)
            if answer.kind == "refused":
                self._note_refusal(step, answer.reason)
        rest, for_now = answer.seconds, answer.for_now
        self._finish(step, answer.kind, answer.reason, seconds=rest, for_now=for_now)

    def _note_refusal(self, step: _Step, reason: str) -> None:
        """Keep the reason; what was written before is still in the file."""
        known = self._known(step)
        if known is not None and known.items:
            file = replace(known, reason=reason)
        else:
            file = replace(_blank(step), reason=reason, removed=known.removed if known else ())
        self._record(step, file)

    def _record(
        self,
        step: _Step,
        file: TagFile,
        entry: FileEntry | None = None,
        sidecars: tuple[int, int] | None = None,
    ) -> None:
        """Put a file's row into the ledger, unless the catalog does not know the photo."""
        if step.job.photo.id:
            self._catalog.tags.record(step.job.photo.id, file, entry, sidecars)

    def _take_recovered(self, answer: Recovered) -> None:
        photo_id, intent = self._recoveries.pop(answer.id)
        self._recovering_since = time.monotonic()  # of the next one
        for path in answer.kept:
            logger.warning("%s: left by a crash while tags were written; kept", printable(path))
        if answer.is_written:
            self._catalog.tags.record(photo_id, intent, answer.entry)
        elif answer.is_written is False:
            self._catalog.tags.drop_intent(photo_id, intent.target)
        self._go_on()

    def _take_death(self, reason: str) -> None:
        self._scribe.stop()
        self._recoveries.clear()
        step = self._step
        if step is None:
            return
        intent = step.draft.file if step.draft is not None and not step.job.is_dry else None
        if not step.job.is_dry:
            self._note_refusal(step, f"writing it failed: {reason}")
        if intent is not None and step.job.photo.id:  # it may be written nevertheless
            self._catalog.tags.intend(step.job.photo.id, intent)
            self.recover(step.job.photo.id, step.job.photo.path, step.job.root, intent)
        self._finish(step, "refused", f"writing it failed: {reason}")

    def _finish(
        self,
        step: _Step,
        kind: str,
        reason: str = "",
        *,
        added: tuple[str, ...] = (),
        dropped: tuple[str, ...] = (),
        seconds: float = 0.0,
        for_now: bool = False,
    ) -> None:
        removed = step.draft.file.removed if step.draft is not None else ()
        report = TagReport(
            step.job.photo, step.target, kind, reason, added, dropped, removed, seconds, for_now
        )
        self._step = None
        self._on_report(report)
        if not self._todo or self._todo[0][0] is not step.job:
            self._on_done(step.job)
        self._go_on()

    def _known(self, step: _Step) -> TagFile | None:
        return next((file for file in step.job.files if file.target == step.target), None)

    def _send(self, order: Order) -> None:
        if not self._scribe.is_running:
            self._scribe.start()
        self._scribe.send(order)

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers


def _is_news(file: TagFile, known: TagFile | None) -> bool:
    """Tell whether the ledger must learn something of a file that stays as it is."""
    if known is None:
        return bool(file.items or file.removed)
    # What is known may be the row of a photo that lay elsewhere: this one has none of its own yet.
    names = ("path", "items", "removed", "state")
    return any(getattr(file, name) != getattr(known, name) for name in names)


def _blank(step: _Step) -> TagFile:
    return TagFile(step.target, step.job.photo.path, TagState.REFUSED, int(time.time()))
