"""``phototag export``: what is known of photos, as a file for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ..printable import count, printable
from . import Settings, pass_settings
from .asking import QueryCommand, complete_query, excuse_unknown, pointing_at_errors, resolve_word
from .files_out import STDOUT, counted, open_text, refuse_photos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from ...db.records import PhotoRecord

OUT = click.Path(path_type=bytes, dir_okay=False, allow_dash=True)


@click.command("export", cls=QueryCommand, short_help="Boxes and names as COCO, CSV or NDJSON.")
@click.argument(
    "words", metavar="[QUERY...]", nargs=-1, type=click.UNPROCESSED, shell_complete=complete_query
)
@click.option("--coco", type=OUT, metavar="FILE", help="Boxes as COCO annotations.")
@click.option("--csv", type=OUT, metavar="FILE", help="One line per label and box.")
@click.option("--ndjson", type=OUT, metavar="FILE", help="All details, a line of JSON a photo.")
@click.option("--raw", is_flag=True, help="Also RAW photos beside a picture of the same name.")
@pass_settings
def command(
    settings: Settings,
    words: tuple[str, ...],
    coco: bytes | None,
    csv: bytes | None,
    ndjson: bytes | None,
    raw: bool,
) -> int:
    """Write what the catalog knows of the photos that QUERY finds, or of all, into FILE.

    `-` is standard output. A file appears whole or not at all. The photos stand in the order of
    their paths. COCO's categories keep their numbers from 1 to 90, other names count from 1001;
    boxes are [x, y, width, height] in pixels of the upright picture.

    \b
    Examples:
      phototag export --coco boxes.json
      phototag export "dog date:2023" --ndjson - | jq .path
    """
    from ...db.search_reader import SearchReader
    from .search import detailed

    files = {"coco": coco, "csv": csv, "ndjson": ndjson}
    asked = [(name, path) for name, path in files.items() if path is not None]
    if len(asked) != 1:
        raise click.UsageError("give one of --coco, --csv and --ndjson, with a FILE or -")
    ((shape, path),) = asked
    query = " ".join(words).strip()
    with SearchReader.open(settings.config.catalog.path) as reader, pointing_at_errors():
        refuse_photos(reader, [path] if path != STDOUT else [])
        photos = reader.search(
            query, sort="path", raw=raw, resolve=resolve_word, unknown=excuse_unknown
        )
        known = counted(detailed(reader, photos), len(photos), "writing")
        with open_text(path) as out:
            _write(shape, known, out, query)
    if path != STDOUT:
        click.echo(f"{count(len(photos), 'photo')} in {printable(path)}", err=True)
    return 0 if photos else 1


def _write(shape: str, photos: Iterator[PhotoRecord], out: TextIO, query: str) -> None:
    from .. import output

    if shape == "coco":
        from ..output.coco import write_coco

        write_coco(photos, out, query=query, now=datetime.now(UTC))
    elif shape == "csv":
        output.write_csv(photos, out)
    else:
        output.write_ndjson(photos, out)
