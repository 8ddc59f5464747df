"""Cameras' RAW files by LibRaw (rawpy): the preview inside, or the sensor's values at half size.

Nearly every camera puts a JPEG of its own making into its RAW files: reading that is many times
as quick as developing the sensor's values, and it is the picture as the camera showed it.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import rawpy

from ..errors import PhotoError, UnsupportedPhoto
from ..formats import format_of_content
from ..orientation import TURNED, UNDONE_BY
from . import jpeg
from .picture import READ_ERRORS, Header, Limits, turn_upright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Pixels

_LEAST_SIDE = 200  # a preview with a shorter side does not tell two photos apart
_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}  # by LibRaw's flip


@dataclass(frozen=True, slots=True)
class _Preview:
    """The largest picture inside, a JPEG or BGR pixels, and how its stored pixels stand."""

    picture: bytes | Pixels
    header: Header

    def pixels(self, min_side: int, orientation: int) -> Pixels:
        """Return the pixels turned as those of the sensor are stored."""
        if isinstance(self.picture, bytes):
            pixels = jpeg.read_pixels(self.picture, self.header, min_side)
        else:
            pixels = self.picture
        if self.header.orientation == orientation:
            return pixels
        return turn_upright(turn_upright(pixels, self.header.orientation), UNDONE_BY[orientation])

    def coded_pieces(self) -> Iterator[bytes | memoryview]:
        yield bytes([self.header.orientation])
        if isinstance(self.picture, bytes):
            yield from jpeg.coded_pieces(self.picture)
        else:
            yield self.picture.data


def inspect(data: bytes, limits: Limits) -> tuple[Header, None]:
    """Return the header; a RAW is known by its preview or by its sensor's values.

    Raises UnsupportedPhoto for the file of a camera that LibRaw does not know.
    """
    with _opened(data) as raw:
        sizes = raw.sizes
        limits.check_pixels(sizes.raw_width, sizes.raw_height)
        limits.check_pixels(sizes.width, sizes.height)
        header = _header(raw)
        preview = _find_preview(raw, header)
        if preview is not None:
            limits.check_pixels(*preview.header.upright_size)
        return header, None


def coded_pieces(data: bytes) -> Iterator[bytes | memoryview]:
    """Yield the preview; without one, the sensor's values, which are slower to get at."""
    with _opened(data) as raw:
        preview = _find_preview(raw, _header(raw))
        if preview is not None:
            yield from preview.coded_pieces()
        else:
            yield np.ascontiguousarray(_sensor_values(raw)).data


def read_pixels(data: bytes, header: Header, min_side: int) -> Pixels:
    """Return the preview's pixels, or the sensor's at half size if the preview is too small."""
    with _opened(data) as raw:
        preview = _find_preview(raw, header)
        best = min(header.width, header.height) // 2
        if preview is not None and min(preview.header.upright_size) >= min(min_side, best):
            return preview.pixels(min_side, header.orientation)
        return _develop(raw)


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[rawpy.RawPy]:
    """Open a RAW file; what LibRaw complains about becomes a PhotoError."""
    with rawpy.RawPy() as raw:
        try:
            raw.open_buffer(io.BytesIO(data))
            yield raw
        except rawpy.LibRawError as error:
            raise _photo_error(data, error) from None


def _photo_error(data: bytes, error: rawpy.LibRawError) -> PhotoError:
    if format_of_content(data, b"") is None:  # only its name says that it is a RAW file
        return PhotoError("not an image, or its header is broken")
    if isinstance(error, rawpy.LibRawFileUnsupportedError):
        version = ".".join(map(str, rawpy.libraw_version))
        return UnsupportedPhoto(
            f"no RAW file that LibRaw {version} knows: broken, or of a newer camera"
        )
    text = error.args[0] if error.args else ""
    text = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    return PhotoError(f"cannot be decoded: {text}")


def _header(raw: rawpy.RawPy) -> Header:
    sizes = raw.sizes
    return Header("RAW", "RGB", sizes.width, sizes.height, _ORIENTATIONS.get(sizes.flip, 1))


def _find_preview(raw: rawpy.RawPy, header: Header) -> _Preview | None:
    """Return the largest preview if it can be read and is large enough to know a photo by."""
    try:
        picture = raw.extract_thumb().data
        if isinstance(picture, bytes):
            found, _ = jpeg.inspect(picture, Limits())
        else:
            picture = np.ascontiguousarray(picture[..., ::-1])
            found = Header("RAW", "RGB", picture.shape[1], picture.shape[0], header.orientation)
    except (rawpy.LibRawError, PhotoError, *READ_ERRORS):
        return None
    if min(found.width, found.height) < _LEAST_SIDE:
        return None
    orientation = _standing(found, header)
    stored = Header(found.format, found.mode, found.width, found.height, orientation)
    return _Preview(picture, stored)


def _standing(preview: Header, header: Header) -> int:
    """Return a preview's orientation: its own, unless it then lies where the photo stands.

    Some programs turn the preview's pixels, or forget to say that they did not. Whether they did
    shows in the sides alone, and so never where the photo stands on its head: a preview whose
    pixels were turned by 180 degrees, and that does not say so, stays upside down.
    """
    width, height = header.upright_size
    for orientation in (preview.orientation, header.orientation, 1):
        is_turned = orientation in TURNED
        across, down = (
            (preview.height, preview.width) if is_turned else (preview.width, preview.height)
        )
        if (down > across) == (height > width):
            return orientation
    return preview.orientation


def _develop(raw: rawpy.RawPy) -> Pixels:
    """Return the sensor's picture at half size, each four sensor cells one pixel, not turned."""
    pixels = raw.postprocess(half_size=True, use_camera_wb=True, user_flip=0)
    height, width = pixels.shape[:2]
    colours = pixels.reshape(height, width, -1)[..., :3]  # one where the sensor sees no colours
    return np.ascontiguousarray(np.broadcast_to(colours, (height, width, 3))[..., ::-1])


def _sensor_values(raw: rawpy.RawPy) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    try:
        return raw.raw_image
    except RuntimeError:  # floating point numbers: rawpy does not hand them out
        return _develop(raw)
