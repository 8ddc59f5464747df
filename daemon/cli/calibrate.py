"""``phototag calibrate``: how often tags are right, and better thresholds, from verdicts."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import Ended, Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...db.reader import CatalogReader
    from ...db.records import JudgedPicture, UncertainTag
    from ..calibration import Judged, Precision
    from ..fusing import Fuser

PHOTOS_PER_TAG = 4


@click.command("calibrate", short_help="How often tags are right; thresholds from verdicts.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="First ask about N random tags."
)
@click.option(
    "--precision",
    "wished",
    type=click.FloatRange(0.5, 0.99),
    default=0.9,
    show_default=True,
    help="The part of a name's tags that should be right.",
)
@click.option("--write", is_flag=True, help="Write the proposed thresholds into the settings.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(
    settings: Settings, sample: int | None, wished: float, write: bool, as_json: bool
) -> int:
    """Say how often each name is right, with its 95 % interval, by what people said of it.

    The verdicts are those of `reject`, `confirm`, `add` and `review`. Reviews ask about the least
    sure tags, so names look worse than they are: --sample asks about any. A threshold is proposed
    from ten verdicts on. Exit code 1 if there are no verdicts.

    \b
    Examples:
      phototag calibrate --sample 50
      phototag calibrate --precision 0.95 --write
    """
    from ...db.reader import CatalogReader
    from ..calibration import measure
    from ..fusing import make_fuser
    from .review import ask_about

    fuser = make_fuser(settings.config)
    catalog = settings.config.catalog.path
    with CatalogReader.open(catalog) as reader:
        if sample is not None:
            ask_about(settings, _sample(reader, sample), fuser, reader)
    with CatalogReader.open(catalog) as reader:
        found = measure(_judged(reader, fuser), wished)
    if as_json:
        _print_json(found)
    else:
        _print(found)
    if write:
        _write(settings, found, fuser)
    return 0 if found else 1


def _sample(reader: CatalogReader, number: int) -> list[UncertainTag]:
    """Return so many random shown tags without a verdict, of random photos."""
    from ...db.records import UncertainTag

    everything = reader.search("")
    some = random.sample(everything, min(len(everything), number * PHOTOS_PER_TAG))
    pool = []
    for photo in reader.photos_by_id([one.id for one in some]):
        if photo.fingerprint is None:
            continue
        said = {one.name for one in reader.verdicts(photo.fingerprint)}
        pool += [
            UncertainTag(photo.id, photo.path, photo.fingerprint, tag)
            for tag in photo.tags
            if tag.shown and tag.name not in said
        ]
    return random.sample(pool, min(len(pool), number))


def _judged(reader: CatalogReader, fuser: Fuser) -> Iterator[Judged]:
    """Yield what was judged with what the present rules would say of it without the verdicts."""
    pictures: dict[int, list[JudgedPicture]] = defaultdict(list)
    for one in reader.all_verdicts():
        if one.photo_id is not None:
            pictures[one.photo_id].append(one)
    for photo_id, said in pictures.items():
        yield from _weighed(reader, photo_id, said, fuser)


def _weighed(
    reader: CatalogReader, photo_id: int, said: Sequence[JudgedPicture], fuser: Fuser
) -> Iterator[Judged]:
    from ...models.fusion import weigh
    from ..calibration import Judged

    analysis = reader.evidence(photo_id)
    if analysis is None:
        return
    tags = {tag.name: tag for tag in weigh(analysis, fuser.taxonomy, fuser.rules)}
    for one in said:
        name, kind = one.verdict.name, one.verdict.kind
        tag = tags.get(fuser.rules.rename.get(name, name))
        yield Judged(
            name,
            is_right=kind != "reject",
            confidence=tag.confidence if tag else None,
            threshold=tag.threshold if tag else 0.0,
            is_believed=tag is not None and not tag.dropped,
            is_added=kind == "add",
            follows=tag is not None and tag.rule == "implied",
        )


def _print_json(found: list[Precision]) -> None:
    from .. import output

    output.print_json([_to_dict(one) for one in found])


def _to_dict(one: Precision) -> dict[str, Any]:
    return {
        "name": one.name,
        "right": one.right,
        "wrong": one.wrong,
        "missed": one.missed,
        "precision": None if one.precision is None else round(one.precision, 4),
        "interval": [round(one.low, 4), round(one.high, 4)],
        "threshold": round(one.present, 4),
        "proposed": one.threshold,
        "note": one.note,
    }


def _print(found: list[Precision]) -> None:
    from .. import output

    if not found:
        click.echo("no verdicts yet: phototag review, or --sample 50", err=True)
        return
    headings = ("name", "right", "wrong", "missed", "precision", "95 %", "threshold", "proposed")
    rows = [
        (
            one.name,
            one.right,
            one.wrong,
            one.missed,
            "" if one.precision is None else f"{one.precision:.2f}",
            "" if one.precision is None else f"{one.low:.2f}-{one.high:.2f}",
            f"{one.present:.2f}" if one.present else "",
            f"{one.threshold:g}" if one.threshold is not None else one.note,
        )
        for one in found
    ]
    output.print_table(headings, rows)


def _write(settings: Settings, found: list[Precision], fuser: Fuser) -> None:
    """Put the proposed thresholds among those of the settings file."""
    from ..config.editing import write_setting

    proposed = {one.name: one.threshold for one in found if one.threshold is not None}
    if not proposed:
        click.echo("no threshold is proposed; the settings stay as they are", err=True)
        return
    config = settings.config
    origin = config.origins["recognition.thresholds"]
    if origin.startswith("PHOTOTAG_"):
        raise Ended(f"the variable {origin} says the thresholds: change it there", 2)
    known = {
        word: number
        for word, number in config.recognition.thresholds.items()
        if (fuser.taxonomy.resolve(word) or word) not in proposed
    }
    write_setting(Path(config.file), "recognition", "thresholds", known | proposed)
    for name, number in proposed.items():
        click.echo(f"{config.file}: {name} = {number:g}")
    click.echo("`phototag refresh` brings all tags up to date; a running daemon after a reload")
