"""A JPEG's segments: where EXIF lies or goes, and every kind of file that is refused."""

from __future__ import annotations

import pytest
from jpeg_parts import (
    CIFF,
    COMMENT,
    ICC,
    JFIF,
    JFXX,
    JUMBF,
    MPF,
    XMP,
    camera_block,
    encoded,
    exif_segment,
    jpeg,
    segment,
)

from phototagd.daemon.tagging.errors import Refused
from phototagd.daemon.tagging.jpeg import MAX_BLOCK, parse

EXIF = exif_segment(camera_block())


def reason(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        parse(data)
    return refused.value.reason


@pytest.mark.parametrize("around", [(b"", b""), (JFIF, XMP), (JFIF + JFXX, ICC + COMMENT)])
def test_the_exif_block_is_found_among_other_segments(around: tuple[bytes, bytes]) -> None:
    before, behind = around

    assert parse(jpeg(before, EXIF, behind)).block == camera_block()


@pytest.mark.parametrize("before", [b"", JFIF, JFIF + JFXX])
@pytest.mark.parametrize("behind", [b"", XMP, COMMENT + JFIF])
def test_a_new_block_goes_behind_the_jfif_segments_at_the_start(
    before: bytes, behind: bytes
) -> None:
    file = parse(jpeg(before, behind))

    assert file.block is None
    assert file.with_block(b"new") == jpeg(before, exif_segment(b"new"), behind)


def test_a_block_is_replaced_and_removed_and_nothing_else_changes() -> None:
    file = parse(jpeg(JFIF, EXIF, ICC))

    assert file.with_block(b"other") == jpeg(JFIF, exif_segment(b"other"), ICC)
    assert file.with_block(None) == jpeg(JFIF, ICC)


def test_a_segment_holds_exactly_so_much() -> None:
    file = parse(jpeg(JFIF))

    assert parse(file.with_block(bytes(MAX_BLOCK))).block == bytes(MAX_BLOCK)
    with pytest.raises(Refused, match="too long"):
        file.with_block(bytes(MAX_BLOCK + 1))


@pytest.mark.parametrize("zeros", [0, 1, 5000])
def test_zero_bytes_behind_the_picture_are_let_through(zeros: int) -> None:
    assert parse(jpeg(EXIF, trailer=bytes(zeros))).block == camera_block()


def test_a_picture_of_many_scans_is_walked_to_its_end() -> None:
    picture = encoded(200, progressive=True)
    assert picture.count(b"\xff\xda") > 5

    assert parse(jpeg(EXIF, picture=picture)).block == camera_block()


def test_an_end_marker_inside_a_table_is_not_the_end() -> None:
    picture = encoded(200, progressive=True)
    at = picture.rindex(b"\xff\xda")
    with_comment = picture[:at] + segment(0xFE, b"\xff\xd9 not the end") + picture[at:]

    assert parse(jpeg(EXIF, picture=with_comment)).block == camera_block()


def test_an_exif_segment_inside_a_comment_is_not_one() -> None:
    assert parse(jpeg(JFIF, segment(0xFE, EXIF))).block is None


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not a JPEG"),
        (b"\x89PNG\r\n\x1a\n", "not a JPEG"),
        (b"\xff\xd8", "ends before its picture"),
        (b"\xff\xd8" + JFIF, "ends before its picture"),
        (b"\xff\xd8" + JFIF + b"\xff", "ends before its picture"),
        (b"\xff\xd8" + JFIF + b"\xff\xd9\x00\x00", "no picture"),
        (jpeg(JFIF, b"\x00", EXIF), "stray bytes"),
        (jpeg(JFIF, b"\xff", EXIF), "stray bytes"),
        (jpeg(JFIF, b"\xff\xd8", EXIF), "stray bytes"),
        (jpeg(JFIF, b"\xff\x01", EXIF), "stray bytes"),
        (b"\xff\xd8" + JFIF + b"\xff\xe5\xff\xff" + bytes(99), "goes past its end"),
        (b"\xff\xd8" + JFIF + b"\xff\xe5\x00\x01" + bytes(99), "goes past its end"),
        (jpeg(EXIF)[:-2], "no end"),
        (jpeg(EXIF)[:-20], "no end"),
        (jpeg(EXIF, EXIF), "more than one EXIF"),
        (jpeg(EXIF, XMP, exif_segment(b"")), "more than one EXIF"),
        (jpeg(segment(0xE1, b"Exif\x00\xff" + camera_block())), "does not begin as"),
        (jpeg(segment(0xE1, b"EXIF\x00\x00" + camera_block())), "does not begin as"),
        (jpeg(segment(0xE1, b"Exif")), "does not begin as"),
        (jpeg(CIFF, EXIF), "not JFIF"),
        (jpeg(JFIF, segment(0xE0, b"AVI1" + bytes(10))), "not JFIF"),
        (jpeg(JFIF, segment(0xE0, b"")), "not JFIF"),
        (jpeg(EXIF, JUMBF), "APP11"),
        (jpeg(EXIF, MPF), "MPF"),
        (jpeg(EXIF, trailer=b"\x00\x00ftypmp42"), "behind its picture"),
        (jpeg(EXIF, trailer=encoded()), "behind its picture"),
        (jpeg(EXIF, trailer=b"\x00" * 12 + b"AXS!" + b"\x00" * 8), "behind its picture"),
        (jpeg(EXIF, trailer=b"\xff\xd9"), "behind its picture"),
        (jpeg(EXIF)[:-2] + encoded(), "markers that do not belong"),
        (jpeg(EXIF)[:-2] + b"\xff\xfe\xff\xff\xff\xd9", "goes past its end"),
        (jpeg(EXIF, segment(0xE5, b"") * 10_000), "too many segments"),
        (jpeg(EXIF)[:-2] + segment(0xFE, b"") * 10_000 + b"\xff\xd9", "too many segments"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_not_allowed_is_refused_with_its_reason(data: bytes, word: str) -> None:
    assert word in reason(data)


def test_every_cut_of_a_file_is_refused() -> None:
    whole = jpeg(JFIF, EXIF, ICC, picture=encoded(40, progressive=True))

    for length in range(len(whole)):
        assert reason(whole[:length])
