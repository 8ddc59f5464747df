"""Where metadata lies in files made of boxes: HEIC, AVIF, JPEG XL, JPEG 2000 and Canon's CR3.

Standards: ISO/IEC 23008-12 (HEIF), 18181-2 (JPEG XL), 15444-1 (JPEG 2000). Canon's boxes are not
published; their names are those that libraw and exiftool know.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal

from ..errors import PhotoError
from ..readers.boxes import Box, Fields, read_boxes
from ..readers.heif_items import read_locations
from ..tagging.xmp_packet import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    Name = Literal["exif", "gps", "iptc", "xmp"]

_CANON = b"uuid" + bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
# By the kind of the box; in CR3 the first directory of the second block is EXIF's own.
_NAMES: dict[bytes, Name] = {
    b"xml ": "xmp",
    b"uuid" + bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    b"uuidJpgTiffExif->JP2": "exif",
    b"uuid" + bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    b"CMT1": "exif",
    b"CMT2": "exif",
    b"CMT4": "gps",
}


def find_boxed(data: bytes) -> Iterator[tuple[Name, bytes]]:
    """Yield the metadata blocks of a file made of boxes; broken ones end it."""
    with contextlib.suppress(PhotoError):
        for box in read_boxes(data):
            yield from _read_items(data, box) if box.kind == b"meta" else _read_box(box)


def _read_box(box: Box) -> Iterator[tuple[Name, bytes]]:
    if box.kind in (b"moov", _CANON):
        for inner in read_boxes(box.content):
            if inner.kind != b"moov":
                yield from _read_box(inner)
    elif box.kind == b"Exif":  # of JPEG XL
        yield "exif", _tiff(_cut(box.content))
    elif box.kind in _NAMES:
        yield _NAMES[box.kind], _cut(box.content)


def _read_items(data: bytes, meta: Box) -> Iterator[tuple[Name, bytes]]:
    """Yield the items of a HEIF file that are metadata: what they are, and where they lie."""
    inner = {box.kind: box for box in read_boxes(meta.full[1])}
    if not {b"iinf", b"iloc"} <= inner.keys():
        return
    places = read_locations(inner[b"iloc"])
    idat = inner[b"idat"].content if b"idat" in inner else memoryview(b"")
    for number, name in _metadata_items(inner[b"iinf"]):
        whole = b""
        for part in places.get(number, ()):
            source = idat if part.is_in_idat else memoryview(data)
            end = part.start + part.length if part.length else len(source)
            whole += source[part.start : min(end, part.start + MAX_BYTES + 1 - len(whole))]
        yield name, _tiff(whole) if name == "exif" else whole


def _metadata_items(iinf: Box) -> Iterator[tuple[int, Name]]:
    version, content = iinf.full
    for box in read_boxes(content[4 if version else 2 :]):
        version, content = box.full
        if box.kind != b"infe" or version < 2:
            continue
        fields = Fields(content)
        number = fields.number(4 if version >= 3 else 2)
        fields.number(2)  # its protection
        kind, rest = fields.number(4).to_bytes(4, "big"), bytes(fields.rest())
        if kind == b"Exif":
            yield number, "exif"
        elif kind == b"mime" and b"application/rdf+xml" in rest:
            yield number, "xmp"


def _tiff(item: bytes) -> bytes:
    """Return an EXIF item from its TIFF header on; four bytes say how far that is.

    Some programs leave them out, or say 0 where a JPEG's header still is.
    """
    if item[:4] in (b"II*\0", b"MM\0*"):
        return item
    return item[4 + int.from_bytes(item[:4], "big") :].removeprefix(b"Exif\0\0")


def _cut(content: memoryview) -> bytes:
    return bytes(content[: MAX_BYTES + 1])
