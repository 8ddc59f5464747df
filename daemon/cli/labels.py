"""``phototag labels``: the names that can be searched for."""

from __future__ import annotations

import click

from . import Settings, pass_settings


@click.command("labels", short_help="The names on your photos, with numbers.")
@click.option("--all", "show_all", is_flag=True, help="Also the names that no photo shows yet.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, show_all: bool, as_json: bool) -> int:
    """List the names on your photos with the number of photos, most frequent first."""
    from ...db.reader import CatalogReader
    from .. import output

    with CatalogReader.open(settings.config.catalog.path) as reader:
        labels = [label for label in reader.labels() if label.photos or show_all]
    if as_json:
        output.print_json([{"name": label.name, "photos": label.photos} for label in labels])
    else:
        output.print_table(("photos", "name"), [(label.photos, label.name) for label in labels])
    return 0 if labels else 1
