"""Questions to the catalog: plain SQL with named parameters, for every database the same text.

SQLAlchemy is not loaded here: its import alone costs more than a whole search may take.
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

from ..models.results import ModelVersion
from . import believed, saved_reading, tag_reading
from .paths import relative_to
from .photo_reading import MOST_NAMED, name_photos, read_photos
from .reading import explain_reading, one_snapshot, open_for_reading
from .records import CatalogStats, KeywordCount, LabelCount, PhotoRecord, RootRecord
from .search import CompiledSearch, Options, Sort
from .search.asking import Asker, start_of
from .states import PRESENT_FILES, PhotoState, RootState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from types import TracebackType

    from ..models.results import Analysis
    from .query import Tree
    from .records import (
        FileEntry,
        JudgedPicture,
        MatchChange,
        ModelSet,
        SavedSearch,
        TagFile,
        TagStats,
        UncertainTag,
        Verdict,
    )
    from .search.asking import Explanation
    from .search.facets import Facets
    from .search.names import Resolve

    Rows: TypeAlias = list[tuple[Any, ...]]
    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], Rows]

MODELS: Final = "SELECT name, digest FROM model WHERE digest <> '' ORDER BY name, id"
ONE_PHOTO: Final = (
    "SELECT p.id AS photo_id FROM folder f CROSS JOIN photo p WHERE f.root_id = :root_id"
    " AND f.relpath = :relpath AND p.folder_id = f.id AND p.name = :name"
)

ROOTS: Final = (
    "SELECT id, path, state, device, inode, is_mount, last_scan_at FROM root ORDER BY path"
)
LABELS_OF_MISSING: Final = (
    "SELECT s.label_id, count(*) FROM photo p CROSS JOIN sighting s"
    " WHERE p.missing_since IS NOT NULL AND s.photo_id = p.id GROUP BY s.label_id"
)
KEYWORDS_OF_MISSING: Final = (
    "SELECT k.keyword_id, count(*) FROM photo p CROSS JOIN photo_keyword k"
    " WHERE p.missing_since IS NOT NULL AND k.photo_id = p.id GROUP BY k.keyword_id"
)


class CatalogReader:
    """Answers questions; changes nothing. Not for several threads at once.

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
            except sqlite3.OperationalError as error:
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
    ) -> list[PhotoRecord]:
        """Find the photos that a query describes: done ones, where it does not name states.

        `sort` is the order where the query has none; a random one is the same for the same `seed`.
        `after` is the last photo of the page before. RAW photos that are shown by the picture
        beside them are left out, unless with `raw` or where the query asks for file kinds. `among`
        are the ids of the only photos that count.
        `resolve` gives the name that a word means which itself is on no photo: a plural, a synonym.
        Without details the records carry no tags, detections, models, keywords and tag files.
        Raises QueryError, or one of its kinds for what is not known; CatalogError for an `after`
        that is not in the catalog; ValueError for a sort that is none or a limit below 0.
        """
        if limit is not None and limit < 0:
            raise ValueError("a limit is 0 or more")
        options = Options(Sort(sort), limit, raw, among, start=start_of(seed))
        with self._snapshot():
            asker = self._asker(resolve)
            if after is not None:
                options = replace(options, after=asker.place_of(after))
            return read_photos(self._execute, asker.compile(query, options), details=details)

    def count(self, query: str | Tree, *, raw: bool = False, resolve: Resolve | None = None) -> int:
        """Count the photos that `search` would find. Raises what it raises."""
        with self._snapshot():
            return self._asker(resolve).count(query, Options(raw=raw))

    def explain(
        self,
        query: str | Tree,
        *,
        sort: Sort | str = Sort.NEWEST,
        limit: int | None = None,
        raw: bool = False,
        resolve: Resolve | None = None,
    ) -> Explanation:
        """Say how `search` would understand and answer a query. Raises what it raises."""
        options = Options(Sort(sort), limit, raw, start=start_of(0))
        with self._snapshot():
            return self._asker(resolve).explain(query, options)

    def facets(
        self,
        query: str | Tree = "",
        most: int = 10,
        *,
        raw: bool = False,
        resolve: Resolve | None = None,
    ) -> Facets:
        """Count the most frequent labels, years, cameras and places among all hits of a query.

        Raises what `search` raises.
        """
        with self._snapshot():
            return self._asker(resolve).facets(query, Options(raw=raw), most)

    def uncertain(
        self, query: str | Tree, limit: int, *, resolve: Resolve | None = None
    ) -> list[UncertainTag]:
        """Give the shown tags without a verdict that are nearest to their thresholds.

        They are of the photos that the query finds, each picture once. Reads all their tags. Raises
        what `search` raises.
        """
        with self._snapshot():
            compiled = self._all_hits(query, resolve)
            return believed.uncertain(self._execute, compiled, limit)

    def evidence(self, photo_id: int) -> Analysis | None:
        """Give what the models in force said of a photo, best first; None where nothing is stored.

        Confidences and sides of boxes are rounded to 1/65535.
        """
        with self._snapshot():
            return believed.evidence(self._execute, photo_id)

    def verdicts(self, fingerprint: bytes) -> tuple[Verdict, ...]:
        """Give what people said of a picture, by name."""
        return believed.verdicts(self._execute, fingerprint)

    def all_verdicts(self) -> list[JudgedPicture]:
        """Give all verdicts by name, the oldest first."""
        return believed.all_verdicts(self._execute)

    def model_sets(self) -> list[ModelSet]:
        """List the sets of models that were asked, that of most photos first; reads all photos."""
        with self._snapshot():
            return believed.model_sets(self._execute)

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

    def is_as_known(self, root_id: int, relpath: bytes, entries: Collection[FileEntry]) -> bool:
        """Say whether a folder's listing is exactly what the catalog knows of it.

        This is the quick part of a walk over a library in which nothing changed; a listing that
        differs, or only seems to, is for `Catalog.reconcile_folder`.
        """
        rows = self._execute(PRESENT_FILES, {"root_id": root_id, "relpath": relpath})
        return set(rows) == set(entries)

    def labels(self) -> list[LabelCount]:
        """List all known names, those of the most photos first; missing photos do not count."""
        with self._snapshot():
            rows = self._execute("SELECT id, name, key, n, kinds FROM label", {})
            gone: dict[int, int] = dict(self._execute(LABELS_OF_MISSING, {}))
        there = sorted(
            (gone.get(key, 0) - n, spelling, name, kinds) for key, name, spelling, n, kinds in rows
        )
        return [LabelCount(name, -n, believed.kinds_of(kinds)) for n, _, name, kinds in there]

    def keywords(self) -> list[KeywordCount]:
        """List all keywords, those of the most photos first; missing photos do not count."""
        with self._snapshot():
            rows = self._execute("SELECT id, name, key, n FROM keyword", {})
            gone: dict[int, int] = dict(self._execute(KEYWORDS_OF_MISSING, {}))
        there = sorted((gone.get(key, 0) - n, spelling, name) for key, name, spelling, n in rows)
        return [KeywordCount(name, -n) for n, _, name in there if n]

    def ledger(self, photo_id: int) -> tuple[tuple[TagFile, ...], tuple[TagFile, ...]]:
        """Give what stands of ours in a photo's files, and what was about to be written.

        A photo without files of its own may be one that moved while nobody watched: then the files
        are those of missing photos of the same pixels, the latest for each target, and before all
        those of one that had the same size and time.
        """
        with self._snapshot():
            return tag_reading.ledger(self._execute, photo_id)

    def tag_intents(self) -> list[tuple[int, bytes, TagFile]]:
        """List the writes that were begun and not recorded: photo's id and path, and what."""
        return tag_reading.intents(self._execute)

    def tag_stats(self) -> TagStats:
        """Count what was written, what was refused and why, and what waits."""
        with self._snapshot():
            return tag_reading.tag_stats(self._execute)

    def saved_searches(self) -> tuple[SavedSearch, ...]:
        """List the saved searches by name."""
        return saved_reading.list_searches(self._execute)

    def saved_search(self, name: str) -> SavedSearch | None:
        """Give the saved search of a name, however it is spelt; None where there is none."""
        return saved_reading.find_search(self._execute, name)

    def match_change(
        self, search: SavedSearch, most: int, *, resolve: Resolve | None = None
    ) -> MatchChange:
        """Compare what a saved search finds now with what is written down, `most` photos each way.

        Raises what `search` raises.
        """
        with self._snapshot():
            compiled = self._all_hits(search.query, resolve)
            return saved_reading.find_change(self._execute, search, compiled, most)

    def match_paths(self, search: SavedSearch) -> Iterator[bytes]:
        """Give the paths of the photos that are written down as found by a saved search."""
        return saved_reading.match_paths(self._execute, search.id)

    def data_version(self) -> int:
        """Give a number that changes when somebody else has changed the catalog."""
        ((version,),) = self._execute("PRAGMA data_version", {})
        return int(version)

    def counts(self) -> dict[PhotoState, int]:
        """Count the photos by state; a state without photos is left out."""
        number = self._execute("SELECT state, count(*) FROM photo GROUP BY state", {})
        return {PhotoState(state): count for state, count in number}

    def roots(self) -> list[RootRecord]:
        """List all roots by path with what is known of them."""
        with self._snapshot():
            mounts = self._execute("SELECT root_id, relpath FROM mount ORDER BY relpath", {})
            rows = self._execute(ROOTS, {})
        return [
            RootRecord(
                id=root_id,
                path=bytes(path),
                state=RootState(state),
                device=_unsigned(device),
                inode=_unsigned(inode),
                is_mount=bool(is_mount),
                last_scan_at=last_scan_at,
                mounts=tuple(bytes(place) for owner, place in mounts if owner == root_id),
            )
            for root_id, path, state, device, inode, is_mount, last_scan_at in rows
        ]

    def stats(self) -> CatalogStats:
        """Count what the catalog holds; reads whole tables, for millions of photos seconds."""
        with self._snapshot():
            photos = self.counts()
            roots = self._execute("SELECT path FROM root ORDER BY path", {})
            models = self._execute(MODELS, {})
            ((labels,),) = self._execute("SELECT count(*) FROM label WHERE n > 0", {})
            ((detections,),) = self._execute("SELECT count(*) FROM detection", {})
            ((first, last),) = self._execute(
                "SELECT min(analyzed_at), max(analyzed_at) FROM photo", {}
            )
        return CatalogStats(
            photos=photos,
            roots=tuple(bytes(path) for (path,) in roots),
            labels=labels,
            detections=detections,
            models=tuple(ModelVersion(name, digest) for name, digest in models),
            size_bytes=_size(self._path),
            first_analyzed_at=first,
            last_analyzed_at=last,
        )

    def _asker(self, resolve: Resolve | None) -> Asker:
        return Asker(self._execute, self._today(), resolve)

    def _all_hits(self, query: str | Tree, resolve: Resolve | None) -> CompiledSearch:
        return self._asker(resolve).compile(query, Options())


def _unsigned(value: int | None) -> int | None:
    """Undo the folding of the upper half of 64 bits onto the negative numbers."""
    return None if value is None else value % (1 << 64)


def _size(path: bytes | None) -> int:
    """Give the bytes of the catalog with its write-ahead log; 0 where it is no file."""
    if path is None:
        return 0
    return sum(os.path.getsize(name) for name in (path, path + b"-wal") if os.path.exists(name))
