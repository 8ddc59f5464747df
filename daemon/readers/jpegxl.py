"""JPEG XL by libjxl (pillow-jxl-plugin), which turns the pixels upright itself.

The plugin decodes a whole file when it opens it. So the size is read here, before: from the first
bits of the codestream (ISO/IEC 18181-1, annex D).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import brotli
import numpy as np
from pillow_jxl import Decoder

from ..errors import PhotoError
from ..orientation import TURNED
from . import jpeg
from .boxes import read_boxes
from .picture import Header, bare_exif, over_white, turn_upright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Limits, Pixels

_BARE = b"\xff\x0a"
_MAX_BLOCK = 4 << 20
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE_BITS = (9, 13, 18, 30)
_KINDS = {  # libjxl's modes: type, full scale, numbers a pixel
    "L": (np.uint8, 255, 1), "LA": (np.uint8, 255, 2), "RGB": (np.uint8, 255, 3),
    "RGBA": (np.uint8, 255, 4), "I;16": (np.uint16, 65535, 1), "F": (np.float32, 1, 1),
}  # fmt: skip


def inspect(data: bytes, limits: Limits) -> tuple[Header, None]:
    """Return the header; a JPEG XL is known by its codestream."""
    width, height, orientation = _read_size(_codestream_start(data))
    limits.check_pixels(width, height)
    blocks = _read_blocks(data)
    size = (height, width) if orientation in TURNED else (width, height)
    return Header("JPEG XL", "RGB", *size, 1, *blocks), None


def coded_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield the codestream, which may lie in several boxes."""
    if data.startswith(_BARE):
        yield memoryview(data)
        return
    for box in read_boxes(data):
        if box.kind == b"jxlc":
            yield box.content
        elif box.kind == b"jxlp":
            yield box.content[4:]  # behind its number


def read_pixels(data: bytes, header: Header, min_side: int) -> Pixels:
    """Return the pixels at full size, or those of the JPEG that the file was made from."""
    try:
        # One thread: several photos are decoded at once.
        is_jpeg, info, decoded, *_ = Decoder(num_threads=1)(data)
    except RuntimeError:
        raise PhotoError("the JPEG XL data is broken or cut off") from None
    if is_jpeg:
        *_, orientation = _read_size(_codestream_start(data))
        inner = Header("JPEG", "RGB", header.width, header.height, 1)
        return turn_upright(jpeg.read_pixels(decoded, inner, min_side), orientation)
    return _to_bgr(decoded, info.mode, info.height, info.width)


def _read_blocks(data: bytes) -> tuple[bytes, bytes]:
    """Return EXIF and XMP, which a bare codestream does not have."""
    exif = xmp = b""
    for box in read_boxes(data) if not data.startswith(_BARE) else ():
        kind, content = box.kind, bytes(box.content)
        if kind == b"brob":
            kind, content = content[:4], _unpack(content[4:])
        exif = bare_exif(content) if kind == b"Exif" else exif
        xmp = content if kind == b"xml " else xmp
    return exif, xmp


def _unpack(packed: bytes) -> bytes:
    """Undo Brotli's compression; what is broken or too large is nothing."""
    try:
        unpacked = brotli.Decompressor().process(packed, output_buffer_limit=_MAX_BLOCK)
    except brotli.error:
        return b""
    return unpacked if len(unpacked) < _MAX_BLOCK else b""


def _to_bgr(decoded: bytes, mode: str, height: int, width: int) -> Pixels:
    if mode not in _KINDS:
        raise PhotoError(f"JPEG XL of the kind {mode} cannot be read")
    kind, full, channels = _KINDS[mode]
    pixels = np.frombuffer(decoded, kind).reshape(height, width, channels)
    if kind is not np.uint8:
        pixels = np.clip(np.nan_to_num(pixels) * (255 / full), 0, 255).astype(np.uint8)
    colour = pixels
    if channels in (2, 4):
        colour = over_white(pixels[..., :-1], pixels[..., -1])
    return np.ascontiguousarray(np.broadcast_to(colour, (height, width, 3))[..., ::-1])


def _codestream_start(data: bytes) -> bytes:
    return b"".join(bytes(piece[:32]) for piece in coded_pieces(data))


class _Bits:
    """Reads numbers from the lowest bit on (ISO/IEC 18181-1, B.2)."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")
        self._count = 8 * len(data)

    def number(self, bits: int) -> int:
        """Return the next ``bits`` bits."""
        if bits > self._count:
            raise PhotoError("the file is cut off")
        value = self._left & ((1 << bits) - 1)
        self._left >>= bits
        self._count -= bits
        return value


def _read_size(codestream: bytes) -> tuple[int, int, int]:
    """Return width, height and orientation of a codestream's pixels."""
    bits = _Bits(codestream[2:])
    is_small = bits.number(1)
    height = _read_side(bits, is_small)
    ratio = bits.number(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        width = height * across // down
    else:
        width = _read_side(bits, is_small)
    is_default = bits.number(1)
    has_orientation = not is_default and bits.number(1)
    return width, height, 1 + (bits.number(3) if has_orientation else 0)


def _read_side(bits: _Bits, is_small: int) -> int:
    if is_small:
        return 8 * (1 + bits.number(5))
    return 1 + bits.number(_SIDE_BITS[bits.number(2)])
