"""Roots, folders and photos, and what cameras and people wrote of the photos."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import KEYED, STRICT, Base, Unsigned64, photo_key, where, where_set


class RootRow(Base):
    """A folder that the owner gave us; no root lies inside another."""

    __tablename__ = "root"
    __table_args__ = (UniqueConstraint("path"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[bytes]
    device: Mapped[int | None] = mapped_column(Unsigned64())
    inode: Mapped[int | None] = mapped_column(Unsigned64())
    is_mount: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default=text("'ok'"))
    last_scan_at: Mapped[int | None]


class MountRow(Base):
    """A mount point below a root: while nothing is mounted there, what it held is not gone."""

    __tablename__ = "mount"
    __table_args__ = (KEYED,)

    root_id: Mapped[int] = mapped_column(
        ForeignKey("root.id", ondelete="CASCADE"), primary_key=True
    )
    relpath: Mapped[bytes] = mapped_column(primary_key=True)


class FolderRow(Base):
    """A folder below a root; an empty relpath is the root itself."""

    __tablename__ = "folder"
    __table_args__ = (UniqueConstraint("root_id", "relpath"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("root.id"))
    relpath: Mapped[bytes]


class CameraRow(Base):
    """A camera that photos were taken with, by maker and model.

    Of cameras, lenses and places `key` is the one spelling and `n` the number of photos. The writer
    keeps `n`, and one that no photo has any more goes.
    """

    __tablename__ = "camera"
    __table_args__ = (UniqueConstraint("key"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    make: Mapped[str | None]
    model: Mapped[str | None]
    n: Mapped[int] = mapped_column(server_default=text("0"))


class LensRow(Base):
    """A lens that photos were taken with; see `CameraRow`."""

    __tablename__ = "lens"
    __table_args__ = (UniqueConstraint("key"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    n: Mapped[int] = mapped_column(server_default=text("0"))


class PlaceRow(Base):
    """A country, a region of one, or a city in a region or a country; see `CameraRow`.

    `code` is that of a country and NULL for the others.
    """

    __tablename__ = "place"
    __table_args__ = (UniqueConstraint("kind", "key", "parent_id"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    key: Mapped[str]
    code: Mapped[str | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    n: Mapped[int] = mapped_column(server_default=text("0"))


class ReaderRow(Base):
    """A library that reads photos, as it was when the unsupported photos were last queued."""

    __tablename__ = "reader"
    __table_args__ = (KEYED,)

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]


BY_DATE: Final = ("suffix", "month", "size", "added_at", "name_key")
# A photo that waits has none of these: the first walk of a library pays for no index of them.
BY_DATE_WHERE_SET: Final = (
    "cell", "format", "shape", "height", "set_id",
    "camera_id", "lens_id", "country_id", "region_id", "city_id",
    "iso", "f_number", "focal", "rating",
)  # fmt: skip


class PhotoRow(Base):
    """A photo file; `taken_at` changes only together with the photo's sightings and keywords.

    It is a time on the wall clock, see `records.Metadata`; `taken_source` is NULL for a photo that
    was not read yet, whose date is that of its file, too. `read_by` is the version of the metadata
    reader, `sidecar` that of the sidecars as in `records.FileEntry`. `pair_id` is set for a RAW
    photo with a picture of the same stem beside it. `twin` is 1 if another photo had the same
    fingerprint at some time, `untagged` for a done photo without tags.

    `next_try_at` is set for failed photos only, `missing_since` for missing ones only.
    `urgent` is 1 for a photo that waits and came by itself, not with a walk: it is served first.
    `set_id` are the models whose evidence the photo's reading is made of, `rules` is a digest of
    the rules by which it was made, or NULL where it is to be made again.
    """

    __tablename__ = "photo"
    __table_args__ = (
        UniqueConstraint("folder_id", "name"),
        Index(None, "fingerprint", **where_set("fingerprint")),
        Index(None, "state", "urgent", "mtime_ns"),
        Index(None, "state", "taken_at"),
        Index(None, "inode"),
        Index(None, "next_try_at", **where_set("next_try_at")),
        Index(None, "missing_since", **where_set("missing_since")),
        *(Index(None, name, "taken_at") for name in BY_DATE),
        *(Index(None, name, "taken_at", **where_set(name)) for name in BY_DATE_WHERE_SET),
        Index(None, "width", "height", "taken_at", **where_set("width")),
        Index("ix_photo_untagged", "taken_at", **where("untagged = 1")),
        Index("ix_photo_twin", "taken_at", **where("twin = 1")),
        Index(None, "pair_id", **where_set("pair_id")),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int] = mapped_column(ForeignKey("folder.id"))
    name: Mapped[bytes]
    size: Mapped[int]
    mtime_ns: Mapped[int]
    inode: Mapped[int] = mapped_column(Unsigned64())
    fingerprint: Mapped[bytes | None]
    format: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None]
    taken_at: Mapped[int]
    analyzed_at: Mapped[int | None]
    added_at: Mapped[int]
    next_try_at: Mapped[int | None]
    missing_since: Mapped[int | None]
    urgent: Mapped[int] = mapped_column(server_default=text("0"))
    set_id: Mapped[int | None] = mapped_column(ForeignKey("model_set.id"))
    rules: Mapped[str | None]
    suffix: Mapped[str] = mapped_column(server_default=text("''"))
    name_key: Mapped[str] = mapped_column(server_default=text("''"))
    read_by: Mapped[int] = mapped_column(server_default=text("0"))
    taken_source: Mapped[str | None]
    month: Mapped[int | None]
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"))
    lens_id: Mapped[int | None] = mapped_column(ForeignKey("lens.id"))
    country_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    region_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    city_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    iso: Mapped[int | None]
    f_number: Mapped[float | None]
    focal: Mapped[float | None]
    rating: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    cell: Mapped[int | None]
    shape: Mapped[int | None]
    pair_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    twin: Mapped[int] = mapped_column(server_default=text("0"))
    untagged: Mapped[int] = mapped_column(server_default=text("0"))
    sidecar: Mapped[int] = mapped_column(server_default=text("0"))


class PhotoDetailRow(Base):
    """What is shown of a photo but not searched; a row only where there is something."""

    __tablename__ = "photo_detail"
    __table_args__ = (STRICT,)

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    taken_us: Mapped[int | None]
    taken_offset: Mapped[int | None]
    exposure: Mapped[float | None]
    focal_35mm: Mapped[int | None]
    altitude: Mapped[float | None]
    software: Mapped[str | None]
    title: Mapped[str | None]
    caption: Mapped[str | None]
    dropped: Mapped[str | None]
