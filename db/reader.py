"""Questions to the catalog: plain SQL with named parameters, for every database the same text.

SQLAlchemy is not loaded here: its import alone costs more than a whole search may take.
"""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from ..models.results import Box, Detection, ModelVersion
from . import believed, tag_reading
from .paths import join, relative_to
from .query import parse
from .reading import explain_reading, one_snapshot, open_for_reading
from .records import CatalogStats, KeywordCount, LabelCount, PhotoRecord, RootRecord
from .resolve import find_terms
from .search_sql import CompiledSearch, Sort, compile_search
from .states import PRESENT_FILES, PhotoState, RootState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from ..models.results import Analysis
    from .query import Tree
    from .records import (
        FileEntry,
        JudgedPicture,
        ModelSet,
        TagFile,
        TagStats,
        UncertainTag,
        Verdict,
    )
    from .resolve import Resolve

    Rows: TypeAlias = list[tuple[Any, ...]]
    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], Rows]

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
)
PHOTOS: Final = (
    "WITH hit AS ({hits}) SELECT p.id, r.path, f.relpath, p.name, p.state, p.inode, p.set_id, "
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
MODELS: Final = "SELECT name, digest FROM model WHERE digest <> '' ORDER BY name, id"
KEYWORDS: Final = (
    "WITH hit AS ({hits}) SELECT hit.photo_id, k.name FROM hit CROSS JOIN photo_keyword pk"
    " CROSS JOIN keyword k WHERE pk.photo_id = hit.photo_id AND k.id = pk.keyword_id"
    " ORDER BY hit.photo_id, k.key"
)
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
    which several questions see one state; `path` is the catalog's file, if it is one.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        snapshot: Callable[[], AbstractContextManager[None]] = nullcontext,
        close: Callable[[], None] = lambda: None,
        path: bytes | None = None,
    ) -> None:
        self._execute = execute
        self._snapshot = snapshot
        self._close = close
        self._path = path

    @classmethod
    def open(cls, path: bytes | str) -> Self:
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

    def search(
        self,
        query: str | Tree,
        *,
        sort: Sort | str = Sort.NEWEST,
        limit: int | None = None,
        details: bool = False,
        resolve: Resolve | None = None,
    ) -> list[PhotoRecord]:
        """Find the done photos that a query describes.

        `resolve` gives the name that a word means which itself is on no photo: a plural, a synonym.
        Without details the records carry no tags, detections, models, keywords and tag files.
        Raises QueryError, or its kind UnknownWord for a name that is no label and UnknownKeyword
        for a keyword that no photo has; ValueError for a sort that is none or a limit below 0.
        """
        if limit is not None and limit < 0:
            raise ValueError("a limit is 0 or more")
        with self._snapshot():
            compiled = self._compile(query, Sort(sort), limit, resolve)
            return self._records(compiled, details=details)

    def uncertain(
        self, query: str | Tree, limit: int, *, resolve: Resolve | None = None
    ) -> list[UncertainTag]:
        """Give the shown tags without a verdict that are nearest to their thresholds.

        They are of the photos that the query finds, each picture once. Reads all their tags. Raises
        what `search` raises.
        """
        with self._snapshot():
            compiled = self._compile(query, Sort.NEWEST, None, resolve)
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
                    found = self._records(CompiledSearch(ONE_PHOTO, "p.id", place), details=True)
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
                named = _named(wanted[start : start + MOST_NAMED], "p.id")
                found |= {photo.id: photo for photo in self._records(named, details=details)}
        return [found[photo_id] for photo_id in wanted if photo_id in found]

    def photos(
        self, states: Collection[PhotoState] = tuple(PhotoState), limit: int | None = None
    ) -> list[PhotoRecord]:
        """List photos in these states by path, with error and attempts, without tags."""
        listed = ", ".join(f"'{PhotoState(state)}'" for state in sorted(states)) or "NULL"
        hits = f"SELECT id AS photo_id FROM photo WHERE state IN ({listed})"
        order = "r.path, f.relpath, p.name" + ("" if limit is None else " LIMIT :limit")
        parameters = {} if limit is None else {"limit": limit}
        return self._records(CompiledSearch(hits, order, {**parameters}), details=False)

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

    def _compile(
        self, query: str | Tree, sort: Sort, limit: int | None, resolve: Resolve | None
    ) -> CompiledSearch:
        tree = parse(query) if isinstance(query, str) else query
        text = query if isinstance(query, str) else None
        labels, keywords = find_terms(self._execute, tree, text, resolve)
        return compile_search(tree, labels, sort, limit, keywords)

    def _records(self, search: CompiledSearch, *, details: bool) -> list[PhotoRecord]:
        sql = PHOTOS.format(hits=search.hits, order=search.order)
        rows = self._execute(sql, search.parameters)
        search = _by_ids([row[0] for row in rows], search)
        tags = self._gather(believed.TAGS, search, believed.tag) if details else {}
        detections = self._gather(DETECTIONS, search, _detection) if details else {}
        sets = believed.sets(self._execute) if details else {}
        keywords = self._gather(KEYWORDS, search, str) if details else {}
        files = self._gather(tag_reading.TAG_FILES, search, tag_reading.tag_file) if details else {}
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
                **dict(zip(COLUMNS, columns, strict=True)),
            )
            for photo_id, root, relpath, name, state, inode, set_id, *columns in rows
        ]

    def _gather(
        self, template: str, search: CompiledSearch, build: Callable[..., Any]
    ) -> dict[int, tuple[Any, ...]]:
        """Ask for one kind of result of all hits at once."""
        found: defaultdict[int, list[Any]] = defaultdict(list)
        sql = template.format(hits=search.hits)
        for photo_id, *columns in self._execute(sql, search.parameters):
            found[photo_id].append(build(*columns))
        return {photo_id: tuple(things) for photo_id, things in found.items()}


def _by_ids(ids: list[int], search: CompiledSearch) -> CompiledSearch:
    """Spare the next questions the search, where its hits are few enough to be named."""
    return search if len(ids) > MOST_NAMED else _named(ids, search.order)


def _named(ids: list[int], order: str) -> CompiledSearch:
    named = {f"i{n}": photo_id for n, photo_id in enumerate(ids)}
    listed = ", ".join(f":{name}" for name in named) or "NULL"
    hits = f"SELECT id AS photo_id FROM photo WHERE id IN ({listed})"
    return CompiledSearch(hits, order, {**named})


def _detection(name: str, confidence: float, *rest: Any) -> Detection:
    *sides, model = rest
    return Detection(name, confidence, Box(*sides), model)


def _unsigned(value: int | None) -> int | None:
    """Undo the folding of the upper half of 64 bits onto the negative numbers."""
    return None if value is None else value % (1 << 64)


def _size(path: bytes | None) -> int:
    """Give the bytes of the catalog with its write-ahead log; 0 where it is no file."""
    if path is None:
        return 0
    return sum(os.path.getsize(name) for name in (path, path + b"-wal") if os.path.exists(name))
