"""What cameras and people wrote of a photo: its columns; cameras, lenses and places."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, text, update

from .prepared import Prepared
from .states import METADATA_VERSION, camera_name, cell_of, month_of, shape_of, text_key, wall_clock
from .tables import CameraRow, LensRow, PhotoDetailRow, PhotoRow, PlaceRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from .records import Metadata, PhotoFacts

NANOSECONDS: Final = 1_000_000_000

# What is inside another place comes before it: so they go, too, when no photo has them any more.
TABLES: Final = {
    "camera_id": "camera",
    "lens_id": "lens",
    "city_id": "place",
    "region_id": "place",
    "country_id": "place",
}
ROWS: Final[dict[str, type[CameraRow | LensRow | PlaceRow]]] = {
    "camera": CameraRow,
    "lens": LensRow,
    "place": PlaceRow,
}
THINGS: Final = tuple(TABLES)
PLAIN: Final = ("taken_source", "iso", "f_number", "focal", "rating", "latitude", "longitude")
COLUMNS: Final = (*THINGS, *PLAIN, "taken_at", "month", "cell", "read_by")
DETAILS: Final = (
    "taken_us", "taken_offset", "exposure", "focal_35mm", "altitude",
    "software", "title", "caption",
)  # fmt: skip
KINDS: Final = ("camera", "lens", "country", "region", "city")
# Parts of a question that is asked for every photo: the ids of things by the keys of their names.
FOUND: Final = (
    "(SELECT id FROM camera WHERE key = :camera) AS camera,"
    " (SELECT id FROM lens WHERE key = :lens) AS lens,"
    " c.id AS country, r.id AS region, t.id AS city"
)
FOUND_AMONG: Final = (
    " LEFT JOIN place c ON c.kind = 'country' AND c.key = :country AND c.parent_id IS NULL"
    " LEFT JOIN place r ON r.kind = 'region' AND r.key = :region AND r.parent_id = c.id"
    " LEFT JOIN place t ON t.kind = 'city' AND t.key = :city"
    " AND t.parent_id = CASE WHEN CAST(:region AS TEXT) IS NULL THEN c.id ELSE r.id END"
)
COUNT: Final = {
    table: Prepared(text(f"UPDATE {table} SET n = n + :step WHERE id = :thing")) for table in ROWS
}
UNUSED: Final = {table: text(f"DELETE FROM {table} WHERE id = :thing AND n <= 0") for table in ROWS}
INSERT_DETAIL = Prepared(insert(PhotoDetailRow))
DELETE_DETAIL = text("DELETE FROM photo_detail WHERE photo_id = :photo")
NOTHING: Final[dict[str, Any]] = dict.fromkeys((*THINGS, *PLAIN, "cell")) | {"read_by": 0}


def file_date(mtime_ns: int) -> dict[str, int]:
    """Give the columns of the date of a photo that has only that of its file."""
    taken_at = wall_clock(mtime_ns // NANOSECONDS)
    return {"taken_at": taken_at, "month": month_of(taken_at)}


def file_columns(facts: PhotoFacts) -> dict[str, Any]:
    """Give the columns of a photo that its file fills, whatever stands in it."""
    is_sized = facts.width is not None and facts.height is not None
    return {
        "size": facts.size,
        "mtime_ns": facts.mtime_ns,
        "inode": facts.inode,
        "fingerprint": facts.fingerprint,
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "shape": int(shape_of(facts.width or 0, facts.height or 0)) if is_sized else None,
        "sidecar": facts.sidecar,
    }


def thing_keys(metadata: Metadata) -> dict[str, str | None]:
    """Give the keys of a photo's camera, lens and place, as `FOUND` asks for them."""
    return {kind: text_key(name) or None for kind, name in _names(metadata).items()}


def metadata_columns(connection: Connection, facts: PhotoFacts, found: Any) -> dict[str, Any]:
    """Give the columns of a photo that its metadata fills.

    `found` has the ids that `FOUND` gives; names that are new get their rows.
    """
    metadata = facts.metadata
    columns = {name: getattr(metadata, name) for name in PLAIN}
    columns |= file_date(facts.mtime_ns)
    if metadata.taken_at is not None:
        columns |= {"taken_at": metadata.taken_at, "month": month_of(metadata.taken_at)}
    latitude, longitude = metadata.latitude, metadata.longitude
    is_placed = latitude is not None and longitude is not None
    columns["cell"] = cell_of(latitude or 0.0, longitude or 0.0) if is_placed else None
    columns["read_by"] = METADATA_VERSION
    return columns | _intern(connection, metadata, found)


def move_counts(
    connection: Connection, before: Mapping[str, int | None], after: Mapping[str, int | None]
) -> None:
    """Count a photo for what it has now and not for what it had; what no photo has any more goes.

    The photo's own row must have changed already.
    """
    steps = []
    for name in THINGS:
        now, was = after[name], before[name]
        if now != was:
            steps += [(name, now, 1)] if now is not None else []
            steps += [(name, was, -1)] if was is not None else []
    _count(connection, steps)


def replace_detail(
    connection: Connection, photo_id: int, metadata: Metadata | None, *, has_row: bool
) -> None:
    """Put what is only shown in place of what there was; ``has_row`` says if there may be any."""
    if has_row:
        connection.execute(DELETE_DETAIL, {"photo": photo_id})
    if metadata is None:
        return
    columns: dict[str, Any] = {name: _storable(getattr(metadata, name)) for name in DETAILS}
    columns["dropped"] = json.dumps(metadata.dropped) if metadata.dropped else None
    if any(value is not None for value in columns.values()):
        INSERT_DETAIL.run(connection, columns | {"photo_id": photo_id})


def drop_metadata(connection: Connection, photo_id: int) -> None:
    """Forget what stood in a photo; its date is that of its file."""
    held = select(*(getattr(PhotoRow, name) for name in THINGS), PhotoRow.mtime_ns)
    row = connection.execute(held.where(PhotoRow.id == photo_id)).mappings().one()
    values = NOTHING | file_date(row["mtime_ns"])
    connection.execute(update(PhotoRow).where(PhotoRow.id == photo_id).values(**values))
    replace_detail(connection, photo_id, None, has_row=True)
    move_counts(connection, {name: row[name] for name in THINGS}, NOTHING)


def forget_photos(connection: Connection, ids: Sequence[int]) -> None:
    """Delete photos, and take them out of the counts of cameras, lenses and places."""
    steps = []
    for name in THINGS:
        column = getattr(PhotoRow, name)
        held = select(column, -func.count()).where(PhotoRow.id.in_(ids), column.is_not(None))
        steps += [(name, *row) for row in connection.execute(held.group_by(column))]
    connection.execute(delete(PhotoRow).where(PhotoRow.id.in_(ids)))
    _count(connection, steps)


def _intern(connection: Connection, metadata: Metadata, found: Any) -> dict[str, int | None]:
    """Make sure that camera, lens and place have rows and give their ids."""
    names = _names(metadata)
    ids: dict[str, int | None] = {}
    parent = None
    for kind in KINDS:
        known: int | None = getattr(found, kind)
        key = text_key(names[kind])
        if key and known is None:
            columns = {"name": names[kind], "key": key} | _more(kind, metadata, parent)
            table = ROWS[TABLES[f"{kind}_id"]]
            made = insert(table).values(**columns).returning(table.id)
            known = connection.execute(made).scalar_one()
        ids[f"{kind}_id"] = known
        if kind in ("country", "region"):
            parent = known or parent
    return ids


def _names(metadata: Metadata) -> dict[str, str]:
    """Give what a photo's things are called, places from the outermost on; empty: there is none.

    Half a surrogate pair, which the catalog's text cannot hold, becomes a question mark.
    """
    place = metadata.place if metadata.place and text_key(metadata.place.country) else None
    names = {
        "camera": camera_name(metadata.make, metadata.model),
        "lens": metadata.lens,
        "country": place and place.country,
        "region": place and place.region,
        "city": place and place.city,
    }
    return {kind: " ".join((_storable(name) or "").split()) for kind, name in names.items()}


def _storable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _more(kind: str, metadata: Metadata, parent: int | None) -> dict[str, Any]:
    """Give what a new row has beside its name."""
    if kind == "camera":
        return {"make": _storable(metadata.make), "model": _storable(metadata.model)}
    if kind == "lens":
        return {}
    place = metadata.place if kind == "country" else None
    return {"kind": kind, "parent_id": parent, "code": place and place.country_code}


def _count(connection: Connection, steps: Sequence[tuple[str, int, int]]) -> None:
    """Move counts along, a column and an id at a time, and delete the rows that are at 0."""
    for table in ROWS:
        moved = [(thing, step) for name, thing, step in steps if TABLES[name] == table]
        fewer = [{"thing": thing} for thing, step in moved if step < 0]
        if moved:
            rows = [{"thing": thing, "step": step} for thing, step in moved]
            COUNT[table].run(connection, rows)
        if fewer:
            connection.execute(UNUSED[table], fewer)
