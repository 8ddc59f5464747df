"""Indexes without the rows that they are of no use for; which libraries read photos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}

BY_DATE_WHERE_SET = ("cell", "format", "shape", "height", "set_id")


def upgrade() -> None:
    """Make indexes anew; the first start with the new table queues the unsupported photos."""
    op.create_table(
        "reader",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_reader"),
        **KEYED,
    )
    for name in BY_DATE_WHERE_SET:
        index = f"ix_photo_{name}_taken_at"
        op.drop_index(index, "photo")
        _index(index, "photo", name, "taken_at", where=f"{name} IS NOT NULL")
    op.drop_index("ix_photo_width_taken_at", "photo")
    width = "width", "height", "taken_at"
    _index("ix_photo_width_height_taken_at", "photo", *width, where="width IS NOT NULL")
    op.drop_index("ix_photo_fingerprint", "photo")
    _index("ix_photo_fingerprint", "photo", "fingerprint", where="fingerprint IS NOT NULL")
    by_date = "label_id", "taken_at", "photo_id", "largest"
    _index("ix_sighting_large", "sighting", *by_date, where="largest >= 5000")


def _index(name: str, table: str, *columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=condition, postgresql_where=condition)
