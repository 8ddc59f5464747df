"""The contact sheet as pictures, and the small copies that it is made of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from photo_files import CAT, jpeg_bytes, open_rgb
from photo_records import HOSTILE, detection, record
from PIL import Image, ImageFont

from phototagd.daemon.decode import Limits
from phototagd.daemon.sheet.lettering import font_for, shorten, showable
from phototagd.daemon.sheet.pictures import MOST_PAGES, Grid, TooManyPages, write_pictures
from phototagd.daemon.sheet.thumbnails import AHEAD, Thumbnail, make_thumbnails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from phototagd.db.records import PhotoRecord


def test_copies_are_upright_small_and_in_order(tmp_path: Path) -> None:
    photos = []
    for orientation in range(1, 9):
        path = tmp_path / f"{orientation}.jpg"
        path.write_bytes(jpeg_bytes(open_rgb(CAT), orientation=orientation, quality=95))
        photos.append(record(os.fsencode(path), width=451, height=300))
    found = list(make_thumbnails(photos, 200, Limits()))

    assert [one.photo.path for one in found] == [photo.path for photo in photos]
    first = np.asarray(found[0].image, float)
    for one in found:
        assert one.image is not None
        assert one.image.size == (200, 133)
        assert np.abs(np.asarray(one.image, float) - first).mean() < 6


def test_what_cannot_be_read_has_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "good.png").write_bytes(CAT.read_bytes())
    names = ("gone.jpg", "bad.jpg", "good.png")
    photos = [record(os.fsencode(tmp_path / name)) for name in names]
    gone, bad, good = make_thumbnails(photos, 100, Limits())

    assert "not there any more" in gone.reason
    assert bad.image is None
    assert bad.reason
    assert good.image is not None


def test_no_more_photos_are_read_ahead_than_a_few() -> None:
    asked = 0

    def photos() -> Iterator[PhotoRecord]:
        nonlocal asked
        for _ in range(1000):
            asked += 1
            yield record(b"/gone.jpg")

    found = make_thumbnails(photos(), 100, Limits())
    next(found)
    found.close()

    assert asked <= AHEAD + 1


def thumbnails(number: int, colour: str = "#336699") -> list[Thumbnail]:
    image = Image.new("RGB", (300, 200), colour)
    return [Thumbnail(record(HOSTILE, detections=()), image) for _ in range(number)]


def test_many_photos_make_several_pages_and_each_photo_is_on_one(tmp_path: Path) -> None:
    grid = Grid(350)
    a_page = grid.columns * grid.rows
    many = 2 * a_page + 1
    found = write_pictures(thumbnails(many), os.fsencode(tmp_path / "out.jpg"), many, grid)

    assert found == [os.fsencode(tmp_path / f"out-{n}.jpg") for n in (1, 2, 3)]
    shown = 0.0
    for path in found:
        with Image.open(os.fsdecode(path)) as page:
            pixels = np.asarray(page.convert("RGB"), int)
        shown += (np.abs(pixels - (0x33, 0x66, 0x99)).max(axis=2) < 12).sum()
    fitted = 350 * 233  # 300 x 200 is never enlarged
    assert shown / many == pytest.approx(min(fitted, 300 * 200), rel=0.05)


def test_one_page_has_the_name_that_was_asked_for(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "out.jpg")

    assert write_pictures(thumbnails(2), path, 2, Grid(200)) == [path]
    with Image.open(tmp_path / "out.jpg") as page:
        assert page.format == "JPEG"


def test_more_pages_than_anybody_turns_are_refused() -> None:
    grid = Grid(2048)

    assert grid.pages_for(MOST_PAGES) == MOST_PAGES
    with pytest.raises(TooManyPages, match="--limit"):
        grid.pages_for(MOST_PAGES + 1)


def test_boxes_are_drawn_where_they_were_found(tmp_path: Path) -> None:
    image = Image.new("RGB", (300, 200), "#336699")
    boxed = Thumbnail(record(detections=(detection("dog", 0.2, 0.3, 0.8, 0.9),)), image)
    path = tmp_path / "out.jpg"
    write_pictures([boxed], os.fsencode(path), 1, Grid(300))

    with Image.open(path) as page:
        pixels = np.asarray(page.convert("RGB"), int)
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 100)
    rows, columns = np.nonzero(red[24:249, 24:324])
    left, top = (300 - 300) // 2, (225 - 200) // 2
    assert (columns.min(), columns.max()) == pytest.approx((left + 60, left + 240), abs=3)
    assert rows.max() == pytest.approx(top + 180, abs=3)


def test_letters_that_a_font_lacks_are_written_bare_or_marked() -> None:
    plain = ImageFont.load_default(14)  # it has ASCII alone

    assert showable("plain text", plain) == "plain text"
    assert showable("\u00dcn\u00efc\u00f6d\u00e9 \u65e5", plain) == "Unicode ?"


def test_any_text_can_be_written_and_fits() -> None:
    for text in ("plain", "\u65e5\u672c\u8a9e\u306e\u5199\u771f" * 9, "\U0010fffd" * 40, ""):
        font = font_for(text, 14)
        assert font.getlength(shorten(showable(text, font), font, 100)) <= 100
