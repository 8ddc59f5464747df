"""HEIC: turned once, any depth, its primary picture, and known again by its coded data."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pillow_heif
import pytest
from decoding import assert_shows, fingerprint, header_of, heic_bytes, load, orientation_exif
from exiftool import exiftool
from photo_files import CAT, ROCKET, open_rgb
from PIL import Image

from phototagd.daemon.errors import PhotoError

PICTURE = open_rgb(CAT)
PLAIN = heic_bytes(PICTURE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_irot_and_imir_turn_a_heic_once(orientation: int) -> None:
    data = heic_bytes(PICTURE, orientation=orientation)
    assert (b"irot" in data or b"imir" in data) == (orientation > 1)

    assert_shows(load(data, "a.heic"), PICTURE)
    assert header_of(data, "a.heic").upright_size == PICTURE.size
    assert header_of(data, "a.heic").orientation == 1


def test_the_orientation_in_a_heics_exif_does_not_count() -> None:
    data = PLAIN.replace(orientation_exif(1)[6:], orientation_exif(6)[6:])
    assert data != PLAIN

    assert_shows(load(data, "a.heic"), PICTURE)


def test_tiles_are_put_together() -> None:
    big = PICTURE.resize((902, 600))
    data = heic_bytes(big, tile_size=256)
    assert data.count(b"grid") >= 1

    assert_shows(load(data, "a.heic"), big)


def test_of_several_pictures_the_primary_one_counts() -> None:
    rocket = open_rgb(ROCKET)

    assert_shows(load(heic_bytes(PICTURE, rocket), "a.heic"), PICTURE)
    assert_shows(load(heic_bytes(PICTURE, rocket, primary=1), "a.heic"), rocket)


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_grey_and_transparent_pictures_are_read(mode: str) -> None:
    assert_shows(load(heic_bytes(PICTURE.convert(mode)), "a.heic"), PICTURE.convert(mode))


def test_what_is_transparent_in_a_heic_becomes_white() -> None:
    clear = Image.new("RGBA", (320, 320), (200, 0, 0, 0))

    assert load(heic_bytes(clear), "a.heic").min() > 250


@pytest.mark.parametrize(("mode", "shown"), [("RGB;16", "RGB"), ("I;16", "L")])
def test_10_bits_keep_their_brightness(mode: str, shown: str) -> None:
    wanted = PICTURE.convert(shown)
    deep = np.asarray(wanted, np.uint16) * 257
    out = io.BytesIO()
    pillow_heif.from_bytes(mode, wanted.size, deep.tobytes()).save(out)
    file = pillow_heif.open_heif(io.BytesIO(out.getvalue()))
    assert file.info["bit_depth"] == 10

    assert_shows(load(out.getvalue(), "a.heic"), wanted)


@cache
def with_thumbnails(*boxes: int, orientation: int = 1) -> bytes:
    """Return a HEIC of 451 x 300 pixels with embedded copies whose long sides are these."""
    return heic_bytes(PICTURE, orientation=orientation, thumbnails=boxes)


@pytest.mark.parametrize("orientation", [1, 2, 5, 6])
def test_a_thumbnail_that_is_large_enough_is_read_for_the_picture(orientation: int) -> None:
    data = with_thumbnails(256, orientation=orientation)

    small = load(data, "a.heic", min_side=160)
    assert small.shape[:2] == (170, 256)
    assert_shows(small, PICTURE, least_psnr=25)
    assert header_of(data, "a.heic").upright_size == PICTURE.size


@pytest.mark.parametrize(
    ("min_side", "size"), [(80, (84, 128)), (86, (170, 256)), (170, (170, 256)), (171, (300, 451))]
)
def test_the_smallest_thumbnail_that_will_do_is_taken_and_none_that_is_too_small(
    min_side: int, size: tuple[int, int]
) -> None:
    data = with_thumbnails(256, 128)

    assert load(data, "a.heic", min_side).shape[:2] == size


def test_the_thumbnail_of_a_heic_does_not_hide_that_it_is_cut_off() -> None:
    data = with_thumbnails(256)

    with pytest.raises(PhotoError):
        fingerprint(data[: len(data) // 2], "a.heic")


def test_a_thumbnail_does_not_change_the_fingerprint() -> None:
    assert fingerprint(with_thumbnails(256), "a.heic") == fingerprint(with_thumbnails(), "a.heic")


def test_a_heics_fingerprint_survives_metadata_and_tells_pictures_apart() -> None:
    tagged = exiftool(PLAIN, "-XMP:Subject=cat", "-EXIF:Artist=me", "-o", "-")
    tiled = heic_bytes(PICTURE, tile_size=128)
    turned = heic_bytes(PICTURE.transpose(Image.Transpose.ROTATE_90))
    assert len(tagged) > len(PLAIN)

    assert fingerprint(tagged, "a.heic") == fingerprint(PLAIN, "a.heic")
    others = [tiled, turned, heic_bytes(PICTURE, quality=40), heic_bytes(PICTURE, orientation=6)]
    assert len({fingerprint(data, "a.heic") for data in [PLAIN, *others]}) == 5


def test_every_tile_counts_for_the_fingerprint() -> None:
    whole = heic_bytes(PICTURE, tile_size=128)
    broken = bytearray(whole)
    broken[-100] ^= 1  # in the last tile: only EXIF stands behind it

    assert fingerprint(bytes(broken), "a.heic") != fingerprint(whole, "a.heic")


def test_a_second_picture_does_not_change_the_fingerprint() -> None:
    both = heic_bytes(PICTURE, open_rgb(ROCKET))

    assert fingerprint(both, "a.heic") == fingerprint(PLAIN, "a.heic")


def test_the_metadata_blocks_of_a_heic_are_handed_out() -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    header = header_of(heic_bytes(PICTURE, orientation=6, xmp=xmp), "a.heic")

    assert header.exif == orientation_exif(6)[6:]
    assert header.xmp == xmp
