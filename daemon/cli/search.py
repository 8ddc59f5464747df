"""``phototag search``: which photos show what."""

from __future__ import annotations

import click

from . import Settings, pass_settings

SORTS = ("newest", "oldest", "path", "confidence")


@click.command(
    "search",
    short_help='Find photos: cat, "dog person>=2 -car".',
    context_settings={"ignore_unknown_options": True},
)
@click.argument("words", metavar="QUERY...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("-n", "--limit", type=click.IntRange(min=1), help="Print at most this many.")
@click.option("--sort", type=click.Choice(SORTS), default="newest", show_default=True)
@click.option("--json", "shape", flag_value="json", help="All details as one JSON array.")
@click.option("--csv", "shape", flag_value="csv", help="One line per label and box.")
@click.option("-0", "--null", "shape", flag_value="null", help="Paths end with NUL: for xargs -0.")
@pass_settings
def command(
    settings: Settings, words: tuple[str, ...], limit: int | None, sort: str, shape: str | None
) -> int:
    """Print the paths of the photos that show what QUERY asks for.

    \b
    cat dog             a cat and a dog
    cat OR dog          one of them, or both
    dog -person         a dog, but nobody (also: dog NOT person)
    "wine glass"        names of several words in quotes, or as wine_glass
    person>=2           at least two of them; also =, <, <=, >
    dog@0.7             a dog, the model at least 70 % sure
    person@0.8>=2       at least two, each at least 80 % sure
    conf>0.7 cat dog    the same for every word
    (cat OR dog) bed    parentheses group
    keyword:holiday     the owner's own keywords, from EXIF, IPTC, XMP or a sidecar

    Names come from both models: `phototag labels` lists them. Quote the query for the shell:
    phototag search "dog person>=2". Exit code 1 if no photo matches.
    """
    from ...db.errors import QueryError
    from ...db.reader import CatalogReader
    from .. import output

    query = " ".join(words)
    with CatalogReader.open(settings.config.catalog.path) as reader:
        try:
            photos = reader.search(
                query,
                sort=sort,
                limit=limit,
                details=shape in ("json", "csv"),
                resolve=resolve_word,
            )
        except QueryError as error:
            click.echo(f"phototag: {error}\n\n{_indented(error.pointed())}\n", err=True)
            return 2
    if shape == "json":
        output.print_json([output.photo_to_dict(photo) for photo in photos])
    elif shape == "csv":
        output.print_csv(photos)
    else:
        output.print_paths(
            (photo.path for photo in photos), end=b"\0" if shape == "null" else b"\n"
        )
    return 0 if photos else 1


def resolve_word(word: str) -> str | None:
    """Return the name behind a plural, a synonym or another spelling, or None."""
    from ...models.taxonomy import load_taxonomy

    return load_taxonomy().resolve(word)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
