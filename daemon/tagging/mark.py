"""The mark: 24 bytes at the end of an EXIF block of ours that lead back to the block before it.

Nothing in the block points at the mark, so a program that writes the block anew drops it; one that
changes a value in place breaks its checksum. Layout, little-endian:

    10  magic
     4  bytes 4 to 7 of the old block (where its first directory is)
     2  the old block's length; 0: there was none
     4  CRC-32 of the old block
     4  CRC-32 of the new block up to here
"""

from __future__ import annotations

import struct
import zlib
from typing import Literal

SIZE = 24
State = Literal["none", "whole", "broken"]

_MAGIC = b"phototag\x00\x01"
_FIELDS = struct.Struct("<10s4sHI")
_CHECK = struct.Struct("<I")


def seal(block: bytes, old: bytes | None) -> bytes:
    """Return the block with the mark behind it that leads back to ``old``."""
    old = old or b""
    body = block + _FIELDS.pack(_MAGIC, old[4:8], len(old), zlib.crc32(old))
    return body + _CHECK.pack(zlib.crc32(body))


def state(block: bytes) -> State:
    """Tell whether a block has the mark, and whether nobody has changed the block since."""
    if block[-SIZE:][: len(_MAGIC)] != _MAGIC:
        return "none"
    return "broken" if take_back(block) is None else "whole"


def take_back(block: bytes) -> bytes | None:
    """Return the block before ours, empty if there was none; None without a whole mark."""
    fields, check = block[-SIZE:-4], block[-4:]
    if not fields.startswith(_MAGIC) or _CHECK.pack(zlib.crc32(block[:-4])) != check:
        return None
    _, pointer, length, old_check = _FIELDS.unpack(fields)
    old: bytes = block[:4] + pointer + block[8:length] if length else b""
    return old if len(old) == length and zlib.crc32(old) == old_check else None
