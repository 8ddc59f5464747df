"""The thread that applies the stability rule: looking at files may hang, the daemon may not."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .settle import Settling, StableFile

_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Settled:
    """Files that are stable now, and paths where no regular file is any more."""

    stable: tuple[StableFile, ...]
    gone: tuple[bytes, ...]


class Settler:
    """Hands decided files to ``on_message`` on its own thread, as soon as they are due."""

    def __init__(self, settling: Settling, on_message: Callable[[Settled], None]) -> None:
        self._settling = settling
        self._on_message = on_message
        self._is_stopping = False
        # A daemon thread: on a dead mount it may never come back from its look.
        self._thread = threading.Thread(target=self._run, name="settler", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end and give it a moment."""
        self._is_stopping = True
        self._settling.wake()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._is_stopping:
            stable, gone = self._settling.take_ready()
            if stable or gone:
                self._on_message(Settled(tuple(stable), tuple(gone)))
            self._settling.wait(_LONGEST_WAIT)
