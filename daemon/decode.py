"""File to upright pixels at reduced scale, with limits, and the picture's fingerprint.

Runs in the child process only: it is what touches hostile bytes.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from .errors import PhotoChanged, PhotoError, PhotoGone, PhotoUnreadable, UnsupportedPhoto
from .formats import PILLOW_NAMES, format_of_name, format_of_pillow
from .orientation import (
    FLIPPED_SIDEWAYS,
    FLIPPED_UPSIDE_DOWN,
    PILLOW_ERRORS,
    TURNED,
    orientation_of,
)
from .version import file_version

if TYPE_CHECKING:
    from collections.abc import Iterator

Pixels = NDArray[np.uint8]

Image.MAX_IMAGE_PIXELS = None  # the limit is ours (Limits) and is checked before decoding

_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
    (1, cv2.IMREAD_COLOR),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before its pixels are decoded."""

    max_pixels: int = 250_000_000
    max_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file's bytes and which version of the file they are."""

    path: bytes
    data: bytes
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a photo says of itself before its pixels are decoded.

    ``width`` and ``height`` are those of the stored pixels; ``orientation`` is EXIF's 1..8.
    """

    format: str
    mode: str
    width: int
    height: int
    orientation: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a viewer shows the photo."""
        if self.orientation in TURNED:
            return self.height, self.width
        return self.width, self.height


def read_photo(path: bytes, limits: Limits) -> PhotoFile:
    """Read a regular file, following no link and blocking on no pipe.

    Raises UnsupportedPhoto for the suffix of a format that comes later, PhotoGone, PhotoChanged
    (it grew meanwhile) or PhotoError (unreadable, empty, too large).
    """
    promised = format_of_name(path)
    if promised is not None and not promised.pillow:
        raise UnsupportedPhoto(f"{promised.name} files are not supported yet")
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
    """Return what a photo says of itself and, except for JPEG, its pixels (BGR, H x W x 3).

    A JPEG's pixels are not needed to know it again and come later, from ``decode_jpeg``. Raises
    UnsupportedPhoto for HEIC under another suffix, PhotoError for anything else that is no
    picture, is cut off, or has more pixels than allowed.
    """
    try:
        with _open_image(photo.data) as image:
            _check_pixels(image.size, limits)
            name = format_of_pillow(image.format or "").name
            pixels = None if name == "JPEG" else _to_pixels(image)
            return Header(name, image.mode, *image.size, orientation_of(image)), pixels
    except PILLOW_ERRORS as error:
        raise PhotoError(f"cannot be decoded: {error}") from None


def fingerprint(photo: PhotoFile, header: Header, pixels: Pixels | None) -> bytes:
    """Return 16 bytes that stay the same when only metadata is edited.

    For JPEG it covers the file without its APPn and COM segments (APP14 stays: it decides the
    colours); for other formats the decoded pixels. The orientation is part of it, since boxes are
    relative to the upright picture.
    """
    digest = hashlib.blake2b(bytes([header.orientation]), digest_size=16)
    if pixels is not None:
        digest.update(repr(pixels.shape).encode())
        digest.update(np.ascontiguousarray(pixels).data)
    else:
        for piece in _jpeg_pieces(photo.data):
            digest.update(piece)
    return digest.digest()


def decode_jpeg(photo: PhotoFile, header: Header, min_side: int) -> Pixels:
    """Return a JPEG's stored pixels as BGR, H x W x 3, at a reduced scale.

    The scale is the smallest of libjpeg's (1/8, 1/4, 1/2, 1) whose short side still is at least
    ``min_side`` pixels. Raises PhotoError if the data is cut off or broken.
    """
    if not _has_end(photo.data):
        raise PhotoError("the file is cut off: the JPEG data has no end")
    if header.mode not in ("RGB", "L"):
        try:
            with _open_image(photo.data) as image:
                return _to_pixels(image)
        except PILLOW_ERRORS as error:
            raise PhotoError(f"cannot be decoded: {error}") from None
    short = min(header.width, header.height)
    flag = next(flag for scale, flag in _REDUCED if scale == 1 or short >= scale * min_side)
    data = np.frombuffer(photo.data, np.uint8)
    try:
        pixels = cv2.imdecode(data, flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise PhotoError(f"cannot be decoded: {error.err}") from None
    if pixels is None:
        raise PhotoError("cannot be decoded: the JPEG data is broken")
    return np.asarray(pixels, np.uint8)


def load_upright(photo: PhotoFile, limits: Limits, min_side: int) -> tuple[Header, Pixels]:
    """Read header and pixels in one go: upright, and no smaller than ``min_side`` needs."""
    header, pixels = inspect(photo, limits)
    if pixels is None:
        pixels = decode_jpeg(photo, header, min_side)
    return header, finish(pixels, header, min_side)


def finish(pixels: Pixels, header: Header, min_side: int) -> Pixels:
    """Turn decoded pixels upright and shrink them by a whole factor down to ``min_side``."""
    factor = min(pixels.shape[:2]) // max(min_side, 1)
    if factor >= 2:
        size = (pixels.shape[1] // factor, pixels.shape[0] // factor)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return turn_upright(pixels, header.orientation)


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Apply EXIF's orientation 1..8 (CIPA DC-008, tag 0x0112) to H x W x 3 pixels."""
    if orientation in TURNED:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in FLIPPED_SIDEWAYS:
        pixels = pixels[:, ::-1]
    if orientation in FLIPPED_UPSIDE_DOWN:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


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


def _check_pixels(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise PhotoError(
            f"too many pixels: {width} x {height} is over the limit of"
            f" {limits.max_pixels / 1e6:g} megapixels (decode.max_megapixels)"
        )


def _read_all(descriptor: int, size: int) -> bytes:
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        return b"".join(iter(lambda: file.read(size + 1), b""))


def _open_image(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and b"avif" not in data[8:64]:
        raise UnsupportedPhoto("HEIC files are not supported yet")
    try:
        return Image.open(io.BytesIO(data), formats=PILLOW_NAMES)
    except UnidentifiedImageError:
        raise PhotoError("not an image, or its header is broken") from None


def _to_pixels(image: Image.Image) -> Pixels:
    image.load()
    return np.ascontiguousarray(np.asarray(_to_rgb(image), np.uint8)[:, :, ::-1])


def _to_rgb(image: Image.Image) -> Image.Image:
    """Bring any mode of Pillow's to RGB; what is transparent becomes white."""
    if image.mode in ("I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
        return _deep_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _deep_grey(image: Image.Image) -> Image.Image:
    """Bring 16-bit, 32-bit and floating point grey to 8 bits by the range its depth implies."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    top = float(values.max(initial=0.0))
    full = next((full for full in (1.0, 255.0, 65535.0) if top <= full), top)
    if image.mode.startswith("I;16"):
        full = 65535.0
    return Image.fromarray(np.clip(values * (255.0 / full), 0, 255).astype(np.uint8))


def _has_end(data: bytes) -> bool:
    """Tell whether a JPEG's picture has its end marker; libjpeg fills in grey and says nothing."""
    *_, scan = _jpeg_pieces(data)
    return data.rfind(b"\xff\xd9", len(data) - len(scan)) >= 0


def _jpeg_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield a JPEG's segments that decide its pixels (ITU-T T.81, annex B)."""
    view = memoryview(data)
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xDA:  # the first scan: everything from here on is picture
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xEE or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            yield view[at:end]
        at = end
    yield view[at:]
