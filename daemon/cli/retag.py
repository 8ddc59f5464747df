"""``phototag retag``: other models over the photos that are known, and the way back."""

from __future__ import annotations

import os
import random
import time
from contextlib import closing
from typing import TYPE_CHECKING

import click

from ..printable import count
from . import Settings, pass_settings
from .asking import QueryCommand, complete_query
from .model_choice import BOTH, choose_exactly, choose_models, require_own, write_choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...db.catalog import Catalog
    from ...models.results import ModelVersion
    from ..config import Config
    from ..retagging import Difference, Retagger
    from .model_choice import Choice

SAMPLE = 100
MOST_REASONS = 20
POLITENESS = 10  # added to the process's niceness: new photos come first
WAIT_SECONDS = 2.0
MOST_EXAMPLES = 3


@click.command(
    "retag", cls=QueryCommand, short_help="Let other models look at known photos; the way back."
)
@click.argument(
    "words",
    metavar="[QUERY|PATH]...",
    nargs=-1,
    type=click.UNPROCESSED,
    shell_complete=complete_query,
)
@click.option("--model", "names", metavar="NAME", multiple=True, help="One or more models.")
@click.option("-n", "--dry-run", is_flag=True, help="Only print what a sample gains and loses.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=SAMPLE,
    show_default=True,
    metavar="N",
    help="Photos for --dry-run, chosen at random.",
)
@click.option("--rollback", is_flag=True, help="Bring the results of the models before back.")
@pass_settings
def command(
    settings: Settings,
    words: tuple[str, ...],
    names: tuple[str, ...],
    dry_run: bool,
    sample: int,
    rollback: bool,
) -> int:
    """Let other models look at the photos that are known, then put their results in force at once.

    NAME takes the place of the models of its kind; several detectors are merged. Only what is
    missing is run, after all new photos; the old results are searched until the switch, and kept
    until `phototag prune`. Ctrl-C stops at any moment, and the next retag goes on from there. With
    QUERY or PATH only these photos are prepared, and nothing is switched.

    \b
    Examples:
      phototag retag --model yolox-s-coco --dry-run
      phototag retag --model yolox-s-coco
      phototag retag --rollback
    """
    if rollback:
        return _roll_back(settings)
    if not names:
        raise click.UsageError("name the models: phototag retag --model NAME")
    choice = choose_models(settings.config, names)
    require_own(settings.config, choice)
    config = choice.apply(settings.config)
    if dry_run:
        return _compare(settings, config, words, sample)
    return _retag(settings, config, words, choice)


def _retag(settings: Settings, config: Config, words: tuple[str, ...], choice: Choice) -> int:
    from ...db.catalog import Catalog
    from ..analysis_run import AnalysisRun
    from ..fusing import make_fuser
    from ..retagging import Retagger

    ids, fuser = _chosen(settings, words) if words else None, make_fuser(config)
    os.nice(POLITENESS)
    with (
        closing(Catalog.open(config.catalog.path, exclusive=False)) as catalog,
        AnalysisRun(config) as run,
    ):
        models = run.start(click.echo)
        retagger = Retagger(catalog, run, fuser, models)
        _work(catalog, config, retagger, ids)
        _print_progress(retagger)
        if ids is not None:
            click.echo("nothing is switched: retag without a query does the rest and switches")
            return 0
        number = catalog.model_sets.switch(models, queue_tags=config.tags.write != "off")
        click.echo(f"switched to {_names(models)}: {count(number, 'photo')}")
        write_choice(config, choice)  # at once: a daemon with other settings would undo it
        _obey(catalog, config)
    return 0


def _work(catalog: Catalog, config: Config, retagger: Retagger, ids: list[int] | None) -> None:
    """Stage all readings, with a bar."""
    from ...db.states import PhotoState
    from .scan import open_progress

    total = len(ids) if ids is not None else catalog.counts().get(PhotoState.DONE, 0)
    with open_progress(quiet=False) as progress:
        task = progress.add_task("looking again", total=total, rate="")

        def make_way() -> None:
            while _has_new_photos(catalog, config):
                progress.update(task, description="new photos first")
                time.sleep(WAIT_SECONDS)
            progress.update(task, description="looking again")

        for done in retagger.work(ids, make_way):
            speed = progress.tasks[-1].speed
            rate = f"{speed:.1f} photos/s" if speed else ""
            progress.update(task, completed=done.staged + len(done.left_out), rate=rate)


def _has_new_photos(catalog: Catalog, config: Config) -> bool:
    """Tell whether photos wait, and a daemon is there to serve them."""
    from ...db.lock import find_writer

    return bool(catalog.queue.next_pending(1)) and find_writer(config.catalog.path) is not None


def _print_progress(retagger: Retagger) -> None:
    from ..printable import printable

    done = retagger.progress
    for path, reason in list(done.left_out.items())[:MOST_REASONS]:
        click.echo(f"left out: {printable(path)}: {reason}", err=True)
    click.echo(f"{count(done.staged, 'photo')} read, {done.looked_at:,} of them looked at again,"
               f" {len(done.left_out):,} left out")  # fmt: skip


def _compare(settings: Settings, config: Config, words: tuple[str, ...], sample: int) -> int:
    """Print what a random sample of photos would gain and lose."""
    from ...db.reader import CatalogReader
    from ..analysis_run import AnalysisRun
    from ..fusing import make_fuser
    from ..retagging import compare, sum_up
    from .scan import open_progress

    ids = _chosen(settings, words) if words else None
    with CatalogReader.open(config.catalog.path) as reader, AnalysisRun(config) as run:
        pool = [photo.id for photo in reader.search("")] if ids is None else ids
        photos = reader.photos_by_id(random.sample(pool, min(len(pool), sample)))
        models = run.start(click.echo)
        with open_progress(quiet=False) as progress:
            task = progress.add_task("looking", total=len(photos), rate="")
            found = []
            for change in compare(photos, run, make_fuser(config), reader.verdicts):
                found.append(change)
                progress.advance(task)
    differ = sum(bool(gained or lost) for _, gained, lost in found)
    looked_at = count(len(found), "photo")
    click.echo(f"{looked_at} looked at by {_names(models)}: {differ} would change")
    _print_differences(sum_up(found))
    return 0 if found else 1


def _print_differences(found: dict[str, Difference]) -> None:
    from .. import output
    from ..printable import printable

    if not found:
        return
    rows = [
        (
            name,
            f"+{len(one.gained)}" if one.gained else "",
            f"-{len(one.lost)}" if one.lost else "",
            "  ".join(
                f"{sign}{printable(path)}"
                for sign, paths in (("+", one.gained), ("-", one.lost))
                for path in paths[:MOST_EXAMPLES]
            ),
        )
        for name, one in found.items()
    ]
    output.print_table(("name", "gained", "lost", "photos"), rows)


def _roll_back(settings: Settings) -> int:
    from ...db.catalog import Catalog

    config = settings.config
    require_own(config, BOTH)
    with closing(Catalog.open(config.catalog.path, exclusive=False)) as catalog:
        models = catalog.model_sets.rollback(queue_tags=config.tags.write != "off")
        if models is None:
            click.echo("there are no earlier results to go back to", err=True)
            return 1
        choice = choose_exactly(config, models)
        click.echo(f"switched back to the results of {_names(models)}")
        write_choice(config, choice)
        _obey(catalog, choice.apply(config))
    return 0


def _obey(catalog: Catalog, config: Config) -> None:
    """Let what was read before the last verdicts and settings follow them."""
    from ..fusing import make_fuser
    from ..verdicts import Judge

    judge = Judge(catalog, make_fuser(config), queue_tags=config.tags.write != "off")
    for _ in judge.renew_outdated():
        pass


def _chosen(settings: Settings, words: tuple[str, ...]) -> list[int]:
    from .choose import choose_photos

    return [photo.id for photo in choose_photos(settings, words, analyze=False).photos]


def _names(models: Iterable[ModelVersion]) -> str:
    return ", ".join(f"{model.name} ({model.digest[:12]})" for model in models)
