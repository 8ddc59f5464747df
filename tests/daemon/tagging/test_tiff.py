"""The TIFF block: every broken rule is refused, and a new first directory leaves the old bytes."""

from __future__ import annotations

import struct

import pytest
from jpeg_parts import (
    ASCII,
    BYTE,
    EXIF_POINTER,
    IFD,
    II,
    LONG,
    MAKE,
    MM,
    MODEL,
    ORIENTATION,
    SHORT,
    SOFTWARE,
    THUMBNAIL,
    THUMBNAIL_LENGTH,
    XP_KEYWORDS,
    Field,
    camera_block,
    exif_block,
    header,
    ifd,
)

from phototagd.daemon.tagging.errors import Refused
from phototagd.daemon.tagging.tiff import Block, parse, with_value

MADE = Field(MAKE, ASCII, b"Canon\x00")
TURNED = Field(ORIENTATION, SHORT, (6,))
ORDERS = pytest.mark.parametrize("order", [II, MM])


def reason(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        parse(data)
    return refused.value.reason


def value(block: Block, tag: int) -> bytes | None:
    entry = block.find(tag)
    return None if entry is None else block.value(entry)


@ORDERS
def test_values_inside_and_outside_of_their_entries_are_read(order: str) -> None:
    block = parse(camera_block(order))

    assert value(block, MODEL) == b"Canon EOS 1000D\x00"
    assert value(block, ORIENTATION) == struct.pack(order + "H", 6)
    assert value(block, SOFTWARE) is None
    assert [len(directory.entries) for directory in block.chain] == [7, 3]


@ORDERS
@pytest.mark.parametrize("new", [b"a\x00\x00\x00", b"longer than four bytes"])
def test_a_value_is_added_and_only_the_offset_of_ifd0_changes(order: str, new: bytes) -> None:
    old = camera_block(order)

    block = parse(with_value(parse(old), XP_KEYWORDS, new))

    assert value(block, XP_KEYWORDS) == new
    assert block.data[:4] + old[4:8] + block.data[8 : len(old)] == old
    assert [entry.raw for entry in block.chain[0].entries if entry.tag != XP_KEYWORDS] == [
        entry.raw for entry in parse(old).chain[0].entries
    ]
    assert block.chain[1] == parse(old).chain[1]


def test_an_entry_gets_its_sorted_place() -> None:
    block = parse(exif_block(II, [MADE, Field(0xC4A5, BYTE, b"PrintIM")]))

    tags = [entry.tag for entry in parse(with_value(block, XP_KEYWORDS, b"new!")).chain[0].entries]

    assert tags == [MAKE, XP_KEYWORDS, 0xC4A5]


def test_a_value_is_replaced_and_dropped() -> None:
    block = parse(camera_block(keywords="sea"))

    assert value(parse(with_value(block, XP_KEYWORDS, b"other")), XP_KEYWORDS) == b"other"
    assert parse(with_value(block, XP_KEYWORDS, None)).find(XP_KEYWORDS) is None


@pytest.mark.parametrize("length", range(5, 9))
def test_the_new_directory_begins_at_an_even_offset(length: int) -> None:
    old = exif_block(II, [TURNED]) + b"\x00" * length

    (offset,) = struct.unpack("<I", with_value(parse(old), XP_KEYWORDS, b"sea!")[4:8])

    assert offset % 2 == 0
    assert offset - len(old) in (0, 1)


def test_from_the_new_directory_on_there_is_room_for_the_longest_of_the_chain() -> None:
    many = [Field(tag, SHORT, (1,)) for tag in range(0x0200 + 3, 0x0200 + 43)]
    block = parse(exif_block(II, [TURNED], ifd1=many))

    new = with_value(block, XP_KEYWORDS, b"sea!")

    assert len(new) - struct.unpack("<I", new[4:8])[0] >= 2 + 12 * 40


def loop(order: str) -> bytes:
    """A block whose IFD1 says that IFD0 follows."""
    first = ifd(order, 8, [TURNED], 8 + 18)
    return header(order) + first + ifd(order, 8 + 18, [TURNED], 8)


def pointer_out(tag: int, kind: int, offset: int) -> bytes:
    return exif_block(II, [Field(tag, kind, (offset,))])


def with_kind(kind: int) -> bytes:
    block = bytearray(exif_block(II, [TURNED]))
    block[12:14] = struct.pack("<H", kind)
    return bytes(block)


def small_picture(start: int, length: int, kind: int = LONG) -> bytes:
    ifd1 = [Field(THUMBNAIL, kind, (start,)), Field(THUMBNAIL_LENGTH, LONG, (length,))]
    return exif_block(II, [TURNED], ifd1=ifd1)


BLOCK = camera_block()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "do not begin"),
        (b"II*\x00", "do not begin"),
        (b"II+\x00" + BLOCK[4:], "do not begin"),
        (b"MM*\x00" + BLOCK[4:], "do not begin"),
        (b"II\x55\x00" + BLOCK[4:], "do not begin"),
        (header(II, 0) + BLOCK[8:], "outside"),
        (header(II, 4) + BLOCK[8:], "outside"),
        (header(II, len(BLOCK)) + BLOCK[8:], "outside"),
        (header(II, 0xFFFFFFFF) + BLOCK[8:], "outside"),
        (header(II) + b"\x00" * 20, "empty"),
        (header(II) + ifd(II, 8, [TURNED])[:-1], "cut off"),
        (header(II) + b"\xff\xff" + bytes(100), "cut off"),
        (header(II) + ifd(II, 8, [TURNED], 9999), "outside"),
        (header(II) + ifd(II, 8, [TURNED], 26) + b"\x00\x00" + bytes(20), "empty"),
        (loop(II), "circle"),
        (loop(MM), "circle"),
        (pointer_out(EXIF_POINTER, LONG, 8), "circle"),
        (pointer_out(EXIF_POINTER, LONG, 9999), "outside"),
        (pointer_out(0x8825, LONG, 9999), "outside"),
        (pointer_out(0x014A, IFD, 9999), "outside"),
        (exif_block(II, [TURNED], exif=[Field(0xA005, LONG, (9999,))]), "outside"),
        (exif_block(II, [TURNED], exif=[Field(0x8769, LONG, (8,))]), "circle"),
        (exif_block(II, [Field(EXIF_POINTER, ASCII, b"abcd")]), "not a number"),
        (with_kind(0), "unknown type"),
        (with_kind(14), "unknown type"),
        (with_kind(129), "unknown type"),
        (exif_block(II, [MADE])[:-1], "outside"),
        (exif_block(II, [TURNED], gps=[Field(2, ASCII, b"too far")])[:-2], "outside"),
        (header(II) + ifd(II, 8, [TURNED, MADE]), "out of order"),
        (exif_block(II, [MADE, MADE]), "twice"),
        (small_picture(20, 9999), "thumbnail"),
        (small_picture(0, 20), "thumbnail"),
        (small_picture(9999, 1), "thumbnail"),
        (small_picture(0xFFFFFFFF, 0xFFFFFFFF), "thumbnail"),
        (BLOCK[:-1], "thumbnail"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_breaks_a_rule_is_refused_with_its_reason(data: bytes, word: str) -> None:
    assert word in reason(data)


def test_every_cut_of_a_block_is_refused() -> None:
    for length in range(len(BLOCK)):
        assert reason(BLOCK[:length])


def test_directories_in_no_order_but_ifd0_are_let_through() -> None:
    block = exif_block(
        II, [TURNED], exif=[Field(0x9003, ASCII, b"b\x00"), Field(0x9000, BYTE, b"a")]
    )

    assert parse(block).data == block


def test_a_further_directory_behind_ifd1_is_part_of_the_chain() -> None:
    parts = [ifd(II, 8, [TURNED], 26), ifd(II, 26, [TURNED], 44), ifd(II, 44, [TURNED])]

    assert len(parse(header(II) + b"".join(parts)).chain) == 3


def test_a_block_that_uses_its_bytes_again_and_again_is_refused() -> None:
    """Values that lie upon one another would cost a reader the square of the block's length."""
    fields = [Field(tag, BYTE, b"") for tag in range(1, 200)]
    block = bytearray(exif_block(II, fields) + bytes(50_000))
    for number in range(len(fields)):
        block[10 + 12 * number + 4 : 10 + 12 * number + 12] = struct.pack("<II", 50_000, 9)

    assert "many times" in reason(bytes(block))
