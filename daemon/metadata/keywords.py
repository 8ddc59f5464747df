"""The keywords that people and other programs gave a photo, from every field that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...db.states import label_key
from ..tagging import mark, xmp
from .embedded import XP_KEYWORDS, find_blocks, read_ifd0
from .iptc import KEYWORD, read_iptc
from .source import MAX_LENGTH
from .text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..tagging.xmp_fields import Packet
    from .iptc import Texts

MAX_KEYWORDS = 500


def read_keywords(data: bytes, kind: str, sidecars: Sequence[bytes] = ()) -> tuple[str, ...]:
    """Return the keywords in a photo of a format (a name in ``formats``) and in its sidecars.

    Never raises: what is broken gives what can be read.
    """
    blocks = find_blocks(data, kind)
    packets = map(xmp.open_loosely, (*blocks.xmp, *sidecars))
    return gather(blocks.exif, map(read_iptc, blocks.iptc), packets)


def gather(
    exif: Iterable[bytes], iptc: Iterable[Texts], packets: Iterable[Packet | None]
) -> tuple[str, ...]:
    """Return the keywords of all blocks and packets.

    Ours are left out. Each is there once (without regard to case), in Unicode's NFC, without
    control characters; longer ones than MAX_LENGTH and more than MAX_KEYWORDS are left out.
    """
    found: dict[str, str] = {}
    for raw in _raw_keywords(exif, iptc, packets):
        keyword = clean(raw)
        if 0 < len(keyword) <= MAX_LENGTH:
            found.setdefault(label_key(keyword), keyword)
        if len(found) >= MAX_KEYWORDS:
            break
    return tuple(found.values())


def _raw_keywords(
    exif: Iterable[bytes], iptc: Iterable[Texts], packets: Iterable[Packet | None]
) -> Iterator[str]:
    for block in exif:
        yield from _xp_keywords(block)
    for texts in iptc:
        yield from texts.get(KEYWORD, ())
    for packet in packets:
        if packet is not None:
            yield from packet.keywords()


def _xp_keywords(block: bytes) -> list[str]:
    """Return EXIF's keywords, under a whole mark of ours those that were there before us."""
    # The photo may by now be one that is refused: the mark holds for the block, not the file.
    before = mark.take_back(block) if block[:2] in (b"II", b"MM") else None
    items = _split_field(block)
    if before is None:
        return items
    # The block before may have tags of ours that are out of the field again.
    present = set(items)
    return [item for item in _split_field(before) if item in present]


def _split_field(block: bytes) -> list[str]:
    text = read_ifd0(block, (XP_KEYWORDS,)).get(XP_KEYWORDS, b"").decode("utf-16-le", "ignore")
    return text.split("\0")[0].split(";")
