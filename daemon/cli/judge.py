"""What `reject`, `confirm` and `add` share: photos and a name become verdicts."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ...db.states import PhotoState, VerdictKind
from ..printable import printable

if TYPE_CHECKING:
    from ...db.reader import CatalogReader
    from ...db.records import PhotoRecord
    from ..fusing import Fuser
    from ..verdicts import Judge
    from . import Settings


def give_verdicts(
    settings: Settings, paths: tuple[bytes, ...], word: str, kind: VerdictKind, *, undo: bool
) -> int:
    """Say the same of several photos; return the exit code: 1 if one was left out."""
    from ...db.catalog import Catalog
    from ...db.reader import CatalogReader
    from ..fusing import make_fuser
    from ..verdicts import Judge

    catalog, fuser = settings.config.catalog.path, make_fuser(settings.config)
    is_complete = True
    with (
        CatalogReader.open(catalog) as reader,
        closing(Catalog.open(catalog, exclusive=False)) as writer,
    ):
        judge = Judge(writer, fuser, queue_tags=settings.config.tags.write != "off")
        saying = _Saying(word, kind, reader, fuser, judge)
        for path in paths:
            found = find_photo(reader, path)
            say = saying.take_back if undo else saying.give
            is_complete &= found is not None and say(*found)
            if found is not None and settings.config.tags.write == "off":
                _remind_of_files(found[0])
    return 0 if is_complete else 1


def _remind_of_files(photo: PhotoRecord) -> None:
    """Say that a file has tags of ours, which only `phototag write` changes here."""
    if any(file.items for file in photo.tag_files):
        where = printable(photo.path)
        click.echo(f"the tags in its file are as before: phototag write {where}", err=True)


def find_photo(reader: CatalogReader, path: bytes) -> tuple[PhotoRecord, bytes] | None:
    """Return an analysed photo of the catalog and its fingerprint, or say why there is none."""
    real = os.path.realpath(path)
    photo = reader.photo(real)
    if photo is None:
        tell_unknown(real)
        return None
    if photo.state is PhotoState.MISSING:
        reason = "is missing"
    elif photo.fingerprint is None or photo.analyzed_at is None:
        reason = f"has not been analysed: {photo.error or photo.state}"
    else:
        return photo, photo.fingerprint
    click.echo(f"{printable(real)} {reason}", err=True)
    return None


def tell_unknown(path: bytes) -> None:
    """Say why the catalog knows no photo of this real path."""
    if os.path.isdir(path):
        reason = "is a folder; name a photo"
    elif not os.path.lexists(path):
        reason = "is not there"
    else:
        reason = "is not in the catalog; scan its folder first"
    click.echo(f"{printable(path)} {reason}", err=True)


@dataclass(frozen=True, slots=True)
class _Saying:
    """One word of the owner, said of photo after photo."""

    word: str
    kind: VerdictKind
    reader: CatalogReader
    fuser: Fuser
    judge: Judge

    def give(self, photo: PhotoRecord, fingerprint: bytes) -> bool:
        """Say it of a photo; False where it does not fit."""
        name, path = self._name(photo), printable(photo.path)
        tags = [tag.name for tag in photo.tags]
        if self.kind is VerdictKind.CONFIRM and self._written(name) not in tags:
            click.echo(f"{path} has no tag {name}; to give it one: phototag add", err=True)
            return False
        given = self.judge.give(fingerprint, name, self.kind)
        copies = f" and {given.photos - 1} copies" if given.photos > 1 else ""
        is_there = "is not" if self.kind is VerdictKind.REJECT else "is"
        click.echo(f"{name} {is_there} on {path}{copies}")
        if given.waiting:
            click.echo("an earlier version analysed it: it follows when it is analysed again")
        for other, said in given.before[1:]:
            click.echo(f"taken back, as it says otherwise: {said} {other}")
        return True

    def take_back(self, photo: PhotoRecord, fingerprint: bytes) -> bool:
        """Take it back; False where nobody has said it."""
        name, path = self._name(photo), printable(photo.path)
        said = {one.name: one.kind for one in self.reader.verdicts(fingerprint)}
        if said.get(name) != self.kind:
            click.echo(f"nobody has said {self.kind} {name} of {path}", err=True)
            return False
        self.judge.drop(fingerprint, name)
        click.echo(f"taken back: {self.kind} {name} of {path}")
        return True

    def _written(self, name: str) -> str:
        return self.fuser.rules.rename.get(name, name)

    def _name(self, photo: PhotoRecord) -> str:
        from ..verdicts import LabelUnclear, find_name, names_known

        known = names_known(self.reader, photo)
        try:
            return find_name(self.word, self.fuser, known, may_be_new=self.kind is VerdictKind.ADD)
        except LabelUnclear as error:
            raise click.UsageError(str(error)) from None
