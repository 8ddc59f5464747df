"""Times each kind of search for its first 50 photos, in the process and as a whole program.

    python benchmarks/search_speed.py CATALOG [--only PATTERN] [--runs 5] [--programs]

For a catalog of `million_photos.py`; words, cameras, places are chosen by how often they are.
Warm is the median of several runs after a first one, with the processor time of the process, which
other work on the machine lengthens less; cold is the median of runs that open the catalog after its
files were dropped from the page cache, with what was read from the disk. Everything from the text
to the records is timed; `sort:random` has one seed. Prints Markdown; what misses its limit is bold.
"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from phototagd.db.errors import CatalogError, QueryError
from phototagd.db.reader import CatalogReader

LIMIT: Final = 50
WARM_MS: Final = 50
COLD_MS: Final = 250
PROGRAM_MS: Final = 400
PAGE: Final = 200
PHOTOTAG: Final = Path(sys.executable).with_name("phototag")
SHARES: Final = {"common": 0.4, "often": 0.06, "mid": 0.045, "few": 0.0077, "rare": 0.0009}

CASES: Final = {
    "word": ('"{common}"', '"{often}"', '"{few}"', '"{rare}"', '"{parent}"'),
    "kind": ('object:"{common}"', 'object:"{often}"', 'label:"{label}"', 'label:"{few}"'),
    "sure": ('"{common}"@0.6', '"{common}"@0.995', '"{often}"@0.95', '"{rare}"@0.9'),
    "conf": ('"{common}" "{often}" conf>0.9', '"{parent}" conf>0.99'),
    "count": (
        "person>=2", "person>=5", "person>=9", "person=3", "person>=12", "person@0.7>=2",
        "person=0", '"{box}">=2', '"{box}"<2',
    ),
    "box": (
        "person:left", "person:center", "person:area>20%", "person:area>80%", "person:area>95%",
        '"{box}":area>40%', "person@0.9:area>50%:right>=2", '"{box}":top', '"{fewbox}":area>30%',
    ),
    "prefix": ("ca*", "be*", "do*", "mot*", "ca*@0.9", "zebr*"),
    "and": (
        '"{common}" "{often}"', '"{often}" "{mid}"', '"{rare}" "{common}"', '"{few}" "{fewbox}"',
        '"{common}" "{parent}" "{often}"',
    ),
    "or": (
        '"{rare}" OR "{few}"', '"{common}" OR "{often}"', '("{few}" OR "{rare}") "{common}"',
        '("{often}" OR "{mid}") ("{common}" OR "{parent}")', '"{rare}" OR iso>12800',
    ),
    "not": (
        '-"{common}"', '-"{often}"', '-"{common}" -"{parent}"', '"{often}" "{mid}" -"{common}"',
        '"{rare}" -"{common}"', 'NOT ("{common}" OR "{parent}" OR "{often}")',
        "-date:2018", '-place:"{city}" "{few}"', "-camera:iphone",
    ),
    "date": (
        "date:2018", "date:2018-07", "date:2018-07-01..2018-07-14", "after:2025-06-01",
        "before:2007", "date:none", "date:1999", "date:last-month",
        '"{common}" date:2010', '"{rare}" date:2018', '"{few}" date:2018-07-01..2018-07-14',
    ),
    "season": ("season:summer", "season:winter", '"{few}" season:autumn', "season:spring,winter"),
    "hour": ("hour:18..23", "hour:3", "hour:22..4", '"{few}" hour:3', '"{common}" hour:4'),
    "weekday": ("weekday:sat", "weekday:mon,tue", "weekday:sun hour:3", '"{rare}" weekday:wed'),
    "added": ("added:2023", "added:2024-03-01", "added:2022-05-01..2022-05-02", "added:today"),
    "camera": (
        "camera:iphone", 'camera:"{camera}"', 'camera:"{rarecamera}"', "camera:*5*",
        "camera:none", '"{few}" camera:"{camera}"', "camera:apple",
    ),
    "lens": ('lens:"{lens}"', 'lens:"{rarelens}"', "lens:canon", "lens:*85*", "lens:none"),
    "model": ("model:ssd*", "model:nanodet*", '"{few}" model:nanodet*'),
    "place": (
        "place:lisbon", 'place:"{city}"', "place:portugal", "place:fj", "place:el*",
        "place:none", '"{few}" place:lisbon',
    ),
    "gps": ("gps:none", "gps:any", '"{rare}" gps:none'),
    "near": (
        "near:38.7223,-9.1393", "near:38.7223,-9.1393,5km", "near:38.7223,-9.1393,50km",
        "near:38.7223,-9.1393,500km", "near:46.5,2.4,1000km", "near:0,-30,100km",
        "near:-17.6,179.9,300km", '"{few}" near:38.7223,-9.1393,10km', "near:38.7,-9.1,10km hour:3",
    ),
    "iso": ("iso>6400", "iso>20000", "iso=100", "iso:50..90", "iso<60", '"{few}" iso>6400'),
    "f": ("f<1.6", "f>=16", "f:2.8..4", "f:6.3..7"),
    "focal": ("focal>100", "focal>=400", "focal<5", "focal:60..69"),
    "size": ("size>10mb", "size>50mb", "size<200kb", "size>500mb", '"{few}" size>20mb'),
    "pixels": ("width>=4000", "width<1100", "height>=5000", "width>=6000 height<4000"),
    "rating": ("rating>=4", "rating=5", "rating:none", "rating=-1", '"{few}" rating>=4'),
    "path": (
        "path:albums", "path:2018/07", "path:2018/07/**", "path:/srv/phones", "path:*copy*",
        "path:IMG_1101.jpg", "path:phone3/**/IMG_10*", "path:nowhere/*", '"{few}" path:albums',
        "path:**/*lisbon*/IMG_100?.jpg",
    ),
    "format": ("ext:heic", "ext:nef", "ext:png,webp", "format:raw", "format:tiff", "format:jpeg"),
    "shape": ("orientation:portrait", "orientation:square", '"{few}" orientation:portrait'),
    "keyword": ('keyword:"{keyword}"', 'keyword:"{rarekeyword}"', "keyword:al*", "-keyword:al*"),
    "state": (
        "untagged", "duplicate", "state:failed", "state:missing", "state:any", "state:failed,dead",
        "duplicate -person", '"{few}" state:missing', "untagged camera:iphone",
    ),
    "sort": tuple(
        f"{query} sort:{sort}".strip()
        for sort in ("date", "-date", "conf", "path", "-path", "size", "-size", "random")
        for query in ('"{common}"', '"{few}"', "iso>6400", "camera:iphone", "")
        if query or sort != "conf"
    ),
    "mixed": (
        "place:lisbon person>=2 date:2018", "camera:iphone iso>6400 season:winter",
        '"{often}" rating>=4 orientation:portrait -"{common}"', "iso>1600 f<2 focal>30",
        '"{often}" gps:none', 'place:lisbon OR keyword:"{keyword}"', "ext:heic weekday:sun hour:7",
        '(date:2012 OR date:2019) "{few}"', "person:area>30% place:portugal season:summer",
        'iso>6400 hour:3 "{few}"', "untagged date:2018", '"{common}" -camera:iphone rating=5',
        "size>20mb width>=6000 -person", "camera:canon lens:*85* f<2",
    ),
}  # fmt: skip
PAGED: Final = ("", '"{common}"', '"{often}"', "iso>6400", "hour:18..23", '"{common}" sort:conf',
                "sort:size", "sort:path", '"{common}" sort:random', "path:albums")  # fmt: skip
PROGRAMS: Final = (
    ("search", '"{common}"'), ("search", '"{rare}" -"{common}"'), ("search", "person>=2"),
    ("search", "place:lisbon date:2018"), ("search", "near:38.7223,-9.1393,50km"),
    ("search", "path:2018/07"), ("search", "ca*"), ("search", "hour:3"),
    ("search", '"{common}" sort:conf'), ("search", "--count", '"{few}"'),
    ("search", "--json", '"{common}"'), ("facets",), ("facets", '"{often}"'), ("labels",),
    ("status",), ("stats",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A search and how it is asked."""

    kind: str
    query: str
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


class Bench:
    """Runs searches in one catalog."""

    def __init__(self, catalog: Path, runs: int) -> None:
        self._catalog = os.fsencode(catalog)
        self._runs = runs
        self._reader = CatalogReader.open(self._catalog)
        self._descriptors = [
            os.open(name, os.O_RDONLY)
            for name in (self._catalog, self._catalog + b"-wal")
            if os.path.exists(name)
        ]

    def close(self) -> None:
        """Let go of the catalog."""
        self._reader.close()

    def row(self, case: Case) -> str:
        """Time a search both ways; give a row of the table."""
        try:
            found = len(self._search(self._reader, case))
        except (QueryError, CatalogError) as error:
            return f"| {case.kind} | `{case.query}` | {str(error).splitlines()[0]} | | | | |"
        warms = [self._time_warm(case) for _ in range(self._runs)]
        warm, busy = map(statistics.median, zip(*warms, strict=True))
        colds = [self._time_cold(case) for _ in range(3)]
        cold, read = sorted(colds)[1]
        name = f"`{case.query}`{case.note}"
        return (
            f"| {case.kind} | {name} | {found} | {_marked(warm, WARM_MS)} |"
            f" {_marked(busy, WARM_MS)} |"
            f" {_marked(cold, COLD_MS)} | {read / 1e6:.1f} |"
        )

    def last_of_page(self, query: str, number: int) -> bytes | None:
        """Give the path after which a page begins; None where there is no such page."""
        found = self._reader.search(query, limit=(number - 1) * LIMIT, seed=1)
        return found[-1].path if len(found) == (number - 1) * LIMIT else None

    def _search(self, reader: CatalogReader, case: Case) -> list[Any]:
        return reader.search(case.query, **{"limit": LIMIT, "seed": 1} | case.options)

    def _time_warm(self, case: Case) -> tuple[float, float]:
        """Return milliseconds, and those of the processor."""
        start, busy = time.perf_counter(), time.process_time()
        self._search(self._reader, case)
        return (time.perf_counter() - start) * 1000, (time.process_time() - busy) * 1000

    def _time_cold(self, case: Case) -> tuple[float, int]:
        """Return milliseconds and the bytes that came from the disk."""
        for descriptor in self._descriptors:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        read = _bytes_read()
        start = time.perf_counter()
        with CatalogReader.open(self._catalog) as reader:
            self._search(reader, case)
        return (time.perf_counter() - start) * 1000, _bytes_read() - read


def choose(catalog: Path) -> dict[str, str]:
    """Choose the names of the catalog that stand in the queries, by how often they are."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as connection:
        ask = lambda sql: connection.execute(sql).fetchall()  # noqa: E731
        photos = ask("SELECT max(id) FROM photo")[0][0]
        labels = ask("SELECT name, n, kinds FROM label")
        things = {
            table: ask(f"SELECT name FROM {table} ORDER BY n DESC")  # noqa: S608
            for table in ("camera", "lens", "keyword", "place WHERE kind = 'city'")
        }

    def near(share: float, kinds: int) -> str:
        fitting = [row for row in labels if row[2] == kinds]
        return str(min(fitting, key=lambda row: abs(row[1] - share * photos))[0])

    names = {
        "common": near(0.4, 1), "often": near(0.06, 1), "mid": near(0.045, 2),
        "few": near(0.0077, 2), "rare": near(0.0009, 2), "parent": near(0.2, 4),
        "label": near(0.06, 2), "box": near(0.03, 1), "fewbox": near(0.008, 1),
    }  # fmt: skip
    for table, rows in things.items():
        name = table.split()[0]
        names[name] = rows[0][0]
        names[f"rare{name}"] = rows[len(rows) // 2][0]
    return names | {"city": things["place WHERE kind = 'city'"][30][0]}


def cases(bench: Bench, names: dict[str, str]) -> list[Case]:
    """Give all searches, with those of later pages and among some photos."""
    found = [Case(kind, query.format(**names)) for kind, some in CASES.items() for query in some]
    for text in PAGED:
        query = text.format(**names)
        after = bench.last_of_page(query, PAGE)
        if after is not None:
            found.append(Case("page", query, {"after": after, "seed": 1}, f" page {PAGE}"))
    few, many = list(range(1, 300_000, 61)), list(range(1, 1_000_000, 10))
    for query in ("", f'"{names["common"]}"', "iso>6400", "sort:path"):
        found.append(Case("among", query, {"among": few}, f" among {len(few)}"))
        found.append(Case("among", query, {"among": many}, f" among {len(many)}"))
    return found


def time_program(catalog: Path, words: tuple[str, ...], runs: int) -> float | None:
    """Return the milliseconds of a whole program, the median of some runs; None where it fails."""
    environ = os.environ | {"PHOTOTAG_CATALOG_PATH": str(catalog)}
    more = ["--limit", str(LIMIT)] if words[0] == "search" and "--count" not in words else []
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(
            [PHOTOTAG, *words, *more], env=environ, capture_output=True, check=False
        )
        spent.append((time.perf_counter() - start) * 1000)
        if done.returncode > 1:
            return None
    return statistics.median(spent)


def _bytes_read() -> int:
    """Return what this process has read from disks, see proc(5)."""
    (line,) = re.findall(r"^read_bytes: (\d+)$", Path("/proc/self/io").read_text("ascii"), re.M)
    return int(line)


def _marked(spent: float, limit: float) -> str:
    return f"**{spent:.1f}**" if spent > limit else f"{spent:.1f}"


def say(line: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--only", default="", help="a pattern for 'kind query'")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--programs", action="store_true", help="the whole programs, too")
    options = parser.parse_args()
    names = choose(options.catalog)
    bench = Bench(options.catalog, options.runs)
    say(f"limits: warm {WARM_MS} ms, cold {COLD_MS} ms, the whole program {PROGRAM_MS} ms\n")
    say("| kind | query | found | warm ms | its CPU ms | cold ms | cold MB read |")
    say("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for case in cases(bench, names):
        if re.search(options.only, f"{case.kind} {case.query}"):
            say(bench.row(case))
    bench.close()
    if options.programs:
        say("\n| program | ms |\n| --- | ---: |")
        for words in PROGRAMS:
            shown = tuple(word.format(**names) for word in words)
            spent = time_program(options.catalog, shown, options.runs)
            limit = PROGRAM_MS if shown[0] == "search" else float("inf")
            text = "fails" if spent is None else _marked(spent, limit)
            say(f"| `phototag {' '.join(shown)}` | {text} |")


if __name__ == "__main__":
    main()
