"""``phototag scan``: index folders once."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from ...db.states import PhotoState
from ..printable import count
from . import Settings, hint, pass_settings, real_folders

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..indexer import Indexer
    from ..library import Root
    from ..pipeline import Outcome

_MOST_REASONS = 20


@dataclass(slots=True)
class Summary:
    """What one run has met and done."""

    found: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    others: Counter[bytes] = field(default_factory=Counter)
    unreadable: dict[bytes, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    copies: int = 0
    problems: list[Outcome] = field(default_factory=list)

    def take(self, outcome: Outcome) -> None:
        """Count one photo's outcome."""
        self.outcomes[outcome.state] += 1
        self.copies += outcome.is_copy
        if outcome.reason:
            self.problems.append(outcome)


@click.command("scan", short_help="Name what is on every photo in folders, once.")
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=bytes)
)
@click.option("-q", "--quiet", is_flag=True, help="Print only the photos that failed.")
@pass_settings
def command(settings: Settings, folders: tuple[bytes, ...], quiet: bool) -> int:
    """Name what is on every photo in folders, once.

    Only new and changed photos are looked at; Ctrl-C stops at any moment and the next scan goes
    on from there. Exit code 1 if some photos could not be analysed.

    \b
    Example:
      phototag scan ~/Pictures
    """
    from ..config import RootSettings
    from ..indexer import Indexer
    from ..monitoring.logs import configure_logging

    configure_logging("warning")
    roots = [RootSettings(folder) for folder in real_folders(folders)]
    summary = Summary()
    with (
        Indexer(settings.config, roots, summary.take) as indexer,
        open_progress(quiet=quiet) as progress,
    ):
        indexer.pipeline.start(progress.console.print)
        for root in indexer.library.roots.values():
            walk_root(indexer, root, summary, progress)
        work_off(indexer, summary, progress)
    _print_summary(summary, settings, quiet=quiet)
    bad = summary.outcomes["failed"] + summary.outcomes["dead"]
    return 1 if bad or summary.unreadable else 0


def open_progress(*, quiet: bool) -> Progress:
    """Return a bar on standard error for long work."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    console = Console(stderr=True, quiet=quiet)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        Remaining(),
        console=console,
        transient=True,
    )


def walk_root(indexer: Indexer, root: Root, summary: Summary, progress: Progress) -> None:
    """Make the catalog's rows of a root equal to what lies there."""
    from ...db.paths import join
    from ..watching.mounts import identify
    from ..watching.scan import Walk

    task = progress.add_task("looking for photos", total=None, rate="")
    library = indexer.library
    library.see_root(root, identify(root.top), None)
    walk = Walk(
        root.path,
        root.prefix,
        prefix=root.prefix,
        ignores=library.ignores,
        known_mounts=root.known_mounts,
    )
    for listing in walk.listings():
        change = library.take_listing(root, root.prefix, listing)
        summary.found += len(listing.files)
        summary.new += change.new
        summary.changed += change.changed
        summary.moved += len(change.moved)
        progress.update(task, completed=summary.found)
    summary.missing += library.finish_walk(root, walk)
    summary.others += walk.others
    summary.unreadable |= {join(root.path, k): reason for k, reason in walk.unreadable.items()}
    progress.remove_task(task)


def work_off(indexer: Indexer, summary: Summary, progress: Progress) -> None:
    """Analyse all that waits, with a bar; the time until the models are ready does not count."""
    waiting = indexer.catalog.counts().get(PhotoState.PENDING, 0)
    if waiting:
        while not indexer.pipeline.is_ready:
            indexer.work_off(timeout=0.1)
        task = progress.add_task("naming", total=waiting, rate="")
        while not indexer.pipeline.is_idle:
            indexer.work_off(timeout=0.1)
            speed = progress.tasks[-1].speed
            rate = f"{speed:.1f} photos/s" if speed else ""
            progress.update(task, completed=summary.outcomes.total(), rate=rate)
    indexer.tags.recover()
    indexer.tags.wake()
    while not indexer.tags.is_idle:
        indexer.work_off(timeout=0.1)


def _print_summary(summary: Summary, settings: Settings, *, quiet: bool) -> None:
    from ..printable import printable

    for outcome in summary.problems[: None if quiet else _MOST_REASONS]:
        click.echo(f"{outcome.state}: {printable(outcome.path)}: {outcome.reason}", err=True)
    hidden = 0 if quiet else len(summary.problems) - _MOST_REASONS
    if hidden > 0:
        click.echo(f"... and {hidden} more: phototag show PATH tells the reason", err=True)
    for folder, reason in summary.unreadable.items():
        click.echo(f"cannot be listed: {printable(folder)}: {reason}", err=True)
    if quiet:
        return
    sys.stderr.flush()
    for line in _lines(summary):
        click.echo(line)
    click.echo(f"Catalog {printable(settings.config.catalog.path)}. Ask: {hint(settings)}")


def _lines(summary: Summary) -> list[str]:
    """Return the summary's lines: what was found, what became of it, what was left out."""
    done, copies = summary.outcomes["done"], summary.copies
    unchanged = summary.found - summary.new - summary.changed - summary.moved
    lines = [
        f"{count(summary.found, 'photo')} found: {summary.new} new, {summary.changed} changed,"
        f" {summary.moved} moved, {unchanged} unchanged, {summary.missing} missing",
        f"{done} named ({copies} of them known pictures),"
        f" {summary.outcomes['failed'] + summary.outcomes['dead']} failed,"
        f" {summary.outcomes['unsupported']} not supported",
    ]
    if summary.outcomes["pending"]:
        written = count(summary.outcomes["pending"], "photo")
        lines.append(f"{written} still being written: scan again later")
    if summary.others:
        kinds = ", ".join(
            f"{number} {suffix.decode('utf-8', 'backslashreplace') or 'without suffix'}"
            for suffix, number in summary.others.most_common()
        )
        lines.append(f"{count(summary.others.total(), 'other file')} left alone: {kinds}")
    return lines
