"""The words that people gave their photos, and what stands of ours in which file."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

STRICT = {"sqlite_strict": True}
KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Add tables; none of those that are there is touched."""
    _create_keyword()
    _create_photo_keyword()
    for table in ("tag_file", "tag_intent"):
        _create_tags(table)
    op.create_index("ix_tag_file_state_target_reason", "tag_file", ["state", "target", "reason"])
    _create_job()


def _column(name: str, kind: Any, *, null: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, **options)


def _photo_key(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_photo_id"
    return sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=name, ondelete="CASCADE")


def _create_keyword() -> None:
    op.create_table(
        "keyword",
        _column("id", BIG),
        _column("name", sa.Text()),
        _column("key", sa.Text()),
        _column("n", BIG, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_keyword"),
        sa.UniqueConstraint("key", name="uq_keyword_key"),
        **STRICT,
    )


def _create_photo_keyword() -> None:
    op.create_table(
        "photo_keyword",
        _column("keyword_id", BIG),
        _column("taken_at", BIG),
        _column("photo_id", BIG),
        sa.PrimaryKeyConstraint("keyword_id", "taken_at", "photo_id", name="pk_photo_keyword"),
        sa.ForeignKeyConstraint(["keyword_id"], ["keyword.id"], name="fk_photo_keyword_keyword_id"),
        _photo_key("photo_keyword"),
        **KEYED,
    )
    op.create_index("ix_photo_keyword_photo_id", "photo_keyword", ["photo_id"])


def _create_tags(table: str) -> None:
    op.create_table(
        table,
        _column("photo_id", BIG),
        _column("target", sa.Text()),
        _column("path", sa.LargeBinary()),
        _column("state", sa.Text()),
        _column("reason", sa.Text(), null=True),
        *(_column(name, sa.Text()) for name in ("items", "copied", "removed")),
        *(_column(name, sa.LargeBinary(), null=True) for name in ("before", "after")),
        *(_column(name, BIG, null=True) for name in ("size", "mtime_ns")),
        _column("written_at", BIG),
        _column("models", sa.Text()),
        _column("original", sa.LargeBinary(), null=True),
        sa.PrimaryKeyConstraint("photo_id", "target", name=f"pk_{table}"),
        _photo_key(table),
        **STRICT,
    )


def _create_job() -> None:
    op.create_table(
        "tag_job",
        _column("photo_id", BIG),
        _column("not_before", BIG, server_default=sa.text("0")),
        _column("attempts", BIG, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("photo_id", name="pk_tag_job"),
        _photo_key("tag_job"),
        **STRICT,
    )
    op.create_index("ix_tag_job_not_before_photo_id", "tag_job", ["not_before", "photo_id"])
