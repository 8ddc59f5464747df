"""JPEGs built from segments: what cameras write, and what breaks the rules."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

II, MM = "<", ">"
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, IFD = 1, 2, 3, 4, 5, 7, 13
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_LETTERS = {SHORT: "H", LONG: "I", RATIONAL: "I", IFD: "I"}

MAKE, MODEL, ORIENTATION, SOFTWARE, XP_KEYWORDS = 0x010F, 0x0110, 0x0112, 0x0131, 0x9C9E
EXIF_POINTER, GPS_POINTER, INTEROP_POINTER, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
THUMBNAIL, THUMBNAIL_LENGTH = 0x0201, 0x0202


@dataclass(frozen=True)
class Field:
    """One value for an IFD: bytes as they are stored, numbers, or made for the place they get."""

    tag: int
    kind: int
    value: bytes | Sequence[int] | Callable[[int], bytes]

    def stored(self, order: str, at: int) -> bytes:
        """Return the bytes of the value if it is stored at this offset."""
        if callable(self.value):
            return self.value(at)
        if isinstance(self.value, bytes):
            return self.value
        return struct.pack(f"{order}{len(self.value)}{_LETTERS[self.kind]}", *self.value)


def ifd(order: str, at: int, fields: Sequence[Field], following: int = 0) -> bytes:
    """Return a directory for this offset with its values behind it, in the order given."""
    entries, values = b"", b""
    behind = at + 2 + 12 * len(fields) + 4
    for field in fields:
        stored = field.stored(order, behind + len(values))
        entries += struct.pack(
            order + "HHI", field.tag, field.kind, len(stored) // SIZES[field.kind]
        )
        if len(stored) <= 4:
            entries += stored.ljust(4, b"\x00")
        else:
            entries += struct.pack(order + "I", behind + len(values))
            values += stored + b"\x00" * (len(stored) % 2)
    head = struct.pack(order + "H", len(fields))
    return head + entries + struct.pack(order + "I", following) + values


def header(order: str, first: int = 8) -> bytes:
    """Return the 8 bytes at the start of a TIFF block."""
    return (b"II*\x00" if order == II else b"MM\x00*") + struct.pack(order + "I", first)


def exif_block(
    order: str = II,
    ifd0: Sequence[Field] = (),
    exif: Sequence[Field] = (),
    gps: Sequence[Field] = (),
    interop: Sequence[Field] = (),
    ifd1: Sequence[Field] = (),
    thumbnail: bytes = b"",
) -> bytes:
    """Return a TIFF block the way cameras write it; only what is given is in it."""

    def build(first: int, places: dict[int, int], following: int) -> list[bytes]:
        def pointing(fields: Sequence[Field], *tags: int) -> list[Field]:
            added = [Field(tag, LONG, (places[tag],)) for tag in tags if places.get(tag)]
            return sorted([*fields, *added], key=lambda field: field.tag)

        small = [Field(THUMBNAIL, LONG, (places[THUMBNAIL],))] if thumbnail else []
        small += [Field(THUMBNAIL_LENGTH, LONG, (len(thumbnail),))] if thumbnail else []
        return [
            ifd(order, first, pointing(ifd0, EXIF_POINTER, GPS_POINTER), following),
            ifd(order, places[EXIF_POINTER], pointing(exif, INTEROP_POINTER)) if exif else b"",
            ifd(order, places[GPS_POINTER], gps) if gps else b"",
            ifd(order, places[INTEROP_POINTER], interop) if interop else b"",
            ifd(order, following, [*ifd1, *small]) if ifd1 or thumbnail else b"",
        ]

    present = (True, bool(exif), bool(gps), bool(interop), bool(ifd1 or thumbnail))
    places = {EXIF_POINTER: exif, GPS_POINTER: gps, INTEROP_POINTER: interop, THUMBNAIL: thumbnail}
    parts = build(8, {tag: 8 if there else 0 for tag, there in places.items()}, 8 * present[4])
    starts = [8 + sum(map(len, parts[:number])) for number in range(6)]
    offsets = [
        start if there else 0 for start, there in zip(starts, (*present, thumbnail), strict=True)
    ]
    _, *pointers, following, small = offsets
    real = dict(zip((EXIF_POINTER, GPS_POINTER, INTEROP_POINTER), pointers, strict=True))
    return header(order) + b"".join(build(8, real | {THUMBNAIL: small}, following)) + thumbnail


def canon_note(order: str) -> Callable[[int], bytes]:
    """Return a MakerNote like Canon's: its offsets count from the start of the TIFF block."""

    def made(at: int) -> bytes:
        return ifd(
            order,
            at,
            [
                Field(0x0006, ASCII, b"Canon EOS 1000D\x00"),
                Field(0x0007, ASCII, b"Firmware Version 1.0.7\x00"),
                Field(0x0009, ASCII, b"someone else\x00"),
            ],
        )

    return made


def camera_block(order: str = II, keywords: str | None = None) -> bytes:
    """Return a block with all directories, a Canon-like MakerNote and a thumbnail."""
    ifd0 = [
        Field(MAKE, ASCII, b"Canon\x00"),
        Field(MODEL, ASCII, b"Canon EOS 1000D\x00"),
        Field(ORIENTATION, SHORT, (6,)),
        Field(0x011A, RATIONAL, (72, 1)),
        Field(0x011B, RATIONAL, (72, 1)),
    ]
    if keywords is not None:
        ifd0.append(Field(XP_KEYWORDS, BYTE, (keywords + "\x00").encode("utf-16-le")))
    return exif_block(
        order,
        ifd0,
        exif=[
            Field(0x829A, RATIONAL, (1, 125)),
            Field(0x9000, UNDEFINED, b"0221"),
            Field(0x9003, ASCII, b"2023:07:01 12:00:00\x00"),
            Field(MAKER_NOTE, UNDEFINED, canon_note(order)),
            Field(0xA002, LONG, (16,)),
        ],
        gps=[Field(0x0001, ASCII, b"N\x00"), Field(0x0002, RATIONAL, (48, 1, 8, 1, 0, 1))],
        interop=[Field(0x0001, ASCII, b"R98\x00")],
        ifd1=[Field(0x0103, SHORT, (6,))],
        thumbnail=encoded(8),
    )


def encoded(side: int = 16, *, progressive: bool = False) -> bytes:
    """Return a real JPEG as Pillow writes it: JFIF, tables, scan."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).convert("RGB").save(
        out, "JPEG", progressive=progressive
    )
    return out.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    """Return one segment of a JPEG."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def exif_segment(block: bytes) -> bytes:
    """Return the APP1 segment of a TIFF block."""
    return segment(0xE1, b"Exif\x00\x00" + block)


JFIF = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
JFXX = segment(0xE0, b"JFXX\x00\x13" + bytes(5))
CIFF = segment(0xE0, b"II\x1a\x00\x00\x00HEAPJPGM")
MPF = segment(0xE2, b"MPF\x00" + header(II) + bytes(6))
JUMBF = segment(0xEB, b"JP\x00\x01\x00\x00\x00\x01")
XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
ICC = segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + bytes(12))
COMMENT = segment(0xFE, b"made for a test")


def jpeg(*segments: bytes, picture: bytes | None = None, trailer: bytes = b"") -> bytes:
    """Return a JPEG of these segments and a real picture's tables and scan."""
    whole = picture or encoded()
    jfif_end = 4 + int.from_bytes(whole[4:6], "big")
    return b"\xff\xd8" + b"".join(segments) + whole[jfif_end:] + trailer
