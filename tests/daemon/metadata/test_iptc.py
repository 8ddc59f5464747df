"""IPTC keywords: as exiftool writes them, in every character set, and broken anywhere."""

from __future__ import annotations

import io

import pytest
from exiftool import exiftool
from PIL import Image

from phototagd.daemon.metadata.embedded import find_blocks
from phototagd.daemon.metadata.iptc import KEYWORD, read_iptc


def keywords(data: bytes) -> tuple[str, ...]:
    return tuple(read_iptc(data)[KEYWORD])


UTF8 = b"\x1c\x01\x5a\x00\x03\x1b%G"


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, "JPEG")
    return out.getvalue()


def keyword(value: bytes) -> bytes:
    return b"\x1c\x02\x19" + len(value).to_bytes(2, "big") + value


def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    """Make a Photoshop resource; name and data are padded to even sizes."""
    label = bytes([len(name)]) + name
    label += bytes(len(label) % 2)
    size = len(data).to_bytes(4, "big")
    return b"8BIM" + number.to_bytes(2, "big") + label + size + data + bytes(len(data) % 2)


@pytest.mark.parametrize(
    "options",
    [
        ("-CodedCharacterSet=UTF8",),
        ("-charset", "iptc=Latin"),
        ("-charset", "iptc=UTF8"),
    ],
)
def test_what_exiftool_writes_is_read_in_every_character_set(options: tuple[str, ...]) -> None:
    words = ("Straße", "Café “Bar”", "beach")
    data = exiftool(jpeg(), *options, *(f"-IPTC:Keywords={word}" for word in words), "-o", "-")

    (block,) = find_blocks(data, "JPEG").iptc
    assert keywords(block) == words


def test_keywords_that_fill_several_segments_are_all_read() -> None:
    words = tuple(f"keyword number {n:05}" for n in range(4000))
    stream = UTF8 + b"".join(keyword(word.encode()) for word in words)
    resources = resource(0x0404, stream)
    parts = [resources[at : at + 60_000] for at in range(0, len(resources), 60_000)]
    assert len(parts) > 1
    segments = b"".join(
        b"\xff\xed" + (len(part) + 16).to_bytes(2, "big") + b"Photoshop 3.0\0" + part
        for part in parts
    )
    data = jpeg()[:2] + segments + jpeg()[2:]

    (block,) = find_blocks(data, "JPEG").iptc
    assert keywords(block) == words


def test_other_resources_and_other_records_are_passed_over() -> None:
    stream = b"\x1c\x02\x05\x00\x03cat" + keyword(b"dog") + b"\x1c\x07\x19\x00\x02no"
    data = (
        resource(0x03ED, b"12345", b"odd")
        + resource(0x0425, bytes(16), b"even")
        + resource(0x0404, stream)
    )
    assert keywords(data) == ("dog",)


def test_a_long_data_set_is_read() -> None:
    value = b"x" * 40_000
    long = b"\x1c\x02\x19\x80\x04" + len(value).to_bytes(4, "big") + value

    assert keywords(long + keyword(b"dog")) == (value.decode(), "dog")


def test_bytes_that_no_character_set_knows_are_latin_1() -> None:
    assert keywords(keyword(b"caf\xe9 \x81")) == ("café \x81",)


def test_a_stream_cut_anywhere_gives_what_is_before_the_cut() -> None:
    whole = resource(0x0404, UTF8 + keyword(b"beach") + keyword("Straße".encode()))
    for end in range(len(whole)):
        found = keywords(whole[:end])
        assert found == () or found[0] in "beach"
        assert len(found) < 2 or found[1] in "Straße"


def test_sizes_that_cannot_be_true_end_the_reading() -> None:
    assert keywords(keyword(b"dog") + b"\x1c\x02\x19\xff\xffabc") == ("dog",)
    assert keywords(b"8BIM\x04\x04\xff") == ()
    assert keywords(b"8BIM\x04\x04\x00\x00\xff\xff\xff\xff" + keyword(b"dog")) == ("dog",)
    assert keywords(b"") == ()
