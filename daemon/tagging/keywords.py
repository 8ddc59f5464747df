"""The keywords that people and other programs gave a photo, from every field that has them."""

from __future__ import annotations

import os.path
import unicodedata
from typing import TYPE_CHECKING

from ...db.states import label_key
from . import mark, xmp
from .embedded import XP_KEYWORDS, Blocks, find_blocks, read_ifd0
from .iptc import read_iptc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_KEYWORDS = 500
MAX_LENGTH = 200

_MAX_RAW = 4096  # characters before cleaning: longer is no keyword


def read_keywords(data: bytes, kind: str, sidecars: Sequence[bytes] = ()) -> tuple[str, ...]:
    """Return the keywords in a photo of a format (a name in ``formats``) and in its sidecars.

    Ours are left out. Each is there once (without regard to case), in Unicode's NFC, without
    control characters; longer ones than MAX_LENGTH and more than MAX_KEYWORDS are left out.
    Never raises: what is broken gives what can be read.
    """
    found: dict[str, str] = {}
    for raw in _raw_keywords(find_blocks(data, kind), sidecars):
        keyword = clean(raw)
        if 0 < len(keyword) <= MAX_LENGTH:
            found.setdefault(label_key(keyword), keyword)
        if len(found) >= MAX_KEYWORDS:
            break
    return tuple(found.values())


def sidecar_paths(photo: bytes) -> tuple[bytes, bytes]:
    """Return where programs put a photo's sidecar.

    >>> sidecar_paths(b"IMG_1.jpg")
    (b'IMG_1.jpg.xmp', b'IMG_1.xmp')
    """
    return photo + b".xmp", os.path.splitext(photo)[0] + b".xmp"


def clean(raw: str) -> str:
    r"""Return a keyword in NFC with single spaces and no character that cannot be seen.

    >>> clean(" sandy\tbeach\0 ")
    'sandy beach'
    """
    if len(raw) > _MAX_RAW:
        return ""
    spaced = " ".join(raw.split())
    kept = (
        c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff"
    )
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def _raw_keywords(blocks: Blocks, sidecars: Iterable[bytes]) -> Iterator[str]:
    for block in blocks.exif:
        yield from _xp_keywords(block)
    for block in blocks.iptc:
        yield from read_iptc(block)
    for packet in (*blocks.xmp, *sidecars):
        yield from xmp.keywords(packet.rstrip(b"\0"))


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
