"""Small upright copies of photos; a few threads read ahead, in order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from .. import decode
from ..errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...db.records import PhotoRecord

MOST_THREADS = 4  # each may hold one whole photo
AHEAD = 2 * MOST_THREADS


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A photo with its small copy, or the reason why there is none."""

    photo: PhotoRecord
    image: Image.Image | None
    reason: str = ""


def make_thumbnails(
    photos: Iterable[PhotoRecord], size: int, limits: decode.Limits
) -> Iterator[Thumbnail]:
    """Yield a copy of each photo with no side over ``size`` pixels."""
    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "thumbnails")
    waiting: deque[Future[Thumbnail]] = deque()
    try:
        for photo in photos:
            waiting.append(pool.submit(make_thumbnail, photo, size, limits))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def make_thumbnail(photo: PhotoRecord, size: int, limits: decode.Limits) -> Thumbnail:
    """Return a copy of a photo with no side over ``size`` pixels; the photo is only read."""
    try:
        file = decode.read_photo(photo.path, limits)
        _, upright = decode.load_upright(file, limits, _short_side(photo, size))
    except PhotoError as error:
        return Thumbnail(photo, None, str(error))
    image = Image.fromarray(upright[:, :, ::-1].copy())
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    return Thumbnail(photo, image)


def _short_side(photo: PhotoRecord, size: int) -> int:
    """Return what the short side is to have when the long one has ``size``."""
    width, height = photo.width or 1, photo.height or 1
    return max(1, size * min(width, height) // max(width, height))
