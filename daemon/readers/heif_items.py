"""Where a HEIF file keeps its primary picture's coded data (ISO/IEC 23008-12, 14496-12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import PhotoError
from .boxes import Box, Fields, read_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

# The properties that decide the pixels; the others describe them.
_DECISIVE = (b"hvcC", b"avcC", b"av1C", b"irot", b"imir", b"clap")


@dataclass(frozen=True, slots=True)
class Extent:
    """A stretch of an item: in the file, or in the ``idat`` box."""

    is_in_idat: bool
    start: int
    length: int


def primary_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield the coded data of the primary picture and of the tiles that it is made of.

    Each is preceded by the properties that tell how to decode and turn it. Raises PhotoError if
    the structure is broken or the data is cut off.
    """
    meta = next((box for box in read_boxes(data) if box.kind == b"meta"), None)
    boxes = {box.kind: box for box in read_boxes(meta.full[1])} if meta is not None else {}
    if not {b"pitm", b"iloc", b"iprp"} <= boxes.keys():
        raise PhotoError("the file names no primary picture")
    version, content = boxes[b"pitm"].full
    primary = Fields(content).number(4 if version else 2)
    extents = read_locations(boxes[b"iloc"])
    properties = _read_properties(boxes[b"iprp"])
    idat = boxes[b"idat"].content if b"idat" in boxes else memoryview(b"")
    for item in _with_tiles(primary, _read_tiles(boxes.get(b"iref"))):
        yield from properties.get(item, ())
        for extent in extents.get(item, ()):
            source = idat if extent.is_in_idat else memoryview(data)
            end = extent.start + extent.length if extent.length else len(source)
            if end > len(source):
                raise PhotoError("the file is cut off: the picture's data is not all there")
            yield source[extent.start : end]


def _with_tiles(primary: int, tiles: dict[int, list[int]]) -> Iterator[int]:
    """Yield an item and those it is derived from, each once."""
    seen, waiting = set(), [primary]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            yield item
            waiting.extend(reversed(tiles.get(item, [])))


def read_locations(iloc: Box) -> dict[int, list[Extent]]:
    """Return where each item lies. Raises PhotoError if the box is broken."""
    version, content = iloc.full
    fields = Fields(content)
    sizes = fields.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    wide = 4 if version >= 2 else 2
    if not offset_size + length_size:  # stretches of no size would have no number
        return {}
    found: dict[int, list[Extent]] = {}
    for _ in range(fields.number(wide)):
        item = fields.number(wide)
        method = fields.number(2) & 15 if version in (1, 2) else 0
        fields.number(2)  # which file: this one
        base = fields.number(base_size)
        extents = found.setdefault(item, [])
        for _ in range(fields.number(2)):
            fields.number(index_size)
            start = base + fields.number(offset_size)
            extents.append(Extent(method == 1, start, fields.number(length_size)))
    return found


def _read_tiles(iref: Box | None) -> dict[int, list[int]]:
    """Return which items each derived one is made of."""
    found: dict[int, list[int]] = {}
    if iref is None:
        return found
    version, content = iref.full
    wide = 4 if version else 2
    for box in read_boxes(content):
        if box.kind == b"dimg":
            fields = Fields(box.content)
            item = fields.number(wide)
            found[item] = [fields.number(wide) for _ in range(fields.number(2))]
    return found


def _read_properties(iprp: Box) -> dict[int, list[memoryview]]:
    """Return the decisive properties of each item, in their order."""
    container: list[Box] = []
    found: dict[int, list[memoryview]] = {}
    for box in read_boxes(iprp.content):
        if box.kind == b"ipco":
            container = list(read_boxes(box.content))
        elif box.kind == b"ipma":
            for item, index in _read_associations(box):
                if 0 < index <= len(container) and container[index - 1].kind in _DECISIVE:
                    pieces = memoryview(container[index - 1].kind), container[index - 1].content
                    found.setdefault(item, []).extend(pieces)
    return found


def _read_associations(ipma: Box) -> Iterator[tuple[int, int]]:
    """Yield (item, number of a property from 1 on)."""
    version, content = ipma.full
    is_wide = bool(ipma.content[3] & 1)
    fields = Fields(content)
    for _ in range(fields.number(4)):
        item = fields.number(4 if version else 2)
        for _ in range(fields.number(1)):
            yield item, fields.number(2) & 0x7FFF if is_wide else fields.number(1) & 0x7F
