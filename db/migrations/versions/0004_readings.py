"""What the models said, as it came, beside what is believed; sets of models; people's verdicts."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")

STRICT = {"sqlite_strict": True}
KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}

PHOTO_MODEL = sa.table("photo_model", *map(sa.column, ("photo_id", "model_id")))
MODEL_SET = sa.table("model_set", *map(sa.column, ("id", "models")))
PHOTO = sa.table("photo", *map(sa.column, ("id", "set_id")))

# What was found so far was over its threshold; which that was is not known any more.
TAGS = (
    "INSERT INTO photo_tag (photo_id, label_id, kind, confidence, rule, threshold, shown)"
    " SELECT s.photo_id, s.label_id, CASE WHEN b.label_id IS NULL THEN 'label' ELSE 'object' END,"
    " s.confidence, CASE WHEN b.label_id IS NULL THEN 'leaf' ELSE 'detected' END, 0, 1"
    " FROM sighting s LEFT JOIN (SELECT DISTINCT photo_id, label_id FROM detection) b"
    " ON b.photo_id = s.photo_id AND b.label_id = s.label_id ORDER BY s.photo_id, s.label_id"
)
KINDS = (
    "UPDATE label SET kinds = kinds + {bit} WHERE id IN"
    " (SELECT DISTINCT label_id FROM photo_tag WHERE kind = '{kind}')"
)


def upgrade() -> None:
    """Add tables and columns; what was said of the photos moves from two tables to their new ones.

    The evidence below the thresholds was never stored: the photos are analysed again in time.
    """
    _create_set()
    _create_evidence()
    _create_tags()
    _create_detection_aside()
    _create_verdict()
    op.add_column("label", sa.Column("kinds", BIG, nullable=False, server_default=sa.text("0")))
    _extend_photo()
    _carry_models()
    op.execute(TAGS)
    for kind, bit in (("object", 1), ("label", 2)):
        op.execute(KINDS.format(kind=kind, bit=bit))
    op.drop_table("photo_label")
    op.drop_table("photo_model")


def _column(name: str, kind: Any, *, null: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, **options)


def _reference(table: str, column: str, owner: str, **options: Any) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=name, **options)


def _photo_key(table: str) -> sa.ForeignKeyConstraint:
    return _reference(table, "photo_id", "photo", ondelete="CASCADE")


def _create_set() -> None:
    op.create_table(
        "model_set",
        _column("id", BIG),
        _column("models", sa.Text()),
        _column("switched_at", BIG, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_model_set"),
        sa.UniqueConstraint("models", name="uq_model_set_models"),
        **STRICT,
    )


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        _column("photo_id", BIG),
        _column("model_id", BIG),
        _column("data", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("photo_id", "model_id", name="pk_evidence"),
        _photo_key("evidence"),
        _reference("evidence", "model_id", "model"),
        **KEYED,
    )
    op.create_table(
        "reading_aside",
        _column("photo_id", BIG),
        _column("set_id", BIG),
        _column("rules", sa.Text(), null=True),
        _column("replaced_by", BIG, null=True),
        sa.PrimaryKeyConstraint("photo_id", "set_id", name="pk_reading_aside"),
        _photo_key("reading_aside"),
        _reference("reading_aside", "set_id", "model_set"),
        _reference("reading_aside", "replaced_by", "model_set"),
        **KEYED,
    )
    op.create_index("ix_reading_aside_set_id_photo_id", "reading_aside", ["set_id", "photo_id"])
    is_set = sa.text("replaced_by IS NOT NULL")
    op.create_index(
        "ix_reading_aside_replaced_by_photo_id",
        "reading_aside",
        ["replaced_by", "photo_id"],
        sqlite_where=is_set,
        postgresql_where=is_set,
    )


def _create_tags() -> None:
    for table, key in (("photo_tag", ()), ("tag_aside", ("set_id",))):
        columns = ("photo_id", *key, "label_id")
        op.create_table(
            table,
            *(_column(name, BIG) for name in columns),
            _column("kind", sa.Text()),
            _column("confidence", NUMBER),
            _column("rule", sa.Text()),
            _column("threshold", NUMBER),
            _column("shown", BIG),
            _column("refines_id", BIG, null=True),
            sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}"),
            _photo_key(table),
            *(_reference(table, name, "model_set") for name in key),
            _reference(table, "label_id", "label"),
            _reference(table, "refines_id", "label"),
            **KEYED,
        )


def _create_detection_aside() -> None:
    table = "detection_aside"
    op.create_table(
        table,
        *(_column(name, BIG) for name in ("photo_id", "set_id", "n", "label_id", "model_id")),
        *(_column(name, NUMBER) for name in ("confidence", "left", "top", "right", "bottom")),
        sa.PrimaryKeyConstraint("photo_id", "set_id", "n", name=f"pk_{table}"),
        _photo_key(table),
        _reference(table, "set_id", "model_set"),
        _reference(table, "label_id", "label"),
        _reference(table, "model_id", "model"),
        **KEYED,
    )


def _create_verdict() -> None:
    op.create_table(
        "verdict",
        _column("fingerprint", sa.LargeBinary()),
        *(_column(name, sa.Text()) for name in ("key", "name", "kind")),
        _column("at", BIG),
        sa.PrimaryKeyConstraint("fingerprint", "key", name="pk_verdict"),
        **KEYED,
    )


def _extend_photo() -> None:
    op.add_column("photo", sa.Column("rules", sa.Text()))
    # As text: Alembic does not add a reference to a table of SQLite, which can do it.
    kind = BIG.compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE photo ADD COLUMN set_id {kind}"
        " CONSTRAINT fk_photo_set_id REFERENCES model_set (id)"
    )


def _carry_models() -> None:
    """Make a set of models of each combination that looked at a photo."""
    listed = sa.func.aggregate_strings(sa.cast(PHOTO_MODEL.c.model_id, sa.Text()), ",")
    by_photo = sa.select(PHOTO_MODEL.c.photo_id, listed.label("models"))
    combined = by_photo.group_by(PHOTO_MODEL.c.photo_id).subquery()
    bind = op.get_bind()
    ids: dict[str, int] = {}
    for text in bind.scalars(sa.select(combined.c.models).distinct()).all():
        models = json.dumps(sorted(map(int, text.split(","))))
        if models not in ids:
            made = sa.insert(MODEL_SET).values(models=models).returning(MODEL_SET.c.id)
            ids[models] = bind.execute(made).scalar_one()
        these = sa.select(combined.c.photo_id).where(combined.c.models == text)
        of_set: dict[Any, Any] = {PHOTO.c.set_id: ids[models]}
        bind.execute(sa.update(PHOTO).where(PHOTO.c.id.in_(these)).values(of_set))
