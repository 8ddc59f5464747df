"""``phototag search``: which photos show what."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..printable import printable, printable_text
from . import Ended, Settings, pass_settings
from .asking import QueryCommand, complete_query, excuse_unknown, pointing_at_errors, resolve_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...db.records import PhotoRecord
    from ...db.search_reader import SearchReader
    from ..output.line_format import LineFormat

SORTS = (
    *("newest", "oldest", "path", "-path", "confidence", "size", "-size", "random"),
    *("date", "-date", "conf"),
)
NAMED_SORTS = {"date": "oldest", "-date": "newest", "conf": "confidence"}
SHAPES = ("json", "ndjson", "csv", "long", "count", "explain", "line", "sheet")
PAGED = ("limit", "after", "seed", "sort")
AT_ONCE = 500  # photos whose details are asked for together


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a search as they were given."""

    limit: int | None
    sort: str | None
    after: bytes | None
    seed: int | None
    raw: bool
    json: bool
    ndjson: bool
    csv: bool
    long: bool
    count: bool
    explain: bool
    null: bool
    line: str | None
    sheet: bytes | None
    thumb_size: int | None

    @property
    def shape(self) -> str | None:
        """The one way of output that was asked for; None is a path a line."""
        return next((name for name in SHAPES if getattr(self, name) not in (None, False)), None)

    def check(self) -> None:
        """Refuse options that make no sense together. Raises UsageError."""
        shapes = [name for name in SHAPES if getattr(self, name) not in (None, False)]
        if len(shapes) > 1:
            raise click.UsageError(f"{' and '.join(map(_option, shapes))} exclude each other")
        if self.null and self.shape not in (None, "line"):
            raise click.UsageError(f"-0 ends paths or a --format; {_option(shapes[0])} has neither")
        if self.thumb_size is not None and self.sheet is None:
            raise click.UsageError("--thumb-size is for --sheet")
        unused = ("after", "seed") if self.explain else PAGED if self.count else ()
        for name in unused:
            if getattr(self, name) is not None:
                raise click.UsageError(f"--{name} means nothing to {_option(shapes[0])}")


@click.command("search", cls=QueryCommand, short_help='Find photos: cat, "dog person>=2 -car".')
@click.argument(
    "words",
    metavar="QUERY...",
    nargs=-1,
    required=True,
    type=click.UNPROCESSED,
    shell_complete=complete_query,
)
@click.option("-n", "--limit", type=click.IntRange(min=1), help="Print at most this many.")
@click.option("--sort", type=click.Choice(SORTS), help="Default: newest.")
@click.option("--after", type=click.Path(path_type=bytes), metavar="PATH", help="The next page.")
@click.option("--seed", type=int, metavar="N", help="Makes --sort random the same each time.")
@click.option("--raw", is_flag=True, help="Also RAW photos beside a picture of the same name.")
@click.option("-l", "--long", is_flag=True, help="A table: date, size, camera, labels, path.")
@click.option("--count", is_flag=True, help="Only their number.")
@click.option("--json", is_flag=True, help="All details as one JSON array.")
@click.option("--ndjson", is_flag=True, help="The same, a line of JSON a photo.")
@click.option("--csv", is_flag=True, help="One line per label and box.")
@click.option("-0", "--null", is_flag=True, help="Lines end with NUL: for xargs -0.")
@click.option("--format", "line", metavar="TEXT", help=r'Lines of your own: "{date}\t{path}".')
@click.option(
    "--sheet",
    type=click.Path(path_type=bytes, dir_okay=False),
    metavar="FILE",
    help="A contact sheet: FILE.html or FILE.jpg.",
)
@click.option(
    "--thumb-size",
    type=click.IntRange(64, 2048),
    metavar="PIXELS",
    help="The longer side of its photos. Default: 480.",
)
@click.option("--explain", is_flag=True, help="How the query is understood and answered.")
@pass_settings
def command(settings: Settings, /, words: tuple[str, ...], **options: Any) -> int:
    """Print the paths of the photos that QUERY asks for.

    \b
    cat dog                    a cat and a dog
    cat OR dog                 one of them, or both
    dog -person                a dog, but nobody (also: dog NOT person)
    "wine glass"               names of several words in quotes, or as wine_glass
    dog*                       any name that begins so
    person>=2                  at least two of them; also =, <, <=, >
    dog@0.7                    a dog, the model at least 70 % sure
    person@0.8>=2              at least two, each at least 80 % sure
    conf>0.7 cat dog           the same for every word
    dog:area>20% dog:left      large in the picture; in its left third
    (cat OR dog) bed           parentheses group
    date:2023-07 hour:18..23   also date:last-month, date:2020..2022, season:summer, weekday:sat
    camera:iphone iso>1600     also lens:, f<2.8, focal>100
    place:lisbon               also near:38.71,-9.14,5km, gps:none
    path:holiday/* ext:heic    also format:raw, size>10mb, width>=4000, orientation:portrait
    keyword:holiday rating>=4  the owner's own keywords, from EXIF, IPTC, XMP or a sidecar
    untagged, duplicate        without any name; the same picture twice; also state:failed
    sort:-size                 as --sort; @NAME is a saved search

    Names come from the models: `phototag labels` lists them. Quote the query for the shell:
    phototag search "dog person>=2". Exit code 1 if no photo matches. The whole language:
    docs/search.md.
    """
    from ...db.search_reader import SearchReader

    asked = Asked(**options)
    asked.check()
    line = _read_format(asked.line)
    search = _Search(" ".join(words).strip(), asked, settings)
    with SearchReader.open(settings.config.catalog.path) as reader, pointing_at_errors():
        if asked.explain:
            return search.explain(reader)
        if asked.count:
            return search.count(reader)
        return search.show(reader, line)


class _Search:
    """One question with its options."""

    def __init__(self, query: str, asked: Asked, settings: Settings) -> None:
        self._query = query
        self._asked = asked
        self._settings = settings
        self._sort = NAMED_SORTS.get(asked.sort or "newest", asked.sort or "newest")
        self._seed = int.from_bytes(os.urandom(3)) if asked.seed is None else asked.seed

    def count(self, reader: SearchReader) -> int:
        number = reader.count(
            self._query, raw=self._asked.raw, resolve=resolve_word, unknown=excuse_unknown
        )
        click.echo(number)
        return 0 if number else 1

    def explain(self, reader: SearchReader) -> int:
        from ..output.explained import print_explanation

        asked = self._asked
        found = reader.explain(
            self._query,
            sort=self._sort,
            limit=asked.limit,
            raw=asked.raw,
            resolve=resolve_word,
            unknown=excuse_unknown,
        )
        print_explanation(found)
        return 0

    def show(self, reader: SearchReader, line: LineFormat | None) -> int:
        asked = self._asked
        is_random = reader.order(self._query, self._sort) == "random"
        self._check_seed(is_random=is_random)
        photos = reader.search(
            self._query,
            sort=self._sort,
            limit=asked.limit,
            after=None if asked.after is None else real_place(asked.after),
            seed=self._seed if is_random else None,
            raw=asked.raw,
            resolve=resolve_word,
            unknown=excuse_unknown,
        )
        if asked.sheet is not None:
            from .sheet_file import write_sheet

            write_sheet(self._settings, reader, photos, self._query, asked.sheet, asked.thumb_size)
        elif line is not None:
            known = detailed(reader, photos) if line.needs_details else photos
            _print_format(known, line, b"\0" if asked.null else b"\n")
        else:
            _print_shape(reader, photos, asked)
        if len(photos) == asked.limit and asked.shape in (None, "long", "line"):
            self._offer_next(photos[-1].path, is_random=is_random)
        return 0 if photos else 1

    def _check_seed(self, *, is_random: bool) -> None:
        if self._asked.seed is not None and not is_random:
            raise click.UsageError("--seed is for --sort random")
        if self._asked.after is not None and self._asked.seed is None and is_random:
            raise click.UsageError("--after takes the --seed of the page before: it is random")

    def _offer_next(self, last: bytes, *, is_random: bool) -> None:
        """Say on a terminal how to get the next page."""
        if not sys.stdout.isatty():
            return
        asked, options = self._asked, [f"-n {self._asked.limit}"]
        options += [f"--sort {asked.sort}"] if asked.sort else []
        options += [f"--seed {self._seed}"] if is_random else []
        options += [f"--{name}" for name in ("raw", "long", "null") if getattr(asked, name)]
        options += [f"--format {shell_word(os.fsencode(asked.line))}"] if asked.line else []
        command = f"phototag search {shell_word(os.fsencode(self._query))} {' '.join(options)}"
        click.echo(f"next: {command} --after {shell_word(last)}", err=True)


def detailed(reader: SearchReader, photos: Sequence[PhotoRecord]) -> Iterator[PhotoRecord]:
    """Yield photos with all that is known of them, some at a time."""
    for start in range(0, len(photos), AT_ONCE):
        some = photos[start : start + AT_ONCE]
        yield from reader.photos_by_id([photo.id for photo in some])


def real_place(path: bytes) -> bytes:
    """Return a photo's path as the catalog has it; the photo itself may be gone."""
    folder, name = os.path.split(os.path.abspath(os.path.expanduser(path)))
    return os.path.join(os.path.realpath(folder), name)


def shell_word(text: bytes) -> str:
    r"""Quote for a shell; what a terminal cannot show as bash and zsh write it: $'\x1b'."""
    import shlex

    if printable(text).encode() == text:
        return shlex.quote(text.decode())
    return "$'" + "".join(map(_shell_byte, text)) + "'"


def _shell_byte(byte: int) -> str:
    letter = chr(byte)
    return letter if 32 <= byte < 127 and letter not in "'\\" else f"\\x{byte:02x}"


def _read_format(text: str | None) -> LineFormat | None:
    if text is None:
        return None
    from ..output.line_format import FormatError, parse_format

    try:
        return parse_format(text)
    except FormatError as error:
        shown, place = printable_text(text), len(printable_text(text[: error.position]))
        caret = f"    {shown}\n    {' ' * place}^"
        raise Ended(f"--format: {error}\n\n{caret}\n", 2) from None


def _print_format(
    photos: Iterator[PhotoRecord] | Sequence[PhotoRecord], line: LineFormat, end: bytes
) -> None:
    from .. import output

    for_people = sys.stdout.isatty()
    output.print_records((line.render(one, for_people=for_people) for one in photos), end=end)


def _print_shape(reader: SearchReader, photos: Sequence[PhotoRecord], asked: Asked) -> None:
    from .. import output

    match asked.shape:
        case "json":
            output.write_json(detailed(reader, photos), sys.stdout)
        case "ndjson":
            output.write_ndjson(detailed(reader, photos), sys.stdout)
        case "csv":
            output.write_csv(detailed(reader, photos), sys.stdout)
        case "long":
            output.print_long(detailed(reader, photos))
        case _:
            end = b"\0" if asked.null else b"\n"
            output.print_paths((photo.path for photo in photos), end=end)


def _option(name: str) -> str:
    return "--format" if name == "line" else f"--{name}"
