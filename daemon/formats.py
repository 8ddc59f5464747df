"""Which files are photos, and which library reads them: one row a format.

The parent process decides by names and by this table alone what to look at; it opens no photo.
"""

from __future__ import annotations

import os.path
import re
import struct
from contextlib import suppress
from dataclasses import dataclass

from ..db.states import PLACES_READER


@dataclass(frozen=True, slots=True)
class PhotoFormat:
    """A family of files: its names, what it looks like inside, and who reads it.

    ``signature`` is a pattern for the first bytes; ``reader`` names a module of ``readers``;
    ``package`` is what pip has to install for the reader, if it may be missing; ``pillow`` are
    Pillow's names for the format.
    """

    name: str
    suffixes: tuple[bytes, ...]
    signature: bytes
    reader: str = "pillow"
    pillow: tuple[str, ...] = ()
    package: str | None = None


# RAW stands before TIFF and AVIF before HEIC: the one is a special case of the other.
FORMATS = (
    PhotoFormat(
        "JPEG", (b".jpg", b".jpeg", b".jpe", b".jfif", b".mpo"), rb"\xff\xd8\xff",
        reader="jpeg", pillow=("JPEG", "MPO"),
    ),
    PhotoFormat("PNG", (b".png",), rb"\x89PNG\r\n\x1a\n", pillow=("PNG",)),
    PhotoFormat("WebP", (b".webp",), rb"RIFF.{4}WEBP", pillow=("WEBP",)),
    PhotoFormat(
        "RAW",
        (
            b".cr2", b".cr3", b".crw", b".nef", b".nrw", b".arw", b".srf", b".sr2", b".dng",
            b".raf", b".orf", b".rw2", b".pef", b".srw", b".3fr", b".x3f", b".raw",
        ),
        rb"II\*\0.{4}CR|.{4}ftypcrx |II\x1a\0.{2}HEAP|FUJIFILMCCD|IIR[OS]|MMOR|IIU\0|FOVb",
        reader="raw", package="rawpy",
    ),
    PhotoFormat("TIFF", (b".tif", b".tiff"), rb"II[*+]\0|MM\0[*+]", pillow=("TIFF",)),
    PhotoFormat(
        "BMP", (b".bmp", b".dib"), rb"BM|[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
        pillow=("BMP", "DIB"),
    ),
    PhotoFormat("GIF", (b".gif",), rb"GIF8[79]a", pillow=("GIF",)),
    PhotoFormat("AVIF", (b".avif",), rb".{4}ftyp(?=.{0,52}avi[fs])", pillow=("AVIF",)),
    PhotoFormat(
        "HEIC", (b".heic", b".heif", b".hif"), rb".{4}ftyp(?:hei[cxms]|hev[cxms]|m[is]f1|mif2)",
        reader="heif", package="pillow-heif",
    ),
    PhotoFormat(
        "JPEG 2000", (b".jp2", b".j2k", b".jpx"), rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
        reader="jpeg2000", pillow=("JPEG2000",),
    ),
    PhotoFormat(
        "JPEG XL", (b".jxl",), rb"\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a",
        reader="jpegxl", package="pillow-jxl-plugin brotli",
    ),
)  # fmt: skip

_BY_NAME = {entry.name: entry for entry in FORMATS}
_BY_SUFFIX = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
_BY_PILLOW = {name: entry for entry in FORMATS for name in entry.pillow}

# Pillow's JPEG reader is the one that recognises MPO.
PILLOW_NAMES = tuple(name for name in _BY_PILLOW if name != "MPO")

_DNG_VERSION = 0xC612


def format_of_name(name: bytes) -> PhotoFormat | None:
    """Return the format that a file name promises, or None if it is no photo's name."""
    return _BY_SUFFIX.get(suffix_of(name))


def format_of_content(data: bytes, name: bytes) -> PhotoFormat | None:
    """Return the format that a file's first bytes show, or None if they show none.

    Most RAW files are TIFF files for everyone but their maker: there, and where the bytes show
    nothing, the name decides whether it is one.
    """
    head = data[:64]
    found = next((f for f in FORMATS if re.match(f.signature, head, re.DOTALL)), None)
    raw = _BY_NAME["RAW"]
    if found is None or found.name == "TIFF":
        is_raw = format_of_name(name) is raw or (found is not None and _is_dng(data))
        return raw if is_raw else found
    return found


def format_named(name: str) -> PhotoFormat:
    """Return the row of a format by its name."""
    return _BY_NAME[name]


def format_of_pillow(name: str) -> PhotoFormat:
    """Return the format behind a name of Pillow's."""
    return _BY_PILLOW[name]


def installed_readers() -> dict[str, str]:
    """Return the packages of the table that are installed, with their versions.

    Pillow is one, and the one that finds places; none of them is loaded.
    """
    from importlib.metadata import PackageNotFoundError, version

    names = {"pillow", PLACES_READER}.union(*((entry.package or "").split() for entry in FORMATS))
    found = {}
    for name in sorted(names):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def suffix_of(name: bytes) -> bytes:
    """Return the suffix in lower case with its dot, or nothing."""
    return os.path.splitext(name)[1].lower()


def _is_dng(data: bytes) -> bool:
    """Tell whether a TIFF's first directory has DNG's version (TIFF 6.0, section 2)."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (at,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, at)
        tags = [struct.unpack_from(order + "H", data, at + 2 + 12 * n)[0] for n in range(count)]
    except struct.error:
        return False
    return _DNG_VERSION in tags
