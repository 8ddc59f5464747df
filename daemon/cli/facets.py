"""``phototag facets``: what the photos of a query have in common."""

from __future__ import annotations

import click

from ..printable import count, printable_text
from . import Settings, pass_settings
from .asking import QueryCommand, complete_query, excuse_unknown, pointing_at_errors, resolve_word

KINDS = ("labels", "years", "cameras", "lenses", "places")


@click.command("facets", cls=QueryCommand, short_help="Top labels, years, cameras and places.")
@click.argument(
    "words", metavar="[QUERY...]", nargs=-1, type=click.UNPROCESSED, shell_complete=complete_query
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="So many of each kind.",
)
@click.option("--raw", is_flag=True, help="Also RAW photos beside a picture of the same name.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, words: tuple[str, ...], most: int, raw: bool, as_json: bool) -> int:
    """Count the most frequent labels, years, cameras, lenses and places of a query's photos.

    \b
    Examples:
      phototag facets
      phototag facets "dog place:portugal" --most 20
    """
    from ...db.search_reader import SearchReader
    from .. import output

    query = " ".join(words).strip()
    with SearchReader.open(settings.config.catalog.path) as reader, pointing_at_errors():
        found = reader.facets(query, most, raw=raw, resolve=resolve_word, unknown=excuse_unknown)
    if as_json:
        counts = {
            kind: [{"name": name, "photos": photos} for name, photos in getattr(found, kind)]
            for kind in KINDS
        }
        output.print_json({"photos": found.photos} | counts)
        return 0 if found.photos else 1
    click.echo(count(found.photos, "photo"))
    for kind in KINDS:
        if rows := getattr(found, kind):
            click.echo(f"\n{kind}")
            for name, photos in rows:
                click.echo(f"{photos:9,}  {printable_text(name)}")
    return 0 if found.photos else 1
