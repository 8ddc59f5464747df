"""RAW: the preview first, the sensor where there is none, and both upright."""

from __future__ import annotations

import pytest
from decoding import as_file, assert_shows, encoded, fingerprint, header_of, load
from photo_files import COFFEE, ROCKET, STORE_AS, jpeg_bytes, open_rgb
from PIL import Image
from raw_files import dng_bytes

from phototagd.daemon import decode
from phototagd.daemon.errors import PhotoError

PICTURE = open_rgb(COFFEE)
TURNS = (1, 3, 6, 8)
OTHER = open_rgb(ROCKET).resize(PICTURE.size)


def stored(orientation: int) -> Image.Image:
    turn = STORE_AS[orientation]
    return PICTURE if turn is None else PICTURE.transpose(turn)


def with_preview(preview: bytes, picture: Image.Image = PICTURE, orientation: int = 1) -> bytes:
    return dng_bytes(picture, preview=preview, preview_size=picture.size, orientation=orientation)


@pytest.mark.parametrize("orientation", TURNS)
def test_the_sensors_picture_comes_out_upright(orientation: int) -> None:
    data = dng_bytes(stored(orientation), orientation=orientation)

    assert header_of(data, "a.dng").upright_size == PICTURE.size
    assert_shows(load(data, "a.dng"), PICTURE, 22, tolerance=14)


@pytest.mark.parametrize("orientation", TURNS)
def test_a_preview_with_an_orientation_of_its_own_is_turned_once(orientation: int) -> None:
    preview = jpeg_bytes(PICTURE, orientation=orientation)

    assert_shows(load(with_preview(preview, stored(orientation), orientation), "a.dng"), PICTURE)


@pytest.mark.parametrize("orientation", TURNS)
def test_a_preview_that_says_nothing_stands_as_the_sensor_does(orientation: int) -> None:
    preview = jpeg_bytes(stored(orientation))
    assert b"Exif" not in preview

    assert_shows(load(with_preview(preview, stored(orientation), orientation), "a.dng"), PICTURE)


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_preview_whose_pixels_were_turned_is_not_turned_again(orientation: int) -> None:
    data = with_preview(jpeg_bytes(PICTURE), stored(orientation), orientation)

    assert_shows(load(data, "a.dng"), PICTURE)


def test_the_preview_is_read_and_not_the_sensor() -> None:
    assert_shows(load(with_preview(jpeg_bytes(OTHER)), "a.dng"), OTHER)


@pytest.mark.parametrize(
    ("preview", "least", "wanted"),
    [
        ((300, 200), 200, OTHER),
        ((300, 200), 201, PICTURE),  # the sensor at half size is no larger, but it must not be less
        ((288, 192), 100, PICTURE),  # too small to tell photos apart
    ],
)
def test_a_preview_that_is_too_small_is_passed_over(
    preview: tuple[int, int], least: int, wanted: Image.Image
) -> None:
    big = PICTURE.resize((1200, 800))
    small = jpeg_bytes(OTHER.resize(preview))
    data = dng_bytes(big, preview=small, preview_size=preview)

    assert_shows(load(data, "a.dng", least), wanted, 20, tolerance=14)


@pytest.mark.parametrize("preview", [b"\xff\xd8\xff\xe0 broken", b"\xff\xd8" + bytes(500)])
def test_a_broken_preview_is_passed_over(preview: bytes) -> None:
    assert_shows(load(with_preview(preview), "a.dng"), PICTURE, 22, tolerance=14)


def test_a_sensor_without_colours_gives_grey() -> None:
    pixels = load(dng_bytes(PICTURE, is_grey=True), "a.dng")

    assert_shows(pixels, PICTURE.convert("L"), 22, tolerance=14)


def test_the_sensor_is_developed_at_half_size() -> None:
    photo = as_file(dng_bytes(PICTURE), "a.dng")
    header, _ = decode.inspect(photo, decode.Limits())

    assert (header.width, header.height) == (600, 400)
    assert decode.decode_pixels(photo, header, 10_000).shape == (200, 300, 3)


@pytest.mark.parametrize("preview", [b"", jpeg_bytes(PICTURE)], ids=["sensor", "preview"])
def test_a_raws_fingerprint_survives_metadata_and_tells_pictures_apart(preview: bytes) -> None:
    size = PICTURE.size
    plain = dng_bytes(PICTURE, preview=preview, preview_size=size)
    tagged = dng_bytes(PICTURE, preview=preview, preview_size=size, software=b"An editor")
    turned = dng_bytes(PICTURE, preview=preview, preview_size=size, orientation=3)
    other = dng_bytes(OTHER, preview=preview and jpeg_bytes(OTHER), preview_size=size)

    assert fingerprint(tagged, "a.dng") == fingerprint(plain, "a.dng")
    assert len({fingerprint(data, "a.dng") for data in (plain, turned, other)}) == 3


def test_a_previews_exif_does_not_change_the_fingerprint() -> None:
    exif = Image.Exif()
    exif[0x013B] = "me"
    one = with_preview(encoded(PICTURE, "JPEG", quality=90))
    two = with_preview(encoded(PICTURE, "JPEG", quality=90, exif=exif))

    assert fingerprint(one, "a.dng") == fingerprint(two, "a.dng")


def test_a_dng_under_a_tiffs_name_is_a_raw_file() -> None:
    assert header_of(with_preview(jpeg_bytes(PICTURE)), "a.tif").format == "RAW"


@pytest.mark.parametrize("data", [b"no picture at all", bytes(1000)])
def test_what_is_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(PhotoError, match="not an image") as caught:
        load(data, "a.cr2")

    assert caught.value.state == "failed"
