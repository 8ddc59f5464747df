"""The process that writes tags: orders in, one file at a time out.

It reads hostile bytes and waits for slow disks, so it may be killed at any moment; every step
leaves whole files behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, BinaryIO, Literal

from ...db.records import FileEntry
from ..version import file_version, list_sidecars, sidecar_paths, sidecar_version
from . import exif, files
from .errors import Busy, Hindered, Locked, Refused, TagError
from .exif_draft import draft_exif
from .orders import (
    EXIF,
    Commit,
    Committed,
    Declined,
    Draft,
    Drafted,
    Forget,
    Recover,
    Recovered,
    decode,
    encode,
)
from .scribe_plan import ScribePlan
from .sidecar_draft import draft_sidecar
from .verify import verify_with_exiftool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...db.records import TagFile
    from .files import Original
    from .orders import Answer, Order
    from .work import Work

MOST_BYTES = 256 << 20  # of a photo that is written to
MEMORY_LIMIT = 4 << 30


class RootLocks:
    """Locks on the roots, so that one program at a time writes tags below each."""

    def __init__(self) -> None:
        self._held: dict[bytes, int] = {}

    def take(self, root: bytes) -> None:
        """Lock a root for the life of this process. Raises Locked; needs no file in the folder."""
        if root in self._held:
            return
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Locked("another program writes tags in this library") from None
        except OSError:  # a file system without locks
            pass
        self._held[root] = descriptor

    @contextlib.contextmanager
    def taken(self, root: bytes) -> Iterator[None]:
        """Lock a root for a moment, unless it is ours already. Raises Locked."""
        was_held = root in self._held
        self.take(root)
        try:
            yield
        finally:
            if not was_held:
                os.close(self._held.pop(root))


class Scribe:
    """Answers orders one after the other."""

    def __init__(self, plan: ScribePlan) -> None:
        self._plan = plan
        self._locks = RootLocks()
        self._held: dict[int, tuple[Draft, Work]] = {}

    def handle(self, order: Order) -> Answer | None:
        """Do what an order says; every one but Forget has an answer."""
        try:
            return self._do(order)
        except FileNotFoundError:
            return Declined(order.id, "gone", "it is not there any more")
        except TagError as error:
            seconds = error.seconds if isinstance(error, Busy) else 0.0
            for_now = isinstance(error, Hindered)
            return Declined(order.id, error.kind, error.reason, seconds, for_now)
        except MemoryError:
            return Declined(order.id, "refused", "there is not enough memory for it")

    def _do(self, order: Order) -> Answer | None:
        match order:
            case Draft():
                return self._draft(order)
            case Commit(id=number):
                return self._commit(number, *self._held.pop(number))
            case Forget(id=number):
                self._held.pop(number, None)
                return None
            case Recover():
                return self._recover(order)

    def _recover(self, order: Recover) -> Recovered:
        try:
            with self._locks.taken(order.root):
                return recover(order)
        except (OSError, Locked):
            return Recovered(order.id, None, None)

    def _draft(self, order: Draft) -> Drafted:
        photo = files.read_original(order.path, MOST_BYTES)
        _check_analysed(order, photo)
        if order.target == EXIF:
            work = draft_exif(order, photo)
            if work.is_change:
                files.check_writable(photo)
        else:
            work = self._draft_sidecar(order, photo)
        if work.is_change and self._plan.use_exiftool and order.target == EXIF:
            verify_with_exiftool(photo.data, work.data or b"")
        self._held[order.id] = (order, work)
        return Drafted(order.id, work.is_change, work.file, work.added, work.dropped)

    def _draft_sidecar(self, order: Draft, photo: Original) -> Work:
        path = sidecar_paths(order.path)[0]
        try:
            sidecar = files.read_original(path, MOST_BYTES)
        except FileNotFoundError:
            sidecar = None
        work = draft_sidecar(order, photo, path, sidecar, may_merge=self._plan.merge_sidecars)
        if work.is_change:
            files.check_folder(path)
            if sidecar is not None:
                files.check_writable(sidecar)
        return work

    def _commit(self, number: int, order: Draft, work: Work) -> Committed:
        if not work.is_change:
            return Committed(number, work.file, None)
        self._locks.take(order.root)
        original = work.original
        # Our own last write needs no rest.
        if original is not None and original.sha256 not in {file.after for file in order.files}:
            files.check_settled(original, self._plan.settle_seconds)
        beside = list_sidecars(order.path)
        status = self._write(work, order)
        if order.target == EXIF:
            return Committed(number, work.file, _entry(work.path, status))
        return Committed(number, work.file, None, _sidecars(beside, work.path, status))

    def _write(self, work: Work, order: Draft) -> os.stat_result | None:
        if work.data is None:
            if work.original is not None:
                files.delete(work.original)
            return None
        if work.original is None:
            return files.create(work.path, work.data, os.stat(order.path))
        is_photo = order.target == EXIF
        keep_mtime = is_photo and self._plan.keep_mtime
        return files.replace(work.original, work.data, keep_mtime=keep_mtime)


def _check_analysed(order: Draft, photo: Original) -> None:
    """Raise Busy for another picture than the one that the tags are for."""
    if order.plan is None or order.version in (None, file_version(photo.status)):
        return
    if photo.sha256 not in {file.after for file in (*order.files, *order.intents)}:
        raise Busy("it changed since it was analysed; scan it again")


def recover(order: Recover) -> Recovered:
    """Find out whether an intended write has happened, and clear up what it left beside the file.

    The owner's own file under its second name is removed only if its first name has it, too, or
    the new version of it; otherwise it is kept for people to look at.
    """
    intent = order.intent
    state = _state(intent.path, intent)
    kept = []
    for leftover in files.leftovers(intent.path):
        is_safe = not files.is_second_name(leftover) or _state(leftover, intent) == "old"
        if state != "other" and is_safe:
            with contextlib.suppress(OSError):
                os.unlink(leftover)
        else:
            kept.append(leftover)
    is_written = None if state == "other" else state == "new"
    is_photo = is_written and intent.path == order.path
    entry = _entry(order.path, os.lstat(order.path)) if is_photo else None
    return Recovered(order.id, is_written, entry, tuple(kept))


def _state(path: bytes, intent: TagFile) -> Literal["old", "new", "other"]:
    """Tell whether a file is what it was before an intended write, or what that made of it."""
    try:
        file = files.read_original(path, MOST_BYTES)
    except FileNotFoundError:
        file = None
    except TagError:
        return "other"
    content = None if file is None else file.sha256
    if content == intent.after:
        return "new"
    if content == intent.before or (file is not None and _had_tags(file, intent)):
        return "old"
    return "other"


def _had_tags(file: Original, intent: TagFile) -> bool:
    """Tell whether a photo has tags that we wrote earlier: the intention knows it without them."""
    try:
        restored = exif.restore(file.data) if intent.target == EXIF else None
    except Refused:
        return False
    return restored is not None and hashlib.sha256(restored).digest() == intent.before


def _entry(path: bytes, status: os.stat_result | None) -> FileEntry | None:
    if status is None:
        return None
    return FileEntry(os.path.basename(path), *file_version(status))


def _sidecars(
    before: dict[bytes, tuple[int, int]], path: bytes, status: os.stat_result | None
) -> tuple[int, int]:
    """Return the versions of a photo's sidecars before and after our change of one."""
    after = {other: version for other, version in before.items() if other != path}
    if status is not None:
        after[path] = file_version(status)[:2]
    return sidecar_version(before.values()), sidecar_version(after.values())


def serve(source: BinaryIO, send: Callable[[bytes], None]) -> None:
    """Answer orders from a stream until it ends; its first line is the plan."""
    scribe = Scribe(ScribePlan(**json.loads(source.readline())))
    for line in source:
        answer = scribe.handle(decode(line))
        if answer is not None:
            send(encode(answer))


def main() -> None:
    """Serve standard input, answering on what was standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's to handle
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # somebody opens a file that we hold a lease on
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not disturb the answers

    def send(line: bytes) -> None:
        answers.write(line)
        answers.flush()

    serve(sys.stdin.buffer, send)


if __name__ == "__main__":
    main()
