"""File to upright pixels at reduced scale, with limits, and the picture's fingerprint.

Runs in the child process only: it is what touches hostile bytes. Which library reads a file is
decided by ``formats``, how is up to ``readers``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass

import cv2
import numpy as np

from .errors import PhotoChanged, PhotoError, PhotoGone, PhotoUnreadable
from .formats import format_named, format_of_content
from .readers import load_reader
from .readers.picture import READ_ERRORS, Header, Limits, Pixels, turn_upright
from .version import file_version

__all__ = ["Header", "Limits", "PhotoFile", "Pixels"]  # the rest is defined here


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file's bytes and which version of the file they are."""

    path: bytes
    data: bytes
    size: int
    mtime_ns: int
    inode: int


def read_photo(path: bytes, limits: Limits) -> PhotoFile:
    """Read a regular file, following no link and blocking on no pipe.

    Raises PhotoGone, PhotoChanged (it grew meanwhile) or PhotoError (unreadable, empty, too
    large).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _open_error(error) from None
    try:
        before = os.fstat(descriptor)
        _check_file(before, limits)
        data = _read_all(descriptor, before.st_size)
        after = os.fstat(descriptor)
    except OSError as error:
        raise PhotoUnreadable(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) != before.st_size or file_version(before) != file_version(after):
        raise PhotoChanged("it changed while it was being read")
    return PhotoFile(path, data, *file_version(before))


def read_version(path: bytes) -> tuple[int, int, int] | None:
    """Return (size, mtime_ns, inode) of the file as it is now, or None if it is gone."""
    try:
        return file_version(os.lstat(path))
    except OSError:
        return None


def inspect(photo: PhotoFile, limits: Limits) -> tuple[Header, Pixels | None]:
    """Return what a photo says of itself and, for some formats, its pixels (BGR, H x W x 3).

    The pixels of JPEG, HEIC, JPEG 2000, JPEG XL and RAW are not needed to know a photo again and
    come later, from ``decode_pixels``. Raises UnsupportedPhoto if its library is not installed,
    PhotoError for what is no picture, is cut off, or has more pixels than allowed.
    """
    entry = format_of_content(photo.data, photo.path)
    if entry is None:
        raise PhotoError("not an image, or its header is broken")
    reader = load_reader(entry)
    try:
        return reader.inspect(photo.data, limits)
    except READ_ERRORS as error:
        raise PhotoError(f"cannot be decoded: {error}") from None


def fingerprint(photo: PhotoFile, header: Header, pixels: Pixels | None) -> bytes:
    """Return 16 bytes that stay the same when only metadata is edited.

    They cover the decoded pixels where ``inspect`` gave them. Otherwise it is the coded picture,
    which no other version of a library reads differently: a JPEG without its APPn and COM
    segments (APP14 stays: it decides the colours), the primary picture of a HEIC, the codestream
    of JPEG 2000 and JPEG XL, a RAW's embedded preview (without one: its sensor values). The
    orientation is part of it, since boxes are relative to the upright picture.
    """
    digest = hashlib.blake2b(bytes([header.orientation]), digest_size=16)
    if pixels is not None:
        digest.update(repr(pixels.shape).encode())
        digest.update(np.ascontiguousarray(pixels).data)
        return digest.digest()
    reader = load_reader(format_named(header.format))
    try:
        for piece in reader.coded_pieces(photo.data):
            digest.update(piece)
    except READ_ERRORS as error:
        raise PhotoError(f"cannot be decoded: {error}") from None
    return digest.digest()


def decode_pixels(photo: PhotoFile, header: Header, min_side: int) -> Pixels:
    """Return the stored pixels as BGR, H x W x 3, at a reduced scale where the format has one.

    The short side stays at least ``min_side`` pixels if the photo has as many. Raises PhotoError
    if the data is cut off or broken.
    """
    reader = load_reader(format_named(header.format))
    try:
        return reader.read_pixels(photo.data, header, min_side)
    except READ_ERRORS as error:
        raise PhotoError(f"cannot be decoded: {error}") from None


def load_upright(photo: PhotoFile, limits: Limits, min_side: int) -> tuple[Header, Pixels]:
    """Read header and pixels in one go: upright, and no smaller than ``min_side`` needs."""
    header, pixels = inspect(photo, limits)
    if pixels is None:
        pixels = decode_pixels(photo, header, min_side)
    return header, finish(pixels, header, min_side)


def finish(pixels: Pixels, header: Header, min_side: int) -> Pixels:
    """Turn decoded pixels upright and shrink them by a whole factor down to ``min_side``."""
    factor = min(pixels.shape[:2]) // max(min_side, 1)
    if factor >= 2:
        size = (pixels.shape[1] // factor, pixels.shape[0] // factor)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return turn_upright(pixels, header.orientation)


def _open_error(error: OSError) -> PhotoError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return PhotoGone("the file is not there any more")
    if error.errno == errno.ELOOP:
        return PhotoError("a symbolic link, which is not followed")
    return PhotoUnreadable(f"cannot be opened: {error.strerror}")


def _check_file(status: os.stat_result, limits: Limits) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise PhotoError("not a regular file")
    if status.st_size == 0:
        raise PhotoError("the file is empty (0 bytes)")
    if status.st_size > limits.max_bytes:
        raise PhotoError(
            f"the file is too large: {status.st_size / 2**20:,.0f} MiB is over the limit of"
            f" {limits.max_bytes / 2**20:,.0f} MiB (decode.max_file_mib)"
        )


def _read_all(descriptor: int, size: int) -> bytes:
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        return b"".join(iter(lambda: file.read(size + 1), b""))
