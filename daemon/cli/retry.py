"""``phototag retry``: try photos again that could not be analysed."""

from __future__ import annotations

import os

import click

from ..printable import count
from . import Settings, pass_settings


@click.command("retry", short_help="Try photos again that could not be analysed.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=bytes))
@pass_settings
def command(settings: Settings, paths: tuple[bytes, ...]) -> int:
    """Queue the photos that failed, were given up, or were not supported.

    With PATH only those at or below it. A running daemon takes them up within seconds; without
    one the next scan or watch does. Exit code 1 if there is none.
    """
    from ...db.catalog import Catalog
    from ...db.paths import relative_to
    from ...db.reader import CatalogReader
    from ...db.states import PhotoState

    catalog = settings.config.catalog.path
    wanted = [os.path.realpath(path) for path in paths]
    states = (PhotoState.FAILED, PhotoState.DEAD, PhotoState.UNSUPPORTED)
    with CatalogReader.open(catalog) as reader:
        ids = [
            photo.id
            for photo in reader.photos(states)
            if not wanted or any(relative_to(photo.path, top) is not None for top in wanted)
        ]
    with Catalog.open(catalog, exclusive=False) as writer:
        number = writer.queue.retry(ids)
    click.echo(f"{count(number, 'photo')} queued")
    return 0 if number else 1
