"""What goes into the catalog and what comes out of it, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..models.results import Detection, Label, ModelVersion
    from .states import PhotoState


@dataclass(frozen=True, slots=True)
class RootFolder:
    """A root of the library and, below it, the folder that was asked for (b"" = the root)."""

    id: int
    path: bytes
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One photo file as a folder's listing shows it."""

    name: bytes
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class FolderChange:
    """How many photos of a folder differ from what the catalog knew; `returned` were missing."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    returned: int = 0


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
    """What reading a file has shown; width and height are those of the upright picture."""

    size: int
    mtime_ns: int
    inode: int
    fingerprint: bytes | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None


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


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A name and the number of photos that show it; 0 for a name known but never seen."""

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
