"""``phototag db``: backup, check and repair of the catalog."""

from __future__ import annotations

import os

import click

from ..printable import printable
from . import Settings, pass_settings


@click.group("db", short_help="Back up, check or shrink the catalog.")
def command() -> None:
    """Back up, check or shrink the catalog; the daemon may go on running."""


@command.command("backup", short_help="Copy the catalog, while it is used.")
@click.argument("target", required=False, type=click.Path(path_type=bytes))
@pass_settings
def backup(settings: Settings, target: bytes | None) -> None:
    """Write a copy of the catalog to TARGET, or beside it as catalog.db.bak.1."""
    from ...db import upkeep

    catalog = settings.config.catalog
    if target is None:
        target = upkeep.back_up_rotating(catalog.path, max(catalog.backups, 1))
    else:
        target = os.path.realpath(os.path.expanduser(target))
        _check_target(target, catalog.path)
        upkeep.back_up(catalog.path, target)
    click.echo(printable(target))


def _check_target(target: bytes, catalog: bytes) -> None:
    """Let a backup take the place of an earlier one alone. Raises UsageError."""
    if not os.path.isdir(os.path.dirname(target)):
        raise click.UsageError(f"{printable(os.path.dirname(target))} is not a folder")
    if os.path.lexists(target) and (_is_same(target, catalog) or not _is_backup(target)):
        raise click.UsageError(f"{printable(target)} is no backup: name a new file")


def _is_same(path: bytes, other: bytes) -> bool:
    return os.path.exists(other) and os.path.samefile(path, other)


def _is_backup(path: bytes) -> bool:
    """Tell whether a file is a catalog of ours, not another program's database."""
    from ...db.errors import CatalogError, CatalogTooOld
    from ...db.reader import CatalogReader

    try:
        CatalogReader.open(path).close()
    except CatalogTooOld:
        return True
    except CatalogError:
        return False
    return True


@command.command("check")
@pass_settings
def check(settings: Settings) -> int:
    """Look for damage in the catalog. Exit code 1 if there is some."""
    from ...db import upkeep

    found = upkeep.check(settings.config.catalog.path)
    for line in found:
        click.echo(line)
    if not found:
        click.echo("the catalog is sound")
    return 1 if found else 0


@command.command("vacuum", short_help="Give back the room of what was deleted.")
@pass_settings
def vacuum(settings: Settings) -> None:
    """Give back the room of what was deleted; needs as much again while it works."""
    from ...db import upkeep

    path = settings.config.catalog.path
    before = os.path.getsize(path)
    upkeep.vacuum(path)
    click.echo(f"{before / 1e6:,.1f} MB before, {os.path.getsize(path) / 1e6:,.1f} MB now")
