"""File events as hints: watchdog's Observer with a Handler that only enqueues.

What watchdog delivers, and what it loses without an error, is why the scan is the truth:
events only make it quick.
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from .scan import is_photo_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchdog.observers.api import BaseObserver

logger = logging.getLogger(__name__)

# Without the events of reading and of metadata: our own scan would flood the kernel's queue.
EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


class Handler(FileSystemEventHandler):
    """Passes paths on. An exception here would end the observer's thread for good."""

    def __init__(
        self, on_file: Callable[[bytes], None], on_folder: Callable[[bytes], None]
    ) -> None:
        self._on_file = on_file
        self._on_folder = on_folder

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take one event of watchdog's; called on its thread."""
        for path in (event.src_path, event.dest_path):
            if not path or not isinstance(path, (str, bytes)):
                continue
            raw = os.fsencode(path)
            if event.is_directory:
                self._on_folder(raw)
            elif is_photo_name(os.path.basename(raw)):
                self._on_file(raw)


class Watcher:
    """Watches the given roots; one that is not there is left to a later ``watch``."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._observer: BaseObserver = Observer()
        self._watched: set[bytes] = set()
        # watchdog 7.1 warns on every mkdir race with a text that lists all watches.
        warnings.filterwarnings("ignore", module=r"watchdog\..*")

    @property
    def is_alive(self) -> bool:
        """Tell whether events still arrive."""
        return self._observer.is_alive()

    def start(self, roots: Iterable[bytes]) -> None:
        """Start the observer's threads and watch the roots."""
        self._observer.start()
        for root in roots:
            self.watch(root)

    def watch(self, root: bytes) -> bool:
        """Watch a root if that can be done now and was not done before; tell whether it is."""
        if root in self._watched:
            return True
        try:
            self._observer.schedule(
                self._handler, os.fsdecode(root), recursive=True, event_filter=EVENTS
            )
        except OSError as error:
            logger.warning("%s is not watched, only scanned: %s", os.fsdecode(root), error)
            return False
        self._watched.add(root)
        return True

    def stop(self) -> None:
        """End the observer's threads."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
