"""``phototag add``: a name that the models do not give."""

from __future__ import annotations

import click

from . import Settings, pass_settings


@click.command("add", short_help="Give a photo a name that the models do not see.")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes)
)
@click.argument("label")
@click.option("--undo", is_flag=True, help="Take it back.")
@pass_settings
def command(settings: Settings, paths: tuple[bytes, ...], label: str, undo: bool) -> int:
    """Say that what LABEL names is on the photos, though the models do not see it.

    Any word will do. One that the taxonomy knows brings what is above it: a photo with a Siberian
    Husky is found by dog and animal. It belongs to the picture: copies have it, too.

    \b
    Examples:
      phototag add ~/Pictures/dog.jpg "Siberian Husky"
      phototag add ~/Pictures/cat.jpg Minka
      phototag add --undo ~/Pictures/cat.jpg Minka

    Exit code 1 if a photo was left out.
    """
    from ...db.states import VerdictKind
    from .judge import give_verdicts

    return give_verdicts(settings, paths, label, VerdictKind.ADD, undo=undo)
