"""The tables: SQLAlchemy mapped classes with their keys and indexes.

On SQLite every table is STRICT, and those whose key says it all are WITHOUT ROWID. The types have
variants because STRICT takes only INTEGER, REAL, TEXT and BLOB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import (
    REAL,
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

BIG: Final = BigInteger().with_variant(Integer(), "sqlite")
NUMBER: Final[TypeEngine[float]] = Double().with_variant(REAL(), "sqlite")

STRICT: Final = {"sqlite_strict": True}
KEYED: Final = {"sqlite_strict": True, "sqlite_with_rowid": False}

CONSTRAINT_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Unsigned64(TypeDecorator[int]):
    """An unsigned 64-bit number in a signed column: some file systems' inodes need all bits."""

    impl = BIG
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Fold the upper half onto the negative numbers."""
        return value if value is None or value < 1 << 63 else value - (1 << 64)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Unfold the negative numbers."""
        return None if value is None else int(value) % (1 << 64)


class Base(DeclarativeBase):
    """What all tables share: the metadata and the Python type of each kind of column."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BIG,
        float: NUMBER,
        str: Text(),
        bytes: LargeBinary(),
    }


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


def _where_set(column: str) -> dict[str, Any]:
    """Leave the many rows without a value out of an index."""
    condition = text(f"{column} IS NOT NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


class PhotoRow(Base):
    """A photo file; `taken_at` changes only together with the photo's sightings.

    `next_try_at` is set for failed photos only, `missing_since` for missing ones only.
    `urgent` is 1 for a photo that waits and came by itself, not with a walk: it is served first.
    `set_id` are the models whose evidence the photo's reading is made of, `rules` is a digest of
    the rules by which it was made, or NULL where it is to be made again.
    """

    __tablename__ = "photo"
    __table_args__ = (
        UniqueConstraint("folder_id", "name"),
        Index(None, "fingerprint"),
        Index(None, "state", "urgent", "mtime_ns"),
        Index(None, "state", "taken_at"),
        Index(None, "inode"),
        Index(None, "next_try_at", **_where_set("next_try_at")),
        Index(None, "missing_since", **_where_set("missing_since")),
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


class ModelRow(Base):
    """A model that has looked at photos.

    One without a digest stands for several, joined by name, that saw a thing together.
    """

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("name", "digest"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[str]


def _photo_key() -> ForeignKey:
    """Refer to a photo; its rows here go with it."""
    return ForeignKey("photo.id", ondelete="CASCADE")


class ModelSetRow(Base):
    """Models that were asked together: `models` are their ids, sorted, as a JSON list.

    `switched_at` is set for those that were switched to, and not back from.
    """

    __tablename__ = "model_set"
    __table_args__ = (UniqueConstraint("models"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    models: Mapped[str]
    switched_at: Mapped[int | None]


class EvidenceRow(Base):
    """What one model said of a photo, packed by `evidence`; also where it saw nothing.

    Beside the models of the photo's set, there may be others: tried, or kept for going back.
    """

    __tablename__ = "evidence"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    data: Mapped[bytes]


class LabelRow(Base):
    """A name; `key` is its one spelling, `n` the number of photos with it, kept by the writer.

    `kinds` are the kinds of tags that it has ever been, as the sum of their `KIND_BITS`.
    """

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("key"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    n: Mapped[int] = mapped_column(server_default=text("0"))
    kinds: Mapped[int] = mapped_column(server_default=text("0"))


class TagColumns:
    """What is believed of a photo, and why: the fields of a `Tag`."""

    kind: Mapped[str]
    confidence: Mapped[float]
    rule: Mapped[str]
    threshold: Mapped[float]
    shown: Mapped[int]
    refines_id: Mapped[int | None] = mapped_column(ForeignKey("label.id"))


class BoxColumns:
    """A thing that counts; the box is relative to the upright picture, 0..1."""

    confidence: Mapped[float]
    left: Mapped[float]
    top: Mapped[float]
    right: Mapped[float]
    bottom: Mapped[float]


class PhotoTagRow(TagColumns, Base):
    """A tag of a photo's reading that is in force."""

    __tablename__ = "photo_tag"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)


class DetectionRow(BoxColumns, Base):
    """A box of a photo's reading that is in force."""

    __tablename__ = "detection"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"))


class ReadingAsideRow(Base):
    """A photo has a reading by another set of models than that of the reading in force.

    It is a former one, that gave way when the catalog was switched to the set `replaced_by`, or a
    staged one.
    """

    __tablename__ = "reading_aside"
    __table_args__ = (
        Index(None, "set_id", "photo_id"),
        Index(None, "replaced_by", "photo_id", **_where_set("replaced_by")),
        KEYED,
    )

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("model_set.id"), primary_key=True)
    rules: Mapped[str | None]
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("model_set.id"))


class TagAsideRow(TagColumns, Base):
    """A tag of a reading aside."""

    __tablename__ = "tag_aside"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("model_set.id"), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)


class DetectionAsideRow(BoxColumns, Base):
    """A box of a reading aside."""

    __tablename__ = "detection_aside"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("model_set.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"))


class VerdictRow(Base):
    """What a person said of a name and a picture; `key` is the name's one spelling.

    It belongs to the pixels, not to a photo: it outlives files, and holds for every copy.
    """

    __tablename__ = "verdict"
    __table_args__ = (KEYED,)

    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    at: Mapped[int]


class SightingRow(Base):
    """The search index: one row for each tag of each photo.

    `times` is the number of the tag's boxes up to `MOST_COUNTED`, or 1 where it has none. The key
    walks a name's photos by date, and finds one photo among them when the walk follows another
    name.
    """

    __tablename__ = "sighting"
    __table_args__ = (
        Index(None, "photo_id"),
        Index(None, "label_id", "times", "taken_at", "photo_id"),
        KEYED,
    )

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)
    taken_at: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    confidence: Mapped[float]
    times: Mapped[int]


class KeywordRow(Base):
    """A word that people gave their photos; `key` is its one spelling, `n` its photos.

    The writer keeps `n`, and a keyword that no photo has any more goes.
    """

    __tablename__ = "keyword"
    __table_args__ = (UniqueConstraint("key"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    n: Mapped[int] = mapped_column(server_default=text("0"))


class PhotoKeywordRow(Base):
    """The search index of keywords; its key walks a keyword's photos by date, as in `sighting`."""

    __tablename__ = "photo_keyword"
    __table_args__ = (Index(None, "photo_id"), KEYED)

    keyword_id: Mapped[int] = mapped_column(ForeignKey("keyword.id"), primary_key=True)
    taken_at: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)


class TagRow(Base):
    """What of ours stands in a file that belongs to a photo: in the photo itself or beside it.

    `path` is where the file was when it was written. `items`, `copied`, `removed` and `models` are
    JSON lists: our tags in the field, the owner's keywords that we copied into it, our tags that
    the owner took out, and the models behind the tags. `before` and `after` are the SHA-256 of the
    file, `size` and `mtime_ns` those that it had after. `original` is a foreign sidecar as it was,
    compressed by zlib.
    """

    __abstract__ = True

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[bytes]
    state: Mapped[str]
    reason: Mapped[str | None]
    items: Mapped[str]
    copied: Mapped[str]
    removed: Mapped[str]
    before: Mapped[bytes | None]
    after: Mapped[bytes | None]
    size: Mapped[int | None]
    mtime_ns: Mapped[int | None]
    written_at: Mapped[int]
    models: Mapped[str]
    original: Mapped[bytes | None]


class TagFileRow(TagRow):
    """A file that was written, or that cannot be."""

    __tablename__ = "tag_file"
    __table_args__ = (Index(None, "state", "target", "reason"), STRICT)


class TagIntentRow(TagRow):
    """A file that is about to be written: what a crash in that moment may have left."""

    __tablename__ = "tag_intent"
    __table_args__ = (STRICT,)


class TagJobRow(Base):
    """A photo whose tags wait to be written, not before a time."""

    __tablename__ = "tag_job"
    __table_args__ = (Index(None, "not_before", "photo_id"), STRICT)

    photo_id: Mapped[int] = mapped_column(_photo_key(), primary_key=True)
    not_before: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
