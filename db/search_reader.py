"""Questions for photos: what a query finds, and what is known of single ones.

This is all that a search loads, and neither SQLAlchemy nor the rest of `reader` is a part of it:
importing them would cost more than a whole search may take.
"""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import os
import sqlite3
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from .explain import NOT_OUR_FAULT
from .opening import explain_reading, one_snapshot, open_for_reading
from .paths import relative_to
from .photo_reading import MOST_NAMED, name_photos, read_photos
from .search import CompiledSearch, Options, Sort
from .search.asking import Asker, start_of
from .states import PhotoState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from .photo_record import PhotoRecord
    from .query import Tree
    from .search.asking import Explanation
    from .search.facets import Facets
    from .search.names import Resolve, Unknown

    Rows: TypeAlias = list[tuple[Any, ...]]
    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], Rows]

ONE_PHOTO: Final = (
    "SELECT p.id AS photo_id FROM folder f CROSS JOIN photo p WHERE f.root_id = :root_id"
    " AND f.relpath = :relpath AND p.folder_id = f.id AND p.name = :name"
)


class SearchReader:
    """Finds photos; changes nothing. Not for several threads at once.

    `execute` runs SQL with `:name` parameters and gives all rows; `snapshot` makes a context in
    which several questions see one state; `path` is the catalog's file, if it is one; `today` gives
    the day that a query's `yesterday` starts from.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        snapshot: Callable[[], AbstractContextManager[None]] = nullcontext,
        close: Callable[[], None] = lambda: None,
        path: bytes | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._execute = execute
        self._snapshot = snapshot
        self._close = close
        self._path = path
        self._today = today

    @classmethod
    def open(cls, path: bytes | str, *, today: Callable[[], date] = date.today) -> Self:
        """Open a catalog file for reading.

        Raises CatalogAbsent, CatalogLost, CatalogTooOld, CatalogTooNew, CatalogBroken, CatalogBusy
        or CatalogUnreadable.
        """
        name = os.path.abspath(os.fsencode(path))
        connection = open_for_reading(name)

        def execute(sql: str, parameters: Mapping[str, Any]) -> Rows:
            try:
                return connection.execute(sql, parameters).fetchall()
            except NOT_OUR_FAULT:
                raise
            except sqlite3.DatabaseError as error:  # damage is no OperationalError
                raise explain_reading(error, name) from error

        return cls(
            execute,
            snapshot=lambda: one_snapshot(connection),
            close=connection.close,
            path=name,
            today=today,
        )

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def search(  # noqa: PLR0913  # all that may be asked beside the query, each by its name
        self,
        query: str | Tree,
        *,
        sort: Sort | str = Sort.NEWEST,
        limit: int | None = None,
        after: bytes | None = None,
        seed: int | None = None,
        raw: bool = False,
        among: Collection[int] | None = None,
        details: bool = False,
        resolve: Resolve | None = None,
        unknown: Unknown | None = None,
    ) -> list[PhotoRecord]:
        """Find the photos that a query describes: done ones, where it does not name states.

        `sort` is the order where the query has none; a random one is the same for the same `seed`.
        `after` is the last photo of the page before. RAW photos that are shown by the picture
        beside them are left out, unless with `raw` or where the query asks for file kinds. `among`
        are the ids of the only photos that count.
        `resolve` gives the name that a word means which itself is on no photo: a plural, a synonym.
        `unknown` is told of what no photo has, and whether it stands under a NOT; where it raises
        nothing that finds no photo, and without it all that is an error.
        Without details the records carry no tags, detections, models, keywords and tag files.
        Raises QueryError, or one of its kinds for what is not known; CatalogError for an `after`
        that is not in the catalog; ValueError for a sort that is none or a limit below 0.
        """
        if limit is not None and limit < 0:
            raise ValueError("a limit is 0 or more")
        options = Options(Sort(sort), limit, raw, among, start=start_of(seed))
        with self._snapshot():
            asker = self._asker(resolve, unknown)
            if after is not None:
                options = replace(options, after=asker.place_of(after))
            return read_photos(self._execute, asker.compile(query, options), details=details)

    def order(self, query: str | Tree, sort: Sort | str = Sort.NEWEST) -> Sort:
        """Say in which order `search` would give the photos; `sort` where the query has none.

        Raises QueryError.
        """
        with self._snapshot():
            return self._asker().order(query, Sort(sort))

    def count(
        self,
        query: str | Tree,
        *,
        raw: bool = False,
        resolve: Resolve | None = None,
        unknown: Unknown | None = None,
    ) -> int:
        """Count the photos that `search` would find. Raises what it raises."""
        with self._snapshot():
            return self._asker(resolve, unknown).count(query, Options(raw=raw))

    def explain(
        self,
        query: str | Tree,
        *,
        sort: Sort | str = Sort.NEWEST,
        limit: int | None = None,
        raw: bool = False,
        resolve: Resolve | None = None,
        unknown: Unknown | None = None,
    ) -> Explanation:
        """Say how `search` would understand and answer a query. Raises what it raises."""
        options = Options(Sort(sort), limit, raw, start=start_of(0))
        with self._snapshot():
            return self._asker(resolve, unknown).explain(query, options)

    def facets(
        self,
        query: str | Tree = "",
        most: int = 10,
        *,
        raw: bool = False,
        resolve: Resolve | None = None,
        unknown: Unknown | None = None,
    ) -> Facets:
        """Count the most frequent labels, years, cameras and places among all hits of a query.

        Raises what `search` raises.
        """
        with self._snapshot():
            return self._asker(resolve, unknown).facets(query, Options(raw=raw), most)

    def photo(self, path: bytes) -> PhotoRecord | None:
        """Give all that is known of the photo with this absolute path, whatever its state."""
        folder, name = os.path.split(path)
        with self._snapshot():
            for root_id, root in self._execute("SELECT id, path FROM root", {}):
                relpath = relative_to(folder, bytes(root))
                if relpath is not None:
                    place = {"root_id": root_id, "relpath": relpath, "name": name}
                    found = read_photos(
                        self._execute, CompiledSearch(ONE_PHOTO, "p.id", place), details=True
                    )
                    return found[0] if found else None
        return None

    def photos_by_id(self, ids: Collection[int], *, details: bool = True) -> list[PhotoRecord]:
        """Give what is known of these photos, in their order and whatever their state.

        An unknown id is left out.
        """
        wanted = list(ids)
        found: dict[int, PhotoRecord] = {}
        with self._snapshot():
            for start in range(0, len(wanted), MOST_NAMED):
                named = name_photos(wanted[start : start + MOST_NAMED], "p.id")
                found |= {
                    photo.id: photo for photo in read_photos(self._execute, named, details=details)
                }
        return [found[photo_id] for photo_id in wanted if photo_id in found]

    def photos(
        self, states: Collection[PhotoState] = tuple(PhotoState), limit: int | None = None
    ) -> list[PhotoRecord]:
        """List photos in these states by path, with error and attempts, without tags."""
        listed = ", ".join(f"'{PhotoState(state)}'" for state in sorted(states)) or "NULL"
        hits = f"SELECT id AS photo_id FROM photo WHERE state IN ({listed})"
        order = "r.path, f.relpath, p.name" + ("" if limit is None else " LIMIT :limit")
        parameters = {} if limit is None else {"limit": limit}
        return read_photos(
            self._execute, CompiledSearch(hits, order, {**parameters}), details=False
        )

    def _asker(self, resolve: Resolve | None = None, unknown: Unknown | None = None) -> Asker:
        return Asker(self._execute, self._today(), resolve, unknown)

    def _all_hits(
        self, query: str | Tree, resolve: Resolve | None, unknown: Unknown | None
    ) -> CompiledSearch:
        return self._asker(resolve, unknown).compile(query, Options())
