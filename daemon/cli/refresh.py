"""``phototag refresh``: tags by the present rules, from what the models said; no model runs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from ..printable import count
from . import Settings, pass_settings
from .asking import QueryCommand, complete_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...db.catalog import Catalog
    from ..verdicts import Judge

AT_ONCE = 100


@click.command(
    "refresh",
    cls=QueryCommand,
    short_help="Make the tags again by changed settings; no model runs.",
)
@click.argument(
    "what",
    metavar="[QUERY|PATH]...",
    nargs=-1,
    type=click.UNPROCESSED,
    shell_complete=complete_query,
)
@click.option("-q", "--quiet", is_flag=True, help="Without a bar.")
@pass_settings
def command(settings: Settings, what: tuple[str, ...], quiet: bool) -> int:
    """Make the tags again from what the models said, after [recognition] was changed.

    Without arguments all photos whose tags were made by other rules; Ctrl-C stops at any moment,
    and the next refresh goes on from there. A running daemon does it by itself when it has nothing
    else to do.

    \b
    Examples:
      phototag refresh
      phototag refresh "bench OR chair"
    """
    from ...db.catalog import Catalog
    from ..fusing import make_fuser
    from ..verdicts import Judge
    from .scan import open_progress

    config = settings.config
    fuser = make_fuser(config)
    ids = _chosen(settings, what) if what else None
    renewed = 0
    with (
        closing(Catalog.open(config.catalog.path, exclusive=False)) as catalog,
        open_progress(quiet=quiet) as progress,
    ):
        judge = Judge(catalog, fuser, queue_tags=config.tags.write != "off")
        total = catalog.readings.count_to_refuse(fuser.digest) if ids is None else len(ids)
        task = progress.add_task("reading again", total=total, rate="")
        for number in judge.renew_outdated() if ids is None else _some(catalog, judge, ids):
            renewed += number
            speed = progress.tasks[-1].speed
            rate = f"{speed:.0f} photos/s" if speed else ""
            progress.update(task, advance=number, rate=rate)
    click.echo(f"{count(renewed, 'photo')} read again")
    return 0


def _chosen(settings: Settings, what: tuple[str, ...]) -> list[int]:
    from ..printable import printable
    from .choose import choose_photos

    chosen = choose_photos(settings, what, analyze=False)
    for path, reason in chosen.others.items():
        click.echo(f"left out: {printable(path)}: {reason}", err=True)
    return [photo.id for photo in chosen.photos]


def _some(catalog: Catalog, judge: Judge, ids: list[int]) -> Iterator[int]:
    for start in range(0, len(ids), AT_ONCE):
        yield judge.renew(catalog.readings.evidenced(ids[start : start + AT_ONCE]))
