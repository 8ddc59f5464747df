"""The threads that apply the stability rule: looking at a file may hang, the daemon may not.

Each root has a thread of its own, so that a mount that does not answer holds up nobody else.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .settle import Settling

if TYPE_CHECKING:
    from collections.abc import Callable

    from .settle import StableFile

_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Settled:
    """Files that are stable now, and paths where no regular file is any more."""

    stable: tuple[StableFile, ...]
    gone: tuple[bytes, ...]


class Settlers:
    """A stability rule and a thread for each root, by the root's key; made when first needed."""

    def __init__(self, settle_seconds: float, on_message: Callable[[Settled], None]) -> None:
        self.settle_seconds = settle_seconds
        self._on_message = on_message
        self._settlers: dict[int, _Settler] = {}
        self._lock = threading.Lock()

    def touch(self, key: int, path: bytes, settle_seconds: float | None = None) -> None:
        """Note that something happened to a file of a root; from any thread, never raises."""
        with self._lock:
            settler = self._settlers.get(key)
            if settler is None:
                settler = self._settlers[key] = _Settler(self._on_message)
        wait = self.settle_seconds if settle_seconds is None else settle_seconds
        settler.settling.touch(path, wait)

    def drop(self, key: int) -> None:
        """Forget the files of a root that is not watched any more, and its thread if that hangs."""
        with self._lock:
            settler = self._settlers.pop(key, None)
        if settler is not None:
            settler.end()

    @property
    def is_empty(self) -> bool:
        """Tell whether no file waits."""
        return all(settler.settling.is_empty for settler in tuple(self._settlers.values()))

    def take_overflow(self) -> bool:
        """Tell, once, whether too many files were waiting somewhere: only a scan helps."""
        return any(s.settling.take_overflow() for s in tuple(self._settlers.values()))

    def stop(self) -> None:
        """Ask the threads to end and give them a moment."""
        for settler in self._settlers.values():
            settler.end()
        for settler in self._settlers.values():
            settler.thread.join(0.5)


class _Settler:
    def __init__(self, on_message: Callable[[Settled], None]) -> None:
        self.settling = Settling(time.monotonic, time.time)
        self._on_message = on_message
        self._is_stopping = False
        # A daemon thread: on a dead mount it may never come back from its look.
        self.thread = threading.Thread(target=self._run, name="settler", daemon=True)
        self.thread.start()

    def end(self) -> None:
        self._is_stopping = True
        self.settling.wake()

    def _run(self) -> None:
        while not self._is_stopping:
            stable, gone = self.settling.take_ready()
            if stable or gone:
                self._on_message(Settled(tuple(stable), tuple(gone)))
            self.settling.wait(_LONGEST_WAIT)
