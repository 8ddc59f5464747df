"""The daemon: builds the parts, starts and stops them in order, keeps the one writing thread."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from ..db.paths import relative_to
from ..db.records import FileEntry, RootFolder
from ..db.states import PhotoState
from .indexer import FolderTouched, Indexer, Message, Replied, Wake
from .logs import printable
from .scan import is_ignored_path
from .scanner import Listed, Scanner, ScanRequest, Walked
from .settle import Settling, StableFile
from .watcher import Handler, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from .config import Config
    from .pipeline import Outcome

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 0.25  # seconds; a file that is touched meanwhile is noticed by then


class Service:
    """Watches the roots until ``stop`` is called (a signal handler may do so).

    ``on_idle`` is called each time when everything known so far has been analysed.
    """

    def __init__(self, config: Config, roots: Sequence[bytes], on_idle: Callable[[], None]) -> None:
        self._config = config
        self._on_idle = on_idle
        self._is_stopping = False
        self._is_idle = False
        self._walks_open = 0
        self._next_scan = 0.0
        self._settling = Settling(config.watch.settle_seconds, time.time)
        self._indexer = Indexer(config, self._log_outcome)
        self._roots = self._enter_roots(roots)
        self._scanner = Scanner(self._indexer.inbox.put)
        self._watcher = self._make_watcher()

    def stop(self) -> None:
        """Ask ``run`` to return soon; safe in a signal handler."""
        self._is_stopping = True
        self._indexer.inbox.put(Wake())

    def run(self) -> None:
        """Watch, scan and analyse until stopped; leaves everything closed behind."""
        with self._indexer:
            self._indexer.pipeline.start()
            try:
                # Watches first, then the scan: no gap between them for a file to fall into.
                self._watcher.start(root.path for root in self._roots)
                self._scanner.start()
                self._loop()
            finally:
                self._watcher.stop()
                self._scanner.stop()

    def _enter_roots(self, paths: Sequence[bytes]) -> list[RootFolder]:
        """Enter the folders; one that lies inside another is covered by it."""
        for path in paths:
            self._indexer.add_root(path)
        return [self._indexer.add_root(path) for path in paths]

    def _make_watcher(self) -> Watcher:
        inbox = self._indexer.inbox
        return Watcher(Handler(self._settling.touch, lambda path: inbox.put(FolderTouched(path))))

    def _loop(self) -> None:
        pipeline = self._indexer.pipeline
        while not self._is_stopping:
            self._scan_when_due()
            self._take_settled()
            pipeline.check_deadline()
            pipeline.feed()
            self._tell_when_idle()
            for message in self._indexer.messages(self._wait_seconds()):
                self._handle(message)
                if self._is_stopping:
                    break

    def _wait_seconds(self) -> float:
        due = self._settling.next_due()
        if due is None:
            return _LONGEST_WAIT
        return min(_LONGEST_WAIT, max(due - time.time(), 0.0))

    def _handle(self, message: Message) -> None:
        match message:
            case Replied(reply=reply):
                self._indexer.pipeline.handle(reply)
            case Listed(request=request, listing=listing):
                if listing.error is None:
                    unsettled = self._find_unsettled(request, listing.relpath, listing.files)
                    self._indexer.take_listing(request.root_id, listing, unsettled)
                else:
                    folder = os.path.join(request.root, listing.relpath)
                    logger.warning("%s: cannot be listed: %s", printable(folder), listing.error)
                self._scanner.handled()
            case Walked(request=request, walk=walk):
                self._indexer.finish_walk(request.root_id, walk)
                self._walks_open -= 1
            case FolderTouched(path=path):
                self._take_folder(path)

    def _scan_when_due(self) -> None:
        now = time.monotonic()
        overflowed = self._settling.take_overflow()
        if not self._watcher.is_alive:
            logger.error("the observer of file events has ended; starting another and scanning")
            self._watcher = self._make_watcher()
            self._watcher.start(root.path for root in self._roots)
            overflowed = True
        if now < self._next_scan and not overflowed:
            return
        self._next_scan = now + self._config.watch.rescan_seconds
        for root in self._roots:
            self._watcher.watch(root.path)
            self._request_walk(ScanRequest(root.id, root.path, root.prefix))

    def _request_walk(self, request: ScanRequest) -> None:
        if self._scanner.request(request):
            self._walks_open += 1

    def _find_unsettled(
        self, request: ScanRequest, relpath: bytes, files: Sequence[FileEntry]
    ) -> set[bytes]:
        """Hand files that may still be growing to the stability rule; return their names."""
        newest = (time.time() - self._config.watch.settle_seconds) * 1e9
        unsettled = {file.name for file in files if file.mtime_ns > newest}
        for name in unsettled:
            self._settling.touch(os.path.join(request.root, relpath, name))
        return unsettled

    def _take_settled(self) -> None:
        stable, gone = self._settling.take_ready()
        for file in stable:
            self._observe(file)
        for path in gone:
            if (place := self._locate(os.path.dirname(path))) is not None:
                self._indexer.catalog.file_gone(*place, os.path.basename(path))

    def _observe(self, file: StableFile) -> None:
        place = self._locate(os.path.dirname(file.path))
        if place is None:
            return
        entry = FileEntry(os.path.basename(file.path), file.size, file.mtime_ns, file.inode)
        if self._indexer.catalog.observe_file(*place, entry):
            self._indexer.pipeline.wake()

    def _take_folder(self, path: bytes) -> None:
        place = self._locate(path)
        if place is None:
            return
        root_id, relpath = place
        if os.path.isdir(path):
            root = next(root for root in self._roots if root.id == root_id)
            self._request_walk(ScanRequest(root_id, root.path, relpath))
        elif relpath:  # a root that is gone is no reason to believe that its photos are
            self._indexer.catalog.mark_folder_missing(root_id, relpath)

    def _locate(self, folder: bytes) -> tuple[int, bytes] | None:
        """Return root id and relative path of a folder, or None for one that is left out."""
        for root in self._roots:
            relpath = relative_to(folder, root.path)
            if relpath is None:
                continue
            if not root.prefix or relative_to(relpath, root.prefix) is not None:
                return None if is_ignored_path(relpath) else (root.id, relpath)
        return None

    def _tell_when_idle(self) -> None:
        is_idle = (
            self._indexer.pipeline.is_ready
            and self._indexer.pipeline.is_idle
            and not self._walks_open
            and self._settling.next_due() is None
        )
        if is_idle and not self._is_idle:
            self._on_idle()
        self._is_idle = is_idle

    def _log_outcome(self, outcome: Outcome) -> None:
        path, milliseconds = printable(outcome.path), outcome.seconds * 1000
        if outcome.state is PhotoState.DONE:
            logger.info("%s: %s (%.0f ms)", path, describe(outcome), milliseconds)
        elif outcome.state is PhotoState.PENDING:
            logger.info("%s: %s; it will be looked at again", path, outcome.reason)
            self._settling.touch(outcome.path)
        else:
            logger.warning("%s: %s: %s", path, outcome.state, outcome.reason)


def describe(outcome: Outcome) -> str:
    """Return what was found in a few words: names with their number or confidence."""
    if outcome.analysis is None:
        return "a known picture, labels copied"
    counts: dict[str, int] = {}
    best: dict[str, float] = {}
    for detection in outcome.analysis.detections:
        counts[detection.name] = counts.get(detection.name, 0) + 1
        best[detection.name] = max(best.get(detection.name, 0.0), detection.confidence)
    things = [
        f"{f'{number} x ' if number > 1 else ''}{name} {best[name]:.2f}"
        for name, number in counts.items()
    ]
    things += [
        f"{label.name} {label.confidence:.2f}"
        for label in outcome.analysis.labels
        if label.name not in counts
    ]
    return ", ".join(things) or "nothing recognised"


def run_until_signalled(service: Service) -> None:
    """Run a service; SIGTERM and SIGINT end it cleanly."""

    def handle(number: int, _frame: FrameType | None) -> None:
        logger.info("stopping (%s)", signal.Signals(number).name)
        service.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    service.run()


def main() -> None:
    """Start the daemon: ``phototagd`` is ``phototag watch`` under its own name."""
    from .cli import main as run  # the command line is built on this module

    run(["watch", *sys.argv[1:]], program="phototagd")
