"""A contact sheet as pictures: a grid of photos with boxes and captions, page by page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from ..atomic import written_whole
from ..output.moments import FROM_FILE, taken_text
from ..output.phrases import camera_of, describe_labels, place_of
from ..printable import printable, printable_text
from .drawing import draw_names
from .lettering import font_for, shorten, showable
from .mark import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...db.records import PhotoRecord
    from .thumbnails import Thumbnail

PAGE_WIDTH, PAGE_HEIGHT = 1920, 2560
GAP = 24
MOST_PAGES = 200
QUALITY = 90
PAGE, CARD, INK, SOFT = "#f6f5f3", "#e9e6e0", "#1d1c1a", "#6b6862"


class TooManyPages(ValueError):
    """More photos than anybody will page through."""

    def __init__(self, photos: int, pages: int, most: int) -> None:
        super().__init__(
            f"{photos:,} photos would make {pages:,} pages, more than {MOST_PAGES};"
            f" ask for at most {most:,} with --limit, or write one .html"
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """How many photos of which size fit a page."""

    size: int

    @property
    def columns(self) -> int:
        """How many photos stand side by side."""
        return max(1, (PAGE_WIDTH - GAP) // (self.size + GAP))

    @property
    def rows(self) -> int:
        """How many rows of photos a page has."""
        return max(1, (PAGE_HEIGHT - GAP) // (self.cell_height + GAP))

    @property
    def photo_height(self) -> int:
        """The height that a photo has at most: three quarters of its width."""
        return self.size * 3 // 4

    @property
    def letters(self) -> int:
        """The size of the captions' font."""
        return max(11, min(18, self.size // 18))

    @property
    def cell_height(self) -> int:
        """The height of a photo with its three lines."""
        return self.photo_height + int(self.letters * 4.6)

    def pages_for(self, photos: int) -> int:
        """Return the number of pages. Raises TooManyPages."""
        a_page = self.columns * self.rows
        pages = -(-photos // a_page)
        if pages > MOST_PAGES:
            raise TooManyPages(photos, pages, MOST_PAGES * a_page)
        return pages


def write_pictures(
    thumbnails: Iterable[Thumbnail], path: bytes, photos: int, grid: Grid
) -> list[bytes]:
    """Write pages named by ``path``, numbered where it takes several, and return their paths.

    Raises OSError, or ValueError for a suffix of no format that Pillow writes.
    """
    names = list(page_names(path, grid.pages_for(photos)))
    queue = iter(thumbnails)
    for name in names:
        page = _draw_page(list(islice(queue, grid.columns * grid.rows)), grid)
        with written_whole(name) as file:
            page.save(file, "JPEG", quality=QUALITY, **mark())
    return names


def page_names(path: bytes, pages: int) -> Iterator[bytes]:
    """Return the files of so many pages: out.jpg, or out-01.jpg, out-02.jpg, ...

    >>> list(page_names(b"out.jpg", 1)), list(page_names(b"out.jpg", 2))
    ([b'out.jpg'], [b'out-1.jpg', b'out-2.jpg'])
    """
    if pages == 1:
        yield path
        return
    stem, suffix = os.path.splitext(path)
    digits = len(str(pages))
    for number in range(1, pages + 1):
        yield stem + f"-{number:0{digits}}".encode() + suffix


def _draw_page(thumbnails: list[Thumbnail], grid: Grid) -> Image.Image:
    columns = min(grid.columns, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    size = (
        GAP + columns * (grid.size + GAP),
        GAP + rows * (grid.cell_height + GAP),
    )
    page = Image.new("RGB", size, PAGE)
    for number, thumbnail in enumerate(thumbnails):
        row, column = divmod(number, columns)
        x, y = GAP + column * (grid.size + GAP), GAP + row * (grid.cell_height + GAP)
        page.paste(_cell(thumbnail, grid), (x, y))
    return page


def _cell(thumbnail: Thumbnail, grid: Grid) -> Image.Image:
    cell = Image.new("RGB", (grid.size, grid.cell_height), PAGE)
    frame = Image.new("RGB", (grid.size, grid.photo_height), CARD)
    image = thumbnail.image
    if image is not None:
        image = image.copy()
        image.thumbnail(frame.size, Image.Resampling.LANCZOS)
        draw_names(image, (), thumbnail.photo.detections)
        frame.paste(image, ((frame.width - image.width) // 2, (frame.height - image.height) // 2))
    else:
        _write(frame, GAP // 2, frame.height // 2, printable_text(thumbnail.reason), SOFT, grid)
    cell.paste(frame, (0, 0))
    for line, (text, colour) in enumerate(_caption(thumbnail.photo)):
        _write(cell, 0, grid.photo_height + grid.letters * (0.4 + 1.35 * line), text, colour, grid)
    return cell


def _caption(photo: PhotoRecord) -> Iterator[tuple[str, str]]:
    """Return three lines: what is on the photo, the file's name, when and where."""
    date = taken_text(photo, "minutes") if photo.taken_source != FROM_FILE else ""
    about = (date, place_of(photo.metadata), camera_of(photo))
    yield describe_labels(photo) or "nothing recognised", INK
    yield printable(os.path.basename(photo.path)), SOFT
    yield printable_text(", ".join(part for part in about if part)), SOFT


def _write(image: Image.Image, x: float, y: float, text: str, colour: str, grid: Grid) -> None:
    font = font_for(text, grid.letters)
    fitting = shorten(showable(text, font), font, image.width - 2 * x)
    ImageDraw.Draw(image).text((x, y), fitting, fill=colour, font=font)
