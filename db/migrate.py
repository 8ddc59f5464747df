"""Bringing a catalog to the schema of this program: Alembic without an ini file."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from .beside import list_backups
from .engine import open_engine, sqlite_error, sqlite_path
from .errors import CatalogBroken, CatalogLost, CatalogTooNew
from .explain import explain
from .states import KNOWN_REVISIONS, SCHEMA_REVISION
from .upkeep import back_up_rotating

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection


def bring_up_to_date(target: bytes | str, *, may_create: bool = True) -> None:
    """Create or migrate the catalog's schema; the caller holds the catalog's lock.

    A catalog with content is copied to `<catalog>.bak.1` before. Raises CatalogTooNew,
    CatalogBroken, CatalogFull, CatalogUnreadable, ... and leaves the catalog as it was; CatalogLost
    where there is none and `may_create` is False.
    """
    path = sqlite_path(target)
    name = path or os.fsencode(target)
    if path is not None and not may_create and not os.path.exists(path):
        raise CatalogLost(path, list_backups(path))
    engine = open_engine(target, migrating=True)
    try:
        with engine.begin() as connection:
            found = _find_schema(connection, name)
            if found is None and not may_create:
                raise CatalogLost(name, list_backups(name))
            if found != SCHEMA_REVISION:
                if found is not None and path is not None:
                    back_up_rotating(path)
                _migrate(connection, name)
    except (DBAPIError, sqlite3.Error) as error:
        raise explain(sqlite_error(error) or error, name) from error
    finally:
        engine.dispose()


def migration_config() -> Config:
    """Make Alembic's configuration; it lives here instead of in an ini file."""
    # Alembic costs a quarter of a second, and almost every start finds nothing to migrate.
    from alembic.config import Config

    config = Config()
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _find_schema(connection: Connection, name: bytes) -> str | None:
    """Give the catalog's schema, None where it has no tables yet; refuse what we must not touch."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise CatalogBroken(name, "this is another program's database", list_backups(name))
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in KNOWN_REVISIONS:
        raise CatalogTooNew(name, str(found), SCHEMA_REVISION)
    return None if found is None else str(found)


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
