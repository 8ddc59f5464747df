"""``phototag confirm-missing``: yes, these photos are really gone."""

from __future__ import annotations

import os

import click

from ..printable import printable
from . import Settings, pass_settings


@click.command("confirm-missing", short_help="Confirm that many photos are really gone.")
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=bytes))
@pass_settings
def command(settings: Settings, folders: tuple[bytes, ...]) -> int:
    """Confirm the loss that made a folder suspect (`phototag status` names it).

    When more than half of a folder's photos are gone at once, nothing is marked: a disk may be
    away. If they are really gone, this lets the next scan mark them as missing; what is known of
    them is still kept for watch.keep_missing_days. Exit code 1 if no folder is suspect.
    """
    from ...db.catalog import Catalog

    wanted = {os.path.realpath(folder) for folder in folders}
    with Catalog.open(settings.config.catalog.path, exclusive=False) as catalog:
        confirmed = [
            root
            for root in catalog.root_records()
            if (not wanted or root.path in wanted) and catalog.confirm_missing(root.id)
        ]
    for root in confirmed:
        click.echo(f"confirmed: {printable(root.path)}; the next scan marks what is gone")
    if not confirmed:
        click.echo("no folder is suspect", err=True)
    return 0 if confirmed else 1
