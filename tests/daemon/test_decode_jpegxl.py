"""JPEG XL: its size read before it is decoded, turned once, also where it was made from a JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import brotli
import numpy as np
import pytest
from decoding import (
    assert_shows,
    encoded,
    fingerprint,
    header_of,
    jxl_of_jpeg,
    load,
    orientation_exif,
)
from exiftool import exiftool
from photo_files import CAT, jpeg_bytes, open_rgb
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = open_rgb(CAT)
PLAIN = encoded(PICTURE, "JXL")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.filterwarnings("ignore:Using JPEG reconstruction")
def test_a_jpeg_made_into_a_jpeg_xl_is_turned_once(tmp_path: Path, orientation: int) -> None:
    jpeg = jpeg_bytes(PICTURE, orientation=orientation)
    data = jxl_of_jpeg(jpeg, tmp_path / "a.jpg")
    assert b"jbrd" in data

    assert header_of(data, "a.jxl").upright_size == PICTURE.size
    assert_shows(load(data, "a.jxl"), PICTURE)


def test_the_orientation_in_a_jpeg_xls_exif_does_not_count() -> None:
    data = encoded(PICTURE, "JXL", exif=orientation_exif(6))
    assert header_of(data, "a.jxl").exif == orientation_exif(6)[6:]

    assert_shows(load(data, "a.jxl"), PICTURE)


@pytest.mark.parametrize(
    "size",
    [(8, 8), (256, 256), (256, 192), (384, 256), (1024, 576), (451, 300), (300, 1200), (9000, 10)],
)
def test_the_size_is_read_from_the_first_bits(size: tuple[int, int]) -> None:
    data = encoded(PICTURE.resize(size), "JXL", effort=1)

    assert header_of(data, "a.jxl").upright_size == size
    assert load(data, "a.jxl", 10_000).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_grey_and_transparent_pictures_are_read(mode: str) -> None:
    assert_shows(load(encoded(PICTURE.convert(mode), "JXL"), "a.jxl"), PICTURE.convert(mode))


def test_16_bit_and_floating_point_grey_keep_their_brightness() -> None:
    grey = PICTURE.convert("L")
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    bright = Image.fromarray(np.asarray(grey, np.float32) / 255)

    assert_shows(load(encoded(deep, "JXL"), "a.jxl"), grey)
    assert_shows(load(encoded(bright, "JXL"), "a.jxl"), grey)


def test_the_fingerprint_survives_metadata_and_the_blocks_are_handed_out() -> None:
    tagged = exiftool(PLAIN, "-XMP:Subject=cat", "-EXIF:Artist=me", "-o", "-")

    assert fingerprint(tagged, "a.jxl") == fingerprint(PLAIN, "a.jxl")
    assert fingerprint(encoded(PICTURE, "JXL", quality=50), "a.jxl") != fingerprint(PLAIN, "a.jxl")
    assert header_of(tagged, "a.jxl").exif[:2] in (b"II", b"MM")
    assert b"cat" in header_of(tagged, "a.jxl").xmp


def test_packed_metadata_is_unpacked_up_to_a_limit() -> None:
    def with_box(content: bytes) -> bytes:
        packed = b"xml " + brotli.compress(content)
        return PLAIN + (8 + len(packed)).to_bytes(4, "big") + b"brob" + packed

    assert header_of(with_box(b"<x:xmpmeta/>"), "a.jxl").xmp == b"<x:xmpmeta/>"
    assert header_of(with_box(bytes(1 << 27)), "a.jxl").xmp == b""
    assert header_of(PLAIN + b"\0\0\0\x10brobxml \xff\xff\xff\xff", "a.jxl").xmp == b""


def test_a_bare_codestream_is_the_same_picture() -> None:
    bare = encoded(Image.fromarray(np.asarray(PICTURE)), "JXL")
    assert bare.startswith(b"\xff\x0a")
    assert not PLAIN.startswith(b"\xff\x0a")

    assert_shows(load(bare, "a.jxl"), PICTURE)
    assert fingerprint(bare, "a.jxl") == fingerprint(PLAIN, "a.jxl")
