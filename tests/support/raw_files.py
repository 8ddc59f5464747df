"""A DNG made by hand from a picture: what a camera's RAW file is, as far as LibRaw looks.

The sensor's values are the picture's own pixels through a Bayer pattern (red, green / green,
blue), uncompressed and as linear light; white balance and colour matrix are those of sRGB, so that
developing it gives the picture back. No camera's file is copied. See DNG 1.4, TIFF 6.0.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL = 1, 2, 3, 4, 5, 10
# XYZ (D65) to linear sRGB, IEC 61966-2-1, in ten thousandths.
_MATRIX = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)

Entry = tuple[int, int, int, bytes]  # tag, kind, count, value


def dng_bytes(
    picture: Image.Image,
    *,
    preview: bytes = b"",
    preview_size: tuple[int, int] = (0, 0),
    orientation: int = 1,
    software: bytes = b"",
    is_grey: bool = False,
) -> bytes:
    """Return a DNG of a picture of even width and height, with a JPEG as its preview.

    ``is_grey``: the sensor has no colour filter, as in a monochrome camera.
    """
    width, height = picture.size
    values = _light(np.asarray(picture.convert("L"))) if is_grey else _mosaic(picture)
    about = [
        _ascii(271, b"Hand Made"),
        _ascii(272, b"Bayer One"),
        _number(274, _SHORT, orientation),
        *([_ascii(305, software)] if software else []),
        (50706, _BYTE, 4, bytes((1, 4, 0, 0))),
        _ascii(50708, b"Hand Made Bayer One"),
        (50721, _SRATIONAL, 9, b"".join(struct.pack("<ii", n, 10000) for n in _MATRIX)),
        (50728, _RATIONAL, 3, struct.pack("<6I", 1, 1, 1, 1, 1, 1)),
        _number(50778, _SHORT, 21),
    ]
    sensor = [
        _number(256, _LONG, width),
        _number(257, _LONG, height),
        _number(258, _SHORT, 16),
        _number(259, _SHORT, 1),
        _number(262, _SHORT, 34892 if is_grey else 32803),
        _number(277, _SHORT, 1),
        _number(278, _LONG, height),
        _number(50717, _LONG, 65535),
    ]
    if not is_grey:
        sensor.append((33421, _SHORT, 2, struct.pack("<HH", 2, 2)))
        sensor.append((33422, _BYTE, 4, bytes((0, 1, 1, 2))))
    if not preview:
        return _write([([_number(254, _LONG, 0), *about, *sensor], values)])
    small = [
        _number(254, _LONG, 1),
        _number(256, _LONG, preview_size[0]),
        _number(257, _LONG, preview_size[1]),
        (258, _SHORT, 3, struct.pack("<HHH", 8, 8, 8)),
        _number(259, _SHORT, 7),
        _number(262, _SHORT, 6),
        _number(277, _SHORT, 3),
        _number(278, _LONG, preview_size[1]),
    ]
    return _write([([*small, *about], preview), ([_number(254, _LONG, 0), *sensor], values)])


def _mosaic(picture: Image.Image) -> bytes:
    """Return what a sensor behind a Bayer filter saw."""
    colours = np.asarray(picture)
    cells = colours[..., 1].copy()
    cells[0::2, 0::2] = colours[0::2, 0::2, 0]
    cells[1::2, 1::2] = colours[1::2, 1::2, 2]
    return _light(cells)


def _light(values: NDArray[np.uint8]) -> bytes:
    """Undo the gamma that LibRaw puts on (ITU-R BT.709): 16 bits of linear light."""
    shown = values / 255
    light = np.where(shown < 0.081, shown / 4.5, ((shown + 0.099) / 1.099) ** (1 / 0.45))
    return (light * 65535).astype("<u2").tobytes()


def _number(tag: int, kind: int, value: int) -> Entry:
    return tag, kind, 1, struct.pack("<H" if kind == _SHORT else "<I", value)


def _ascii(tag: int, text: bytes) -> Entry:
    return tag, _ASCII, len(text) + 1, text + b"\0"


def _write(directories: list[tuple[list[Entry], bytes]]) -> bytes:
    """Write a TIFF; the first directory names the others as its SubIFDs (TIFF/EP)."""
    starts, at = [], 8
    places = [(0, 0)] * len(directories)
    for _ in range(2):  # the sizes do not depend on the places: the second time they are right
        starts, at, out = [], 8, b""
        for number, (entries, data) in enumerate(directories):
            starts.append(at)
            following = [*entries, _number(273, _LONG, places[number][1])]
            following.append(_number(279, _LONG, len(data)))
            if number == 0 and len(directories) > 1:
                offsets = [place for place, _ in places[1:]]
                value = struct.pack(f"<{len(offsets)}I", *offsets)
                following.append((330, _LONG, len(offsets), value))
            block = _directory(sorted(following), at)
            places[number] = at, at + len(block)
            out += block + data + b"\0" * (len(data) % 2)
            at = 8 + len(out)
    return b"II*\0" + struct.pack("<I", 8) + out


def _directory(entries: list[Entry], at: int) -> bytes:
    rows, values = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        rows += struct.pack("<HHI", tag, kind, count)
        if len(value) <= 4:
            rows += value.ljust(4, b"\0")
        else:
            rows += struct.pack("<I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
    return struct.pack("<H", len(entries)) + rows + bytes(4) + values
