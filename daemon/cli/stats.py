"""``phototag stats``: the catalog in numbers."""

from __future__ import annotations

import click

from . import Settings, pass_settings


@click.command("stats", short_help="The catalog in numbers.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, as_json: bool) -> None:
    """Print how many photos are in which state, and what was found on them."""
    from ...db.reader import CatalogReader
    from .. import output
    from ..printable import count, printable

    catalog = settings.config.catalog.path
    with CatalogReader.open(catalog) as reader:
        stats = reader.stats()
    states = {str(state): number for state, number in stats.photos.items()}
    if as_json:
        output.print_json(
            {
                "catalog": printable(catalog),
                "bytes": stats.size_bytes,
                "photos": states,
                "labels": stats.labels,
                "detections": stats.detections,
                "roots": [printable(root) for root in stats.roots],
                "models": [{"name": m.name, "digest": m.digest} for m in stats.models],
            }
        )
        return
    click.echo(f"catalog     {printable(catalog)} ({stats.size_bytes / 1e6:,.1f} MB)")
    for root in stats.roots:
        click.echo(f"folder      {printable(root)}")
    for state, number in states.items():
        click.echo(f"{state:<11} {count(number, 'photo')}")
    click.echo(f"names       {stats.labels:,}")
    click.echo(f"boxes       {stats.detections:,}")
    for model in stats.models:
        click.echo(f"model       {model.name} ({model.digest[:12]})")
