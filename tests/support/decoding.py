"""Files made by the libraries' own encoders, and whether what is decoded is the same picture.

The pictures come from scikit-image (``photo_files``); no sample file of a camera is here. HEIC is
encoded by libheif's x265, JPEG XL by libjxl, JPEG 2000, WebP, AVIF, TIFF and PNG by Pillow's
libraries; DNG is written by ``raw_files``.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401 - Pillow learns to write JPEG XL
from photo_files import STORE_AS
from PIL import Image

from phototagd.daemon import decode

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = decode.Limits()


def as_file(data: bytes, name: str) -> decode.PhotoFile:
    return decode.PhotoFile(name.encode(), data, len(data), 0, 0)


def header_of(data: bytes, name: str) -> decode.Header:
    return decode.inspect(as_file(data, name), LIMITS)[0]


def load(data: bytes, name: str, min_side: int = 300) -> decode.Pixels:
    return decode.load_upright(as_file(data, name), LIMITS, min_side)[1]


def fingerprint(data: bytes, name: str) -> bytes:
    photo = as_file(data, name)
    return decode.fingerprint(photo, *decode.inspect(photo, LIMITS))


def assert_shows(
    pixels: decode.Pixels, picture: Image.Image, least_psnr: float = 27, tolerance: float = 8
) -> None:
    """Fail unless BGR pixels show this picture at any size of the same shape.

    The quarters' mean colours tell what is turned, flipped or has red and blue swapped.
    """
    height, width = pixels.shape[:2]
    assert pixels.dtype == np.uint8
    assert pixels.shape[2:] == (3,)
    assert abs(width / height - picture.width / picture.height) < 0.02
    wanted = picture.convert("RGB").resize((width, height), Image.Resampling.BOX)
    expected = np.asarray(wanted, np.float64)[..., ::-1]
    for rows in (slice(0, height // 2), slice(height // 2, None)):
        for columns in (slice(0, width // 2), slice(width // 2, None)):
            ours, theirs = pixels[rows, columns], expected[rows, columns]
            np.testing.assert_allclose(ours.mean((0, 1)), theirs.mean((0, 1)), atol=tolerance)
    error = ((pixels - expected) ** 2).mean()
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > least_psnr


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Encode by one of Pillow's writers, JPEG XL ("JXL") among them."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def heic_bytes(
    *pictures: Image.Image,
    orientation: int = 1,
    primary: int = 0,
    thumbnails: tuple[int, ...] = (),
    **options: object,
) -> bytes:
    """Encode as HEIC; ``irot``, ``imir`` and EXIF say how the stored pixels are turned.

    ``thumbnails`` are the long sides of embedded copies.
    """
    turn = STORE_AS[orientation]
    file = pillow_heif.HeifFile()
    for picture in pictures:
        stored = picture if turn is None else picture.transpose(turn)
        image = file.add_frombytes(stored.mode, stored.size, stored.tobytes())
        image.info["thumbnails"] = list(thumbnails)
    out = io.BytesIO()
    exif = orientation_exif(orientation)
    file.save(out, primary_index=primary, **({"exif": exif} | options))
    return out.getvalue()


def orientation_exif(orientation: int) -> bytes:
    """Return an EXIF block, big-endian, that holds nothing but the orientation."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def jxl_of_jpeg(jpeg: bytes, place: Path) -> bytes:
    """Recompress a JPEG without loss as JPEG XL, which can give it back."""
    place.write_bytes(jpeg)
    with Image.open(place) as image:
        return encoded(image, "JXL", lossless_jpeg=True)
