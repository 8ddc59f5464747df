"""The first schema: roots, folders, photos, models, labels, detections and the search index."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")

STRICT = {"sqlite_strict": True}
KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Create everything."""
    _create_places()
    _create_photo()
    _create_names()
    _create_results()
    _create_sighting()


def _column(name: str, kind: Any, *, null: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, **options)


def _reference(table: str, column: str, owner: str, **options: Any) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=name, **options)


def _create_places() -> None:
    op.create_table(
        "root",
        _column("id", BIG),
        _column("path", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_root"),
        sa.UniqueConstraint("path", name="uq_root_path"),
        **STRICT,
    )
    op.create_table(
        "folder",
        _column("id", BIG),
        _column("root_id", BIG),
        _column("relpath", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_folder"),
        _reference("folder", "root_id", "root"),
        sa.UniqueConstraint("root_id", "relpath", name="uq_folder_root_id_relpath"),
        **STRICT,
    )


def _create_photo() -> None:
    op.create_table(
        "photo",
        _column("id", BIG),
        _column("folder_id", BIG),
        _column("name", sa.LargeBinary()),
        _column("size", BIG),
        _column("mtime_ns", BIG),
        _column("inode", BIG),
        _column("fingerprint", sa.LargeBinary(), null=True),
        _column("format", sa.Text(), null=True),
        _column("width", BIG, null=True),
        _column("height", BIG, null=True),
        _column("state", sa.Text()),
        _column("attempts", BIG, server_default=sa.text("0")),
        _column("error", sa.Text(), null=True),
        _column("taken_at", BIG),
        _column("analyzed_at", BIG, null=True),
        _column("added_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_photo"),
        _reference("photo", "folder_id", "folder"),
        sa.UniqueConstraint("folder_id", "name", name="uq_photo_folder_id_name"),
        **STRICT,
    )
    op.create_index("ix_photo_fingerprint", "photo", ["fingerprint"])
    op.create_index("ix_photo_state_mtime_ns", "photo", ["state", "mtime_ns"])
    op.create_index("ix_photo_state_taken_at", "photo", ["state", "taken_at"])


def _create_names() -> None:
    op.create_table(
        "model",
        _column("id", BIG),
        _column("name", sa.Text()),
        _column("digest", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_model"),
        sa.UniqueConstraint("name", "digest", name="uq_model_name_digest"),
        **STRICT,
    )
    op.create_table(
        "label",
        _column("id", BIG),
        _column("name", sa.Text()),
        _column("key", sa.Text()),
        _column("n", BIG, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        sa.UniqueConstraint("key", name="uq_label_key"),
        **STRICT,
    )


def _create_results() -> None:
    op.create_table(
        "photo_model",
        _column("photo_id", BIG),
        _column("model_id", BIG),
        sa.PrimaryKeyConstraint("photo_id", "model_id", name="pk_photo_model"),
        _reference("photo_model", "photo_id", "photo", ondelete="CASCADE"),
        _reference("photo_model", "model_id", "model"),
        **KEYED,
    )
    op.create_table(
        "photo_label",
        _column("photo_id", BIG),
        _column("model_id", BIG),
        _column("label_id", BIG),
        _column("confidence", NUMBER),
        sa.PrimaryKeyConstraint("photo_id", "model_id", "label_id", name="pk_photo_label"),
        _reference("photo_label", "photo_id", "photo", ondelete="CASCADE"),
        _reference("photo_label", "model_id", "model"),
        _reference("photo_label", "label_id", "label"),
        **KEYED,
    )
    op.create_table(
        "detection",
        _column("photo_id", BIG),
        _column("n", BIG),
        _column("label_id", BIG),
        _column("model_id", BIG),
        *(_column(name, NUMBER) for name in ("confidence", "left", "top", "right", "bottom")),
        sa.PrimaryKeyConstraint("photo_id", "n", name="pk_detection"),
        _reference("detection", "photo_id", "photo", ondelete="CASCADE"),
        _reference("detection", "label_id", "label"),
        _reference("detection", "model_id", "model"),
        **KEYED,
    )


def _create_sighting() -> None:
    op.create_table(
        "sighting",
        _column("label_id", BIG),
        _column("taken_at", BIG),
        _column("photo_id", BIG),
        _column("confidence", NUMBER),
        _column("times", BIG),
        sa.PrimaryKeyConstraint("label_id", "taken_at", "photo_id", name="pk_sighting"),
        _reference("sighting", "label_id", "label"),
        _reference("sighting", "photo_id", "photo", ondelete="CASCADE"),
        **KEYED,
    )
    op.create_index("ix_sighting_photo_id", "sighting", ["photo_id"])
    by_times = ["label_id", "times", "taken_at", "photo_id"]
    op.create_index("ix_sighting_" + "_".join(by_times), "sighting", by_times)
