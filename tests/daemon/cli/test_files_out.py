"""Which files a verb may write over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
import pytest
from catalog_samples import add_photos
from photo_files import CAT, jpeg_bytes, open_rgb
from photo_records import record

from phototagd.daemon.cli.files_out import refuse_photos
from phototagd.daemon.decode import Limits
from phototagd.daemon.sheet.drawing import draw_photo
from phototagd.daemon.sheet.pictures import Grid, write_pictures
from phototagd.daemon.sheet.thumbnails import Thumbnail
from phototagd.db.catalog import Catalog
from phototagd.db.search_reader import SearchReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[SearchReader]:
    """A catalog that knows one photo, /photos/a.jpg."""
    path = os.fsencode(tmp_path / "catalog.db")
    with Catalog.open(path) as catalog:
        add_photos(catalog, [b"a.jpg"])
    with SearchReader.open(path) as reader:
        yield reader


@pytest.mark.parametrize(
    ("name", "kind"), [("p.jpg", "JPEG"), ("p.heif", "PNG"), ("p.html", "TIFF")]
)
def test_no_photo_is_written_over_whatever_it_is_called(
    reader: SearchReader, tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / name
    open_rgb(CAT).save(path, kind)
    (tmp_path / "link").symlink_to(path)

    for asked in (path, tmp_path / "link"):
        with pytest.raises(click.UsageError, match="without phototag's mark: name another file"):
            refuse_photos(reader, [os.fsencode(tmp_path / "new.jpg"), os.fsencode(asked)])
    with pytest.raises(click.UsageError, match="is a photo of the library"):
        refuse_photos(reader, [b"/photos/a.jpg"])


def test_what_is_no_photo_is_written_anew(reader: SearchReader, tmp_path: Path) -> None:
    for data in (b"", b"<!doctype html>", b"path,kind,name\n", b'{"images": []}', b"[]"):
        (tmp_path / "out").write_bytes(data)
        refuse_photos(reader, [os.fsencode(tmp_path / "out")])
    refuse_photos(reader, [b"/dev/stdout", os.fsencode(tmp_path)])


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "gif", "jp2"])
def test_a_picture_of_ours_is_drawn_anew(reader: SearchReader, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "cat.jpg").write_bytes(jpeg_bytes(open_rgb(CAT)))
    path = tmp_path / f"boxes.{suffix}"
    draw_photo(os.fsencode(tmp_path / "cat.jpg"), (), (), path, Limits())

    refuse_photos(reader, [os.fsencode(path)])


def test_every_page_of_a_sheet_is_drawn_anew(reader: SearchReader, tmp_path: Path) -> None:
    thumbnails = [Thumbnail(record(), open_rgb(CAT)) for _ in range(3)]
    pages = write_pictures(thumbnails, os.fsencode(tmp_path / "out.jpg"), 3, Grid(1800))

    assert len(pages) > 1
    refuse_photos(reader, pages)
