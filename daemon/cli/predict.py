"""``phototag predict``: what the models say of files, without any catalog."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from . import Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...models.analyzer import Analyzer
    from ...models.results import Analysis, Box, Reading
    from ..decode import Limits
    from ..fusing import Fuser

KINDS = {"label": "classifier", "parent": "parent"}


@click.command("predict", short_help="What the models say of files, without a catalog.")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes)
)
@click.option("--json", "as_json", is_flag=True, help="As JSON: path to a list of predictions.")
@click.option("--raw", is_flag=True, help="Each model's own output, before the two are joined.")
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Only what is this sure."
)
@pass_settings
def command(
    settings: Settings, paths: tuple[bytes, ...], as_json: bool, raw: bool, min_confidence: float
) -> int:
    """Ask the models about photos, and about all photos in folders; nothing is stored.

    In JSON each path has a list of {"label", "confidence", "kind", "box"}; kind is `detector`
    (with the box as [left, top, right, bottom] in pixels of the upright photo), `classifier`,
    `parent` (a more general name) or `tag` (from elsewhere). Exit code 1 if some photos could not
    be read.

    \b
    Examples:
      phototag predict cat.jpg
      phototag predict --json --raw ~/Pictures/2024 > predictions.json
    """
    from ...models.analyzer import load_analyzer
    from .. import output
    from ..decode import Limits
    from ..errors import PhotoError
    from ..fusing import make_fuser
    from ..printable import printable
    from ..worker import model_settings

    config = settings.config
    limits = Limits(config.decode.max_megapixels * 1_000_000, config.decode.max_file_mib << 20)
    fuser = None if raw else make_fuser(config)
    analyzer = load_analyzer(model_settings(config), lambda text: click.echo(text, err=True))
    found: dict[str, list[dict[str, Any]]] = {}
    failed = 0
    for path in _photos(paths):
        try:
            entries = _predict(path, analyzer, fuser, limits)
        except PhotoError as error:
            click.echo(f"{printable(path)}: {error.reason}", err=True)
            failed += 1
            continue
        sure = [entry for entry in entries if entry["confidence"] >= min_confidence]
        if as_json:
            found[path.decode("utf-8", "backslashreplace")] = sure
        else:
            _print(printable(path), sure)
    if as_json:
        output.print_json(found)
    return 1 if failed else 0


def _photos(paths: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the files, and the photos in the folders, in order."""
    from ..formats import format_of_name

    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            yield from (
                os.path.join(folder, name)
                for name in sorted(names)
                if format_of_name(name) is not None and not name.startswith(b".")
            )


def _predict(
    path: bytes, analyzer: Analyzer, fuser: Fuser | None, limits: Limits
) -> list[dict[str, Any]]:
    """Analyse one file. Raises PhotoError."""
    from .. import decode

    photo = decode.read_photo(os.path.realpath(path), limits)
    header, pixels = decode.load_upright(photo, limits, analyzer.min_side)
    analysis = analyzer.analyze(pixels, thorough=bool(analyzer.thorough_models))
    shown = analysis if fuser is None else fuser.read(analysis)
    return list(_entries(shown, header.upright_size))


def _entries(shown: Analysis | Reading, size: tuple[int, int]) -> Iterator[dict[str, Any]]:
    from ...models.results import Analysis

    for found in shown.detections:
        yield _entry(found.name, found.confidence, "detector", _pixels(found.box, size))
    if isinstance(shown, Analysis):
        for label in shown.labels:
            yield _entry(label.name, label.confidence, "classifier")
        return
    boxed = {found.name for found in shown.detections}
    for tag in shown.tags:
        if tag.name not in boxed:
            yield _entry(tag.name, tag.confidence, KINDS.get(tag.kind, "tag"))


def _entry(
    name: str, confidence: float, kind: str, box: list[float] | None = None
) -> dict[str, Any]:
    return {"label": name, "confidence": round(confidence, 4), "kind": kind, "box": box}


def _pixels(box: Box, size: tuple[int, int]) -> list[float]:
    width, height = size
    sides = (box.left * width, box.top * height, box.right * width, box.bottom * height)
    return [round(side, 1) for side in sides]


def _print(path: str, entries: list[dict[str, Any]]) -> None:
    click.echo(path)
    for entry in entries:
        box = entry["box"]
        where = f"  at {', '.join(f'{side:.0f}' for side in box)}" if box else ""
        click.echo(f"  {entry['confidence']:4.2f}  {entry['label']} ({entry['kind']}){where}")
