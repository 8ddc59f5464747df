"""How the reader makes records of photos from rows, in a few questions for any number of them."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from ..models.results import Box, Detection
from . import believed, tag_reading
from .metadata_reading import METADATA, PAIRS, metadata, pair
from .paths import join
from .records import Metadata, PhotoRecord
from .search import CompiledSearch
from .states import PhotoState

if TYPE_CHECKING:
    from collections.abc import Callable

    from .search.facts import Execute

MOST_NAMED: Final = 500
COLUMNS: Final = (
    "width",
    "height",
    "format",
    "error",
    "attempts",
    "size",
    "mtime_ns",
    "taken_at",
    "analyzed_at",
    "next_try_at",
    "missing_since",
    "fingerprint",
    "rules",
    "suffix",
)
PHOTOS: Final = (
    "WITH hit AS ({hits}) SELECT p.id, r.path, f.relpath, p.name, p.state, p.inode, p.set_id,"
    " coalesce(p.taken_source, 'file'), "
    + ", ".join(f"p.{column}" for column in COLUMNS)
    + " FROM hit CROSS JOIN photo p CROSS JOIN folder f CROSS JOIN root r"
    " WHERE p.id = hit.photo_id AND f.id = p.folder_id AND r.id = f.root_id ORDER BY {order}"
)
DETECTIONS: Final = (
    'WITH hit AS ({hits}) SELECT hit.photo_id, l.name, d.confidence, d."left", d.top, d."right",'
    " d.bottom, m.name FROM hit CROSS JOIN detection d CROSS JOIN label l CROSS JOIN model m"
    " WHERE d.photo_id = hit.photo_id AND l.id = d.label_id AND m.id = d.model_id"
    " ORDER BY hit.photo_id, d.n"
)
KEYWORDS: Final = (
    "WITH hit AS ({hits}) SELECT hit.photo_id, k.name FROM hit CROSS JOIN photo_keyword pk"
    " CROSS JOIN keyword k WHERE pk.photo_id = hit.photo_id AND k.id = pk.keyword_id"
    " ORDER BY hit.photo_id, k.key"
)


def read_photos(execute: Execute, search: CompiledSearch, *, details: bool) -> list[PhotoRecord]:
    """Give what is known of the hits of a search, in its order."""
    sql = PHOTOS.format(hits=search.hits, order=search.order)
    rows = execute(sql, search.parameters)
    search = _by_ids([row[0] for row in rows], search)
    tags = _gather(execute, believed.TAGS, search, believed.tag) if details else {}
    detections = _gather(execute, DETECTIONS, search, _detection) if details else {}
    sets = believed.sets(execute) if details else {}
    keywords = _gather(execute, KEYWORDS, search, str) if details else {}
    files = _gather(execute, tag_reading.TAG_FILES, search, tag_reading.tag_file) if details else {}
    written = _gather(execute, METADATA, search, metadata) if details else {}
    pairs = _gather(execute, PAIRS, search, pair) if details else {}
    return [
        PhotoRecord(
            id=photo_id,
            path=join(bytes(root), bytes(relpath), bytes(name)),
            state=PhotoState(state),
            tags=tags.get(photo_id, ()),
            detections=detections.get(photo_id, ()),
            models=tuple(version.name for version in sets.get(set_id, ())),
            keywords=keywords.get(photo_id, ()),
            tag_files=files.get(photo_id, ()),
            inode=inode % (1 << 64),
            taken_source=source,
            metadata=written.get(photo_id, (Metadata(),))[0],
            pair=pairs.get(photo_id, (None,))[0],
            **dict(zip(COLUMNS, columns, strict=True)),
        )
        for photo_id, root, relpath, name, state, inode, set_id, source, *columns in rows
    ]


def _gather(
    execute: Execute, template: str, search: CompiledSearch, build: Callable[..., Any]
) -> dict[int, tuple[Any, ...]]:
    """Ask for one kind of result of all hits at once."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    sql = template.format(hits=search.hits)
    for photo_id, *columns in execute(sql, search.parameters):
        found[photo_id].append(build(*columns))
    return {photo_id: tuple(things) for photo_id, things in found.items()}


def _by_ids(ids: list[int], search: CompiledSearch) -> CompiledSearch:
    """Spare the next questions the search, where its hits are few enough to be named."""
    return search if len(ids) > MOST_NAMED else name_photos(ids, search.order)


def name_photos(ids: list[int], order: str) -> CompiledSearch:
    """Make a search that finds the photos with these ids."""
    named = {f"i{n}": photo_id for n, photo_id in enumerate(ids)}
    listed = ", ".join(f":{name}" for name in named) or "NULL"
    hits = f"SELECT id AS photo_id FROM photo WHERE id IN ({listed})"
    return CompiledSearch(hits, order, {**named})


def _detection(name: str, confidence: float, *rest: Any) -> Detection:
    *sides, model = rest
    return Detection(name, confidence, Box(*sides), model)
