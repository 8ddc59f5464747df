"""``phototag confirm``: that is on the photo, as the models say."""

from __future__ import annotations

import click

from . import Settings, pass_settings


@click.command("confirm", short_help="Say that a name is right for a photo.")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes)
)
@click.argument("label")
@click.option("--undo", is_flag=True, help="Take it back.")
@pass_settings
def command(settings: Settings, paths: tuple[bytes, ...], label: str, undo: bool) -> int:
    """Say that what LABEL names is on the photos, as their tags have it.

    The tag stays then, whatever thresholds, rules or models come. It belongs to the picture:
    copies obey it, too. `phototag calibrate` learns from it.

    \b
    Examples:
      phototag confirm ~/Pictures/cat.jpg cat
      phototag confirm --undo ~/Pictures/cat.jpg cat

    Exit code 1 if a photo was left out.
    """
    from ...db.states import VerdictKind
    from .judge import give_verdicts

    return give_verdicts(settings, paths, label, VerdictKind.CONFIRM, undo=undo)
