"""The daemon: builds the parts, starts and stops them in order, keeps the one writing thread."""

from __future__ import annotations

import logging
import os
import stat
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from ..db.errors import CatalogBusy, CatalogFull
from ..db.paths import join, relative_to
from ..db.states import PhotoState
from ..models.errors import ModelError
from .config import ConfigError
from .fusing import make_fuser
from .housekeeping import Housekeeper
from .indexer import (
    FolderTouched,
    Indexer,
    Message,
    Overflowed,
    Replied,
    TagAnswered,
    Wake,
    make_ignores,
)
from .monitoring.report import Reporter
from .monitoring.textfile import MetricsFile
from .output import describe_outcome
from .printable import printable
from .saved.commands import Ran
from .saved.keeper import SavedSearchKeeper
from .saved.matcher import Compared
from .systemd.supervision import Supervision
from .version import is_sidecar_name
from .watching.rescans import Rescans
from .watching.scanner import Listed, RootSeen, Scanner, Walked
from .watching.settler import Settled, Settlers
from .watching.watcher import Watcher
from .worker import plan_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import Config
    from .pipeline import Outcome
    from .systemd.notify import Notifier

logger = logging.getLogger(__name__)

LONGEST_WAIT = 0.25  # seconds between two looks at what is due
PAUSE_SECONDS = 10.0
HUNG_SECONDS = 60.0


class Service:
    """Watches the roots until ``stop`` is called (a signal handler may do so, and ``reload``).

    ``load`` reads the settings again. ``on_idle`` is called each time when everything known so far
    has been analysed. ``notifier`` reaches the service manager, if there is one.
    """

    def __init__(
        self,
        config: Config,
        load: Callable[[], Config],
        on_idle: Callable[[], None],
        notifier: Notifier,
    ) -> None:
        self._config = config
        self._load = load
        self._on_idle = on_idle
        self._is_stopping = self._is_reloading = self._is_idle = False
        self._paused_until: float | None = None
        self._indexer = Indexer(config, config.roots, self._take_outcome)
        self._settlers = Settlers(config.watch.settle_seconds, self._indexer.inbox.put)
        self._library, self._pipeline = self._indexer.library, self._indexer.pipeline
        self._watcher = self._make_watcher()
        self._scanner = self._make_scanner()
        self._rescans = Rescans(
            config.watch, self._library, self._watcher, self._scanner, self._settlers
        )
        self._housekeeper = Housekeeper(self._indexer.catalog, config, self._pipeline)
        self._saved = SavedSearchKeeper(self._indexer.catalog, config, self._indexer.inbox.put)
        self._reporter = Reporter(
            config.catalog.path,
            self._library,
            self._watcher,
            self._housekeeper,
            self._indexer.stages,
        )
        self._metrics = MetricsFile(config.catalog.path, config.metrics_textfile)
        self._notifier = notifier
        hung = partial(self._scanner.hung, HUNG_SECONDS)
        self._supervision = Supervision(
            notifier, self._headline, hung, self._library, self._watcher, self._pipeline
        )

    def stop(self) -> None:
        """Ask ``run`` to return soon; safe in a signal handler."""
        self._is_stopping = True
        self._indexer.inbox.put(Wake())

    def reload(self) -> None:
        """Ask ``run`` to read the settings again and to scan; safe in a signal handler."""
        self._is_reloading = True
        self._indexer.inbox.put(Wake())

    def run(self) -> None:
        """Watch, scan and analyse until stopped; leaves everything closed behind."""
        with self._indexer:
            self._indexer.tags.recover()
            self._pipeline.start()
            self._rescans.look_at_roots()
            try:
                self._saved.start()
                self._loop()
            finally:
                self._notifier.stopping()
                self._saved.stop()
                self._watcher.stop()
                self._scanner.stop()
                self._settlers.stop()
                self._reporter.write_end()
                self._metrics.write_end(self._indexer.catalog)

    def _loop(self) -> None:
        while not self._is_stopping:
            self._try(self._do_due)
            for message in self._indexer.messages(LONGEST_WAIT):
                self._try(partial(self._handle, message))
                if self._is_stopping:
                    break

    def _try(self, step: Callable[[], None]) -> None:
        """Do a step; if the catalog cannot take it now, pause."""
        try:
            step()
        except (CatalogFull, CatalogBusy) as error:
            self._pause(str(error))

    def _do_due(self) -> None:
        if self._is_reloading:
            self._reload_whole()
        if self._paused_until is None:
            self._rescans.scan_when_due()
        self._supervision.tick()
        is_idle = self._find_idle()
        self._tell_reporter()
        self._reporter.write_when_due(self._is_idle)
        self._metrics.tick(self._reporter.last_status, self._indexer.catalog)
        if self._is_paused():
            return
        self._housekeeper.tick(is_idle=is_idle)
        self._pipeline.check_deadline()
        # A photo that is about to be written to would change under a second look.
        self._pipeline.has_second_pass = self._indexer.tags.is_idle
        self._pipeline.feed()
        self._indexer.tags.feed()
        self._saved.feed()

    def _tell_reporter(self) -> None:
        """Hand over what the reporter cannot see itself."""
        self._reporter.hung = [
            self._library.roots[key].top
            for key in self._scanner.hung(HUNG_SECONDS)
            if key in self._library.roots
        ]
        self._reporter.restarts = self._rescans.observer_ends
        self._reporter.tag_troubles = self._indexer.tags.troubles()
        self._reporter.saved_troubles = self._saved.troubles()
        self._reporter.commands = self._saved.summary()
        self._reporter.metrics_troubles = self._metrics.troubles

    def _headline(self) -> str:
        return self._reporter.headline(self._indexer.catalog.count_pending())

    def _handle(self, message: Message) -> None:
        match message:
            case Replied(reply=reply):
                self._pipeline.handle(reply)
            case TagAnswered(answer=answer, source=source):
                self._indexer.tags.handle(answer, source)
            case Compared() | Ran():
                self._saved.handle(message)
            case Listed() | Walked():
                try:
                    self._take_walk(message)
                finally:
                    self._scanner.handled(message)
            case RootSeen():
                self._take_root(message)
            case Settled():
                self._take_settled(message)
            case FolderTouched(path=path):
                self._take_folder(path)
            case Overflowed(top=top):
                self._reporter.overflows += 1
                self._rescans.scan_top(top)

    def _take_settled(self, settled: Settled) -> None:
        """Take in files that came or went; a sidecar is a reason to look at its photos."""
        for path in (*(file.path for file in settled.stable), *settled.gone):
            if is_sidecar_name(path):
                for photo in self._library.photos_beside(path):
                    self._touch(photo)
        for file in settled.stable:
            if not is_sidecar_name(file.path):
                self._library.observe(file)
        for path in settled.gone:
            self._forget_file(path)

    def _take_walk(self, message: Listed | Walked) -> None:
        request = message.request
        root = self._library.roots.get(request.root_id)
        if root is None:  # dropped meanwhile
            return
        if isinstance(message, Walked):
            self._library.finish_walk(root, message.walk)
            self._reporter.note_walk(root, message.walk)
            return
        listing = message.listing
        if listing.error is not None:
            folder = join(root.path, listing.relpath)
            logger.warning("%s: cannot be listed: %s", printable(folder), listing.error)
        settle = self._rescans.settle_seconds(root)
        newest = (time.time() - settle) * 1e9
        unsettled = {file.name for file in listing.files if file.mtime_ns > newest}
        for name in unsettled:
            self._settlers.touch(root.key, join(root.path, listing.relpath, name), settle)
        self._library.take_listing(root, request.under, listing, unsettled)

    def _take_root(self, seen: RootSeen) -> None:
        root = self._library.roots.get(seen.root_id)
        if root is not None and self._library.see_root(root, seen.identity, seen.error):
            self._rescans.scan(root)

    def _take_folder(self, path: bytes) -> None:
        place = self._library.locate(path)
        if place is None or not place.root.is_served:
            return
        is_folder = _is_folder(path)
        if is_folder:
            self._rescans.scan(place.root, place.relpath)
        elif is_folder is None or not self._library.forget_folder(place):
            self._rescans.scan(place.root)

    def _forget_file(self, path: bytes) -> None:
        folder, name = os.path.split(path)
        place = self._library.locate(folder)
        if place is None or not place.root.is_served:
            return
        if not self._library.forget_file(place, name):
            self._rescans.scan(place.root, place.relpath)

    def _take_outcome(self, outcome: Outcome) -> None:
        self._reporter.count(outcome)
        path, milliseconds = printable(outcome.path), outcome.seconds * 1000
        if outcome.state is PhotoState.DONE:
            self._indexer.tags.wake()
            logger.info("%s: %s (%.0f ms)", path, describe_outcome(outcome.reading), milliseconds)
        elif outcome.state is PhotoState.PENDING:
            logger.info("%s: %s; it will be looked at again", path, outcome.reason)
            self._touch(outcome.path)
        else:
            logger.warning("%s: %s: %s", path, outcome.state, outcome.reason)
            if outcome.state is PhotoState.MISSING:
                self._indexer.inbox.put(FolderTouched(os.path.dirname(outcome.path)))

    def _touch(self, path: bytes) -> None:
        """Note that something happened to a file; called on watchdog's threads too."""
        for root in tuple(self._library.roots.values()):
            if relative_to(path, root.top) is not None:
                self._settlers.touch(root.key, path)
                return

    def _find_idle(self) -> bool:
        is_idle = (
            self._pipeline.is_ready
            and self._pipeline.is_idle
            and self._indexer.tags.is_idle
            and self._scanner.is_idle
            and self._settlers.is_empty
            and self._indexer.inbox.empty()
            and all(
                root.identity or root.error or root.top in self._reporter.hung
                for root in self._library.roots.values()
            )
        )
        if is_idle and not self._is_idle:
            self._on_idle()
        self._is_idle = is_idle
        return is_idle

    def _pause(self, reason: str) -> None:
        """Stop taking in results; what is lost now the next scan finds again."""
        logger.error("%s; paused", reason)
        self._pipeline.give_up_flights()
        self._indexer.tags.give_up()
        self._reporter.pause_reason = reason
        self._paused_until = time.monotonic() + PAUSE_SECONDS

    def _is_paused(self) -> bool:
        if self._paused_until is None:
            if not self._housekeeper.has_room():
                self._pause("the catalog's disk is full")
            return self._paused_until is not None
        if time.monotonic() >= self._paused_until:
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            if self._housekeeper.has_room():
                logger.info("there is room again; going on")
                self._paused_until, self._reporter.pause_reason = None, None
                self._rescans.hurry()
        return self._paused_until is not None

    def _reload_whole(self) -> None:
        """Take new settings over, or begin again when the catalog is free for them."""
        self._is_reloading = False
        self._notifier.reloading()
        try:
            self._reload()
        except (CatalogFull, CatalogBusy):
            self._is_reloading = True
            raise
        self._supervision.reloaded()

    def _reload(self) -> None:
        """Take new settings over; broken ones are refused as a whole."""
        try:
            config = self._load()
            ignores = make_ignores(config)
            make_fuser(config)
        except (ConfigError, ModelError) as error:
            logger.error("settings not reloaded, the old ones hold: %s", error)
            self._reporter.config_error = str(error)
            self._rescans.scan_all()
            return
        self._reporter.config_error = None
        if plan_worker(config) != plan_worker(self._config):
            logger.warning(
                "changes of [models], [worker], [decode] and recognition.effort take effect at the"
                " next start"
            )
        if (config.tags, config.watch) != (self._config.tags, self._config.watch):
            self._indexer.use_tags(config)
        if config.recognition != self._config.recognition:
            self._indexer.use_rules(config)
        self._config, self._rescans.watch = config, config.watch
        self._settlers.settle_seconds = config.watch.settle_seconds
        self._housekeeper.use(config)
        self._saved.use(config)
        self._metrics.use(config.metrics_textfile)
        for root in self._library.update(config.roots):
            self._watcher.drop(root.top)
            self._scanner.drop(root.key)
            self._rescans.drop(root)
            self._settlers.drop(root.key)
        self._watcher.ignores = self._scanner.ignores = self._library.ignores = ignores
        self._rescans.look_at_roots()
        self._rescans.scan_all()
        logger.info("settings reloaded: %d folders", len(self._library.roots))

    def _make_watcher(self) -> Watcher:
        inbox = self._indexer.inbox
        return Watcher(
            ignores=self._indexer.ignores,
            on_file=self._touch,
            on_folder=lambda path: inbox.put(FolderTouched(path)),
            on_overflow=lambda top: inbox.put(Overflowed(top)),
        )

    def _make_scanner(self) -> Scanner:
        return Scanner(
            self._indexer.inbox.put,
            ignores=self._indexer.ignores,
            watcher=self._watcher,
            open_known=self._library.open_known,
        )


def main() -> None:
    """Start the daemon: ``phototagd`` is ``phototag watch`` under its own name."""
    from .cli import main as run  # the command line is built on this module
    from .cli.watch import phototagd

    run(sys.argv[1:], "phototagd", phototagd)


def _is_folder(path: bytes) -> bool | None:
    """Tell whether a path is a folder itself: one behind a link lies elsewhere. None: no answer."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return None
