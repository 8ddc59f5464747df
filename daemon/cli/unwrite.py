"""``phototag unwrite``: everything that was written into photos and sidecars, taken back."""

from __future__ import annotations

import click

from . import Settings, pass_settings
from .asking import QueryCommand, complete_query


@click.command(
    "unwrite", cls=QueryCommand, short_help="Take back everything that was written into photos."
)
@click.argument(
    "what",
    metavar="[QUERY|PATH]...",
    nargs=-1,
    type=click.UNPROCESSED,
    shell_complete=complete_query,
)
@click.option("-n", "--dry-run", is_flag=True, help="Only print what would be taken back.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before changing all photos.")
@pass_settings
def command(settings: Settings, what: tuple[str, ...], dry_run: bool, yes: bool) -> int:
    """Take our tags out of photos and sidecars, and nothing else.

    A file that nobody changed since is as it was before, to the byte; in others only what we added
    goes. A copy that the catalog does not know tells by itself what is ours in it. The daemon does
    not write to these photos again unless `phototag write` says so.

    \b
    Examples:
      phototag unwrite ~/Pictures/cat.jpg
      phototag unwrite --yes                  from all photos
    """
    from ..printable import count
    from ..tagging.setup import TARGETS
    from .choose import choose_photos
    from .write import run_batch

    chosen = choose_photos(settings, what, analyze=False)
    if not what and not yes and not dry_run:
        click.confirm(f"Take the tags out of {count(len(chosen.photos), 'photo')}?", abort=True)
    verb = "would be restored" if dry_run else "restored"
    return run_batch(settings, chosen, TARGETS["both"], verb, undo=True, is_dry=dry_run)
