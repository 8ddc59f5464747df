"""What models said of photos, and what is believed of it; people's verdicts."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import KEYED, STRICT, Base, photo_key, where_set


class ModelRow(Base):
    """A model that has looked at photos.

    One without a digest stands for several, joined by name, that saw a thing together.
    """

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("name", "digest"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[str]


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

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
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

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)


class DetectionRow(BoxColumns, Base):
    """A box of a photo's reading that is in force."""

    __tablename__ = "detection"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
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
        Index(None, "replaced_by", "photo_id", **where_set("replaced_by")),
        KEYED,
    )

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("model_set.id"), primary_key=True)
    rules: Mapped[str | None]
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("model_set.id"))


class TagAsideRow(TagColumns, Base):
    """A tag of a reading aside."""

    __tablename__ = "tag_aside"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("model_set.id"), primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)


class DetectionAsideRow(BoxColumns, Base):
    """A box of a reading aside."""

    __tablename__ = "detection_aside"
    __table_args__ = (KEYED,)

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
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
