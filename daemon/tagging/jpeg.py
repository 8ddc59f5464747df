"""A JPEG's segments, read strictly: what a longer EXIF segment could harm is refused.

The layout is that of ITU-T T.81, annex B: segments (marker, length, body), then the picture from
its first SOS marker to EOI. Offsets into the file, which moving the picture would break, are known
of MPF, of previews behind the picture and of CIFF; JPEG's own signatures (C2PA) are in APP11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIF_HEADER = b"Exif\x00\x00"
# A segment's length is two bytes, which count themselves.
MAX_BLOCK = 0xFFFF - 2 - len(EXIF_HEADER)

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP11 = 0xE0, 0xE1, 0xE2, 0xEB
# These have no length: TEM, the restart markers and SOI; 00 and FF are no markers at all.
_BARE = frozenset((0x00, 0x01, *range(0xD0, 0xD9), 0xFF))
# Far more than any camera or editor writes: long files of tiny segments are made to cost time.
_MOST_SEGMENTS = 10_000
# The next marker in coded data: there FF 00 is a byte FF and FF D0 to FF D7 are restarts.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class JpegFile:
    """A JPEG and where its EXIF segment begins and ends; both are its place where there is none."""

    data: bytes
    start: int
    end: int

    @property
    def block(self) -> bytes | None:
        """The TIFF block in the EXIF segment."""
        if self.start == self.end:
            return None
        return self.data[self.start + 4 + len(EXIF_HEADER) : self.end]

    def with_block(self, block: bytes | None) -> bytes:
        """Return the file with this block in its EXIF segment, or without the segment.

        Raises Refused if the block is too long for a segment.
        """
        return b"".join(self._pieces(block))

    def gives(self, block: bytes | None, data: bytes) -> bool:
        """Tell whether ``with_block`` would return these very bytes; the picture is not copied."""
        front, segment, rest = self._pieces(block)
        return (
            len(data) == len(front) + len(segment) + len(rest)
            and data.startswith(front)
            and data.startswith(segment, len(front))
            and data.endswith(rest)
        )

    def _pieces(self, block: bytes | None) -> tuple[memoryview, bytes, memoryview]:
        whole = memoryview(self.data)
        return whole[: self.start], exif_segment(block), whole[self.end :]


def exif_segment(block: bytes | None) -> bytes:
    """Return the EXIF segment of a block, nothing for None; raises Refused if it is too long."""
    if block is None:
        return b""
    if len(block) > MAX_BLOCK:
        raise Refused("its EXIF data and the tags are too long for a JPEG segment")
    body = EXIF_HEADER + block
    return bytes((0xFF, _APP1)) + (len(body) + 2).to_bytes(2, "big") + body


def parse(data: bytes) -> JpegFile:
    """Find the EXIF segment and check all else that a change of its length could touch.

    Raises Refused, whose reason names what was found.
    """
    file, picture = _parse_head(data)
    _check_picture(data, picture)
    return file


def parse_head(data: bytes) -> JpegFile:
    """Do what ``parse`` does but for the picture, for a file whose picture is known to be whole."""
    return _parse_head(data)[0]


def _parse_head(data: bytes) -> tuple[JpegFile, int]:
    """Return the file, and where the first scan's coded data begins."""
    if not data.startswith(b"\xff\xd8"):
        raise Refused("it is not a JPEG")
    place, exif, end = 2, None, 2
    for marker, start, end in _segments(data):
        _check_segment(marker, data[start + 4 : min(end, start + 10)])
        if marker == _APP0 and start == place:
            place = end
        if marker == _APP1 and data.startswith(EXIF_HEADER, start + 4, end):
            if exif:
                raise Refused("it has more than one EXIF segment")
            exif = (start, end)
    return JpegFile(data, *(exif or (place, place))), end


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment up to the first SOS, which is the last."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        head = data[at : at + 4]
        if len(head) < 4:
            raise Refused("it is cut off: it ends before its picture")
        marker = head[1]
        if marker == _EOI and head[0] == 0xFF:
            raise Refused("it has no picture in it")
        if head[0] != 0xFF or marker in _BARE:
            raise Refused("it has stray bytes between its segments")
        end = _segment_end(data, at)
        yield marker, at, end
        if marker == _SOS:
            return
        at = end
    raise Refused("it has too many segments")


def _segment_end(data: bytes, at: int) -> int:
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    end = at + 2 + length
    if length < 2 or end > len(data):
        raise Refused("it is cut off or broken: a segment goes past its end")
    return end


def _check_segment(marker: int, head: bytes) -> None:
    """Refuse the kinds of segment that a new EXIF segment could break, by their first 6 bytes."""
    if marker == _APP0 and not head.startswith((b"JFIF\x00", b"JFXX\x00")):
        raise Refused("its APP0 segment is not JFIF (an old camera's own format)")
    if marker == _APP1 and head[:4].lower() == b"exif" and head != EXIF_HEADER:
        raise Refused("its EXIF segment does not begin as the standard says")
    if marker == _APP2 and head.startswith(b"MPF"):
        raise Refused("it has further pictures in it (MPF)")
    if marker == _APP11:
        raise Refused("it may be signed: a change would break the signature (APP11, C2PA)")


def _check_picture(data: bytes, at: int) -> None:
    """Walk the coded data to EOI, behind which only zero bytes may lie."""
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            raise Refused("it is cut off: its picture has no end")
        marker, at = data[found.end() - 1], found.end()
        if marker == _EOI:
            break
        if marker in _BARE:
            raise Refused("its picture has markers that do not belong there")
        at = _segment_end(data, found.start())
    else:
        raise Refused("it has too many segments")
    if data[at:].strip(b"\x00"):
        raise Refused("it has something behind its picture (a film, a preview, another picture)")
