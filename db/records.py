"""What goes into the catalog and what comes out of it, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..models.results import Detection, Label, ModelVersion
    from .states import PhotoState, RootState


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

    A tuple, because a walk makes one for every file of the library and compares it with a row.
    """

    name: bytes
    size: int
    mtime_ns: int
    inode: int


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

    `keywords` are the words that people or other programs gave the photo.
    """

    size: int
    mtime_ns: int
    inode: int
    fingerprint: bytes | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    keywords: tuple[str, ...] = ()


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
class PhotoRecord:
    """All that the catalog knows of one photo; times are unix seconds."""

    path: bytes
    width: int | None
    height: int | None
    format: str | None
    state: PhotoState
    error: str | None
    attempts: int
    size: int
    mtime_ns: int
    taken_at: int
    analyzed_at: int | None
    labels: tuple[Label, ...] = ()
    detections: tuple[Detection, ...] = ()
    models: tuple[str, ...] = ()
    id: int = 0
    next_try_at: int | None = None
    missing_since: int | None = None
    fingerprint: bytes | None = None
    inode: int = 0
    keywords: tuple[str, ...] = ()
    tag_files: tuple[TagFile, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A name and the number of photos that show it; 0 for a name known but never seen."""

    name: str
    photos: int


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
