"""What of ours stands in the photos' files, and whose tags wait."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import STRICT, Base, photo_key


class TagRow(Base):
    """What of ours stands in a file that belongs to a photo: in the photo itself or beside it.

    `path` is where the file was when it was written. `items`, `copied`, `removed` and `models` are
    JSON lists: our tags in the field, the owner's keywords that we copied into it, our tags that
    the owner took out, and the models behind the tags. `before` and `after` are the SHA-256 of the
    file, `size` and `mtime_ns` those that it had after. `original` is a foreign sidecar as it was,
    compressed by zlib.
    """

    __abstract__ = True

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
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

    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    not_before: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
