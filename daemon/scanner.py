"""A thread that walks folders on request: a slow disk holds up the scan, never the daemon."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .scan import Listing, Walk, walk

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_UNHANDLED = 100


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Walk this folder of a root and all below it."""

    root_id: int
    root: bytes
    under: bytes = b""


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder was listed; ``Scanner.handled`` must be called once it is dealt with."""

    request: ScanRequest
    listing: Listing


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk is complete."""

    request: ScanRequest
    walk: Walk


class Scanner:
    """Walks one request after another; messages go to ``on_message`` on the scanner's thread."""

    def __init__(self, on_message: Callable[[Listed | Walked], None]) -> None:
        self._on_message = on_message
        self._requests: queue.SimpleQueue[ScanRequest | None] = queue.SimpleQueue()
        self._waiting: set[ScanRequest] = set()
        self._room = threading.Semaphore(MOST_UNHANDLED)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scanner")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def request(self, request: ScanRequest) -> bool:
        """Queue a walk; tell whether it was queued: one that already waits is not, again."""
        if request in self._waiting:
            return False
        self._waiting.add(request)
        self._requests.put(request)
        return True

    def handled(self) -> None:
        """Say that one listing was dealt with: the walk may go on."""
        self._room.release()

    def stop(self) -> None:
        """End the thread after the folder that it is reading."""
        self._stopping.set()
        self._requests.put(None)
        self._room.release()
        self._thread.join()

    def _run(self) -> None:
        while (request := self._requests.get()) is not None and not self._stopping.is_set():
            self._waiting.discard(request)
            seen = Walk(request.under)
            for listing in walk(request.root, request.under):
                self._room.acquire()
                if self._stopping.is_set():
                    return
                seen.note(listing)
                self._on_message(Listed(request, listing))
            self._on_message(Walked(request, seen))
