"""The metrics as a file for node_exporter's textfile collector, made anew each minute."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ...db.errors import CatalogError
from ..printable import printable
from .status import Trouble, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...db.catalog import Catalog
    from .metrics import CatalogNumbers

logger = logging.getLogger(__name__)

SECONDS: Final = 60.0


class MetricsFile:
    """Writes the file when it is time; ``path`` is empty where none is wished."""

    def __init__(self, catalog: bytes, path: bytes) -> None:
        self._catalog = catalog
        self._path = path
        self._next = 0.0
        self._numbers: CatalogNumbers | None = None
        self.troubles: list[Trouble] = []

    def use(self, path: bytes) -> None:
        """Write to another place from now on."""
        if path != self._path:
            self._path, self._next, self.troubles = path, 0.0, []

    def tick(self, status: Mapping[str, Any], catalog: Catalog) -> None:
        """Write if it is time; what keeps it from that is a trouble, and tried again."""
        now = time.monotonic()
        if not self._path or not status or now < self._next:
            return
        self._next = now + SECONDS
        self._numbers = self._count(catalog)
        self._write(status, self._numbers)

    def write_end(self, catalog: Catalog) -> None:
        """Say that the daemon has ended; of a catalog that is lost the numbers of before count."""
        if not self._path:
            return
        with suppress(CatalogError):
            self._numbers = self._count(catalog)
        if self._numbers is not None:
            self._write({}, self._numbers)

    def _count(self, catalog: Catalog) -> CatalogNumbers:
        from .metrics import CatalogNumbers

        waiting, sizes = catalog.tags.count_waiting(), measure(self._catalog)
        return CatalogNumbers(catalog.counts(), waiting, sizes)

    def _write(self, status: Mapping[str, Any], numbers: CatalogNumbers) -> None:
        from .metrics import render, write_textfile

        try:
            write_textfile(self._path, render(status, numbers))
            self.troubles = []
        except OSError as error:
            reason = f"metrics.textfile: {printable(self._path)}: {error.strerror}"
            self.troubles = [Trouble(reason, "check the folder, or change the setting")]
            logger.warning("%s", reason)
