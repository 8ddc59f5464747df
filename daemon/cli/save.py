"""``phototag save``: keep a search under a name, with a folder of links to its photos."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..printable import count
from . import Ended, Settings, pass_settings
from .asking import QueryCommand, complete_query

if TYPE_CHECKING:
    from ...db.reader import CatalogReader
    from ...db.records import SavedSearch


@click.command(
    "save", cls=QueryCommand, short_help="Keep a search under a name: @NAME finds it again."
)
@click.argument("name")
@click.argument(
    "words",
    metavar="QUERY...",
    nargs=-1,
    required=True,
    type=click.UNPROCESSED,
    shell_complete=complete_query,
)
@click.option(
    "--link-dir",
    metavar="DIR",
    type=click.Path(path_type=bytes),
    help="Keep a link to each of its photos in DIR, a new or empty folder.",
)
@click.option("--replace", is_flag=True, help="Take the place of the search of this name.")
@click.option("--force", is_flag=True, help="Also with words that no photo has yet.")
@pass_settings
def command(
    settings: Settings,
    name: str,
    words: tuple[str, ...],
    link_dir: bytes | None,
    replace: bool,
    force: bool,
) -> int:
    """Keep QUERY under NAME: letters, digits, - and _.

    \b
    phototag save family "person>=2 -wedding"
    phototag search @family dog
    phototag save cats cat --link-dir ~/cats

    The daemon keeps the links current: they come, follow and go with the photos. It also runs the
    command that [on_match] in the settings has for NAME, once for each photo that is new from then
    on. Exit code 2 if the name is taken or the query cannot be understood.
    """
    from ...db.catalog import Catalog
    from ...db.reader import CatalogReader

    query = " ".join(words).strip()
    _check_name(name)
    path = settings.config.catalog.path
    folder = None if link_dir is None else os.path.realpath(os.path.expanduser(link_dir))
    with CatalogReader.open(path) as reader:
        former = reader.saved_search(name)
        if former is not None and not replace:
            raise Ended(f"{former.name} is saved already: {former.query} (--replace)", 2)
        photos = _find(reader, name, query, force=force)
        roots = [root.path for root in reader.roots()]
    if folder is not None:
        _take(settings, folder, name, roots)
    with Catalog.open(path, exclusive=False) as writer:
        if not writer.saved.save(name, query, folder, replace=replace):
            raise Ended(f"{name} is saved already (--replace)", 2)
    if former is not None and former.link_dir not in (None, folder):
        give_back(former)
    if folder is not None:
        _fill(folder, name, photos)
    click.echo(f"{name}: {count(len(photos), 'photo')}")
    return 0


def give_back(search: SavedSearch) -> None:
    """Take the links of a search away that is not kept any more; what cannot be is told."""
    from ..saved.links import LinkError, LinkFolder

    if search.link_dir is None:
        return
    try:
        with LinkFolder(search.link_dir, search.name, is_patient=True) as links:
            links.give_back()
    except LinkError as error:
        click.echo(f"phototag: links are left: {error.place}: {error.reason}", err=True)


def _check_name(name: str) -> None:
    from ..saved.templates import NAME

    if not NAME.fullmatch(name):
        raise click.UsageError(f"{name!r}: a name has letters, digits, - and _ only")


def _find(reader: CatalogReader, name: str, query: str, *, force: bool) -> list[bytes]:
    """Return the paths that a query finds now; one that cannot be understood is an error."""
    from ...db.errors import QueryError, UnknownWord
    from ...db.states import label_key
    from .asking import resolve_word

    try:
        if label_key(name) in _names_of(query):
            raise Ended(f"@{name} cannot be a part of itself", 2)
        unknown = (lambda _error, _is_negated: None) if force else None
        found = reader.search(query, resolve=resolve_word, unknown=unknown)
        return [photo.path for photo in found]
    except UnknownWord as error:
        if force:
            return []
        raise Ended(f"{error}\n\n{error.pointed()}\n\nsave it anyway: --force", 2) from None
    except QueryError as error:
        raise Ended(f"{error}\n\n{error.pointed()}", 2) from None


def _names_of(query: str) -> list[str]:
    """Return the names of the saved searches in a query, as they are compared."""
    from ...db.query import parse
    from ...db.states import label_key

    names: list[str] = []

    def note(name: str) -> str:
        names.append(label_key(name))
        return ""

    parse(query, saved=note)
    return names


def _take(settings: Settings, folder: bytes, name: str, roots: list[bytes]) -> None:
    from ..saved.links import LinkError, LinkFolder, make_folder

    watched = [*roots, *(root.path for root in settings.config.roots)]
    try:
        make_folder(folder, watched)
        with LinkFolder(folder, name, is_patient=True) as links:
            links.take()
    except LinkError as error:
        raise Ended(str(error), 2) from None


def _fill(folder: bytes, name: str, photos: list[bytes]) -> None:
    from ..saved.links import LinkError, LinkFolder

    try:
        with LinkFolder(folder, name, is_patient=True) as links:
            links.update(photos)
    except LinkError as error:
        click.echo(f"phototag: {error}", err=True)
