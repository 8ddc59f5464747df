"""What the reader knows of photos beside their own rows: tags, boxes, keywords, files, metadata."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from ..models.results import Box, Detection
from . import believed, tag_reading
from .metadata_reading import METADATA, PAIRS, metadata, pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from .search import CompiledSearch
    from .search.facts import Execute

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
MODEL_SETS: Final = (
    "WITH hit AS ({hits}) SELECT p.id, p.set_id FROM hit CROSS JOIN photo p"
    " WHERE p.id = hit.photo_id AND p.set_id IS NOT NULL"
)


def read_details(execute: Execute, search: CompiledSearch) -> dict[int, dict[str, Any]]:
    """Give fields of `PhotoRecord` for the hits of a search, by their ids; empty ones are absent.

    The search's order does not matter here.
    """
    sets = believed.sets(execute)

    def models(set_id: int) -> tuple[str, ...]:
        return tuple(version.name for version in sets.get(set_id, ()))

    listed = {
        "tags": _gather(execute, believed.TAGS, search, believed.tag),
        "detections": _gather(execute, DETECTIONS, search, _detection),
        "keywords": _gather(execute, KEYWORDS, search, str),
        "tag_files": _gather(execute, tag_reading.TAG_FILES, search, tag_reading.tag_file),
    }
    single = {
        "models": _gather(execute, MODEL_SETS, search, models),
        "metadata": _gather(execute, METADATA, search, metadata),
        "pair": _gather(execute, PAIRS, search, pair),
    }
    known: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for field, found in listed.items():
        for photo_id, things in found.items():
            known[photo_id][field] = tuple(things)
    for field, found in single.items():
        for photo_id, things in found.items():
            known[photo_id][field] = things[0]
    return known


def _gather(
    execute: Execute, template: str, search: CompiledSearch, build: Callable[..., Any]
) -> dict[int, list[Any]]:
    """Ask for one kind of result of all hits at once."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    sql = template.format(hits=search.hits)
    for photo_id, *columns in execute(sql, search.parameters):
        found[photo_id].append(build(*columns))
    return found


def _detection(name: str, confidence: float, *rest: Any) -> Detection:
    *sides, model = rest
    return Detection(name, confidence, Box(*sides), model)
