"""Decoding: every format and orientation upright, limits before pixels, errors with reasons."""

from __future__ import annotations

import io
import os
import socket
from typing import TYPE_CHECKING

import numpy as np
import piexif
import pytest
from photo_files import CAT, ROCKET, jpeg_bytes, open_rgb, png_bomb
from PIL import Image

from phototagd.daemon import decode
from phototagd.daemon.errors import PhotoError, PhotoGone

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = decode.Limits()


def load(path: Path, min_side: int = 300, limits: decode.Limits = LIMITS) -> decode.Pixels:
    photo = decode.read_photo(os.fsencode(path), limits)
    return decode.load_upright(photo, limits, min_side)[1]


def fingerprint(path: Path) -> bytes:
    photo = decode.read_photo(os.fsencode(path), LIMITS)
    header, pixels = decode.inspect(photo, LIMITS)
    return decode.fingerprint(photo, header, pixels)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def difference(pixels: decode.Pixels, expected: Image.Image) -> float:
    """Return the mean difference to an RGB picture, in grey levels."""
    height, width = pixels.shape[:2]
    wanted = np.asarray(expected.resize((width, height), Image.Resampling.BOX), np.int16)
    return float(np.abs(pixels[:, :, ::-1].astype(np.int16) - wanted).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(tmp_path: Path, orientation: int) -> None:
    upright = open_rgb(CAT)
    path = write(tmp_path / "cat.jpg", jpeg_bytes(upright, orientation=orientation))

    pixels = load(path)

    assert pixels.shape == (upright.height, upright.width, 3)
    assert difference(pixels, upright) < 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation_counts_once_in_every_format(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    upright = open_rgb(CAT)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.open(io.BytesIO(jpeg_bytes(upright, orientation=orientation)))
    path = tmp_path / f"cat.{kind.lower()}"
    stored.convert("RGB").save(path, kind, exif=exif)

    pixels = load(path)

    assert pixels.shape == (upright.height, upright.width, 3)
    assert difference(pixels, upright) < 6


@pytest.mark.parametrize("broken", [0, 9, 77])
def test_an_orientation_that_does_not_exist_is_ignored(tmp_path: Path, broken: int) -> None:
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: broken}})
    path = tmp_path / "cat.jpg"
    open_rgb(CAT).save(path, exif=exif)

    assert difference(load(path), open_rgb(CAT)) < 4


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (4000, 3000, (500, 375)),  # an eighth; a sixteenth would be under 300
        (2400, 2400, (300, 300)),
        (2399, 2399, (300, 300)),  # an eighth would be 299.9: a quarter, then halved
        (1199, 1199, (300, 300)),  # a quarter would be 299.75: a half, then halved
        (640, 480, (640, 480)),
        (599, 599, (599, 599)),
        (200, 100, (200, 100)),
    ],
)
def test_a_jpeg_is_reduced_as_far_as_the_input_allows(
    tmp_path: Path, width: int, height: int, expected: tuple[int, int]
) -> None:
    path = tmp_path / "photo.jpg"
    open_rgb(ROCKET).resize((width, height)).save(path)

    pixels = load(path)

    assert (pixels.shape[1], pixels.shape[0]) == expected
    assert difference(pixels, open_rgb(ROCKET)) < 8


def save_16_bit_grey(path: Path) -> None:
    grey = np.asarray(open_rgb(CAT).convert("L"), np.uint16) * 257
    Image.fromarray(grey).save(path)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("grey.jpg", "L"),
        ("cmyk.jpg", "CMYK"),
        ("grey.png", "L"),
        ("palette.png", "P"),
        ("palette.gif", "P"),
        ("alpha.png", "RGBA"),
        ("grey-alpha.png", "LA"),
        ("bilevel.png", "1"),
        ("alpha.webp", "RGBA"),
        ("cmyk.tif", "CMYK"),
        ("rgb.bmp", "RGB"),
        ("rgb.avif", "RGB"),
    ],
)
def test_every_colour_mode_becomes_three_channels_of_the_same_picture(
    tmp_path: Path, name: str, mode: str
) -> None:
    image = open_rgb(CAT).convert(mode)
    image.save(tmp_path / name)

    pixels = load(tmp_path / name)

    assert pixels.dtype == np.uint8
    assert pixels.shape == (300, 451, 3)
    assert difference(pixels, image.convert("RGB")) < 8


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_keeps_its_brightness(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"deep.{suffix}"
    save_16_bit_grey(path)

    assert difference(load(path), open_rgb(CAT).convert("L").convert("RGB")) < 2


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    Image.new("RGBA", (320, 320), (200, 0, 0, 0)).save(tmp_path / "clear.png")

    assert load(tmp_path / "clear.png").min() == 255


def test_a_grey_16_bit_colour_png_is_read(tmp_path: Path) -> None:
    import cv2

    deep = np.asarray(open_rgb(CAT), np.uint16)[:, :, ::-1] * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep)

    assert difference(load(tmp_path / "deep.png"), open_rgb(CAT)) < 2


def test_only_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    cat, rocket = open_rgb(CAT), open_rgb(ROCKET).resize((451, 300))
    for name in ("two.gif", "two.tif", "two.webp"):
        cat.save(tmp_path / name, save_all=True, append_images=[rocket])
        assert difference(load(tmp_path / name), cat) < 12


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.jpg", b"", "empty"),
        ("text.jpg", b"this is no picture at all", "not an image"),
        (
            "cut.jpg",
            jpeg_bytes(Image.effect_noise((400, 400), 90).convert("RGB"))[:9000],
            "cut off",
        ),
        ("head.jpg", jpeg_bytes(Image.new("RGB", (400, 400)))[:30], "cannot be decoded"),
        ("cut.png", CAT.read_bytes()[:50_000], "cannot be decoded"),
        ("bomb.png", png_bomb(20_000, 20_000), "too many pixels: 20000 x 20000"),
        ("program.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    path = write(tmp_path / name, data)

    with pytest.raises(PhotoError, match=reason):
        load(path)


def test_the_end_of_an_embedded_thumbnail_does_not_hide_that_a_photo_is_cut(
    tmp_path: Path,
) -> None:
    cat = open_rgb(CAT)
    thumbnail = piexif.dump({"thumbnail": jpeg_bytes(cat.resize((160, 106))), "1st": {}})
    path = tmp_path / "cat.jpg"
    cat.save(path, exif=thumbnail)
    whole = path.read_bytes()
    assert whole.count(b"\xff\xd9") == 2

    path.write_bytes(whole[: len(whole) * 3 // 4])

    with pytest.raises(PhotoError, match="cut off"):
        load(path)


def test_a_file_over_the_size_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    with path.open("wb") as file:
        file.truncate(2 << 30)

    with pytest.raises(PhotoError, match=r"too large: 2,048 MiB .* 1,024 MiB"):
        decode.read_photo(os.fsencode(path), LIMITS)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to(CAT)
    listener = socket.socket(socket.AF_UNIX)
    with listener:
        listener.bind(str(tmp_path / "socket.jpg"))
        for name in ("pipe.jpg", "folder.jpg", "link.jpg", "socket.jpg"):
            with pytest.raises(PhotoError):
                decode.read_photo(os.fsencode(tmp_path / name), LIMITS)


def test_a_file_that_is_not_there_is_gone_not_broken(tmp_path: Path) -> None:
    with pytest.raises(PhotoGone):
        decode.read_photo(os.fsencode(tmp_path / "no.jpg"), LIMITS)


def test_the_fingerprint_survives_metadata_and_tells_pictures_apart(tmp_path: Path) -> None:
    cat = open_rgb(CAT)
    plain = fingerprint(write(tmp_path / "a.jpg", jpeg_bytes(cat)))
    tagged = write(tmp_path / "b.jpg", jpeg_bytes(cat, comment=b"our cat"))
    piexif.insert(piexif.dump({"0th": {piexif.ImageIFD.Artist: b"me"}}), str(tagged))

    assert tagged.read_bytes() != (tmp_path / "a.jpg").read_bytes()
    assert fingerprint(tagged) == plain
    assert fingerprint(write(tmp_path / "c.jpg", jpeg_bytes(cat, orientation=6))) != plain
    assert fingerprint(write(tmp_path / "d.jpg", jpeg_bytes(cat, quality=89))) != plain


def test_the_fingerprint_of_a_png_is_that_of_its_pixels(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    cat = open_rgb(CAT)
    note = PngInfo()
    note.add_text("Comment", "our cat")
    cat.save(tmp_path / "a.png")
    cat.save(tmp_path / "b.png", pnginfo=note, compress_level=1)
    cat.putpixel((0, 0), (1, 2, 3))
    cat.save(tmp_path / "c.png")

    first, second, third = (fingerprint(tmp_path / f"{name}.png") for name in "abc")
    assert first == second != third
