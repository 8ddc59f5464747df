"""What a search finds photos by: tags and keywords by date, and searches that are kept."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..states import LARGE
from .base import KEYED, STRICT, Base, photo_key, where


class SightingRow(Base):
    """The search index: one row for each tag of each photo.

    `times` is the number of the tag's boxes up to `MOST_COUNTED`, or 1 where it has none. `kind` is
    the tag's bit of `KIND_BITS`, `largest` the area of its largest box in 1/10000 of the picture,
    rounded up, `spots` the bits of `SPOTS` of all its boxes; both are 0 without boxes. The key
    walks a name's photos by date, and finds one photo among them when the walk follows another
    name.
    """

    __tablename__ = "sighting"
    __table_args__ = (
        Index(None, "photo_id"),
        Index(None, "label_id", "times", "taken_at", "photo_id"),
        Index(None, "label_id", "confidence", "taken_at", "photo_id"),
        Index(
            "ix_sighting_large",
            *("label_id", "taken_at", "photo_id", "largest"),
            **where(f"largest >= {LARGE}"),
        ),
        KEYED,
    )

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)
    taken_at: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    confidence: Mapped[float]
    times: Mapped[int]
    kind: Mapped[int] = mapped_column(server_default=text("0"))
    largest: Mapped[int] = mapped_column(server_default=text("0"))
    spots: Mapped[int] = mapped_column(server_default=text("0"))


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
    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)


class SavedSearchRow(Base):
    """A search that is kept under a name; `link_dir` is the folder with links to its photos.

    `is_armed` is 1 from when the daemon has first compared it with the photos while there was a
    command for its new ones: what was found before is not new.
    """

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("key"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    query: Mapped[str]
    link_dir: Mapped[bytes | None]
    created_at: Mapped[int]
    is_armed: Mapped[int] = mapped_column(server_default=text("0"))


class SavedMatchRow(Base):
    """A photo that a saved search has found, and when first.

    The row stays when the search finds the photo no more (`is_current` is 0 then): its command runs
    once for a photo. `run` is a `RunState`.
    """

    __tablename__ = "saved_match"
    __table_args__ = (
        Index(None, "photo_id"),
        Index(None, "at", "search_id", **where("run <> 0")),
        KEYED,
    )

    search_id: Mapped[int] = mapped_column(
        ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True
    )
    photo_id: Mapped[int] = mapped_column(photo_key(), primary_key=True)
    at: Mapped[int]
    is_current: Mapped[int] = mapped_column(server_default=text("1"))
    run: Mapped[int] = mapped_column(server_default=text("0"))
