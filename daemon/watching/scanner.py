"""Threads that look at roots and walk them: a dead disk holds up its root, never the daemon.

Each root has a thread of its own. Nobody can end a thread that waits for a dead mount, so they are
daemon threads, and those that hang are left behind at the end.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from .ignores import Ignores
from .mounts import RootIdentity, identify
from .scan import Listing, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .watcher import Watcher

MOST_UNHANDLED = 100
MOST_WAITING = 500  # of one root; beyond that one walk over all of it is cheaper
LOOK_SECONDS = 5.0
_STOP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Walk this folder of a root and all below it.

    ``prefix`` is the part of the root that belongs to the library, ``watch`` how it is watched
    (auto, events or timer), ``known_mounts`` the mounts below the root that were ever seen.
    """

    root_id: int
    root: bytes
    under: bytes = b""
    prefix: bytes = b""
    watch: str = "auto"
    known_mounts: frozenset[bytes] = frozenset()

    @property
    def top(self) -> bytes:
        """The folder that is watched."""
        return os.path.join(self.root, self.prefix) if self.prefix else self.root

    @property
    def is_full(self) -> bool:
        """Whether all of the root is asked for, as far as it belongs to the library."""
        return self.under == self.prefix

    def covers(self, other: ScanRequest) -> bool:
        """Tell whether the walk of the other one is a part of this one's."""
        return (
            not self.under or self.under == other.under or other.under.startswith(self.under + b"/")
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder was listed."""

    request: ScanRequest
    listing: Listing


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk has ended; ``walk.is_complete`` tells whether what it did not see is gone."""

    request: ScanRequest
    walk: Walk


@dataclass(frozen=True, slots=True)
class RootSeen:
    """How a root looks now; sent at first and whenever that has changed."""

    root_id: int
    identity: RootIdentity | None
    error: str | None = None
    is_absent: bool = False


ScannerMessage = Listed | Walked | RootSeen


Known: TypeAlias = "AbstractContextManager[Callable[[ScanRequest, Listing], bool]]"


def _nothing_known() -> Known:
    return nullcontext(lambda _request, _listing: False)


class Scanner:
    """Walks the roots on request and looks at them every few seconds.

    Messages go to ``on_message`` on the scanner's threads. For each ``Listed`` and each ``Walked``
    ``handled`` must be called. A full walk is preceded by ``watcher.watch`` and followed by
    ``watcher.audit``: watches first, then the scan, and nothing falls in between. Folders that are
    as ``open_known`` (used on the scanner's threads, once a walk) says are not told.
    """

    def __init__(
        self,
        on_message: Callable[[ScannerMessage], None],
        *,
        ignores: Ignores | None = None,
        watcher: Watcher | None = None,
        open_known: Callable[[], Known] = _nothing_known,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._on_message = on_message
        self._watcher = watcher
        self._look_seconds = look_seconds
        self._shared = _Shared(ignores or Ignores(), open_known)
        self._threads: dict[int, _RootThread] = {}

    @property
    def ignores(self) -> Ignores:
        """What is left out; other rules hold from the next walk on."""
        return self._shared.ignores

    @ignores.setter
    def ignores(self, ignores: Ignores) -> None:
        self._shared.ignores = ignores

    def look_at(self, root_id: int, top: bytes) -> None:
        """Look at a root from now on; does nothing for one that is looked at.

        The mounts in what ``RootSeen`` tells are relative to ``top``.
        """
        if root_id not in self._threads:
            thread = _RootThread(
                root_id,
                top,
                self._shared,
                self._on_message,
                watcher=self._watcher,
                look_seconds=self._look_seconds,
            )
            self._threads[root_id] = thread
            thread.start()

    def request(self, request: ScanRequest) -> bool:
        """Queue a walk; tell whether it was queued: one that a waiting one covers is not."""
        self.look_at(request.root_id, request.top)
        return self._threads[request.root_id].add(request)

    def handled(self, message: ScannerMessage) -> None:
        """Say that a message was dealt with: the walk may go on."""
        if isinstance(message, (Listed, Walked)):
            self._shared.handled()

    @property
    def is_idle(self) -> bool:
        """Whether no walk waits or runs and all that was found has been handled."""
        is_quiet = not any(thread.is_busy for thread in self._threads.values())
        return is_quiet and self._shared.unhandled == 0  # in this order: messages precede the quiet

    def hung(self, longer_than: float) -> list[int]:
        """Return the roots whose disk has not answered for that many seconds."""
        return [
            root_id
            for root_id, thread in self._threads.items()
            if thread.seconds_without_answer() > longer_than
        ]

    def drop(self, root_id: int) -> None:
        """Forget a root; of its messages only those on their way still come."""
        thread = self._threads.pop(root_id, None)
        if thread is not None:
            thread.end()

    def stop(self) -> None:
        """End the threads after the folder that each is reading; those that hang are left."""
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in self._threads.values():
            thread.end()
        self._shared.open_for_all()
        for thread in self._threads.values():
            thread.join(max(deadline - time.monotonic(), 0.0))


class _Shared:
    """What the threads share: the rules, and a bound for messages that nobody has dealt with."""

    def __init__(self, ignores: Ignores, open_known: Callable[[], Known]) -> None:
        self.ignores = ignores
        self.open_known = open_known
        self._change = threading.Condition()
        self._is_open = False
        self.unhandled = 0

    def take_room(self) -> None:
        """Wait until one more message may be sent."""
        with self._change:
            self._change.wait_for(lambda: self._is_open or self.unhandled < MOST_UNHANDLED)
            self.unhandled += 1

    def handled(self) -> None:
        with self._change:
            self.unhandled -= 1
            self._change.notify()

    def open_for_all(self) -> None:
        """Let every thread pass that waits: nobody will deal with messages any more."""
        with self._change:
            self._is_open = True
            self._change.notify_all()


class _RootThread(threading.Thread):
    """Looks at one root and walks it, one request after another."""

    def __init__(
        self,
        root_id: int,
        top: bytes,
        shared: _Shared,
        on_message: Callable[[ScannerMessage], None],
        *,
        watcher: Watcher | None,
        look_seconds: float,
    ) -> None:
        super().__init__(name=f"scanner-{root_id}", daemon=True)
        self._root_id = root_id
        self._top = top
        self._shared = shared
        self._on_message = on_message
        self._watcher = watcher
        self._look_seconds = look_seconds
        self._waiting: list[ScanRequest] = []
        self._change = threading.Condition()
        self._is_ending = False
        self._is_walking = False
        self._asked_at: float | None = None  # when the disk was asked for what it has not said
        self._next_look = 0.0
        self._seen: RootSeen | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a walk waits or runs."""
        with self._change:
            return bool(self._waiting) or self._is_walking

    def seconds_without_answer(self) -> float:
        """Return how long the disk has not answered; infinite once the thread has died."""
        if not self.is_alive():
            return float("inf")
        asked_at = self._asked_at
        return 0.0 if asked_at is None else time.monotonic() - asked_at

    def add(self, request: ScanRequest) -> bool:
        """Queue a walk unless a waiting one covers it."""
        with self._change:
            if any(waiting.covers(request) for waiting in self._waiting):
                return False
            if len(self._waiting) >= MOST_WAITING:
                request = replace(request, under=request.prefix)
            self._waiting = [waiting for waiting in self._waiting if not request.covers(waiting)]
            self._waiting.append(request)
            self._change.notify()
            return True

    def end(self) -> None:
        """Ask the thread to end soon; it forgets what waits."""
        with self._change:
            self._is_ending = True
            self._waiting.clear()
            self._change.notify()

    def run(self) -> None:
        """Look when it is time, walk when there is something to walk, until ``end``."""
        while not self._is_ending:
            self._look_when_due()
            request = self._next_request()
            if request is not None:
                self._walk(request)
                with self._change:
                    self._is_walking = False

    def _next_request(self) -> ScanRequest | None:
        with self._change:
            wait = max(self._next_look - time.monotonic(), 0.0)
            self._change.wait_for(lambda: self._waiting or self._is_ending, wait)
            if self._is_ending or not self._waiting:
                return None
            self._is_walking = True
            return self._waiting.pop(0)

    def _walk(self, request: ScanRequest) -> None:
        self._next_look = 0.0
        self._look_when_due()
        watcher = self._watcher if request.is_full else None
        if watcher is not None:
            watcher.watch(request.top, request.watch)
        walk = Walk(
            request.root,
            request.under,
            prefix=request.prefix,
            ignores=self._shared.ignores,
            known_mounts=request.known_mounts,
        )
        with self._shared.open_known() as is_known:
            for listing in self._timed(walk.listings()):
                if not is_known(request, listing):
                    self._send(Listed(request, listing))
                self._look_when_due()
                if self._is_ending:
                    return
        if watcher is not None:
            paths = {os.path.join(walk.root, name): key for name, key in walk.folders.items()}
            watcher.audit(request.top, paths)
        self._send(Walked(request, walk))

    def _timed(self, listings: Iterator[Listing]) -> Iterator[Listing]:
        """Pass on, with an eye on the clock while the disk is read."""
        while not self._is_ending:
            self._asked_at = time.monotonic()
            listing = next(listings, None)
            self._asked_at = None
            if listing is None:
                return
            yield listing

    def _send(self, message: Listed | Walked) -> None:
        self._shared.take_room()
        self._on_message(message)

    def _look_when_due(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._asked_at = time.monotonic()
        seen = self._look()
        self._asked_at = None
        self._next_look = time.monotonic() + self._look_seconds
        if seen != self._seen and not self._is_ending:
            self._seen = seen
            self._on_message(seen)

    def _look(self) -> RootSeen:
        try:
            return RootSeen(self._root_id, identify(self._top))
        except OSError as error:
            is_absent = isinstance(error, FileNotFoundError)
            return RootSeen(self._root_id, None, error.strerror or str(error), is_absent)
