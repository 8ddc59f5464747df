"""What tells absence from deletion, when a failed photo is tried again, and moves by inode."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Add columns, never recreate a table: the rows of a million photos stay where they are."""
    _extend_root()
    _create_mount()
    _extend_photo()
    _set_times(int(time.time()))
    _create_indexes()


def _extend_root() -> None:
    op.add_column("root", sa.Column("device", BIG))
    op.add_column("root", sa.Column("inode", BIG))
    op.add_column("root", sa.Column("is_mount", BIG, nullable=False, server_default=sa.text("0")))
    state = sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'ok'"))
    op.add_column("root", state)
    op.add_column("root", sa.Column("last_scan_at", BIG))


def _create_mount() -> None:
    op.create_table(
        "mount",
        sa.Column("root_id", BIG, nullable=False),
        sa.Column("relpath", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("root_id", "relpath", name="pk_mount"),
        sa.ForeignKeyConstraint(
            ["root_id"], ["root.id"], name="fk_mount_root_id", ondelete="CASCADE"
        ),
        **KEYED,
    )


def _extend_photo() -> None:
    op.add_column("photo", sa.Column("next_try_at", BIG))
    op.add_column("photo", sa.Column("missing_since", BIG))
    op.add_column("photo", sa.Column("urgent", BIG, nullable=False, server_default=sa.text("0")))


def _set_times(now: int) -> None:
    """Let what is missing be missing since now, and try what has failed again at once."""
    photo = sa.table("photo", *map(sa.column, ("state", "next_try_at", "missing_since")))
    for state, column in (("missing", photo.c.missing_since), ("failed", photo.c.next_try_at)):
        values: dict[Any, Any] = {column: now}
        op.execute(sa.update(photo).where(photo.c.state == state).values(values))


def _create_indexes() -> None:
    op.drop_index("ix_photo_state_mtime_ns", "photo")
    op.create_index("ix_photo_state_urgent_mtime_ns", "photo", ["state", "urgent", "mtime_ns"])
    op.create_index("ix_photo_inode", "photo", ["inode"])
    for column in ("next_try_at", "missing_since"):
        is_set = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_photo_{column}", "photo", [column], sqlite_where=is_set, postgresql_where=is_set
        )
