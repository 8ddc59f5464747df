"""``phototag watch``: the daemon in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from . import Settings, hint, pass_settings, real_folders


@click.command("watch", short_help="Name every photo that appears in folders.")
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=bytes))
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from FILE instead of the default place.",
)
@pass_settings
def command(settings: Settings, folders: tuple[bytes, ...], config_file: Path | None) -> None:
    """Catch up on folders, then name what is on every photo that appears in them.

    Without DIR the folders of the configuration are watched ([[roots]]). Ctrl-C or SIGTERM ends
    it; what is not done by then is done at the next start.

    \b
    Examples:
      phototag watch ~/Pictures
      phototag watch ~/Pictures /mnt/camera
    """
    from ..logs import configure_logging, printable
    from ..service import Service, run_until_signalled

    settings = Settings(config_file) if config_file else settings
    config = settings.config
    roots = real_folders(folders) or config.roots
    if not roots:
        raise click.UsageError("name a folder, or put [[roots]] into the configuration file")
    configure_logging(config.log_level)
    said: list[str] = []

    def say_once() -> None:
        if not said:
            said.append(f"Caught up; new photos are named as they come. Ask: {hint(settings)}")
            click.echo(said[0])

    service = Service(config, roots, on_idle=say_once)
    for root in roots:
        click.echo(f"Watching {printable(root)}")
    click.echo(f"Catalog  {printable(config.catalog)}")
    run_until_signalled(service)
