"""JPEG 2000: reduced as far as is allowed, known again by its codestream."""

from __future__ import annotations

import numpy as np
import pytest
from decoding import as_file, assert_shows, encoded, fingerprint, header_of, load
from exiftool import exiftool
from photo_files import CAT, open_rgb
from PIL import Image

from phototagd.daemon import decode
from phototagd.daemon.errors import PhotoError

PICTURE = open_rgb(CAT)
PLAIN = encoded(PICTURE, "JPEG2000")


@pytest.mark.parametrize("bare", [False, True])
def test_a_jpeg_2000_is_read_with_and_without_its_container(bare: bool) -> None:
    data = encoded(PICTURE, "JPEG2000", no_jp2=bare)
    assert data.startswith(b"\xff\x4f\xff\x51") == bare

    assert_shows(load(data, "a.jp2"), PICTURE)


@pytest.mark.parametrize(
    ("resolutions", "expected"),
    [
        (6, (375, 250)),  # an eighth
        (3, (750, 500)),  # halved twice at most
        (1, (3000, 2000)),
    ],
)
def test_a_jpeg_2000_is_reduced_as_far_as_file_and_input_allow(
    resolutions: int, expected: tuple[int, int]
) -> None:
    big = PICTURE.resize((3000, 2000))
    data = encoded(big, "JPEG2000", num_resolutions=resolutions)
    photo = as_file(data, "a.jp2")
    header, _ = decode.inspect(photo, decode.Limits())

    pixels = decode.decode_pixels(photo, header, 250)

    assert (pixels.shape[1], pixels.shape[0]) == expected
    assert_shows(pixels, big)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_grey_and_transparent_pictures_are_read(mode: str) -> None:
    data = encoded(PICTURE.convert(mode), "JPEG2000")

    assert_shows(load(data, "a.jp2"), PICTURE.convert(mode))


def test_16_bit_grey_keeps_its_brightness() -> None:
    grey = PICTURE.convert("L")
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)

    assert_shows(load(encoded(deep, "JPEG2000"), "a.jp2"), grey)


def test_a_cut_off_jpeg_2000_is_refused_although_openjpeg_would_fill_it_up() -> None:
    for cut in (PLAIN[:-1000], encoded(PICTURE, "JPEG2000", no_jp2=True)[:-1000]):
        with pytest.raises(PhotoError, match="cut off"):
            load(cut, "a.jp2")


def test_the_fingerprint_survives_metadata_and_the_blocks_are_handed_out() -> None:
    tagged = exiftool(PLAIN, "-XMP:Subject=cat", "-EXIF:Artist=me", "-o", "-")

    assert fingerprint(tagged, "a.jp2") == fingerprint(PLAIN, "a.jp2")
    assert fingerprint(encoded(PICTURE.crop((0, 0, 450, 300)), "JPEG2000"), "a.jp2") != fingerprint(
        PLAIN, "a.jp2"
    )
    assert header_of(tagged, "a.jp2").exif[:2] in (b"II", b"MM")
    assert b"cat" in header_of(tagged, "a.jp2").xmp
