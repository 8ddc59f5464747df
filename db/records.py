"""What goes into the catalog and what comes out of it, as plain frozen values.

Those of one photo stand in `photo_record`, which is all that a search needs to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .photo_record import NOTHING_WRITTEN, Metadata, PhotoRecord, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..models.results import Analysis, ModelVersion, Tag
    from .states import PhotoState, RootState, VerdictKind

__all__ = [
    "CatalogStats",
    "Evidenced",
    "FileEntry",
    "FolderChange",
    "JudgedPicture",
    "KeywordCount",
    "LabelCount",
    "MatchChange",
    "MatchRun",
    "Metadata",
    "ModelSet",
    "PendingPhoto",
    "PhotoFacts",
    "PhotoRecord",
    "Place",
    "Pruned",
    "RetagPhoto",
    "RootFolder",
    "RootRecord",
    "SavedSearch",
    "TagFile",
    "TagStats",
    "UncertainTag",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class RootFolder:
    """A root of the library and, below it, the folder that was asked for (b"" = the root)."""

    id: int
    path: bytes
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class RootRecord:
    """All that is known of a root.

    `device`, `inode` and `is_mount` tell whether it still is the folder that it was; device and
    inode are None until it was seen. `mounts` are the mount points below it, relative to it.
    """

    id: int
    path: bytes
    state: RootState
    device: int | None = None
    inode: int | None = None
    is_mount: bool = False
    last_scan_at: int | None = None
    mounts: tuple[bytes, ...] = ()


class FileEntry(NamedTuple):
    """One photo file as a folder's listing shows it.

    `sidecar` is the version of what lies beside it: the sum of times and sizes of its sidecars,
    0 where there is none.

    A tuple, because a walk makes one for every file of the library and compares it with a row.
    """

    name: bytes
    size: int
    mtime_ns: int
    inode: int
    sidecar: int = 0


@dataclass(frozen=True, slots=True)
class FolderChange:
    """How many photos of a folder differ from what the catalog knew.

    `returned` were missing. `moved` are the ids of photos that were known under another path,
    `gone` those of photos that the folder holds no more; they are not marked yet, and one of them
    may turn up in a folder that is listed later.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    returned: int = 0
    moved: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingPhoto:
    """A photo that waits for its analysis, as it was when it was last seen."""

    id: int
    path: bytes
    size: int
    mtime_ns: int
    inode: int
    attempts: int


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What reading a file has shown; width and height are those of the upright picture.

    `keywords` are the words that people or other programs gave the photo. `sidecar` is the version
    of the sidecars that were read with it, as in `FileEntry`.
    """

    size: int
    mtime_ns: int
    inode: int
    fingerprint: bytes | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    keywords: tuple[str, ...] = ()
    metadata: Metadata = NOTHING_WRITTEN
    sidecar: int = 0


@dataclass(frozen=True, slots=True)
class TagFile:
    """What of ours stands in one file of a photo, or why nothing does; see `TagRow`.

    `target` is "exif" for the photo itself or "sidecar", `state` a `TagState`; `models` are
    written as name and the first twelve digits of the digest.
    """

    target: str
    path: bytes
    state: str
    written_at: int
    reason: str | None = None
    items: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    before: bytes | None = None
    after: bytes | None = None
    size: int | None = None
    mtime_ns: int | None = None
    models: tuple[str, ...] = ()
    original: bytes | None = None


@dataclass(frozen=True, slots=True)
class TagStats:
    """The tags in numbers, without those of missing photos.

    `written` counts files by target, `refused` the files for each of the ten most frequent
    reasons, `waiting` the photos in the queue.
    """

    written: Mapping[str, int]
    refused: tuple[tuple[str, int], ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of a name and a picture, and when in unix seconds."""

    name: str
    kind: VerdictKind
    at: int


@dataclass(frozen=True, slots=True)
class Evidenced:
    """A photo with the evidence of the models in force, rounded as it is stored, and verdicts."""

    photo_id: int
    fingerprint: bytes | None
    analysis: Analysis
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class RetagPhoto:
    """A photo that other models are to read.

    `missing` are those that have not looked at it yet, `analysis` is what the others said.
    """

    photo: PendingPhoto
    fingerprint: bytes
    missing: tuple[ModelVersion, ...]
    analysis: Analysis
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSet:
    """Models that were asked together.

    `photos` counts the readings by them that are in force, `staged` those that wait for a switch,
    `former` those that gave way in one. `switched_at` is when the catalog was switched to them.
    """

    models: tuple[ModelVersion, ...]
    photos: int = 0
    staged: int = 0
    former: int = 0
    switched_at: int | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was given up: readings aside, and what single models said of single photos.

    `size_bytes` is the size of the latter; the file shrinks only when it is repacked.
    """

    readings: int = 0
    evidence: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """A verdict with the picture's photo that shows it best: a done one with evidence, or None."""

    fingerprint: bytes
    verdict: Verdict
    photo_id: int | None


@dataclass(frozen=True, slots=True)
class UncertainTag:
    """A shown tag near its threshold without a verdict, and one photo of the picture."""

    photo_id: int
    path: bytes
    fingerprint: bytes
    tag: Tag


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that is kept under a name, and the folder with links to its photos, if any.

    `is_armed` tells that photos which it finds from now on are new ones, see `SavedSearchRow`.
    """

    id: int
    name: str
    query: str
    link_dir: bytes | None
    created_at: int
    is_armed: bool = False


@dataclass(frozen=True, slots=True)
class MatchChange:
    """By which photos a saved search's matches differ from those that are written down.

    `is_whole` is False where there are more of them.
    """

    search: SavedSearch
    found: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class MatchRun:
    """The command of a saved search for one photo."""

    search_id: int
    photo_id: int
    name: str


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A name and the number of photos that show it; 0 for a name known but never seen.

    `kinds` are the kinds of tags that it has been: `object`, `label`, `parent`.
    """

    name: str
    photos: int
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordCount:
    """A keyword and the number of photos that have it."""

    name: str
    photos: int


@dataclass(frozen=True, slots=True)
class CatalogStats:
    """The catalog in numbers; `labels` counts the names that at least one photo shows."""

    photos: Mapping[PhotoState, int]
    roots: tuple[bytes, ...]
    labels: int
    detections: int
    models: tuple[ModelVersion, ...]
    size_bytes: int
    first_analyzed_at: int | None
    last_analyzed_at: int | None
