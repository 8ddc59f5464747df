"""The keywords in a JPEG's EXIF data (XPKeywords): read, written, and taken out to the byte.

An EXIF block that a photo has stays where it is, byte for byte, and gets a second first directory
behind it; what is written is proved before it is handed out. XPKeywords is Microsoft's: UTF-16LE,
``;`` between the items, two zero bytes at the end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import jpeg, mark, tiff
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

# What piexif raises for a block that it cannot read (its own error is a ValueError).
_PIEXIF_ERRORS = (struct.error, ValueError, KeyError, IndexError, TypeError)


@dataclass(frozen=True, slots=True)
class KeywordField:
    """XPKeywords as they are and, under a whole mark of ours, as they were before us.

    The items are verbatim, with the spaces around them. ``before`` is ``items`` without a whole
    mark; ``broken``: we wrote the field, and someone has edited the EXIF data since.
    """

    items: tuple[str, ...]
    before: tuple[str, ...]
    mark: mark.State


def read_field(photo: bytes | jpeg.JpegFile) -> KeywordField:
    """Read the field of a JPEG; raises Refused if nothing could be written to it either."""
    block = _file(photo).block
    items = _items(_parsed(block))
    if block is None:
        return KeywordField(items, items, "none")
    taken = mark.take_back(block)
    before = items if taken is None else _items(_parsed(taken or None))
    return KeywordField(items, before, mark.state(block))


def write_field(photo: bytes | jpeg.JpegFile, items: Sequence[str]) -> bytes:
    """Return the JPEG with exactly these items in its field, in this order; none drop the field.

    What we wrote before is taken back first, so that writing again does not make the file grow.
    The same bytes are returned if nothing changes. Which items must stay is the caller's business.
    Raises Refused if the file may not be changed, or if the result cannot be proved harmless.
    """
    items = tuple(items)
    value = _encoded(items)
    file = _file(photo)
    data, block = file.data, file.block
    here = _parsed(block)
    if _items(here) == items:
        return data
    taken = mark.take_back(block) if block else None
    old, parsed = (block, here) if taken is None else (taken or None, _parsed(taken or None))
    if taken is not None and _items(parsed) == items:
        return file.with_block(old)
    new = _made(value) if parsed is None else _extended(parsed, value)
    _check_block(parsed, tiff.parse(new), items)
    sealed = mark.seal(new, old)
    after = file.with_block(sealed)
    if not file.gives(sealed, after):
        raise _unproved("what is not EXIF data")
    _check_way_back(data if taken is None else file.with_block(old), after)
    return after


def restore(photo: bytes | jpeg.JpegFile) -> bytes | None:
    """Return the JPEG as it was before we wrote, byte for byte; None without a whole mark.

    Raises Refused if the file may not be changed any more.
    """
    file = _file(photo)
    taken = mark.take_back(file.block or b"")
    return None if taken is None else file.with_block(taken or None)


def _file(photo: bytes | jpeg.JpegFile) -> jpeg.JpegFile:
    """Parse a photo unless the caller has: finding the end of the picture takes milliseconds."""
    return jpeg.parse(photo) if isinstance(photo, bytes) else photo


def _parsed(block: bytes | None) -> tiff.Block | None:
    return None if block is None else tiff.parse(block)


def _items(block: tiff.Block | None) -> tuple[str, ...]:
    """Return the keywords of a block; raises Refused if they cannot be told for certain."""
    if block is None or (entry := block.find(tiff.XP_KEYWORDS)) is None:
        return ()
    if entry.kind not in (tiff.BYTE, tiff.UNDEFINED) or entry.size % 2:
        raise Refused("its keyword field is not of the right type")
    try:
        text = block.value(entry).decode("utf-16-le")
    except UnicodeDecodeError:
        raise Refused("its keyword field is not valid UTF-16") from None
    text, _, behind = text.partition("\x00")
    if behind.strip("\x00"):
        raise Refused("its keyword field has more text behind its end")
    return tuple(item for item in text.split(";") if item)


def _encoded(items: tuple[str, ...]) -> bytes | None:
    if any(not item or ";" in item or "\x00" in item for item in items):
        raise Refused("a tag is empty or has a semicolon in it, which parts the tags of this field")
    try:
        return (";".join(items) + "\x00").encode("utf-16-le") if items else None
    except UnicodeEncodeError:
        raise Refused("a tag has half a character in it") from None


def _made(value: bytes | None) -> bytes:
    """Return a block for a photo that has none."""
    import piexif

    block: bytes = piexif.dump({"0th": {tiff.XP_KEYWORDS: value}})
    return block.removeprefix(jpeg.EXIF_HEADER)


def _extended(old: tiff.Block, value: bytes | None) -> bytes:
    if value is None and len(old.chain[0].entries) == 1:
        value = b"\x00\x00"  # a directory must not be empty: the field stays, without items
    return tiff.with_value(old, tiff.XP_KEYWORDS, value)


def _check_block(old: tiff.Block | None, new: tiff.Block, items: tuple[str, ...]) -> None:
    """Prove that a block differs from the old one in the field only."""
    if _items(new) != items:
        raise _unproved("the tags")
    if _foreign(old) != _foreign(new):
        raise _unproved("the entries of its EXIF data")
    loaded = _loaded(old)
    if loaded is not None and loaded != _loaded(new):
        raise _unproved("the values of its EXIF data")


def _foreign(block: tiff.Block | None) -> tuple[list[bytes], int]:
    """Return IFD0's entries but for the field's, and where the next directory is."""
    if block is None:
        return [], 0
    first = block.chain[0]
    return [x.raw for x in first.entries if x.tag != tiff.XP_KEYWORDS], first.following


def _loaded(block: tiff.Block | None) -> dict[str, Any] | None:
    """Return what piexif reads of a block but for the field; None if it cannot read it."""
    import piexif

    if block is None:
        return None
    try:
        loaded: dict[str, Any] = piexif.load(jpeg.EXIF_HEADER + block.data)
    except _PIEXIF_ERRORS:
        return None
    loaded["0th"].pop(tiff.XP_KEYWORDS, None)
    return loaded


def _check_way_back(before: bytes, after: bytes) -> None:
    """Prove that a written file leads back to the old one, byte for byte."""
    file = jpeg.parse_head(after)
    taken = mark.take_back(file.block or b"")
    if taken is None or not file.gives(taken or None, before):
        raise _unproved("the way back")


def _unproved(what: str) -> Refused:
    return Refused(f"writing could not be proved harmless: {what} would not be right")
