"""Ratings, titles and captions: people's words, not those of cameras."""

from __future__ import annotations

import pytest
from metadata_samples import source

from phototagd.daemon.metadata.words import MAX_CAPTION, read_caption, read_rating, read_title


@pytest.mark.parametrize(
    ("values", "rating"),
    [
        ({"Rating": 0.0}, 0),
        ({"Rating": 5.0}, 5),
        ({"Rating": "-1"}, -1),
        ({"Rating": "4.0"}, 4),
        ({"RatingPercent": 1.0}, 1),
        ({"RatingPercent": 25.0}, 2),
        ({"RatingPercent": 50.0}, 3),
        ({"RatingPercent": 75.0}, 4),
        ({"RatingPercent": "99"}, 5),
        ({"Rating": 3.0, "RatingPercent": 99.0}, 3),
        ({"Rating": 6.0, "RatingPercent": 99.0}, 5),
        ({"Rating": "five"}, None),
        ({"RatingPercent": 101.0}, None),
    ],
)
def test_rating(values: dict[str, object], rating: int | None) -> None:
    assert read_rating(source(**values)).get("rating") == rating


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA", "SONY DSC", "KONICA MINOLTA DIGITAL CAMERA", "DCIM\\100MEDIA",
        "DIGITAL CAMERA", "Digital StillCamera", "<Digimax S800 / Kenox S800>", "DSC01234",
        "Exif_JPEG_PICTURE", "SAMSUNG", "Created with GIMP", "User comments", "   ", "...",
        "charset=Ascii ", "File written by Adobe Photoshop\xa8 5.0",
    ],
)  # fmt: skip
def test_what_cameras_and_programs_write_is_no_caption(text: str) -> None:
    assert read_caption(source(ImageDescription=text)) == {}


@pytest.mark.parametrize(
    "text",
    ["My Olympus digital camera", "Sony Center, Berlin", "DCIM", "Samsung store", "Image of a dog"],
)
def test_peoples_words_about_cameras_are_captions(text: str) -> None:
    expected = {} if text == "DCIM" else {"caption": text}

    assert read_caption(source(ImageDescription=text)) == expected


def test_a_later_field_speaks_where_the_first_holds_a_default() -> None:
    values = source(ImageDescription="SONY DSC", XPComment="At the sea")

    assert read_caption(values) == {"caption": "At the sea"}


def test_long_captions_are_cut_and_lines_become_one() -> None:
    assert read_caption(source(Caption="a\r\n\0b"))["caption"] == "a b"
    assert len(read_caption(source(Caption="x" * 100_000))["caption"]) == MAX_CAPTION


def test_title_falls_back_to_the_headline() -> None:
    assert read_title(source(Headline="News")) == {"title": "News"}
    assert read_title(source(Headline="News", XPTitle="Mine")) == {"title": "Mine"}
