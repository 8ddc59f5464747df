"""The settings as the program has them: frozen, checked, with the place where each came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RootSettings:
    """A folder to watch: absolute path, and `auto`, `events` or `timer`."""

    path: bytes
    watch: str = "auto"


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """Where the catalog lies, whether that may be a network mount, how many backups are kept."""

    path: bytes
    allow_network: bool
    backups: int


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """When a file counts as finished, how often all folders are walked (seconds), what is left out.

    `ignore` holds patterns as in .gitignore.
    """

    settle_seconds: float
    network_settle_seconds: float
    rescan_seconds: float
    network_rescan_seconds: float
    ignore: tuple[str, ...]
    keep_missing_days: int
    on_match_seconds: float


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Limits that are checked before pixels are decoded."""

    max_megapixels: int
    max_file_mib: int


@dataclass(frozen=True, slots=True)
class ModelsSettings:
    """Which models look at the photos, with which engine; an empty name: none."""

    classifier: str
    detectors: tuple[str, ...]
    engine: str
    precision: str
    directory: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class RecognitionSettings:
    """What is believed of what the models say; see ``default.toml``."""

    tags: str
    thresholds: Mapping[str, float]
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    rename: Mapping[str, str]
    effort: str


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The child process: threads (0: all cores), deadline of a photo (s), memory limit (MiB)."""

    threads: int
    deadline_seconds: float
    memory_limit_mib: int


@dataclass(frozen=True, slots=True)
class TagsSettings:
    """Which tags are written for other programs, where and how; see ``default.toml``."""

    write: str
    min_confidence: float
    most: int
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    rename: Mapping[str, str]
    prefix: str
    parent: str
    parents: bool
    boxes: bool
    keep_mtime: bool
    merge_sidecars: bool
    verify: str


@dataclass(frozen=True, slots=True)
class Config:
    """All settings.

    ``on_match`` are commands by the name of a saved search. ``file`` is the settings file, there or
    not; ``origins`` tells where each value came from, by "section.key".
    """

    catalog: CatalogSettings
    roots: tuple[RootSettings, ...]
    watch: WatchSettings
    decode: DecodeSettings
    models: ModelsSettings
    recognition: RecognitionSettings
    worker: WorkerSettings
    tags: TagsSettings
    on_match: Mapping[str, tuple[str, ...]]
    log_level: str
    log_format: str
    metrics_textfile: bytes
    file: str
    values: Mapping[str, Any]
    origins: Mapping[str, str]
