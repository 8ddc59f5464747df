"""What is known of a library, as plain values that a search can be judged by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from asked_queries import Query


@dataclass(frozen=True, slots=True)
class Frame:
    """A detected box: how sure, and its sides in 0..1."""

    confidence: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A tag of a photo with its boxes; `kind` is object, label or parent."""

    name: str
    kind: str
    confidence: float
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Photo:
    """All that a search may ask of a photo; `camera` is make and model as people say them."""

    id: int
    root: bytes
    folder: bytes
    name: bytes
    state: str
    size: int
    taken_at: int
    added_at: int
    dated_by: str = "file"
    format: str | None = None
    width: int | None = None
    height: int | None = None
    fingerprint: bytes | None = None
    tags: tuple[Seen, ...] = ()
    keywords: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    camera: str | None = None
    lens: str | None = None
    country_code: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    iso: int | None = None
    f_number: float | None = None
    focal: float | None = None
    rating: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    pair: int | None = None

    @property
    def path(self) -> bytes:
        """The absolute path."""
        return b"/".join(part for part in (self.root, self.folder, self.name) if part)


@dataclass(frozen=True, slots=True)
class Library:
    """The photos, the names that the catalog knows, and the day and place of the question.

    `clock` gives what this computer's clocks show at a moment, both as seconds since 1970.
    """

    photos: tuple[Photo, ...]
    names: frozenset[str]
    today: date
    clock: Callable[[int], int]
    home: bytes
    saved: Mapping[str, Query] = field(default_factory=dict)
