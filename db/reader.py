"""Questions to the catalog: plain SQL with named parameters, for every database the same text.

SQLAlchemy is not loaded here: its import alone costs more than a whole search may take.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ..models.results import ModelVersion
from . import believed, saved_reading, tag_reading
from .records import CatalogStats, KeywordCount, LabelCount, RootRecord
from .search_reader import SearchReader
from .states import PRESENT_FILES, PhotoState, RootState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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
    from .search.names import Resolve, Unknown

MODELS: Final = "SELECT name, digest FROM model WHERE digest <> '' ORDER BY name, id"
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


class CatalogReader(SearchReader):
    """Answers all questions; changes nothing. Not for several threads at once."""

    def uncertain(
        self,
        query: str | Tree,
        limit: int,
        *,
        resolve: Resolve | None = None,
        unknown: Unknown | None = None,
    ) -> list[UncertainTag]:
        """Give the shown tags without a verdict that are nearest to their thresholds.

        They are of the photos that the query finds, each picture once. Reads all their tags. Raises
        what `search` raises.
        """
        with self._snapshot():
            compiled = self._all_hits(query, resolve, unknown)
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
        self,
        search: SavedSearch,
        most: int,
        *,
        resolve: Resolve | None = None,
        unknown: Unknown | None = None,
    ) -> MatchChange:
        """Compare what a saved search finds now with what is written down, `most` photos each way.

        Raises what `search` raises.
        """
        with self._snapshot():
            compiled = self._all_hits(search.query, resolve, unknown)
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


def _unsigned(value: int | None) -> int | None:
    """Undo the folding of the upper half of 64 bits onto the negative numbers."""
    return None if value is None else value % (1 << 64)


def _size(path: bytes | None) -> int:
    """Give the bytes of the catalog with its write-ahead log; 0 where it is no file."""
    if path is None:
        return 0
    return sum(os.path.getsize(name) for name in (path, path + b"-wal") if os.path.exists(name))
