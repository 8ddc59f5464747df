"""A contact sheet as one HTML file: it asks for nothing else and works without its script.

A Content-Security-Policy allows exactly this style, this script and pictures inside the file; a
photo is enlarged by being the target of a link, which needs no script.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote_from_bytes

from ..output.moments import FROM_FILE, taken_iso, taken_text
from ..output.phrases import (
    camera_of,
    describe_camera,
    describe_labels,
    describe_place,
    place_of,
    size_text,
)
from ..printable import count, printable, printable_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL import Image

    from ...db.records import PhotoRecord
    from ...models.results import Detection
    from .thumbnails import Thumbnail

QUALITY = 80
COLOURS = ("#c9184a", "#2b7a3d", "#2f5bd0", "#b8500a", "#7b2cbf", "#00707a", "#7f5539", "#800000")
ROOM_ABOVE = 0.08  # the share of the picture that a name above its box needs
NARROWEST, WIDEST = 30, 400  # hundredths of the shape, width by height, of a picture


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What stands above the photos."""

    query: str
    photos: int
    made: str


def write_page(thumbnails: Iterable[Thumbnail], out: IO[bytes], facts: SheetFacts) -> None:
    """Write the whole page, photo by photo."""
    out.write(_head(facts).encode())
    for number, thumbnail in enumerate(thumbnails, 1):
        out.write(_item(thumbnail, number, facts.photos).encode())
    out.write(_foot().encode())


def _head(facts: SheetFacts) -> str:
    query = escape(printable_text(facts.query)) or "all photos"
    many = count(facts.photos, "photo")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(_style())}';"
        f" script-src '{_digest(_script())}'; base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="generator" content="phototag">
<title>{query} - phototag</title><style>{_style()}</style></head>
<body><header><h1>{query}</h1><p>{many}, {escape(facts.made)}</p>
<label><input type="checkbox" id="boxes">Show boxes</label></header>
<main><ul>
"""


def _foot() -> str:
    return f"""</ul></main>
<footer>Point at a photo for its boxes, press Enter or click to enlarge it. Arrow keys go from photo
to photo, Escape goes back. Made by phototag.</footer>
<script>{_script()}</script></body></html>
"""


def _item(thumbnail: Thumbnail, number: int, last: int) -> str:
    photo = thumbnail.photo
    name = escape(printable(os.path.basename(photo.path)))
    steps = [
        f'<a href="#p{to}" rel="{rel}">{text}</a>'
        for to, rel, text in ((number - 1, "prev", "Back"), (number + 1, "next", "Next"))
        if 1 <= to <= last
    ]
    return f"""<li id="p{number}" class="r{_shape(thumbnail)}"><figure id="f{number}">
<a class="open" href="#p{number}" title="{name}">\
<span class="frame"><span class="shot">{_picture(thumbnail, name)}</span></span></a>
<figcaption><p class="labels">{escape(describe_labels(photo)) or "nothing recognised"}</p>
<p class="brief">{escape(_brief(photo))}</p><p class="name">{name}</p>
<dl>{"".join(_details(photo))}</dl></figcaption>
<nav>{"".join(steps)}<a class="close" href="#f{number}">Close</a></nav></figure></li>
"""


def _picture(thumbnail: Thumbnail, name: str) -> str:
    if thumbnail.image is None:
        return f'<span class="gone">{escape(printable_text(thumbnail.reason))}</span>'
    width, height = thumbnail.image.size
    labels = escape(describe_labels(thumbnail.photo))
    return (
        f'<img src="data:image/jpeg;base64,{_jpeg(thumbnail.image)}" width="{width}"'
        f' height="{height}" alt="{name}: {labels}" loading="lazy" decoding="async">'
        + _marks(thumbnail.photo.detections)
    )


def _marks(detections: Iterable[Detection]) -> str:
    """Return the boxes, exactly where they are, and their names, near enough."""
    found = list(detections)
    if not found:
        return ""
    names = sorted({one.name for one in found})
    colours = [names.index(one.name) % len(COLOURS) for one in found]
    boxes = "".join(map(_rectangle, found, colours))
    texts = "".join(reversed(list(map(_name, found, colours))))  # the surest lie on top
    return (
        '<span class="marks" aria-hidden="true"><svg viewBox="0 0 1 1" preserveAspectRatio="none">'
        f"{boxes}</svg>{texts}</span>"
    )


def _rectangle(found: Detection, colour: int) -> str:
    box = found.box
    return (
        f'<rect class="k{colour}" x="{box.left:.4f}" y="{box.top:.4f}"'
        f' width="{box.right - box.left:.4f}" height="{box.bottom - box.top:.4f}"/>'
    )


def _name(found: Detection, colour: int) -> str:
    """Return a name on its box's upper left corner, or its right one where that is nearer."""
    box = found.box
    at_right = box.left > 0.6
    place = f"e{100 - _percent(box.right)}" if at_right else f"x{_percent(box.left)}"
    above = " up" if box.top > ROOM_ABOVE else ""
    return (
        f'<span class="k{colour} {place} y{_percent(box.top)}{above}">{escape(found.name)}'
        f"<i> {found.confidence:.0%}</i></span>"
    )


def _details(photo: PhotoRecord) -> Iterator[str]:
    """Return what is said of the enlarged photo."""
    written = photo.metadata
    moment = taken_text(photo)
    said = {
        "Date of the file" if photo.taken_source == FROM_FILE else "Taken": moment
        and f'<time datetime="{taken_iso(photo)}">{moment}</time>',
        "Camera": escape(describe_camera(written)),
        "Place": escape(describe_place(written)),
        "Title": escape(printable_text(written.title or "")),
        "Caption": escape(printable_text(written.caption or "")),
        "Rating": _rating(written.rating),
        "Keywords": escape(printable_text(", ".join(photo.keywords))),
        "Picture": _measures(photo),
        "File": f'<a href="file://{escape(quote_from_bytes(photo.path))}">'
        f"{escape(printable(photo.path))}</a>",
    }
    return (f"<dt>{name}</dt><dd>{text}</dd>" for name, text in said.items() if text)


def _rating(stars: int | None) -> str:
    if stars is None:
        return ""
    return "rejected" if stars < 0 else f"{stars} of 5"


def _measures(photo: PhotoRecord) -> str:
    size = f"{photo.width} &times; {photo.height}, " if photo.width else ""
    return f"{size}{escape(photo.format or '')}, {size_text(photo.size)}".replace(", ,", ",")


def _brief(photo: PhotoRecord) -> str:
    date = taken_text(photo, "minutes") if photo.taken_source != FROM_FILE else ""
    camera, place = printable_text(camera_of(photo)), printable_text(place_of(photo.metadata))
    return " \u00b7 ".join(part for part in (date, place, camera) if part)


def _shape(thumbnail: Thumbnail) -> int:
    image, photo = thumbnail.image, thumbnail.photo
    width, height = image.size if image else (photo.width or 4, photo.height or 3)
    return min(max(round(100 * width / height), NARROWEST), WIDEST)


def _jpeg(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return base64.b64encode(out.getvalue()).decode()


def _percent(share: float) -> int:
    return round(100 * min(max(share, 0.0), 1.0))


@cache
def _style() -> str:
    """Return the style with a class for each shape and place: no element has a style of its own."""
    shapes = (f".r{n}{{--r:{n / 100:g}}}" for n in range(NARROWEST, WIDEST + 1))
    places = (f".x{n}{{left:{n}%}}.y{n}{{top:{n}%}}.e{n}{{right:{n}%}}" for n in range(101))
    colours = (f".k{n}{{stroke:{c};background:{c}}}" for n, c in enumerate(COLOURS))
    return _text("page.css") + "\n" + "".join((*shapes, *places, *colours))


@cache
def _script() -> str:
    return _text("page.js")


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
