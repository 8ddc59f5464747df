"""``phototag write``: tags into photos and sidecars, for other programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from ..printable import count
from . import Settings, pass_settings
from .asking import QueryCommand, complete_query

if TYPE_CHECKING:
    from ..tagging.tagger import TagReport
    from .choose import Chosen

_MOST_REASONS = 20


@dataclass(slots=True)
class Tally:
    """What became of the files; with ``is_loud`` each is printed as it comes.

    ``locked`` are the photos below a root where another program writes.
    """

    is_loud: bool
    is_undo: bool = False
    locked: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)

    def take(self, report: TagReport) -> None:
        """Count one file and say what there is to say of it."""
        from ..printable import printable

        self.counts[report.kind] += 1
        where = f"{printable(report.photo.path)} ({report.target})"
        if report.kind == "locked":
            self.locked.append(report.photo.id)
        elif report.reason:
            self.left_out.append(f"{report.kind}: {where}: {report.reason}")
        elif self.is_loud:
            done = "restored" if self.is_undo and report.kind == "written" else report.kind
            click.echo(f"{done}: {where}{_describe(report, is_undo=self.is_undo)}")

    def print_end(self, verb: str) -> None:
        """Print the reasons and the numbers."""
        for line in self.left_out[: None if self.is_loud else _MOST_REASONS]:
            click.echo(line, err=True)
        hidden = 0 if self.is_loud else len(self.left_out) - _MOST_REASONS
        if hidden > 0:
            click.echo(f"... and {hidden} more: --dry-run shows all", err=True)
        done = self.counts["written"] + self.counts["would"]
        click.echo(f"{count(done, 'file')} {verb}, {self.counts['unchanged']} as they should be,"
                   f" {len(self.left_out)} left alone")  # fmt: skip


@click.command(
    "write", cls=QueryCommand, short_help="Write tags into photos or sidecars, for other programs."
)
@click.argument(
    "what",
    metavar="[QUERY|PATH]...",
    nargs=-1,
    type=click.UNPROCESSED,
    shell_complete=complete_query,
)
@click.option(
    "--to",
    type=click.Choice(["exif", "sidecar", "both"]),
    help="Where to; otherwise what [tags] write says, or exif where that is off.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only print what would be done, and why not.")
@click.option("--again", is_flag=True, help="Add tags again that somebody has taken out.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before writing to all photos.")
@pass_settings
def command(
    settings: Settings, what: tuple[str, ...], to: str | None, dry_run: bool, again: bool, yes: bool
) -> int:
    """Write the tags of photos into the photos (EXIF) or beside them (XMP).

    Photos come by QUERY, or as files and folders (`./cat` where `cat` is a name, too); what the
    catalog does not know yet is analysed first. Which tags are written, the settings say: `phototag
    config`, [tags]. A photo is replaced only if the new one is proven to be the old one with our
    keywords; otherwise it is left alone, and the reason is printed. `phototag unwrite` takes
    everything back, to the byte.

    \b
    Examples:
      phototag write --dry-run ~/Pictures
      phototag write "dog OR cat"
      phototag write --to both ~/Pictures/2024

    Exit code 1 if some files were left alone.
    """
    from ..tagging.setup import TARGETS
    from .choose import choose_photos

    targets = TARGETS[to or settings.config.tags.write] or TARGETS["exif"]
    chosen = choose_photos(settings, what, analyze=True)
    if not what and not yes and not dry_run:
        click.confirm(f"Write tags into {count(len(chosen.photos), 'photo')}?", abort=True)
    verb = "would be written" if dry_run else "written"
    return run_batch(settings, chosen, targets, verb, again=again, is_dry=dry_run)


def run_batch(
    settings: Settings,
    chosen: Chosen,
    targets: tuple[str, ...],
    verb: str,
    *,
    undo: bool = False,
    again: bool = False,
    is_dry: bool = False,
) -> int:
    """Write or take back with a bar, print what became of it, return the exit code."""
    from ..monitoring.logs import configure_logging
    from ..printable import printable
    from ..tagging.batch import Batch
    from .scan import open_progress

    configure_logging("warning")
    tally = Tally(is_dry or len(chosen.photos) <= _MOST_REASONS, undo)
    for path, reason in chosen.others.items():
        tally.left_out.append(f"left out: {printable(path)}: {reason}")
    with open_progress(quiet=not chosen.photos) as progress:
        task = progress.add_task("tags", total=len(chosen.photos) * len(targets), rate="")

        def take(report: TagReport) -> None:
            progress.advance(task)
            tally.take(report)

        with Batch(settings.config, take) as batch:
            batch.recover()
            batch.run(chosen.photos, targets, undo=undo, again=again, is_dry=is_dry)
    if tally.locked:
        _leave_to_daemon(settings, tally)
    tally.print_end(verb)
    return 1 if tally.left_out else 0


def _leave_to_daemon(settings: Settings, tally: Tally) -> None:
    """Queue photos for the daemon that writes there, or say that it must be stopped first."""
    from ...db.catalog import Catalog
    from ...db.lock import find_writer

    photos = sorted(set(tally.locked))
    path = settings.config.catalog.path
    if tally.is_undo or find_writer(path) is None:
        reason = "another program writes tags in this library; stop it first"
        tally.left_out.append(f"locked: {count(len(photos), 'photo')}: {reason}")
        return
    with Catalog.open(path, exclusive=False) as catalog:
        number = catalog.tags.queue(photos)
    click.echo(f"{count(number, 'photo')} queued for the running phototagd, by its own settings")


def _describe(report: TagReport, *, is_undo: bool) -> str:
    parts = [f"+ {tag}" for tag in report.added] + [f"- {tag}" for tag in report.dropped]
    if not is_undo:
        parts += [f"({tag} was taken out; --again adds it)" for tag in report.removed]
    return f": {', '.join(parts)}" if parts else ""
