"""Which version of a file, or of its sidecars, one has seen: the same numbers everywhere."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# ext4 knows times until the year 2446; a signed 64-bit count of nanoseconds ends in 2262.
LARGEST = 2**63 - 1


def file_version(status: os.stat_result) -> tuple[int, int, int]:
    """Return (size, mtime_ns, inode); a time beyond 64 bits becomes the last that fits."""
    time = status.st_mtime_ns
    if not -LARGEST <= time <= LARGEST:
        time = LARGEST if time > 0 else -LARGEST
    return status.st_size, time, status.st_ino


def sidecar_paths(photo: bytes) -> tuple[bytes, bytes]:
    """Return where programs put a photo's sidecar.

    >>> sidecar_paths(b"IMG_1.jpg")
    (b'IMG_1.jpg.xmp', b'IMG_1.xmp')
    """
    return photo + b".xmp", os.path.splitext(photo)[0] + b".xmp"


def is_sidecar_name(name: bytes) -> bool:
    """Tell whether a file of this name could be a sidecar; some file systems know no case."""
    return name[-4:].lower() == b".xmp" and not name.startswith(b".")


def list_sidecars(photo: bytes) -> dict[bytes, tuple[int, int]]:
    """Look for a photo's sidecars and return the (size, mtime_ns) of each."""
    found = {}
    for path in sidecar_paths(photo):
        with contextlib.suppress(OSError):
            found[path] = file_version(os.lstat(path))[:2]
    return found


def find_sidecars(photo: bytes) -> int:
    """Look for a photo's sidecars and return their version."""
    return sidecar_version(list_sidecars(photo).values())


def sidecar_version(sidecars: Iterable[tuple[int, int]]) -> int:
    """Return one number for the (size, mtime_ns) of what lies in a photo's `sidecar_paths`.

    0: nothing lies there. Whatever bears the name counts, readable or not, a link by itself.
    """
    found = [size + mtime_ns for size, mtime_ns in sidecars]
    return (sum(found) & LARGEST or 1) if found else 0
