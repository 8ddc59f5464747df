"""Rows in columns, without frames, so that they can be piped; wide letters count as two."""

from __future__ import annotations

import shutil
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...db.errors import text_columns
from ..printable import printable, printable_text
from .moments import FROM_FILE, taken_text
from .phrases import camera_of, describe_labels, size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...db.records import PhotoRecord

GAP = 2
ROWS_AT_ONCE = 200  # a table of more is laid out anew now and then: the first rows come at once
HEADINGS: tuple[str, ...] = ("date", "size", "camera", "labels", "path")
LEAST = (17, 6, 6, 10, 16)  # what a column keeps however narrow the terminal is
SHARES = (0.0, 0.0, 0.2, 0.4, 0.4)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows in columns, numbers to the right."""
    cells = [[str(heading) for heading in headings]]
    cells += [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(text_columns, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        print(_line(row, widths))


def print_long(photos: Iterable[PhotoRecord]) -> None:
    """Print a line a photo: date, size, camera, labels, path.

    On a terminal long texts are shortened to its width; a date that is only the file's has a ~.
    """
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    rows = map(_long_row, photos)
    page = [HEADINGS, *islice(rows, ROWS_AT_ONCE)]
    while page:
        widths = [max(map(text_columns, column)) for column in zip(*page, strict=True)]
        if columns is not None:
            widths = fit(widths, columns)
        for *most, path in page:
            cells = [shorten(cell, width) for cell, width in zip(most, widths, strict=False)]
            print(_line([*cells, shorten_middle(path, widths[-1])], widths))
        page = list(islice(rows, ROWS_AT_ONCE))


def fit(widths: Sequence[int], columns: int) -> list[int]:
    """Narrow the widest columns of a table until it fits so many columns of a terminal.

    >>> fit([17, 6, 20, 60, 80], 100)
    [17, 6, 13, 28, 28]
    """
    room = columns - GAP * (len(widths) - 1)
    fitted = list(widths)
    while sum(fitted) > room:
        able = [n for n, width in enumerate(fitted) if width > LEAST[n] and SHARES[n]]
        if not able:
            break
        widest = max(able, key=lambda n: fitted[n] / SHARES[n])
        fitted[widest] -= 1
    return fitted


def shorten(text: str, columns: int) -> str:
    """Cut a text to so many columns, with a mark at its end.

    >>> shorten("a long text", 7), shorten("日本語", 5), shorten("short", 5)
    ('a long…', '日本…', 'short')
    """
    if text_columns(text) <= columns:
        return text
    return _start(text, columns - 1) + "…"


def shorten_middle(text: str, columns: int) -> str:
    """Cut a text to so many columns, with a mark in its middle: a path's name stays readable.

    >>> shorten_middle("/photos/holiday/cat.jpg", 15)
    '/pho…ay/cat.jpg'
    """
    if text_columns(text) <= columns:
        return text
    first = (columns - 1) // 3
    return _start(text, first) + "…" + _start(text[::-1], columns - 1 - first)[::-1]


def _start(text: str, columns: int) -> str:
    kept = ""
    for letter in text:
        columns -= text_columns(letter)
        if columns < 0:
            break
        kept += letter
    return kept


def _long_row(photo: PhotoRecord) -> tuple[str, ...]:
    guessed = "~" if photo.taken_source == FROM_FILE else ""
    return (
        taken_text(photo, "minutes") + guessed,
        size_text(photo.size),
        printable_text(camera_of(photo)),
        printable_text(describe_labels(photo)),
        printable(photo.path),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for cell, width in zip(row, widths, strict=True):
        space = " " * (width - text_columns(cell))
        padded.append(space + cell if _is_number(cell) else cell + space)
    return (" " * GAP).join(padded).rstrip()


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).isdigit()
