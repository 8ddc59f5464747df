"""Pairs: a RAW photo and the picture that the camera made of it, beside it under the same stem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy import bindparam, func, select, update

from .states import RAW_SUFFIXES
from .tables import PhotoRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Row

    _Half: TypeAlias = Row[int, bytes, str, int | None]

MOST_ASKED: Final = 20  # stems; for more all photos of the folder are looked at

OF_FOLDER = select(PhotoRow.id, PhotoRow.name, PhotoRow.suffix, PhotoRow.pair_id).where(
    PhotoRow.folder_id == bindparam("folder")
)
# The suffix is hidden, so that the photos of the folder are looked at and no others.
ANY_RAW = (
    select(PhotoRow.id)
    .where(
        PhotoRow.folder_id == bindparam("folder"),
        func.coalesce(PhotoRow.suffix, "").in_(sorted(RAW_SUFFIXES)),
    )
    .limit(1)
)
OF_STEM = OF_FOLDER.where(PhotoRow.name >= bindparam("first"), PhotoRow.name < bindparam("last"))
SET_PAIR = (
    update(PhotoRow)
    .where(PhotoRow.id == bindparam("which"))
    .values(pair_id=bindparam("other", type_=PhotoRow.id.type))
)


def stem_of(name: bytes) -> bytes:
    """Give a file name without its suffix."""
    return name.rpartition(b".")[0]


def photos_of_stem(connection: Connection, folder_id: int, stem: bytes) -> Sequence[_Half]:
    """Give the photos of a folder with a stem, by name."""
    # "/" follows "." and is in no name.
    place = {"folder": folder_id, "first": stem + b".", "last": stem + b"/"}
    return [row for row in connection.execute(OF_STEM, place) if stem_of(row.name) == stem]


def find_pairs(connection: Connection, folder_id: int, names: Iterable[bytes]) -> None:
    """Find the pairs anew among the photos of a folder that have these names' stems.

    A RAW photo's pair is the first photo by name that is none.
    """
    stems = {stem_of(name) for name in names}
    found = []
    for photos in _by_stem(connection, folder_id, stems):
        other = next((row.id for row in photos if row.suffix not in RAW_SUFFIXES), None)
        found += [
            {"which": row.id, "other": other}
            for row in photos
            if row.suffix in RAW_SUFFIXES and row.pair_id != other
        ]
    if found:
        connection.execute(SET_PAIR, found)


def part(connection: Connection, ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Dissolve the pairs whose pictures are these; give the RAW photos' folders and names."""
    halves = PhotoRow.pair_id.in_(ids)
    left = connection.execute(select(PhotoRow.folder_id, PhotoRow.name).where(halves)).all()
    connection.execute(update(PhotoRow).where(halves).values(pair_id=None))
    return [(row.folder_id, row.name) for row in left]


def _by_stem(
    connection: Connection, folder_id: int, stems: set[bytes]
) -> Iterator[Sequence[_Half]]:
    if len(stems) <= MOST_ASKED:
        for stem in stems:
            yield photos_of_stem(connection, folder_id, stem)
        return
    if connection.scalar(ANY_RAW, {"folder": folder_id}) is None:
        return
    by_stem: dict[bytes, list[_Half]] = {}
    rows = connection.execute(OF_FOLDER.order_by(PhotoRow.name), {"folder": folder_id})
    for row in rows:
        by_stem.setdefault(stem_of(row.name), []).append(row)
    for stem in stems & by_stem.keys():
        yield by_stem[stem]
