"""A photo with its boxes and names drawn into it, for people to look at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from .. import decode
from ..atomic import written_whole
from .lettering import font_for, showable
from .mark import mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...models.results import Box, Detection, Tag

_LONGEST = 1_000_000  # no photo is reduced
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#800000")


def draw_photo(
    path: bytes,
    labels: Sequence[Tag],
    detections: Sequence[Detection],
    out: Path,
    limits: decode.Limits,
) -> None:
    """Write an upright copy of the photo with its boxes, whole; the original is only read.

    Raises PhotoError if the photo cannot be read, OSError or ValueError if ``out`` cannot be
    written.
    """
    photo = decode.read_photo(path, limits)
    _, upright = decode.load_upright(photo, limits, _LONGEST)
    image = Image.fromarray(upright[:, :, ::-1].copy())
    draw_names(image, labels, detections)
    kind = Image.registered_extensions().get(out.suffix.lower())
    if kind is None:
        raise ValueError(f"unknown suffix {out.suffix!r}")
    with written_whole(os.fsencode(out), is_durable=False) as file:
        image.save(file, kind, quality=92, **mark())


class _Writer:
    """Writes white text on coloured grounds, inside the picture and never over another text."""

    def __init__(self, image: Image.Image) -> None:
        self.size = max(12, max(image.size) // 45)
        self.canvas = ImageDraw.Draw(image)
        self._image = image
        self._taken: list[tuple[float, float, float, float]] = []

    def write(self, x: float, y: float, text: str, colour: str) -> None:
        """Write with the upper left corner at (x, y) or as near below it as there is room."""
        font = font_for(text, self.size)
        text = showable(text, font)
        _, top, right, bottom = self.canvas.textbbox((0, 0), text, font=font)
        width, height = right + 6, bottom - top + 6
        x = min(max(x, 0), max(self._image.width - width, 0))
        y = min(max(y, 0), max(self._image.height - height, 0))
        while any(_overlap((x, y, x + width, y + height), other) for other in self._taken):
            y += height
        self._taken.append((x, y, x + width, y + height))
        self.canvas.rectangle(self._taken[-1], fill=colour)
        self.canvas.text((x + 3, y + 3 - top), text, fill="white", font=font)


def draw_names(image: Image.Image, labels: Sequence[Tag], detections: Sequence[Detection]) -> None:
    """Draw boxes with their names, and the labels of the whole picture below them."""
    writer = _Writer(image)
    names = sorted({found.name for found in detections})
    colours = {name: _COLOURS[n % len(_COLOURS)] for n, name in enumerate(names)}
    for found in detections:
        corners, width = _corners(found.box, image), max(2, writer.size // 8)
        writer.canvas.rectangle(corners, outline=colours[found.name], width=width)
    for found in detections:
        x, y, _, _ = _corners(found.box, image)
        text = f"{found.name} {found.confidence:.2f}"
        writer.write(x, y - writer.size * 1.3, text, colours[found.name])
    for line, label in enumerate(labels):
        below = image.height - writer.size * 1.6 * (len(labels) - line)
        writer.write(0, below, f"{label.name} {label.confidence:.2f}", "#000000")


def _corners(box: Box, image: Image.Image) -> tuple[float, float, float, float]:
    right, bottom = image.width - 1, image.height - 1
    return box.left * right, box.top * bottom, box.right * right, box.bottom * bottom


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
