"""What people say of a photo: rating, title and caption."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .text import clean

if TYPE_CHECKING:
    from .source import Source

MAX_CAPTION = 2000

# What cameras and programs put where a person's words belong.
_DEFAULTS = re.compile(
    r"(minolta|konica minolta|olympus|sony|samsung|kodak|vivitar|fe\d+[^ ]*,?.*|pentax)?"
    r" ?(digital ?(still ?)?camera|dsc)|dsc\d*|dcim.*|dig(ital )?(cam|image)|exif[_ ]jpeg[_ ]\w*"
    r"|<?(digimax|kenox).*|samsung|lead technologies inc.*|file written by adobe.*"
    r"|created with (the )?gimp.*|creator: gd-jpeg.*|optimized by jpegmini.*|jfif|ascii|image"
    r"|default|untitled|user comments?|charset=ascii.*|\W*",
    re.IGNORECASE,
)
# The share of 100 up to which Windows shows so many stars.
_STARS = ((0, 0), (12, 1), (37, 2), (62, 3), (87, 4), (100, 5))


def read_rating(source: Source) -> dict[str, Any]:
    """Return 0 to 5, or -1 for rejected."""
    number = source.number("Rating", -1, 5)
    if number is None:
        percent = source.number("RatingPercent", 0, 100)
        if percent is None:
            return {}
        number = next(stars for most, stars in _STARS if percent <= most)
    return {"rating": round(number)}


def read_title(source: Source) -> dict[str, Any]:
    """Return the title."""
    return _first(source, "title", "Title", "XPTitle", "Headline")


def read_caption(source: Source) -> dict[str, Any]:
    """Return the caption, or what stands in the fields for it."""
    return _first(source, "caption", "Caption", "ImageDescription", "XPComment", "UserComment")


def _first(source: Source, field: str, *names: str) -> dict[str, Any]:
    for name in names:
        value = source.values.get(name)
        text = clean(value)[:MAX_CAPTION].rstrip() if isinstance(value, str) else ""
        if not _DEFAULTS.fullmatch(text):
            return {field: text}
    return {}
