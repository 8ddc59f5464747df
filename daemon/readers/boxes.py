"""The boxes of ISO base media files (ISO/IEC 14496-12): HEIC, JPEG 2000 and JPEG XL use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BOXES = 10_000


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type (for ``uuid`` boxes with their id behind it) and what is in it."""

    kind: bytes
    content: memoryview

    @property
    def full(self) -> tuple[int, memoryview]:
        """The version of a full box and what stands behind its version and flags.

        Raises PhotoError if it is too short to be one.
        """
        if len(self.content) < 4:
            raise PhotoError("the file's structure is broken")
        return self.content[0], self.content[4:]


def read_boxes(data: bytes | memoryview) -> Iterator[Box]:
    """Yield the boxes that lie one behind another in ``data``; what is no box ends them.

    Raises PhotoError for a box that is longer than the data.
    """
    view, at = memoryview(data), 0
    for _ in range(_MAX_BOXES):
        if at + 8 > len(view):
            return
        size, start = int.from_bytes(view[at : at + 4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(view[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(view) - at
        kind = bytes(view[at + 4 : at + 8])
        if kind == b"uuid":
            kind, start = kind + bytes(view[at + start : at + start + 16]), start + 16
        if size < start:
            return
        if at + size > len(view):
            raise PhotoError("the file is cut off")
        yield Box(kind, view[at + start : at + size])
        at += size


class Fields:
    """Reads big-endian numbers one behind another. Raises PhotoError at the end of the data."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int) -> int:
        """Return the next ``size`` bytes as a number; 0 for none."""
        end = self._at + size
        if end > len(self._data):
            raise PhotoError("the file's structure is broken")
        value = int.from_bytes(self._data[self._at : end], "big")
        self._at = end
        return value

    def rest(self) -> memoryview:
        """Return what has not been read."""
        return self._data[self._at :]
