"""``phototag prune``: the results of models that are not in force, given up."""

from __future__ import annotations

from contextlib import closing

import click

from . import Settings, pass_settings


@click.command("prune", short_help="Give up the results of earlier models.")
@click.option("--staged", is_flag=True, help="Also of a retag not finished, or rolled back.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_settings
def command(settings: Settings, staged: bool, yes: bool) -> int:
    """Forget what earlier models said, which `phototag retag --rollback` would bring back."""
    from ...db.catalog import Catalog

    if not yes:
        click.confirm("Give up the results of earlier models? There is no way back", abort=True)
    with closing(Catalog.open(settings.config.catalog.path, exclusive=False)) as catalog:
        gone = catalog.model_sets.prune(staged=staged)
    click.echo(
        f"{gone.readings:,} readings and {gone.size_bytes / 1e6:.1f} MB of evidence given up;"
        " phototag db vacuum makes the file smaller"
    )
    return 0
