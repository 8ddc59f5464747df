"""What cameras and people wrote of photos, more of what searches ask for, and saved searches."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

# The text is made of constants.
# ruff: noqa: S608

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")

STRICT = {"sqlite_strict": True}
KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}

AT_ONCE = 5000

REFERENCES = {
    "camera_id": "camera (id)",
    "lens_id": "lens (id)",
    "country_id": "place (id)",
    "region_id": "place (id)",
    "city_id": "place (id)",
    "pair_id": "photo (id)",
}
NULLABLE: dict[str, Any] = {
    "taken_source": sa.Text(),
    **dict.fromkeys(("month", "iso", "rating", "cell", "shape"), BIG),
    **dict.fromkeys(("f_number", "focal", "latitude", "longitude"), NUMBER),
}
BY_DATE = (
    "cell", "suffix", "format", "shape", "month", "size", "width", "height", "set_id", "added_at",
    "name_key",
)  # fmt: skip
BY_DATE_WHERE_SET = (
    "camera_id", "lens_id", "country_id", "region_id", "city_id",
    "iso", "f_number", "focal", "rating",
)  # fmt: skip

PHOTO = sa.table("photo", *map(sa.column, ("id", "name", "taken_at", "width", "height")))
FILL = sa.text(
    "UPDATE photo SET suffix = :suffix, name_key = :name_key, month = :month, shape = :shape"
    " WHERE id = :photo"
)
UNTAGGED = (
    "UPDATE photo SET untagged = 1 WHERE (state = 'done' OR set_id IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM sighting s WHERE s.photo_id = photo.id)"
)
TWINS = (
    "UPDATE photo SET twin = 1 WHERE fingerprint IN"
    " (SELECT fingerprint FROM photo GROUP BY fingerprint HAVING count(*) > 1)"
)
KINDS = (
    "UPDATE sighting SET kind = coalesce((SELECT CASE t.kind WHEN 'object' THEN 1"
    " WHEN 'label' THEN 2 ELSE 4 END FROM photo_tag t WHERE t.photo_id = sighting.photo_id"
    " AND t.label_id = sighting.label_id), 0)"
)
X = '(d."left" + d."right") / 2.0'
Y = '(d."top" + d."bottom") / 2.0'
AREA = 'max((d."right" - d."left") * (d."bottom" - d."top")) * 10000.0'
FRAMES = (
    "CREATE TEMPORARY TABLE frame AS SELECT d.label_id, d.photo_id,"
    f" {AREA} AS area,"
    f" max(CASE WHEN {X} < 1.0 / 3 THEN 1 ELSE 0 END)"
    f" + max(CASE WHEN {X} > 2.0 / 3 THEN 2 ELSE 0 END)"
    f" + max(CASE WHEN {Y} < 1.0 / 3 THEN 4 ELSE 0 END)"
    f" + max(CASE WHEN {Y} > 2.0 / 3 THEN 8 ELSE 0 END)"
    f" + max(CASE WHEN {X} BETWEEN 1.0 / 3 AND 2.0 / 3 AND {Y} BETWEEN 1.0 / 3 AND 2.0 / 3"
    " THEN 16 ELSE 0 END) AS spots"
    " FROM detection d GROUP BY d.photo_id, d.label_id"
)
# SQLite has no rounding up without its mathematical functions, which may not be built in.
SPOTS = (
    "UPDATE sighting SET largest = CAST(f.area AS BIGINT)"
    " + CASE WHEN f.area > CAST(f.area AS BIGINT) THEN 1 ELSE 0 END, spots = f.spots"
    " FROM frame f WHERE sighting.label_id = f.label_id AND sighting.photo_id = f.photo_id"
    " AND sighting.taken_at = (SELECT p.taken_at FROM photo p WHERE p.id = f.photo_id)"
)


def upgrade() -> None:
    """Add tables and columns, and fill those that the catalog itself can tell.

    What cameras and people wrote is read from the files in time, without analysing them again.
    """
    _create_things()
    _create_place()
    _create_detail()
    _create_searches()
    _extend_photo()
    _extend_sighting()
    _fill_photos()
    for statement in (UNTAGGED, TWINS, KINDS, FRAMES, SPOTS, "DROP TABLE frame"):
        op.execute(statement)
    _create_indexes()


def _column(name: str, kind: Any, *, null: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, **options)


def _count() -> sa.Column[Any]:
    return _column("n", BIG, server_default=sa.text("0"))


def _reference(table: str, column: str, owner: str, **options: Any) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=name, **options)


def _create_things() -> None:
    for table, more in (("camera", ("make", "model")), ("lens", ())):
        op.create_table(
            table,
            _column("id", BIG),
            *(_column(name, sa.Text()) for name in ("name", "key")),
            *(_column(name, sa.Text(), null=True) for name in more),
            _count(),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint("key", name=f"uq_{table}_key"),
            **STRICT,
        )


def _create_place() -> None:
    op.create_table(
        "place",
        _column("id", BIG),
        *(_column(name, sa.Text()) for name in ("kind", "name", "key")),
        _column("code", sa.Text(), null=True),
        _column("parent_id", BIG, null=True),
        _count(),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
        sa.UniqueConstraint("kind", "key", "parent_id", name="uq_place_kind_key_parent_id"),
        _reference("place", "parent_id", "place"),
        **STRICT,
    )


def _create_detail() -> None:
    op.create_table(
        "photo_detail",
        _column("photo_id", BIG),
        *(_column(name, BIG, null=True) for name in ("taken_us", "taken_offset", "focal_35mm")),
        *(_column(name, NUMBER, null=True) for name in ("exposure", "altitude")),
        *(
            _column(name, sa.Text(), null=True)
            for name in ("software", "title", "caption", "dropped")
        ),
        sa.PrimaryKeyConstraint("photo_id", name="pk_photo_detail"),
        _reference("photo_detail", "photo_id", "photo", ondelete="CASCADE"),
        **STRICT,
    )


def _create_searches() -> None:
    op.create_table(
        "saved_search",
        _column("id", BIG),
        *(_column(name, sa.Text()) for name in ("name", "key", "query")),
        _column("link_dir", sa.LargeBinary(), null=True),
        _column("created_at", BIG),
        _column("is_armed", BIG, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_saved_search"),
        sa.UniqueConstraint("key", name="uq_saved_search_key"),
        **STRICT,
    )
    op.create_table(
        "saved_match",
        *(_column(name, BIG) for name in ("search_id", "photo_id", "at")),
        _column("is_current", BIG, server_default=sa.text("1")),
        _column("run", BIG, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("search_id", "photo_id", name="pk_saved_match"),
        _reference("saved_match", "search_id", "saved_search", ondelete="CASCADE"),
        _reference("saved_match", "photo_id", "photo", ondelete="CASCADE"),
        **KEYED,
    )
    op.create_index("ix_saved_match_photo_id", "saved_match", ["photo_id"])
    waits = sa.text("run <> 0")
    op.create_index(
        "ix_saved_match_at_search_id",
        "saved_match",
        ["at", "search_id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )


def _extend_photo() -> None:
    for name in ("suffix", "name_key"):
        _add("photo", _column(name, sa.Text(), server_default=sa.text("''")))
    for name in ("read_by", "twin", "untagged", "sidecar"):
        _add("photo", _column(name, BIG, server_default=sa.text("0")))
    for name, kind in NULLABLE.items():
        _add("photo", _column(name, kind, null=True))
    # As text: Alembic does not add a reference to a table of SQLite, which can do it.
    kind = BIG.compile(dialect=op.get_bind().dialect)
    for name, owner in REFERENCES.items():
        op.execute(
            f"ALTER TABLE photo ADD COLUMN {name} {kind}"
            f" CONSTRAINT fk_photo_{name} REFERENCES {owner}"
        )


def _extend_sighting() -> None:
    for name in ("kind", "largest", "spots"):
        _add("sighting", _column(name, BIG, server_default=sa.text("0")))


def _add(table: str, column: sa.Column[Any]) -> None:
    op.add_column(table, column)


def _fill_photos() -> None:
    """Derive columns from others, in the order of the ids and not all photos at once."""
    bind = op.get_bind()
    last = 0
    some = sa.select(*PHOTO.c).order_by(PHOTO.c.id).limit(AT_ONCE)
    while rows := bind.execute(some.where(PHOTO.c.id > last)).all():
        bind.execute(FILL, [_derived(*row) for row in rows])
        last = rows[-1].id


def _derived(
    photo: int, name: bytes, taken_at: int, width: int | None, height: int | None
) -> dict[str, Any]:
    text = name.decode("utf-8", "backslashreplace")
    _, dot, suffix = name.rpartition(b".")
    return {
        "photo": photo,
        "suffix": suffix.lower().decode("utf-8", "backslashreplace") if dot else "",
        "name_key": unicodedata.normalize("NFC", text).casefold(),
        "month": time.gmtime(taken_at).tm_mon,
        "shape": (width > height) - (width < height) if width and height else None,
    }


def _create_indexes() -> None:
    for name in BY_DATE:
        _index(f"ix_photo_{name}_taken_at", name, "taken_at")
    for name in BY_DATE_WHERE_SET:
        _index(f"ix_photo_{name}_taken_at", name, "taken_at", where=f"{name} IS NOT NULL")
    for name in ("untagged", "twin"):
        _index(f"ix_photo_{name}", "taken_at", where=f"{name} = 1")
    _index("ix_photo_pair_id", "pair_id", where="pair_id IS NOT NULL")
    op.create_index(
        "ix_sighting_label_id_confidence_taken_at_photo_id",
        "sighting",
        ["label_id", "confidence", "taken_at", "photo_id"],
    )


def _index(name: str, *columns: str, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        name, "photo", list(columns), sqlite_where=condition, postgresql_where=condition
    )
