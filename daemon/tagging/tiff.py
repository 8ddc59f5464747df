"""The TIFF block that EXIF is: a strict walk, and a new first directory behind the old bytes.

Sources: TIFF 6.0, section 2; CIPA DC-008 (Exif 3.0), 4.6. A camera's MakerNote counts its offsets
from the block's start in a format of its own, so no byte of an old block may change its place: the
new directory goes behind everything, and the header is made to point at it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise

from .errors import Refused

XP_KEYWORDS = 0x9C9E
BYTE, UNDEFINED = 1, 7

_SHORT, _LONG, _IFD = 3, 4, 13
# Bytes of a value of each type: BYTE ASCII SHORT LONG RATIONAL, the signed ones, FLOAT DOUBLE IFD.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
# Entries that point at directories: SubIFDs, Exif, GPS, Interoperability.
_POINTERS = (0x014A, 0x8769, 0x8825, 0xA005)
# Offset and length of a picture inside the block: the JPEG thumbnail's, an uncompressed one's.
_PICTURES = ((0x0201, 0x0202), (0x0111, 0x0117))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory; ``raw`` is its 12 bytes."""

    tag: int
    kind: int
    count: int
    raw: bytes

    @property
    def size(self) -> int:
        """How many bytes its value has; up to 4 stand in the entry itself."""
        return self.count * _SIZES[self.kind]


@dataclass(frozen=True, slots=True)
class Directory:
    """An IFD: its entries, and where the next one is, 0 for nowhere."""

    entries: tuple[Entry, ...]
    following: int

    @property
    def size(self) -> int:
        """How many bytes it has without its values."""
        return 2 + 12 * len(self.entries) + 4


@dataclass(frozen=True, slots=True)
class Block:
    """A block that keeps all the rules; ``chain`` has IFD0, IFD1 and any further ones."""

    data: bytes
    order: str
    chain: tuple[Directory, ...]

    def find(self, tag: int) -> Entry | None:
        """Return IFD0's entry with this tag."""
        return next((entry for entry in self.chain[0].entries if entry.tag == tag), None)

    def value(self, entry: Entry) -> bytes:
        """Return an entry's value as it is stored."""
        start = _value_start(self.order, entry)
        return entry.raw[8 : 8 + entry.size] if start is None else self.data[start:][: entry.size]


def parse(data: bytes) -> Block:
    """Walk a block and all its directories; raises Refused where it breaks a rule."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        raise Refused("its EXIF data do not begin as the standard says")
    walk = _Walk(data, order)
    chain: list[Directory] = []
    at = _number(data[4:8], order)
    while at or not chain:
        chain.append(walk.directory(at))
        at = chain[-1].following
    for directory in chain:
        walk.check_pictures(directory)
    walk.directories_below(chain)
    if any(one.tag >= other.tag for one, other in pairwise(chain[0].entries)):
        raise Refused("the entries of its EXIF data are out of order or twice there")
    return Block(data, order, tuple(chain))


def with_value(block: Block, tag: int, value: bytes | None) -> bytes:
    """Return a block whose IFD0 has this value as BYTEs, or no entry of this tag.

    The old bytes stay in place; only the header's offset of IFD0 is another.
    """
    head = block.data + b"\x00" * (len(block.data) % 2)
    first = block.chain[0]
    raws = {entry.tag: entry.raw for entry in first.entries if entry.tag != tag}
    behind = len(head) + 2 + 12 * (len(raws) + (value is not None)) + 4
    tail = b""
    if value is not None:
        tail = value if len(value) > 4 else b""
        place = struct.pack(block.order + "I", behind) if tail else value.ljust(4, b"\x00")
        raws[tag] = struct.pack(block.order + "HHI", tag, BYTE, len(value)) + place
    entries = b"".join(raws[key] for key in sorted(raws))
    directory = (
        struct.pack(block.order + "H", len(raws))
        + entries
        + struct.pack(block.order + "I", first.following)
    )
    # exiftool takes all from IFD0 to the end for the room that each directory of the chain has.
    room = max(directory.size for directory in block.chain)
    end = (directory + tail).ljust(room, b"\x00")
    return head[:4] + struct.pack(block.order + "I", len(head)) + head[8:] + end


class _Walk:
    """Reads directories, each offset once, so that no loop of them can be followed."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data, self._order = data, order
        self._seen: set[int] = set()
        # Real blocks share hardly a byte; one made to cost hours shares all of them.
        self._budget = 2 * len(data)

    def directory(self, at: int) -> Directory:
        """Read the directory at an offset and check where its values are."""
        if at in self._seen:
            raise Refused("the directories of its EXIF data go round in a circle")
        self._seen.add(at)
        if at < 8 or at + 2 > len(self._data):
            raise Refused("its EXIF data point outside of themselves")
        count = _number(self._data[at : at + 2], self._order)
        end = at + 2 + 12 * count
        if not count or end + 4 > len(self._data):
            raise Refused("a directory of its EXIF data is empty or cut off")
        self._spend(end - at)
        entries = tuple(self._entry(start) for start in range(at + 2, end, 12))
        return Directory(entries, _number(self._data[end : end + 4], self._order))

    def directories_below(self, chain: list[Directory]) -> None:
        """Read the directories that entries point at, at any depth."""
        waiting = list(chain)
        while waiting:
            for entry in waiting.pop().entries:
                if entry.tag in _POINTERS:
                    waiting += [self.directory(at) for at in self._numbers(entry)]

    def check_pictures(self, directory: Directory) -> None:
        """Check that a thumbnail lies inside the block."""
        entries = {entry.tag: entry for entry in directory.entries}
        for where, length in _PICTURES:
            if where in entries and length in entries:
                starts, sizes = self._numbers(entries[where]), self._numbers(entries[length])
                if any(map(self._is_outside, starts, sizes)) or len(starts) != len(sizes):
                    raise Refused("the thumbnail in its EXIF data is cut off or not in them")

    def _entry(self, at: int) -> Entry:
        raw = self._data[at : at + 12]
        tag, kind, count = struct.unpack(self._order + "HHI", raw[:8])
        entry = Entry(tag, kind, count, raw)
        if entry.kind not in _SIZES:
            raise Refused("its EXIF data have a value of an unknown type")
        start = _value_start(self._order, entry)
        if start is not None and self._is_outside(start, entry.size):
            raise Refused("its EXIF data point outside of themselves")
        self._spend(entry.size)
        return entry

    def _spend(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise Refused("its EXIF data use the same bytes many times over")

    def _is_outside(self, start: int, size: int) -> bool:
        return start < 8 or start + size > len(self._data)

    def _numbers(self, entry: Entry) -> tuple[int, ...]:
        """Return the values of an entry that must be offsets or lengths."""
        if entry.kind not in (_SHORT, _LONG, _IFD):
            raise Refused("its EXIF data have an offset that is not a number")
        start = _value_start(self._order, entry)
        raw = entry.raw[8:] if start is None else self._data[start:]
        letter = "H" if entry.kind == _SHORT else "I"
        return struct.unpack_from(f"{self._order}{entry.count}{letter}", raw)


def _value_start(order: str, entry: Entry) -> int | None:
    """Return where a value lies that does not fit into its entry."""
    return _number(entry.raw[8:], order) if entry.size > 4 else None


def _number(raw: bytes, order: str) -> int:
    return int.from_bytes(raw, "little" if order == "<" else "big")
