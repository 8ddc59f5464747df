"""What all tables share: their metadata, types, and keys.

On SQLite every table is STRICT, and those whose key says it all are WITHOUT ROWID. The types have
variants because STRICT takes only INTEGER, REAL, TEXT and BLOB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import (
    REAL,
    BigInteger,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

BIG: Final = BigInteger().with_variant(Integer(), "sqlite")
NUMBER: Final[TypeEngine[float]] = Double().with_variant(REAL(), "sqlite")

STRICT: Final = {"sqlite_strict": True}
KEYED: Final = {"sqlite_strict": True, "sqlite_with_rowid": False}

CONSTRAINT_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Unsigned64(TypeDecorator[int]):
    """An unsigned 64-bit number in a signed column: some file systems' inodes need all bits."""

    impl = BIG
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Fold the upper half onto the negative numbers."""
        return value if value is None or value < 1 << 63 else value - (1 << 64)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Unfold the negative numbers."""
        return None if value is None else int(value) % (1 << 64)


class Base(DeclarativeBase):
    """What all tables share: the metadata and the Python type of each kind of column."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BIG,
        float: NUMBER,
        str: Text(),
        bytes: LargeBinary(),
    }


def where(condition: str) -> dict[str, Any]:
    """Leave all rows but some out of an index."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def where_set(column: str) -> dict[str, Any]:
    """Leave the many rows without a value out of an index."""
    return where(f"{column} IS NOT NULL")


def photo_key() -> ForeignKey:
    """Refer to a photo; its rows here go with it."""
    return ForeignKey("photo.id", ondelete="CASCADE")
