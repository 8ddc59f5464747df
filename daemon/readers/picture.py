"""What the readers share: a photo's header, its limits, and its pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import PhotoError
from ..orientation import FLIPPED_SIDEWAYS, FLIPPED_UPSIDE_DOWN, PILLOW_ERRORS, TURNED

Pixels = NDArray[np.uint8]

# What the libraries let through for broken files.
READ_ERRORS = (
    *PILLOW_ERRORS,
    ArithmeticError,
    AssertionError,
    AttributeError,
    RuntimeError,
    cv2.error,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before its pixels are decoded."""

    max_pixels: int = 250_000_000
    max_bytes: int = 1 << 30

    def check_pixels(self, width: int, height: int) -> None:
        """Raise PhotoError if a picture of this size is not to be decoded."""
        if width * height > self.max_pixels:
            raise PhotoError(
                f"too many pixels: {width} x {height} is over the limit of"
                f" {self.max_pixels / 1e6:g} megapixels (decode.max_megapixels)"
            )


@dataclass(frozen=True, slots=True)
class Header:
    """What a photo says of itself before its pixels are decoded.

    ``width`` and ``height`` are those of the stored pixels; ``orientation`` is EXIF's 1..8, and 1
    where the library turns the pixels itself. ``exif`` (a TIFF block) and ``xmp`` are there for
    the formats whose library hands them out: PNG, WebP, AVIF, HEIC, JPEG 2000, JPEG XL.
    """

    format: str
    mode: str
    width: int
    height: int
    orientation: int
    exif: bytes = b""
    xmp: bytes = b""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a viewer shows the photo."""
        if self.orientation in TURNED:
            return self.height, self.width
        return self.width, self.height


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Apply EXIF's orientation 1..8 (CIPA DC-008, tag 0x0112) to H x W x 3 pixels."""
    if orientation in TURNED:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in FLIPPED_SIDEWAYS:
        pixels = pixels[:, ::-1]
    if orientation in FLIPPED_UPSIDE_DOWN:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def over_white(colour: Pixels, alpha: Pixels, *, is_premultiplied: bool = False) -> Pixels:
    """Lay H x W x N pixels over white by their H x W opacity."""
    opacity = alpha[..., None].astype(np.uint16)
    scaled = colour.astype(np.uint16)
    if not is_premultiplied:
        scaled = (scaled * opacity + 127) // 255
    return np.asarray(np.minimum(scaled + (255 - opacity), 255), np.uint8)


def bare_exif(block: bytes) -> bytes:
    """Return the TIFF block of an EXIF block, without what containers put in front of it."""
    for start in (0, 4, 6, 10):
        if block[start : start + 4] in (b"II*\0", b"MM\0*"):
            return block[start:]
    return b""
