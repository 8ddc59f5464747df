"""What the reader says of saved searches: plain SQL, as in `reader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from .paths import join
from .records import MatchChange, SavedSearch
from .states import label_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Execute = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]

SEARCHES: Final = (
    "SELECT id, name, query, link_dir, created_at, is_armed FROM saved_search{where} ORDER BY key"
)
FOUND: Final = (
    "WITH hit AS ({hits}) SELECT DISTINCT hit.photo_id FROM hit WHERE NOT EXISTS (SELECT 1"
    " FROM saved_match m WHERE m.search_id = :saved_search AND m.photo_id = hit.photo_id"
    " AND m.is_current = 1) LIMIT :saved_most"
)
# A photo that is being looked at again keeps its place until it is known what it is now.
LOST: Final = (
    "WITH hit AS ({hits}) SELECT m.photo_id FROM saved_match m CROSS JOIN photo p"
    " WHERE m.search_id = :saved_search AND m.is_current = 1 AND p.id = m.photo_id"
    " AND p.state <> 'pending' AND m.photo_id NOT IN (SELECT photo_id FROM hit) LIMIT :saved_most"
)
PATHS: Final = (
    "SELECT r.path, f.relpath, p.name FROM saved_match m CROSS JOIN photo p CROSS JOIN folder f"
    " CROSS JOIN root r WHERE m.search_id = :search AND m.is_current = 1 AND p.id = m.photo_id"
    " AND f.id = p.folder_id AND r.id = f.root_id ORDER BY m.photo_id"
)


class Hits(Protocol):
    """What a query was compiled to: SQL that gives `photo_id`, with its parameters."""

    @property
    def hits(self) -> str:
        """The SQL."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its named parameters."""


def list_searches(execute: Execute) -> tuple[SavedSearch, ...]:
    """Give all saved searches by name."""
    return tuple(_search(*row) for row in execute(SEARCHES.format(where=""), {}))


def find_search(execute: Execute, name: str) -> SavedSearch | None:
    """Give the saved search of a name, however it is spelt; None where there is none."""
    rows = execute(SEARCHES.format(where=" WHERE key = :key"), {"key": label_key(name)})
    return _search(*rows[0]) if rows else None


def find_change(execute: Execute, search: SavedSearch, hits: Hits, most: int) -> MatchChange:
    """Compare what a search finds now with what is written down; up to `most` photos each way."""
    parameters = {**hits.parameters, "saved_search": search.id, "saved_most": most}
    found, lost = (
        tuple(photo_id for (photo_id,) in execute(sql.format(hits=hits.hits), parameters))
        for sql in (FOUND, LOST)
    )
    return MatchChange(search, found, lost, is_whole=max(len(found), len(lost)) < most)


def match_paths(execute: Execute, search_id: int) -> Iterator[bytes]:
    """Give the paths of the photos that are written down as found, those known first first."""
    rows = execute(PATHS, {"search": search_id})
    return (join(bytes(root), bytes(relpath), bytes(name)) for root, relpath, name in rows)


def _search(
    search_id: int, name: str, query: str, link_dir: bytes | None, created_at: int, is_armed: int
) -> SavedSearch:
    folder = None if link_dir is None else bytes(link_dir)
    return SavedSearch(search_id, name, query, folder, created_at, bool(is_armed))
