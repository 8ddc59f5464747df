"""Files that verbs write beside the library: never over a photo, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from ..printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...db.records import PhotoRecord
    from ...db.search_reader import SearchReader

STDOUT = b"-"
MOST_WITHOUT_BAR = 20  # so few are done before anybody wonders


def refuse_photos(reader: SearchReader, paths: Iterable[bytes]) -> None:
    """Refuse to write over a photo, and over any picture but our own. Raises UsageError."""
    for path in paths:
        if reader.photo(os.path.realpath(path)) is not None:
            raise click.UsageError(
                f"{printable(path)} is a photo of the library: name another file"
            )
        if os.path.isfile(path) and _is_foreign_picture(path):
            raise click.UsageError(
                f"{printable(path)} is a picture without phototag's mark: name another file"
            )


def _is_foreign_picture(path: bytes) -> bool:
    """Tell whether a file has the first bytes of a picture, and nowhere our mark."""
    from ..formats import format_of_content
    from ..sheet.mark import MARK

    with refused_writing(path), open(path, "rb") as file:
        data = file.read(4096)
        if format_of_content(data, b"") is None:
            return False
        return MARK not in data + file.read()


@contextlib.contextmanager
def open_text(path: bytes) -> Iterator[TextIO]:
    """Give a text file that appears whole, or standard output for `-`. Raises UsageError."""
    from ..atomic import written_whole

    if path == STDOUT:
        yield sys.stdout
        return
    with refused_writing(path), written_whole(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        yield text
        text.detach()


@contextlib.contextmanager
def refused_writing(path: bytes) -> Iterator[None]:
    """Turn an error of the disk into one line."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.UsageError(
            f"{printable(path)}: cannot be written: {error.strerror or error}"
        ) from None


def counted(photos: Iterable[PhotoRecord], total: int, doing: str) -> Iterator[PhotoRecord]:
    """Pass photos on under a bar on standard error; short work shows none."""
    if total < MOST_WITHOUT_BAR or not sys.stderr.isatty():
        yield from photos
        return
    from .scan import open_progress

    with open_progress(quiet=False) as progress:
        task = progress.add_task(doing, total=total, rate="")
        for photo in photos:
            yield photo
            progress.advance(task)
