"""The mark at the end of a block: it leads back, and only where every byte is as we left it."""

from __future__ import annotations

import struct
import zlib

import pytest
from jpeg_parts import II, MM, camera_block

from phototagd.daemon.tagging.mark import SIZE, seal, state, take_back

OLD = camera_block(MM)
NEW = OLD[:4] + b"\x00\x00\x12\x34" + OLD[8:] + b"a new directory"


def forged(pointer: bytes, length: int, check: int) -> bytes:
    """A block whose own checksum is right, whatever it says of the old block."""
    body = NEW + b"phototag\x00\x01" + pointer + struct.pack("<HI", length, check)
    return body + struct.pack("<I", zlib.crc32(body))


def test_a_mark_leads_back_to_the_old_block() -> None:
    sealed = seal(NEW, OLD)

    assert sealed == forged(OLD[4:8], len(OLD), zlib.crc32(OLD))
    assert len(sealed) == len(NEW) + SIZE
    assert state(sealed) == "whole"
    assert take_back(sealed) == OLD


def test_a_mark_tells_that_there_was_no_block() -> None:
    assert take_back(seal(NEW, None)) == b""


def test_a_change_of_any_byte_is_seen() -> None:
    sealed = seal(NEW, OLD)

    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        assert take_back(changed) is None
        assert state(changed) == ("none" if -SIZE <= at - len(sealed) < 10 - SIZE else "broken")


@pytest.mark.parametrize(
    "sealed",
    [
        forged(OLD[4:8], len(OLD), zlib.crc32(OLD) ^ 1),
        forged(b"\x00\x00\x00\x00", len(OLD), zlib.crc32(OLD)),
        forged(OLD[4:8], len(OLD) - 1, zlib.crc32(OLD)),
        forged(OLD[4:8], 3, zlib.crc32(OLD[:3])),
        forged(OLD[4:8], 0xFFFF, zlib.crc32(forged(OLD[4:8], 0, 0))),
    ],
)
def test_a_mark_that_does_not_fit_the_old_block_leads_nowhere(sealed: bytes) -> None:
    assert state(sealed) == "broken"
    assert take_back(sealed) is None


@pytest.mark.parametrize("block", [b"", b"II*\x00", camera_block(II), seal(NEW, OLD) + b"\x00\x00"])
def test_a_block_without_a_mark_at_its_end_has_none(block: bytes) -> None:
    assert state(block) == "none"
    assert take_back(block) is None
