"""``phototag metrics``: the daemon in numbers, for Prometheus."""

from __future__ import annotations

import click

from . import Settings, pass_settings


@click.command("metrics", short_help="The daemon in numbers, in Prometheus's text format.")
@pass_settings
def command(settings: Settings) -> None:
    """Print photos by state, what waits, seconds by stage, errors, folders and sizes.

    For node_exporter's textfile collector the daemon can write the same each minute: set
    [metrics] textfile = "/var/lib/node_exporter/phototagd.prom".
    """
    from ...db.reader import CatalogReader
    from ..monitoring.metrics import CatalogNumbers, render
    from ..monitoring.status import measure, running_status

    path = settings.config.catalog.path
    with CatalogReader.open(path) as reader:
        numbers = CatalogNumbers(reader.counts(), reader.tag_stats().waiting, measure(path))
    click.echo(render(running_status(path), numbers), nl=False)
