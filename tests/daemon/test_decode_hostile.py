"""Broken files of every format: a reason, never another exception."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from decoding import as_file, encoded, heic_bytes, jxl_of_jpeg
from photo_files import CAT, jpeg_bytes, open_rgb
from raw_files import dng_bytes

from phototagd.daemon import decode
from phototagd.daemon.errors import PhotoError

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = open_rgb(CAT).crop((0, 0, 160, 120)).resize((320, 240))
pytestmark = pytest.mark.filterwarnings("ignore")  # as in the child process

LIMITS = decode.Limits(max_pixels=20_000_000)
MAKERS = {
    "jpg": lambda: jpeg_bytes(PICTURE),
    "png": lambda: encoded(PICTURE, "PNG"),
    "webp": lambda: encoded(PICTURE, "WEBP"),
    "tif": lambda: encoded(PICTURE, "TIFF", compression="tiff_lzw"),
    "bmp": lambda: encoded(PICTURE, "BMP"),
    "gif": lambda: encoded(PICTURE, "GIF"),
    "avif": lambda: encoded(PICTURE, "AVIF"),
    "heic": lambda: heic_bytes(PICTURE),
    "tiles.heic": lambda: heic_bytes(PICTURE, tile_size=128),
    "jp2": lambda: encoded(PICTURE, "JPEG2000"),
    "jxl": lambda: encoded(PICTURE, "JXL"),
    "dng": lambda: dng_bytes(PICTURE),
    "preview.dng": lambda: dng_bytes(
        PICTURE, preview=jpeg_bytes(PICTURE), preview_size=PICTURE.size
    ),
}
WHOLE = ("jpg", "png", "webp", "tif", "gif", "avif", "heic", "tiles.heic", "jp2", "jxl", "dng")


def read(data: bytes, name: str) -> bool:
    """Tell whether all of a file could be read; anything but PhotoError is let through."""
    photo = as_file(data, f"a.{name}")
    try:
        header, pixels = decode.inspect(photo, LIMITS)
        decode.fingerprint(photo, header, pixels)
        if pixels is None:
            pixels = decode.decode_pixels(photo, header, 200)
    except PhotoError:
        return False
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    return True


@pytest.mark.parametrize("name", WHOLE)
def test_a_photo_that_is_cut_off_anywhere_is_refused(name: str) -> None:
    data = MAKERS[name]()
    assert read(data, name)

    accepted = [n for n in range(40) if read(data[: len(data) * n // 40], name)]

    assert accepted == []


@pytest.mark.parametrize("name", MAKERS)
def test_bytes_that_are_not_what_they_were_raise_nothing_but_photo_errors(name: str) -> None:
    data, dice = MAKERS[name](), random.Random(name)  # noqa: S311 - the same every time
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(dice.choice((1, 3, 20))):
            place = dice.randrange(len(data) if dice.random() < 0.4 else min(len(data), 1500))
            broken[place] = dice.randrange(256)
        read(bytes(broken), name)


def test_a_jpeg_xl_made_from_a_jpeg_breaks_with_a_reason(tmp_path: Path) -> None:
    data = jxl_of_jpeg(jpeg_bytes(PICTURE), tmp_path / "a.jpg")

    assert read(data, "jxl")
    assert not any(read(data[: len(data) * n // 40], "jxl") for n in range(40))
