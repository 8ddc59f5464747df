"""Which version of a file one has seen: the same three numbers everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

# ext4 knows times until the year 2446; a signed 64-bit count of nanoseconds ends in 2262.
LARGEST = 2**63 - 1


def file_version(status: os.stat_result) -> tuple[int, int, int]:
    """Return (size, mtime_ns, inode); a time beyond 64 bits becomes the last that fits."""
    time = status.st_mtime_ns
    if not -LARGEST <= time <= LARGEST:
        time = LARGEST if time > 0 else -LARGEST
    return status.st_size, time, status.st_ino
