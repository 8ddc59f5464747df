"""JPEG 2000 by Pillow's OpenJPEG, at a reduced scale. It has no orientation: it stands upright."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from ..errors import PhotoError
from .boxes import read_boxes
from .picture import Header, bare_exif
from .pillow import open_image, to_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Limits, Pixels

_FORMATS = ("JPEG2000",)
_CODESTREAM = b"\xff\x4f\xff\x51"
_EXIF = b"uuidJpgTiffExif->JP2"
_XMP = b"uuid\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"


def inspect(data: bytes, limits: Limits) -> tuple[Header, None]:
    """Return the header; a JPEG 2000 is known by its codestream."""
    exif = xmp = b""
    with open_image(data, _FORMATS) as image:
        limits.check_pixels(*image.size)
        if not data.startswith(_CODESTREAM):
            for box in read_boxes(data):
                exif = bare_exif(bytes(box.content)) if box.kind == _EXIF else exif
                xmp = bytes(box.content) if box.kind == _XMP else xmp
        return Header("JPEG 2000", image.mode, *image.size, 1, exif, xmp), None


def coded_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield the codestream and, from a JP2, the header that gives its numbers colours."""
    if data.startswith(_CODESTREAM):
        yield memoryview(data)
        return
    for box in read_boxes(data):
        if box.kind in (b"jp2h", b"jp2c"):
            yield box.content


def read_pixels(data: bytes, header: Header, min_side: int) -> Pixels:
    """Return the pixels at the smallest of the file's scales (1/2, 1/4, ...) that will do.

    Raises PhotoError if the data is cut off or broken.
    """
    pieces = list(coded_pieces(data))
    codestream = bytes(pieces[-1]) if pieces else b""
    if not codestream.endswith(b"\xff\xd9"):
        raise PhotoError("the file is cut off: the JPEG 2000 data has no end")
    with open_image(data, _FORMATS) as image:
        levels, short = _levels(codestream), min(header.width, header.height)
        fitting = (n for n in range(levels, 0, -1) if short >> n >= max(min_side, 1))
        if isinstance(image, Jpeg2KImageFile):
            image.reduce = next(fitting, 0)
        return to_pixels(image)


def _levels(codestream: bytes) -> int:
    """Return how often a picture can be halved: COD's fifth number (ITU-T T.800, A.6.1)."""
    at = 2
    while at + 10 <= len(codestream):
        marker, size = codestream[at : at + 2], int.from_bytes(codestream[at + 2 : at + 4], "big")
        if marker == b"\xff\x52":
            return codestream[at + 9]
        at += 2 + size
    return 0
