"""The contact sheet of a search."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ..printable import count, printable
from .files_out import counted, refuse_photos, refused_writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...db.records import PhotoRecord
    from ...db.search_reader import SearchReader
    from ..sheet.thumbnails import Thumbnail
    from . import Settings

PAGE_SIZE, PICTURE_SIZE = 480, 350  # the longer side of a photo in pixels


def write_sheet(
    settings: Settings,
    reader: SearchReader,
    photos: Sequence[PhotoRecord],
    query: str,
    path: bytes,
    size: int | None,
) -> None:
    """Write photos into one page, or as pictures; the suffix of ``path`` says which.

    Raises UsageError for another suffix, a photo's path, or what cannot be written.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (b".html", b".htm", b".jpg", b".jpeg"):
        raise click.UsageError("--sheet writes FILE.html or FILE.jpg")
    refuse_photos(reader, [path])
    if not photos:
        click.echo("no photo matches: no sheet is written", err=True)
        return
    with refused_writing(path):
        if suffix in (b".html", b".htm"):
            thumbnails = _thumbnails(settings, reader, photos, size)
            written = [_write_page(thumbnails, path, query, len(photos))]
        else:
            written = _write_pictures(settings, reader, photos, path, size)
    ends = [printable(written[0]), printable(written[-1])][: len(written)]
    click.echo(f"{count(len(photos), 'photo')} on {' ... '.join(ends)}", err=True)


def _thumbnails(
    settings: Settings, reader: SearchReader, photos: Sequence[PhotoRecord], size: int | None
) -> Iterator[Thumbnail]:
    from ..decode import Limits
    from ..sheet.thumbnails import make_thumbnails
    from .search import detailed

    decode = settings.config.decode
    limits = Limits(decode.max_megapixels * 1_000_000, decode.max_file_mib << 20)
    known = counted(detailed(reader, photos), len(photos), "making the sheet")
    return make_thumbnails(known, size or PAGE_SIZE, limits)


def _write_page(thumbnails: Iterator[Thumbnail], path: bytes, query: str, photos: int) -> bytes:
    from ..atomic import written_whole
    from ..sheet.page import SheetFacts, write_page

    made = f"{datetime.now():%Y-%m-%d}"
    with written_whole(path) as file:
        write_page(thumbnails, file, SheetFacts(query, photos, made))
    return path


def _write_pictures(
    settings: Settings,
    reader: SearchReader,
    photos: Sequence[PhotoRecord],
    path: bytes,
    size: int | None,
) -> list[bytes]:
    from ..sheet.pictures import Grid, TooManyPages, page_names, write_pictures

    grid = Grid(size or PICTURE_SIZE)
    try:
        pages = grid.pages_for(len(photos))
    except TooManyPages as error:
        raise click.UsageError(str(error)) from None
    refuse_photos(reader, page_names(path, pages))
    thumbnails = _thumbnails(settings, reader, photos, grid.size)
    return write_pictures(thumbnails, path, len(photos), grid)
