"""``phototag reject``: that is not on the photo."""

from __future__ import annotations

import click

from . import Settings, pass_settings


@click.command("reject", short_help="Say that a name is wrong for a photo.")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes)
)
@click.argument("label")
@click.option("--undo", is_flag=True, help="Take it back.")
@pass_settings
def command(settings: Settings, paths: tuple[bytes, ...], label: str, undo: bool) -> int:
    """Say that what LABEL names is not on the photos.

    The name goes, and with it all that is below it in the taxonomy and all that only it spoke for:
    from searches, and from files that carry our tags. It belongs to the picture: copies obey it,
    and it holds when the file is moved or edited, or other models look at it.

    \b
    Examples:
      phototag reject ~/Pictures/cat.jpg dog
      phototag reject ~/Pictures/2024/*.jpg "wine glass"
      phototag reject --undo ~/Pictures/cat.jpg dog

    Exit code 1 if a photo was left out.
    """
    from ...db.states import VerdictKind
    from .judge import give_verdicts

    return give_verdicts(settings, paths, label, VerdictKind.REJECT, undo=undo)
