"""Which files are photos, by name, and which program reads them: one row a format.

The parent process decides by this table alone what to look at; it opens no photo itself.
"""

from __future__ import annotations

import os.path
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoFormat:
    """A family of files: its suffixes and Pillow's names for it.

    No Pillow name means that the format is known but not readable yet.
    """

    name: str
    suffixes: tuple[bytes, ...]
    pillow: tuple[str, ...] = ()


FORMATS = (
    PhotoFormat("JPEG", (b".jpg", b".jpeg", b".jpe", b".jfif", b".mpo"), ("JPEG", "MPO")),
    PhotoFormat("PNG", (b".png",), ("PNG",)),
    PhotoFormat("WebP", (b".webp",), ("WEBP",)),
    PhotoFormat("TIFF", (b".tif", b".tiff"), ("TIFF",)),
    PhotoFormat("BMP", (b".bmp", b".dib"), ("BMP", "DIB")),
    PhotoFormat("GIF", (b".gif",), ("GIF",)),
    PhotoFormat("AVIF", (b".avif",), ("AVIF",)),
    PhotoFormat("HEIC", (b".heic", b".heif", b".hif")),
    PhotoFormat("JPEG 2000", (b".jp2", b".j2k", b".jpx")),
    PhotoFormat("JPEG XL", (b".jxl",)),
    PhotoFormat(
        "RAW",
        (
            b".cr2", b".cr3", b".crw", b".nef", b".nrw", b".arw", b".srf", b".sr2", b".dng",
            b".raf", b".orf", b".rw2", b".pef", b".srw", b".3fr", b".x3f", b".raw",
        ),
    ),
)  # fmt: skip

_BY_SUFFIX = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
_BY_PILLOW = {name: entry for entry in FORMATS for name in entry.pillow}

# Pillow's JPEG reader is the one that recognises MPO.
PILLOW_NAMES = tuple(name for name in _BY_PILLOW if name != "MPO")


def format_of_name(name: bytes) -> PhotoFormat | None:
    """Return the format that a file name promises, or None if it is no photo's name."""
    return _BY_SUFFIX.get(suffix_of(name))


def format_of_pillow(name: str) -> PhotoFormat:
    """Return the format behind a name of Pillow's."""
    return _BY_PILLOW[name]


def suffix_of(name: bytes) -> bytes:
    """Return the suffix in lower case with its dot, or nothing."""
    return os.path.splitext(name)[1].lower()
