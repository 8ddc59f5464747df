"""Photos for tests: real ones from scikit-image, and files made from them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import piexif
import skimage
from PIL import Image

SAMPLES = Path(skimage.__file__).parent / "data"
CAT = SAMPLES / "chelsea.png"
COFFEE = SAMPLES / "coffee.png"
ASTRONAUT = SAMPLES / "astronaut.png"
ROCKET = SAMPLES / "rocket.jpg"
MOTORCYCLE = SAMPLES / "motorcycle_left.png"
REAL_PHOTOS = (CAT, COFFEE, ASTRONAUT, ROCKET, MOTORCYCLE)

# How the stored pixels must be turned so that the orientation tag turns them back.
STORE_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def jpeg_bytes(
    image: Image.Image, *, orientation: int | None = None, quality: int = 90, comment: bytes = b""
) -> bytes:
    """Encode a picture as JPEG whose stored pixels are turned the way ``orientation`` says."""
    turn = STORE_AS[orientation or 1]
    stored = image if turn is None else image.transpose(turn)
    out = io.BytesIO()
    extra = {}
    if orientation is not None:
        extra["exif"] = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
    if comment:
        extra["comment"] = comment
    stored.save(out, "JPEG", quality=quality, **extra)
    return out.getvalue()


def open_rgb(path: Path) -> Image.Image:
    """Open a sample as RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def png_bomb(width: int, height: int) -> bytes:
    """Return a small PNG whose header promises width x height pixels."""
    out = io.BytesIO()
    Image.new("1", (8, 8)).save(out, "PNG")
    data = bytearray(out.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    import zlib

    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)
