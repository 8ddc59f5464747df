"""JPEG by OpenCV's libjpeg, at a reduced scale. Phones' motion photos and MPO are JPEGs as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..errors import PhotoError
from ..orientation import orientation_of
from .picture import Header
from .pillow import open_image, to_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Limits, Pixels

_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
    (1, cv2.IMREAD_COLOR),
)


def inspect(data: bytes, limits: Limits) -> tuple[Header, None]:
    """Return the header; a JPEG is known by its coded data."""
    with open_image(data, ("JPEG",)) as image:
        limits.check_pixels(*image.size)
        return Header("JPEG", image.mode, *image.size, orientation_of(image)), None


def coded_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield a JPEG's segments that decide its pixels (ITU-T T.81, annex B).

    Left out are APPn and COM; APP14 stays: it decides the colours.
    """
    view = memoryview(data)
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xDA:  # the first scan: everything from here on is picture
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xEE or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            yield view[at:end]
        at = end
    yield view[at:]


def read_pixels(data: bytes, header: Header, min_side: int) -> Pixels:
    """Return the pixels at the smallest of libjpeg's scales (1/8, 1/4, 1/2, 1) that will do.

    Raises PhotoError if the data is cut off or broken.
    """
    if not _has_end(data):
        raise PhotoError("the file is cut off: the JPEG data has no end")
    if header.mode not in ("RGB", "L"):
        with open_image(data, ("JPEG",)) as image:
            return to_pixels(image)
    short = min(header.width, header.height)
    flag = next(flag for scale, flag in _REDUCED if scale == 1 or short >= scale * min_side)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise PhotoError(f"cannot be decoded: {error.err}") from None
    if pixels is None:
        raise PhotoError("cannot be decoded: the JPEG data is broken")
    return np.asarray(pixels, np.uint8)


def _has_end(data: bytes) -> bool:
    """Tell whether a JPEG's picture has its end marker; libjpeg fills in grey and says nothing."""
    *_, scan = coded_pieces(data)
    return data.rfind(b"\xff\xd9", len(data) - len(scan)) >= 0
