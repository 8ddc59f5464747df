"""What the daemon says of itself: a small JSON file beside the catalog, replaced as a whole.

Reading it needs no answer from the daemon, however busy that is.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...db.lock import find_writer
from ...db.upkeep import wal_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX = b".status.json"
LEAST_FREE_BYTES = 100 << 20  # on the catalog's disk; with less the daemon pauses


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that keeps the daemon from doing all it should, and what mends it."""

    reason: str
    remedy: str = ""


def status_path(catalog: bytes) -> bytes:
    """Return where the daemon of a catalog leaves its status."""
    return catalog + SUFFIX


def write_status(catalog: bytes, status: dict[str, Any]) -> None:
    """Replace the status file. Raises OSError."""
    path = status_path(catalog)
    partial = path + b".part"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(status, file)
    os.replace(partial, path)


def read_status(catalog: bytes) -> dict[str, Any]:
    """Return what the daemon wrote last, or nothing if it never did or it cannot be read."""
    try:
        with open(status_path(catalog), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def running_status(catalog: bytes) -> dict[str, Any]:
    """Return what the daemon that runs now says of itself; nothing if none does.

    Raises OSError where the lock beside the catalog cannot be seen.
    """
    said, writer = read_status(catalog), find_writer(catalog)
    is_running = writer is not None and said.get("pid") == writer.pid and said.get("running", False)
    return said if is_running else {}


def measure(catalog: bytes) -> dict[str, int]:
    """Return the bytes of a catalog, of its log, and those that are free on its disk."""
    sizes = {"wal": wal_bytes(catalog)}
    with contextlib.suppress(OSError):
        sizes["catalog"] = os.path.getsize(catalog)
    with contextlib.suppress(OSError):
        disk = os.statvfs(os.path.dirname(catalog) or b".")
        sizes["disk_free"] = disk.f_bavail * disk.f_frsize
    return sizes


def troubles_to_json(troubles: Sequence[Trouble]) -> list[dict[str, str]]:
    """Return troubles as the status file has them."""
    return [{"reason": trouble.reason, "remedy": trouble.remedy} for trouble in troubles]


class Rate:
    """Photos a second over the last minutes, by a clock that counts seconds steadily."""

    WINDOW = 120.0

    def __init__(self) -> None:
        self._times: list[float] = []

    def count(self) -> None:
        """Note that a photo is done."""
        self._times.append(time.monotonic())

    def per_second(self) -> float:
        """Return the rate since the first of the photos that are young enough."""
        now = time.monotonic()
        self._times = [when for when in self._times if now - when < self.WINDOW]
        if len(self._times) < 2:
            return 0.0
        return len(self._times) / max(now - self._times[0], 0.1)
