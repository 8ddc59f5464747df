"""What the catalog knows of one photo, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..models.results import Detection, Tag
    from .records import TagFile
    from .states import PhotoState


@dataclass(frozen=True, slots=True)
class Place:
    """The town nearest to where a photo was taken; `country_code` is ISO 3166-1 alpha-2."""

    country_code: str
    country: str
    region: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a camera and people wrote of a photo; None is what they did not write.

    `taken_at` is the wall clock where it was taken, as seconds since 1970 as if it were UTC,
    `taken_us` the microseconds, `taken_offset` the minutes east of UTC. `taken_source` is "camera"
    (EXIF), "xmp", or "file": then `taken_at` is None and the photo's date is that of its file.
    Exposure is in seconds, focal lengths in millimetres, altitude in metres, degrees are signed.
    A rating is 0..5 or -1 for rejected. `dropped` are reasons why values were not believed.
    """

    taken_at: int | None = None
    taken_us: int | None = None
    taken_offset: int | None = None
    taken_source: str = "file"
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    software: str | None = None
    iso: int | None = None
    f_number: float | None = None
    exposure: float | None = None
    focal: float | None = None
    focal_35mm: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    place: Place | None = None
    rating: int | None = None
    title: str | None = None
    caption: str | None = None
    dropped: tuple[str, ...] = ()


NOTHING_WRITTEN: Final = Metadata()


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """All that the catalog knows of one photo; times are unix seconds but for `taken_at`.

    That is on the wall clock where the photo was taken, see `Metadata`, or that of this machine for
    the file's time where nobody wrote one. The tags are without evidence and parents; `rules` is a
    digest of the rules that made them. `pair` is the other half of a RAW photo and its picture.
    """

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
    tags: tuple[Tag, ...] = ()
    detections: tuple[Detection, ...] = ()
    models: tuple[str, ...] = ()
    id: int = 0
    next_try_at: int | None = None
    missing_since: int | None = None
    fingerprint: bytes | None = None
    inode: int = 0
    keywords: tuple[str, ...] = ()
    tag_files: tuple[TagFile, ...] = ()
    rules: str | None = None
    taken_source: str = "file"
    suffix: str = ""
    metadata: Metadata = NOTHING_WRITTEN
    pair: bytes | None = None
