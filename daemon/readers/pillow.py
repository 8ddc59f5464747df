"""What Pillow reads: PNG, WebP, TIFF, BMP, GIF, AVIF, and the odd JPEG that OpenCV does not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import PhotoError
from ..formats import PILLOW_NAMES, format_of_pillow
from ..orientation import orientation_of
from .picture import Header, bare_exif

if TYPE_CHECKING:
    from .picture import Limits, Pixels

Image.MAX_IMAGE_PIXELS = None  # the limit is ours (Limits) and is checked before decoding

_WITH_BLOCKS = ("PNG", "WebP", "AVIF")  # the others' metadata is read from the file itself


def inspect(data: bytes, limits: Limits) -> tuple[Header, Pixels]:
    """Return the header and the pixels: these formats are known by what is decoded."""
    with open_image(data) as image:
        limits.check_pixels(*image.size)
        name = format_of_pillow(image.format or "").name
        size = image.size
        pixels = to_pixels(image)
        blocks = (b"", b"")
        if name in _WITH_BLOCKS:
            blocks = bare_exif(_block(image, "exif")), _block(image, "xmp")
        return Header(name, image.mode, *size, orientation_of(image), *blocks), pixels


def open_image(data: bytes, formats: tuple[str, ...] = PILLOW_NAMES) -> Image.Image:
    """Open a picture without decoding it."""
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        raise PhotoError("not an image, or its header is broken") from None


def to_pixels(image: Image.Image) -> Pixels:
    """Decode an opened picture of any mode to BGR, H x W x 3."""
    image.load()
    return np.ascontiguousarray(np.asarray(_to_rgb(image), np.uint8)[:, :, ::-1])


def _block(image: Image.Image, name: str) -> bytes:
    block = image.info.get(name, b"")
    return block if isinstance(block, bytes) else b""


def _to_rgb(image: Image.Image) -> Image.Image:
    """Bring any mode of Pillow's to RGB; what is transparent becomes white."""
    if image.mode in ("I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
        return _deep_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _deep_grey(image: Image.Image) -> Image.Image:
    """Bring 16-bit, 32-bit and floating point grey to 8 bits by the range its depth implies."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    top = float(values.max(initial=0.0))
    full = next((full for full in (1.0, 255.0, 65535.0) if top <= full), top)
    if image.mode.startswith("I;16"):
        full = 65535.0
    return Image.fromarray(np.clip(values * (255.0 / full), 0, 255).astype(np.uint8))
