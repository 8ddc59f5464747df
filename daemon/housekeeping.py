"""What the catalog needs over the years: retries in time, backups, purging, room on its disk."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from ..db import upkeep
from ..db.errors import CatalogError, CatalogVanished
from .monitoring.status import LEAST_FREE_BYTES, Trouble
from .printable import printable
from .verdicts import Judge

if TYPE_CHECKING:
    from ..db.catalog import Catalog
    from .config import Config
    from .pipeline import Pipeline

logger = logging.getLogger(__name__)

QUEUE_SECONDS = 2.0
CHECK_SECONDS = 10.0
SOONEST_BACKUP_SECONDS = 60.0  # after the start
DAY_SECONDS = 86_400.0
READ_SECONDS = 3600.0  # between two looks for readings by other rules, or that a crash left
READ_AT_ONCE = 20  # photos between two looks at the inbox
LARGEST_WAL_BYTES = 256 << 20


class Housekeeper:
    """Does what is due whenever ``tick`` is called; belongs to the thread that owns the catalog."""

    def __init__(self, catalog: Catalog, config: Config, pipeline: Pipeline) -> None:
        self._catalog = catalog
        self._pipeline = pipeline
        self._fresh_rules = ""
        self._next_reading = 0.0
        self._read_after: int | None = 0
        self._path = config.catalog.path
        self._config = config
        self._next_queue = self._next_check = 0.0
        self._next_day = time.monotonic() + self._seconds_to_backup()
        self._backup: threading.Thread | None = None
        self._backup_troubles: list[Trouble] = []
        self.troubles: list[Trouble] = []

    def use(self, config: Config) -> None:
        """Take newly loaded settings."""
        self._config = config

    def tick(self, *, is_idle: bool) -> None:
        """Do what is due. Raises CatalogVanished if the file was deleted or replaced."""
        now = time.monotonic()
        if is_idle:
            self._read_anew()
        if now >= self._next_queue:
            self._next_queue = now + QUEUE_SECONDS
            self._look_at_queue()
        if now >= self._next_check:
            self._next_check = now + CHECK_SECONDS
            self._check(is_idle=is_idle)
        if now >= self._next_day:
            self._next_day = now + DAY_SECONDS
            self._do_daily()

    def has_room(self) -> bool:
        """Tell whether the catalog's disk has room for more."""
        return self.free_bytes() >= LEAST_FREE_BYTES

    def free_bytes(self) -> int:
        """Return the bytes that are free on the catalog's disk."""
        try:
            status = os.statvfs(os.path.dirname(self._path) or b".")
        except OSError:
            return 0
        return status.f_bavail * status.f_frsize

    def _look_at_queue(self) -> None:
        """Let photos in whose time has come, or that another program has queued."""
        now = int(time.time())
        due = self._catalog.queue.next_retry_at()
        if due is not None and due <= now:
            self._catalog.queue.requeue_due(now)
        self._pipeline.wake()

    def _read_anew(self) -> None:
        """Read some photos' evidence by the present rules, when nothing else waits."""
        fuser = self._pipeline.fuser
        now = time.monotonic()
        if fuser.digest != self._fresh_rules or now >= self._next_reading:
            self._fresh_rules, self._read_after = fuser.digest, 0
            self._next_reading = now + READ_SECONDS
        if self._read_after is None:
            return
        found = self._catalog.readings.next_to_refuse(fuser.digest, self._read_after, READ_AT_ONCE)
        Judge(self._catalog, fuser, queue_tags=self._pipeline.queue_tags).renew(found)
        self._read_after = found[-1].photo_id if found else None

    def _check(self, *, is_idle: bool) -> None:
        if not self._catalog.is_in_place():
            raise CatalogVanished(self._path)
        wal = self._catalog.checkpoint() if is_idle else upkeep.wal_bytes(self._path)
        self.troubles = [*self._backup_troubles]
        if wal > LARGEST_WAL_BYTES:
            reason = (
                f"the catalog's log has grown to {wal / 2**20:.0f} MiB: a program reads for long"
            )
            self.troubles.append(Trouble(reason, "end the program that holds the catalog open"))
            logger.warning("%s", reason)

    def _do_daily(self) -> None:
        before = int(time.time() - self._config.watch.keep_missing_days * DAY_SECONDS)
        purged = self._catalog.purge_missing(before)
        if purged:
            logger.info("forgot %d photos that are gone for long", purged)
        self._backup_troubles = []
        if not self._config.catalog.backups or (self._backup and self._backup.is_alive()):
            return
        lacking = os.path.getsize(self._path) + LEAST_FREE_BYTES - self.free_bytes()
        if lacking > 0:
            remedy = f"free another {lacking / 2**20:.0f} MiB there, or set catalog.backups to 0"
            trouble = Trouble("the catalog's disk has no room for the daily backup", remedy)
            self._backup_troubles = [trouble]
            logger.warning("%s; %s", trouble.reason, remedy)
            return
        # It reads beside the writer and may take seconds.
        self._backup = threading.Thread(target=self._back_up, name="backup", daemon=True)
        self._backup.start()

    def _back_up(self) -> None:
        try:
            target = upkeep.back_up_rotating(self._path, self._config.catalog.backups)
            logger.info("catalog backed up to %s", printable(target))
        except (CatalogError, OSError) as error:
            logger.warning("the daily backup failed: %s", error)

    def _seconds_to_backup(self) -> float:
        """Return when the newest backup will be a day old; soon after the start without one."""
        times = [os.path.getmtime(path) for path in upkeep.list_backups(self._path)]
        newest = max(times, default=0.0)
        return max(newest + DAY_SECONDS - time.time(), SOONEST_BACKUP_SECONDS)
