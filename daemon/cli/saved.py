"""``phototag saved``: the searches that are kept under names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import Ended, Settings, pass_settings

if TYPE_CHECKING:
    from ...db.reader import CatalogReader
    from ...db.records import SavedSearch


@click.command("saved", short_help="The saved searches, with numbers; --delete NAME.")
@click.option("--delete", metavar="NAME", help="Forget this search and take its links away.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, delete: str | None, as_json: bool) -> int:
    """List the saved searches with the number of their photos, folder of links and command.

    With --delete a search is forgotten, and its links go; photos stay. Exit code 1 if there is
    none.
    """
    from ...db.reader import CatalogReader
    from .. import output

    if delete is not None:
        return _delete(settings, delete)
    with CatalogReader.open(settings.config.catalog.path) as reader:
        found = [_to_dict(settings, reader, search) for search in reader.saved_searches()]
    if as_json:
        output.print_json(found)
    else:
        output.print_table(
            ("photos", "name", "query", "links", "command"),
            [
                (
                    "?" if search["photos"] is None else search["photos"],
                    search["name"],
                    search["query"],
                    search["link_dir"] or "",
                    " ".join(search["command"] or ()),
                )
                for search in found
            ],
        )
    return 0 if found else 1


def _to_dict(settings: Settings, reader: CatalogReader, search: SavedSearch) -> dict[str, Any]:
    """Return a search as JSON has it; what cannot be understood or found any more is its error."""
    from ...db.errors import QueryError
    from ...db.states import label_key
    from ..printable import printable
    from .asking import resolve_word

    number, problems = None, []
    try:
        number = reader.count(
            search.query,
            resolve=resolve_word,
            unknown=lambda error, _is_negated: problems.append(str(error)),
        )
    except QueryError as error:
        problems.append(str(error))
    commands = {label_key(name): list(parts) for name, parts in settings.config.on_match.items()}
    return {
        "name": search.name,
        "query": search.query,
        "photos": number,
        "error": "; ".join(problems) or None,
        "link_dir": None if search.link_dir is None else printable(search.link_dir),
        "command": commands.get(label_key(search.name)),
    }


def _delete(settings: Settings, name: str) -> int:
    from ...db.catalog import Catalog
    from ...db.reader import CatalogReader
    from .save import give_back

    path = settings.config.catalog.path
    with CatalogReader.open(path) as reader:
        search = reader.saved_search(name)
    if search is None:
        raise Ended(f"no search is saved as {name!r}", 1)
    with Catalog.open(path, exclusive=False) as writer:
        writer.saved.forget(name)
    give_back(search)  # behind the row: the daemon makes no links for what is not kept
    click.echo(f"{search.name} is forgotten")
    return 0
