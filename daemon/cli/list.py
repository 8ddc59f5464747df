"""``phototag list``: every row of the catalog, whatever its state."""

from __future__ import annotations

import click

from ...db.states import PhotoState
from . import Settings, pass_settings


@click.command("list", short_help="Every known photo with its state.")
@click.option(
    "--state",
    type=click.Choice([str(state) for state in PhotoState]),
    multiple=True,
    help="Only these; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, state: tuple[str, ...], as_json: bool) -> int:
    """List every photo that the catalog knows, with its state and, if it failed, the reason.

    \b
    Examples:
      phototag list --state failed
      phototag list --state dead --state unsupported --json
    """
    from ...db.reader import CatalogReader
    from .. import output

    states = [PhotoState(name) for name in state] or list(PhotoState)
    with CatalogReader.open(settings.config.catalog.path) as reader:
        photos = reader.photos(states)
    if as_json:
        output.print_json([output.row_to_dict(photo) for photo in photos])
    else:
        output.print_rows(photos)
    return 0 if photos else 1
