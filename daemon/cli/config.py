"""``phototag config``: the effective settings and where each came from."""

from __future__ import annotations

import json
import os

import click

from ..config import default_text
from . import Settings, pass_settings


@click.command("config", short_help="All settings and where each came from.")
@click.option("--default", "show_default", is_flag=True, help="Print the documented default file.")
@pass_settings
def command(settings: Settings, show_default: bool) -> None:
    """Print every setting, its value, and whether a file, a variable or the default set it.

    The first line names the settings file; write into it only what is to be different.

    \b
    Example:
      phototag config --default     every setting, explained
    """
    from ..printable import printable

    if show_default:
        click.echo(default_text(), nl=False)
        return
    config = settings.config
    absent = "" if os.path.exists(config.file) else "  (there is none yet)"
    click.echo(f"# file: {config.file}{absent}")
    rows = [(key, json.dumps(value)) for key, value in config.values.items()]
    rows += [("roots", json.dumps([printable(root.path) for root in config.roots]))]
    for key, value in rows:
        click.echo(f"{key} = {value}  # {config.origins[key]}")
