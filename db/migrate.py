"""Bringing a catalog to the schema of this program: Alembic without an ini file."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from .engine import open_engine, sqlite_error, sqlite_path
from .errors import CatalogBroken, CatalogError, CatalogTooNew, CatalogUnreadable
from .states import KNOWN_REVISIONS, SCHEMA_REVISION

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

BROKEN_CODES = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def bring_up_to_date(target: bytes | str) -> None:
    """Create or migrate the catalog's schema; the caller holds the catalog's lock.

    Raises CatalogTooNew, CatalogBroken or CatalogUnreadable and leaves the catalog as it was.
    """
    name = sqlite_path(target) or os.fsencode(target)
    engine = open_engine(target, migrating=True)
    try:
        with engine.begin() as connection:
            if _needs_migration(connection, name):
                _migrate(connection, name)
    except (DBAPIError, sqlite3.Error) as error:
        raise explain(error, name) from error
    finally:
        engine.dispose()


def explain(error: Exception, path: bytes) -> CatalogError:
    """Turn a database's error into one that names the catalog."""
    original = sqlite_error(error)
    if original is not None and _primary_code(original) in BROKEN_CODES:
        return CatalogBroken(path, f"this is no catalog or a damaged one ({original})")
    reason = f"the catalog cannot be opened ({original or error})"
    return CatalogUnreadable(path, reason, "check the folder's permissions and free space")


def _primary_code(error: sqlite3.Error) -> int:
    """Drop the details from an extended result code; 0 where the error carries none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def migration_config() -> Config:
    """Make Alembic's configuration; it lives here instead of in an ini file."""
    # Alembic costs a quarter of a second, and almost every start finds nothing to migrate.
    from alembic.config import Config

    config = Config()
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _needs_migration(connection: Connection, name: bytes) -> bool:
    """Compare the catalog's schema with ours; refuse what we must not touch."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return True
    if "alembic_version" not in tables:
        raise CatalogBroken(name, "this is another program's database")
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in KNOWN_REVISIONS:
        raise CatalogTooNew(name, found, SCHEMA_REVISION)
    return bool(found != SCHEMA_REVISION)


def _migrate(connection: Connection, name: bytes) -> None:
    """Run all missing revisions inside the caller's transaction."""
    from alembic import command

    config = migration_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken: list[Any] = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
        if broken:
            tables = ", ".join(sorted({row[0] for row in broken}))
            raise CatalogBroken(name, f"the migration would leave rows without owner in {tables}")
