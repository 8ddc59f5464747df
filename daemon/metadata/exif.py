"""What an EXIF block says, by the names of its tags; read by Pillow.

Standard: CIPA DC-008 (Exif 2.32 and 3.0); the tags of Windows and the rating by Microsoft. Only the
tags that are asked for are decoded; Pillow bounds what one directory may take, and no directory
but these three is followed, so loops lead nowhere.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
from typing import TYPE_CHECKING

from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from ..orientation import PILLOW_ERRORS
from .text import decode_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .source import Value

    Convert = Callable[[object, str], Value | None]

_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_ERRORS = (*PILLOW_ERRORS, struct.error, OverflowError, AttributeError)
_MAX_NUMBERS = 16
_MAX_BYTES = 16_384  # of one text
# The second pair of bytes tells raw files of Olympus and Panasonic, otherwise TIFF, from TIFF.
_ORDERS = {b"II": b"II*\0", b"MM": b"MM\0*"}
_BIG_TIFF = (b"+\0", b"\0+")  # with directories of another form


def read_exif(block: bytes) -> dict[str, Value]:
    """Return the values of a TIFF or an EXIF block; what is broken is not there."""
    header, first = _open(block)
    if not header:
        return {}
    file = io.BytesIO(block)
    main = _directory(file, header, first)
    values = _convert(main, _MAIN, header) | _convert(main, _CAMERA, header)
    for pointer, tags in ((_EXIF_DIRECTORY, _CAMERA), (_GPS_DIRECTORY, _GPS)):
        place = _value(main, pointer)
        if isinstance(place, int):
            values |= _convert(_directory(file, header, place), tags, header)
    return values


def read_gps(block: bytes) -> dict[str, Value]:
    """Return the values of a block whose first directory is the one for GPS, as in CR3."""
    header, first = _open(block)
    return _convert(_directory(io.BytesIO(block), header, first), _GPS, header) if header else {}


def _open(block: bytes) -> tuple[bytes, int]:
    """Return how a TIFF of this byte order begins, and where the first directory is."""
    header = _ORDERS.get(block[:2], b"")
    if len(block) < 8 or block[2:4] in _BIG_TIFF:
        return b"", 0
    return header, int.from_bytes(block[4:8], "little" if header[:1] == b"I" else "big")


def _directory(file: io.BytesIO, header: bytes, place: int) -> ImageFileDirectory_v2:
    directory = ImageFileDirectory_v2(header + bytes(4))
    file.seek(place)
    with contextlib.suppress(*_ERRORS):  # what came before the break is there
        directory.load(file)
    return directory


def _value(directory: ImageFileDirectory_v2, tag: int) -> object:
    try:
        value: object = directory.get(tag)
    except _ERRORS:
        return None
    return value


def _convert(
    directory: ImageFileDirectory_v2, tags: Mapping[str, tuple[int, Convert]], header: bytes
) -> dict[str, Value]:
    order = "le" if header[:1] == b"I" else "be"
    values = {}
    for name, (tag, convert) in tags.items():
        if tag in directory:
            value = convert(_value(directory, tag), order)
            if value is not None:
                values[name] = value
    return values


def _numbers(value: object, _order: str) -> tuple[float, ...] | None:
    """Return any value as numbers; a fraction of nothing is not a number (NaN)."""
    if isinstance(value, bytes):
        return tuple(map(float, value[:_MAX_NUMBERS]))
    items = value if isinstance(value, tuple) else (value,)
    numbers = tuple(
        float(item) for item in items[:_MAX_NUMBERS] if isinstance(item, (int, float, IFDRational))
    )
    return numbers or None


def _bytes(value: object) -> bytes:
    """Return a text's bytes, which Pillow decodes as Latin-1 without asking."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, str):
        value = value[:_MAX_BYTES].encode("latin-1", "replace")
    return value[:_MAX_BYTES] if isinstance(value, bytes) else b""


def _text(value: object, _order: str) -> str | None:
    return decode_text(_bytes(value).split(b"\0")[0]) or None


def _wide_text(value: object, _order: str) -> str | None:
    """Return a text of Windows's, which is UTF-16 in any byte order of the block."""
    return _bytes(value).decode("utf-16-le", "ignore").split("\0")[0] or None


def _comment(value: object, order: str) -> str | None:
    """Return a UserComment: eight bytes name its characters."""
    data = _bytes(value)
    kind, rest = data[:8].rstrip(b"\0 "), data[8:]
    if kind == b"UNICODE":
        text = rest.decode(f"utf-16-{_order_of(rest) or order}", "ignore")
    elif kind == b"JIS":
        text = rest.decode("iso2022_jp", "ignore")
    elif kind in (b"ASCII", b""):
        text = decode_text(rest.strip(b"\0"))
    else:  # programs that forget the eight bytes
        text = decode_text(data)
    return text.strip("\0\ufeff ") or None


def _order_of(data: bytes) -> str | None:
    """Return the order of UTF-16 where the zero bytes of Latin letters tell it.

    Programs disagree whether it is the block's.
    """
    even, odd = data[::2].count(0), data[1::2].count(0)
    return None if even == odd else "be" if even > odd else "le"


def _letter(value: object, order: str) -> str | None:
    text = _text(value, order)
    found = re.search("[A-Za-z]", text or "")
    return found[0].upper() if found else None


_MAIN: Mapping[str, tuple[int, Convert]] = {
    "ImageDescription": (0x010E, _text),
    "Make": (0x010F, _text),
    "Model": (0x0110, _text),
    "Software": (0x0131, _text),
    "DateTime": (0x0132, _text),
    "Rating": (0x4746, _numbers),
    "RatingPercent": (0x4749, _numbers),
    "XPTitle": (0x9C9B, _wide_text),
    "XPComment": (0x9C9C, _wide_text),
}
_CAMERA: Mapping[str, tuple[int, Convert]] = {
    "ExposureTime": (0x829A, _numbers),
    "FNumber": (0x829D, _numbers),
    "PhotographicSensitivity": (0x8827, _numbers),
    "StandardOutputSensitivity": (0x8831, _numbers),
    "RecommendedExposureIndex": (0x8832, _numbers),
    "ISOSpeed": (0x8833, _numbers),
    "DateTimeOriginal": (0x9003, _text),
    "DateTimeDigitized": (0x9004, _text),
    "OffsetTime": (0x9010, _text),
    "OffsetTimeOriginal": (0x9011, _text),
    "OffsetTimeDigitized": (0x9012, _text),
    "ShutterSpeedValue": (0x9201, _numbers),
    "ApertureValue": (0x9202, _numbers),
    "FocalLength": (0x920A, _numbers),
    "UserComment": (0x9286, _comment),
    "SubSecTime": (0x9290, _text),
    "SubSecTimeOriginal": (0x9291, _text),
    "SubSecTimeDigitized": (0x9292, _text),
    "FocalLengthIn35mmFilm": (0xA405, _numbers),
    "LensModel": (0xA434, _text),
}
_GPS: Mapping[str, tuple[int, Convert]] = {
    "GPSLatitudeRef": (1, _letter),
    "GPSLatitude": (2, _numbers),
    "GPSLongitudeRef": (3, _letter),
    "GPSLongitude": (4, _numbers),
    "GPSAltitudeRef": (5, _numbers),
    "GPSAltitude": (6, _numbers),
}
