"""``phototag review``: questions about uncertain tags, answered with one key each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from ...db.states import VerdictKind
from . import Settings, pass_settings
from .asking import QueryCommand, complete_query

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from ...db.reader import CatalogReader
    from ...db.records import UncertainTag
    from ..fusing import Fuser
    from ..verdicts import Given, Judge

KEYS = "[y]es [n]o [s]kip [o]pen [u]ndo [q]uit"
VIEWERS = ("xdg-open", "open")


@click.command(
    "review", cls=QueryCommand, short_help="Answer questions about uncertain tags, a key each."
)
@click.argument(
    "words", metavar="[QUERY]...", nargs=-1, type=click.UNPROCESSED, shell_complete=complete_query
)
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Questions."
)
@pass_settings
def command(settings: Settings, words: tuple[str, ...], limit: int) -> int:
    """Go through the tags that the models are least sure of, those near their thresholds first.

    y: the tag is right; n: it is wrong; s: the next one; o: show the picture with the desktop's
    viewer; u: take the last answer back; q: enough. Each answer holds at once, for every copy of
    the picture. With QUERY only on photos that match it. Exit code 1 if nothing is uncertain.

    \b
    Examples:
      phototag review
      phototag review "dog OR cat"
    """
    from ...db.reader import CatalogReader
    from ..fusing import make_fuser
    from .asking import excuse_unknown, pointing_at_errors, resolve_word

    fuser = make_fuser(settings.config)
    with CatalogReader.open(settings.config.catalog.path) as reader, pointing_at_errors():
        found = reader.uncertain(
            " ".join(words), limit=limit, resolve=resolve_word, unknown=excuse_unknown
        )
        if not found:
            click.echo("no tag is uncertain", err=True)
            return 1
        ask_about(settings, found, fuser, reader)
    return 0


def ask_about(
    settings: Settings, tags: Sequence[UncertainTag], fuser: Fuser, reader: CatalogReader
) -> None:
    """Ask about tags, and say how many answers there were."""
    from ...db.catalog import Catalog
    from ..verdicts import Judge

    config = settings.config
    with closing(Catalog.open(config.catalog.path, exclusive=False)) as catalog:
        judge = Judge(catalog, fuser, queue_tags=config.tags.write != "off")
        answers = Dialogue(tags, fuser, judge, reader).run(key_reader())
    click.echo(f"{answers['y']} right, {answers['n']} wrong, {answers['s']} skipped")


def key_reader() -> Callable[[], str]:
    """Return what waits for a key; from a pipe the first letter of each line is one."""
    if sys.stdin.isatty():
        return lambda: click.getchar(echo=False)
    return lambda: (sys.stdin.readline() or "q").strip()[:1]


class Dialogue:
    """Questions about tags one after the other, with a way back."""

    def __init__(
        self, tags: Sequence[UncertainTag], fuser: Fuser, judge: Judge, reader: CatalogReader
    ) -> None:
        self._tags = tags
        self._judge = judge
        self._reader = reader
        self._parents_of = fuser.taxonomy.parents_of
        self._canonical = {new: old for old, new in fuser.rules.rename.items()}
        self._given: list[tuple[int, str, Given | None]] = []

    def run(self, read_key: Callable[[], str]) -> Counter[str]:
        """Ask until all is answered or somebody has enough; count the answers by key."""
        from collections import Counter

        place = 0
        while place < len(self._tags):
            tag = self._tags[place]
            if self._is_settled(tag):
                place += 1
                continue
            self._ask(place)
            key = read_key().lower()
            click.echo(key)
            if key == "q":
                break
            place = self._answer(key, place)
        return Counter(key for _, key, _ in self._given)

    def _answer(self, key: str, place: int) -> int:
        """Do what a key says, and return where to go on."""
        tag = self._tags[place]
        if key in ("y", "n"):
            kind = VerdictKind.CONFIRM if key == "y" else VerdictKind.REJECT
            given = self._judge.give(tag.fingerprint, self._name(tag), kind)
            self._given.append((place, key, given))
            return place + 1
        if key == "s":
            self._given.append((place, key, None))
            return place + 1
        if key == "u" and self._given:
            place, _, before = self._given.pop()
            if before is not None:
                self._judge.take_back(before)
            return place
        if key == "o":
            click.echo(open_picture(tag.path))
        else:
            click.echo(KEYS)
        return place

    def _ask(self, place: int) -> None:
        from ..printable import printable

        tag = self._tags[place].tag
        click.echo(f"{place + 1}/{len(self._tags)}  {printable(self._tags[place].path)}")
        where = self._box(self._tags[place]) if tag.kind == "object" else ""
        needs = f"{tag.confidence:.2f}, needs {tag.threshold:.2f}"
        click.echo(f"    {tag.name}? ({needs}){where}  {KEYS} ", nl=False)

    def _box(self, asked: UncertainTag) -> str:
        (photo,) = self._reader.photos_by_id([asked.photo_id])
        for found in photo.detections:
            if found.name == asked.tag.name:
                box = found.box
                sides = f"left {box.left:.0%}, top {box.top:.0%}, right {box.right:.0%}"
                return f" at {sides}, bottom {box.bottom:.0%}"
        return ""

    def _is_settled(self, tag: UncertainTag) -> bool:
        """Tell whether an answer about the same picture answers this, too: no dog, no husky."""
        name = self._name(tag)
        rejected = {
            given.name
            for _, key, given in self._given
            if key == "n" and given is not None and given.fingerprint == tag.fingerprint
        }
        return not rejected.isdisjoint((name, *self._parents_of(name)))

    def _name(self, tag: UncertainTag) -> str:
        return self._canonical.get(tag.tag.name, tag.tag.name)


def open_picture(path: bytes) -> str:
    """Show a picture with the desktop's viewer, and say whether there is one."""
    viewer = next(filter(None, map(shutil.which, VIEWERS)), None)
    has_desktop = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if viewer is None or not has_desktop:
        return "there is no desktop to show it on"
    quiet = subprocess.DEVNULL
    subprocess.Popen(
        [viewer, path], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    return f"opened with {os.path.basename(viewer)}"
