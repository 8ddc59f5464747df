"""The tables: SQLAlchemy mapped classes with their keys and indexes."""

from __future__ import annotations

from .base import (
    Base,
    Unsigned64,
)
from .library import (
    CameraRow,
    FolderRow,
    LensRow,
    MountRow,
    PhotoDetailRow,
    PhotoRow,
    PlaceRow,
    ReaderRow,
    RootRow,
)
from .readings import (
    DetectionAsideRow,
    DetectionRow,
    EvidenceRow,
    LabelRow,
    ModelRow,
    ModelSetRow,
    PhotoTagRow,
    ReadingAsideRow,
    TagAsideRow,
    VerdictRow,
)
from .tag_files import (
    TagFileRow,
    TagIntentRow,
    TagJobRow,
    TagRow,
)
from .words import (
    KeywordRow,
    PhotoKeywordRow,
    SavedMatchRow,
    SavedSearchRow,
    SightingRow,
)

__all__ = [
    "Base",
    "CameraRow",
    "DetectionAsideRow",
    "DetectionRow",
    "EvidenceRow",
    "FolderRow",
    "KeywordRow",
    "LabelRow",
    "LensRow",
    "ModelRow",
    "ModelSetRow",
    "MountRow",
    "PhotoDetailRow",
    "PhotoKeywordRow",
    "PhotoRow",
    "PhotoTagRow",
    "PlaceRow",
    "ReaderRow",
    "ReadingAsideRow",
    "RootRow",
    "SavedMatchRow",
    "SavedSearchRow",
    "SightingRow",
    "TagAsideRow",
    "TagFileRow",
    "TagIntentRow",
    "TagJobRow",
    "TagRow",
    "Unsigned64",
    "VerdictRow",
]
