"""HEIC by libheif (pillow-heif): the primary picture, which libheif turns upright itself.

A HEIF file's ``irot`` and ``imir`` say how it stands; the orientation in its EXIF repeats them and
does not count (ISO/IEC 23008-12, annex A). The wide colours of Display P3 are left as they are.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pillow_heif

from .heif_items import primary_pieces
from .picture import Header, bare_exif, over_white

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Limits, Pixels

# Nothing but the picture is wanted of a file; thumbnails are listed, and decoded when asked for.
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False
pillow_heif.options.DECODE_THREADS = 1  # several photos are decoded at once


def inspect(data: bytes, limits: Limits) -> tuple[Header, None]:
    """Return the header; a HEIC is known by its coded data."""
    file = _open(data)
    width, height = file.size
    limits.check_pixels(width, height)
    exif, xmp = file.info.get("exif") or b"", file.info.get("xmp") or b""
    return Header("HEIC", file.mode, width, height, 1, bare_exif(exif), bytes(xmp)), None


def coded_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield the primary picture's data as it is coded."""
    return primary_pieces(data)


def read_pixels(data: bytes, header: Header, min_side: int) -> Pixels:
    """Return the pixels of a thumbnail that is large enough, else at full size.

    HEVC knows no reduced scale, but cameras embed a small copy, which takes a tenth of the time.
    """
    small = _read_thumbnail(data, header, min_side)
    if small is not None:
        return small
    file = _open(data)
    pixels = np.array(file)  # a copy: in some versions the memory goes with the file
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    if file.has_alpha:
        premultiplied = file.premultiplied_alpha
        pixels = over_white(pixels[..., :-1], pixels[..., -1], is_premultiplied=premultiplied)
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _read_thumbnail(data: bytes, header: Header, min_side: int) -> Pixels | None:
    """Return the smallest embedded copy that shows the whole picture and is not too small."""
    scale = min_side / min(header.width, header.height)
    if scale >= 1:
        return None
    image = pillow_heif.HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]  # theirs
    wanted = math.ceil(header.width * scale), math.ceil(header.height * scale)
    if image.mode != "RGB" or image.draft(None, wanted) is None:
        return None
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def _open(data: bytes) -> pillow_heif.HeifFile:
    return pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True, bgr_mode=True)
