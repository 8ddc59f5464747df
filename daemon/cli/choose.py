"""Which photos a verb is about: those of a query, or files and folders, analysed where needed."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from ...db.errors import CatalogLocked
from ...db.states import PhotoState
from .asking import pointing_at_errors, resolve_word

if TYPE_CHECKING:
    from ...db.reader import CatalogReader
    from ...db.records import PhotoRecord
    from . import Settings

# A slash behind a colon, a space, a quote and so on is a part of a query: path:holiday/*.
_PATH = re.compile(r"""[^\s:"(@<>=]*/""")


@dataclass(slots=True)
class Chosen:
    """The photos, and the files that are none or could not be analysed, with the reason."""

    photos: list[PhotoRecord] = field(default_factory=list)
    others: dict[bytes, str] = field(default_factory=dict)


def choose_photos(settings: Settings, what: tuple[str, ...], *, analyze: bool) -> Chosen:
    """Understand arguments that are a query, or paths; none at all mean all photos.

    With ``analyze`` files that the catalog does not know as they are now are analysed first.
    Without it a file may be one that the catalog does not know at all: its record has the id 0.

    Raises UsageError for an empty query, as a script's empty variable makes it, and for a file that
    has the name of what is on photos.
    """
    words = [word for word in what if word.strip()]
    if what and not words:
        raise click.UsageError("the query is empty; leave it out for all photos")
    paths = [word for word in words if os.path.lexists(word)]
    if not paths:
        for word in words:
            if _PATH.match(word.strip()):
                raise click.UsageError(f"{word}: there is no such file or folder")
        return _ask(settings, " ".join(words))
    if not any(map(_PATH.match, words)) and _is_query(settings, " ".join(words)):
        (name, *_) = paths
        raise click.UsageError(
            f"{name}: a file or folder here, and a name on photos; write ./{name} or '({name})'"
        )
    if len(paths) < len(words):
        (stranger, *_) = (word for word in words if word not in paths)
        raise click.UsageError(f"{stranger}: no such file; give either paths or a query")
    wanted = [os.path.realpath(os.fsencode(path)) for path in paths]
    if analyze:
        unknown = [path for path in wanted if not _is_known(settings, path)]
        # A running daemon analyses what lies in its folders; the rest is told as left out.
        with contextlib.suppress(CatalogLocked):
            _analyze(settings, unknown)
    return _find(settings, wanted, may_be_strangers=not analyze)


def _ask(settings: Settings, query: str) -> Chosen:
    """Ask, with every name known: a slip of the pen under a NOT would mean all photos."""
    with _open(settings) as reader, pointing_at_errors():
        return Chosen(list(reader.search(query, resolve=resolve_word)))


def _is_query(settings: Settings, text: str) -> bool:
    """Tell whether a text can be read as a query of which all names are known."""
    from ...db.errors import CatalogAbsent, CatalogTooOld, QueryError

    try:
        with _open(settings) as reader:
            reader.count(text, resolve=resolve_word)
    except (QueryError, CatalogAbsent, CatalogTooOld):
        return False
    return True


def _find(settings: Settings, paths: list[bytes], *, may_be_strangers: bool) -> Chosen:
    """Look up files and all that lies in folders."""
    from ...db.paths import relative_to

    chosen = Chosen()
    with _open(settings) as reader:
        folders = [path for path in paths if os.path.isdir(path)]
        if folders:
            done = reader.photos((PhotoState.DONE,))
            chosen.photos += [
                photo
                for photo in done
                if any(relative_to(photo.path, folder) is not None for folder in folders)
            ]
        for path in paths:
            if path not in folders:
                photo = reader.photo(path)
                if photo is not None and (photo.state is PhotoState.DONE or may_be_strangers):
                    chosen.photos.append(photo)
                elif photo is None and may_be_strangers:
                    chosen.photos.append(_stranger(path))
                else:
                    chosen.others[path] = _why(photo)
    return chosen


def _stranger(path: bytes) -> PhotoRecord:
    """Return a record of a file of which only its name is known."""
    from ...db.records import PhotoRecord

    return PhotoRecord(
        path=path,
        width=None,
        height=None,
        format=None,
        state=PhotoState.PENDING,
        error=None,
        attempts=0,
        size=0,
        mtime_ns=0,
        taken_at=0,
        analyzed_at=None,
    )


def _why(photo: PhotoRecord | None) -> str:
    if photo is None:
        return "it is not in the catalog"
    return f"{photo.state}: {photo.error}" if photo.error else str(photo.state)


def _open(settings: Settings) -> CatalogReader:
    from ...db.reader import CatalogReader

    return CatalogReader.open(settings.config.catalog.path)


def _is_known(settings: Settings, path: bytes) -> bool:
    """Tell whether the catalog has the file as it is now; a folder is always looked at."""
    from ...db.errors import CatalogAbsent, CatalogTooOld
    from ..version import file_version

    try:
        version = file_version(os.lstat(path))
        with _open(settings) as reader:
            photo = reader.photo(path)
    except (OSError, CatalogAbsent, CatalogTooOld):  # analysing makes the catalog, or says why not
        return False
    if photo is None or photo.state is not PhotoState.DONE:
        return False
    return (photo.size, photo.mtime_ns, photo.inode) == version


def _analyze(settings: Settings, paths: list[bytes]) -> None:
    """Enter files and folders into the catalog and wait until all of them are analysed."""
    if not paths:
        return
    from ..config import RootSettings
    from ..indexer import Indexer
    from ..watching.settle import StableFile
    from .scan import Summary, open_progress, walk_root, work_off

    folders = {path for path in paths if os.path.isdir(path)}
    parents = {os.path.dirname(path) for path in paths if path not in folders}
    summary = Summary()
    roots = [RootSettings(path) for path in sorted(folders | parents)]
    with (
        Indexer(settings.config, roots, summary.take, write_tags=False) as indexer,
        open_progress(quiet=False) as progress,
    ):
        indexer.pipeline.start(progress.console.print)
        for root in indexer.library.roots.values():
            if root.top in folders:
                walk_root(indexer, root, summary, progress)
        for path in paths:
            if path not in folders:
                indexer.library.observe(StableFile.found(path, os.lstat(path)))
        work_off(indexer, summary, progress)
