"""Where a photo's metadata lies inside its file: blocks of EXIF, IPTC and XMP.

Lenient, for reading only: what is broken is passed over, nothing here raises, and neither time
nor memory grows beyond the limits.
"""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal

from ..tagging.xmp_packet import MAX_BYTES
from .boxes import find_boxed

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

XP_KEYWORDS = 0x9C9E

_MAX_PARTS = 100_000  # segments or chunks of one file
_MAX_BLOCKS = 8  # of one file; sound ones have up to five
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_FLICKR_XMP = b"XMP\0://ns.adobe.com/xap/1.0/\0"  # as its smaller sizes have it
_XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_RAF = b"FUJIFILMCCD-RAW "
_PNG_XMP, _PNG_IPTC = b"XML:com.adobe.xmp", b"Raw profile type iptc"
_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP = 700, 33723, 34377
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


Found = tuple[Literal["exif", "gps", "iptc", "xmp"], bytes]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The metadata blocks of a file: EXIF from its TIFF header on, IPTC and XMP as found.

    ``gps`` are blocks like EXIF's whose first directory is the one for GPS.
    """

    exif: list[bytes] = field(default_factory=list)
    gps: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)


def find_blocks(data: bytes, kind: str) -> Blocks:
    """Return the blocks of a file whose format has one of the names in ``formats``."""
    blocks = Blocks()
    reader = _READERS.get(kind)
    for name, block in islice(reader(data), _MAX_BLOCKS) if reader else ():
        getattr(blocks, name).append(block)
    return blocks


def read_ifd0(data: bytes, wanted: Container[int]) -> dict[int, bytes]:
    """Return the values of some tags in the first directory of a TIFF or of an EXIF block."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])  # what follows differs in raw files
    if order is None or len(data) < 8:
        return {}
    (at,) = struct.unpack_from(order + "I", data, 4)
    if at + 2 > len(data):
        return {}
    (count,) = struct.unpack_from(order + "H", data, at)
    values: dict[int, bytes] = {}
    for place in range(at + 2, min(at + 2 + 12 * count, len(data) - 11), 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, place)
        if tag not in wanted or kind not in _TYPE_SIZES:
            continue
        size = number * _TYPE_SIZES[kind]
        start = place + 8
        if size > 4:
            (start,) = struct.unpack_from(order + "I", data, start)
        values[tag] = data[start : start + min(size, MAX_BYTES + 1)]
    return values


def _read_jpeg(data: bytes) -> Iterator[Found]:
    resources: list[bytes] = []
    extended: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
    for marker, value in _segments(data):
        if marker == 0xE1 and value.startswith(_EXIF):
            yield "exif", value[len(_EXIF) :]
        elif marker == 0xE1 and value.startswith(_XMP):
            yield "xmp", value[len(_XMP) :]
        elif marker == 0xE1 and value.startswith(_FLICKR_XMP):
            yield "xmp", value[len(_FLICKR_XMP) :]
        elif marker == 0xE1 and value.startswith(_XMP_EXTENSION):
            # 32 bytes name the packet, then its whole size and the place of this part.
            part = value[len(_XMP_EXTENSION) :]
            extended[part[:32]].append((int.from_bytes(part[36:40], "big"), part[40:]))
        elif marker == 0xED and value.startswith(_PHOTOSHOP):
            resources.append(value[len(_PHOTOSHOP) :])
    if resources:
        yield "iptc", b"".join(resources)  # one stream, cut where a segment was full
    for parts in extended.values():
        yield "xmp", b"".join(part for _, part in sorted(parts))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and value of APP1 and APP13 before the scan, as far as they can be followed."""
    at = 2
    for _ in range(_MAX_PARTS):
        if data[at : at + 1] != b"\xff" or at + 4 > len(data):
            return
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA or size < 2:
            return
        if marker in (0xE1, 0xED):
            yield marker, data[at + 4 : at + 2 + size]
        at += 2 + size


def _read_png(data: bytes) -> Iterator[Found]:
    for name, value in _chunks(data, 8, ">I4s", trailer=4):
        keyword, _, rest = value.partition(b"\0")
        if name == b"eXIf":
            yield "exif", value
        elif name == b"iTXt" and keyword == _PNG_XMP:
            # A flag and a method of compression, then a language and a translated keyword.
            text = rest[2:].split(b"\0", 2)[-1]
            yield "xmp", _inflate(text) if rest[:1] == b"\1" else text
        elif name in (b"tEXt", b"zTXt") and keyword == _PNG_IPTC:
            yield "iptc", _unhex(_inflate(rest[1:]) if name == b"zTXt" else rest)


def _read_webp(data: bytes) -> Iterator[Found]:
    for name, value in _chunks(data, 12, "<4sI", trailer=0):
        if name == b"EXIF":
            yield "exif", value.removeprefix(_EXIF)
        elif name == b"XMP ":
            yield "xmp", value


def _chunks(data: bytes, at: int, header: str, trailer: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and value of the chunks that may hold metadata; RIFF pads to even sizes."""
    for _ in range(_MAX_PARTS):
        if at + 8 > len(data):
            return
        first, second = struct.unpack_from(header, data, at)
        name, size = (second, first) if isinstance(first, int) else (first, second)
        if name in (b"eXIf", b"iTXt", b"tEXt", b"zTXt", b"EXIF", b"XMP "):
            yield name, data[at + 8 : at + 8 + min(size, MAX_BYTES + 1)]
        at += 8 + size + (trailer or size % 2)


def _read_tiff(data: bytes) -> Iterator[Found]:
    yield "exif", data
    for tag, value in read_ifd0(data, (_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP)).items():
        yield "xmp" if tag == _TIFF_XMP else "iptc", value


def _read_raw(data: bytes) -> Iterator[Found]:
    if data.startswith(_RAF):
        # Fujifilm: the place and the size of a whole JPEG.
        start, size = struct.unpack_from(">II", data, 84) if len(data) >= 92 else (0, 0)
        yield from _read_jpeg(data[start : start + size])
    elif data[4:8] == b"ftyp":
        yield from find_boxed(data)
    else:
        yield from _read_tiff(data)


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MAX_BYTES + 1)
    except zlib.error:
        return b""


def _unhex(profile: bytes) -> bytes:
    """Return what ImageMagick and exiftool wrap as lines of hex under a name and a size."""
    try:
        return bytes.fromhex(b"".join(profile.strip().splitlines()[2:]).decode("ascii"))
    except ValueError:
        return b""


_READERS: dict[str, Callable[[bytes], Iterator[Found]]] = {
    "AVIF": find_boxed,
    "HEIC": find_boxed,
    "JPEG": _read_jpeg,
    "JPEG 2000": find_boxed,
    "JPEG XL": find_boxed,
    "PNG": _read_png,
    "RAW": _read_raw,
    "TIFF": _read_tiff,
    "WebP": _read_webp,
}
