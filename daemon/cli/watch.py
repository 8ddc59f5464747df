"""``phototag watch``: the daemon in the foreground."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config import Config, ConfigError, RootSettings, load_config
from ..errors import RecognizerError
from . import Ended, Settings, hint, pass_settings, real_folders, version_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..systemd.notify import Notifier

logger = logging.getLogger(__name__)

EXIT_BUSY = 75  # EX_TEMPFAIL of sysexits.h: another daemon has the catalog
EXIT_CONFIG = 78  # EX_CONFIG: starting again will not help


@click.command("watch", short_help="Name every photo that appears in folders.")
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=bytes))
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from FILE instead of the default place.",
)
@pass_settings
def command(settings: Settings, folders: tuple[bytes, ...], config_file: Path | None) -> None:
    """Catch up on folders, then name what is on every photo that appears in them.

    Without DIR the folders of the configuration are watched ([[roots]]). Ctrl-C or SIGTERM ends
    it; what is not done by then is done at the next start. SIGHUP reads the settings again.
    Exit codes: 75 another daemon has the catalog, 78 starting again will not help: settings or
    models cannot be used, or the catalog is damaged or of a later version.

    \b
    Examples:
      phototag watch ~/Pictures
      phototag watch ~/Pictures /mnt/camera
    """
    from ...db.errors import (
        CatalogBusy,
        CatalogError,
        CatalogFull,
        CatalogLocked,
        CatalogLost,
        CatalogUnreadable,
        CatalogVanished,
    )
    from ...models.errors import ModelError

    try:
        _watch(Settings(config_file) if config_file else settings, folders)
    except CatalogLocked as error:
        raise _end(error, EXIT_BUSY) from None
    except (CatalogBusy, CatalogFull, CatalogLost, CatalogUnreadable, CatalogVanished) as error:
        # A new start may find it mended: its disk may be mounted late.
        raise _end(error, 1) from None
    except RecognizerError as error:
        raise _end(error, EXIT_CONFIG if error.is_permanent else 1) from None
    except (ConfigError, CatalogError, ModelError) as error:
        raise _end(error, EXIT_CONFIG) from None


def _end(error: Exception, code: int) -> Exception:
    """Give the reason of the end to whoever reads the log, as a line of its kind."""
    from ..monitoring.logs import is_for_programs

    if not is_for_programs():
        return Ended(str(error), code)
    logger.error("%s", error)
    return click.exceptions.Exit(code)


def _under_its_own_name() -> click.Command:
    text = (command.help or "").replace("phototag watch", "phototagd")
    return version_option(
        click.Command(
            "phototagd",
            callback=command.callback,
            params=[*command.params],
            help=text,
            short_help=command.short_help,
        )
    )


phototagd = _under_its_own_name()


def _watch(settings: Settings, folders: tuple[bytes, ...]) -> None:
    from ..monitoring.logs import configure_logging, is_for_programs
    from ..printable import printable
    from ..service import Service
    from ..signals import run_until_signalled

    configure_logging("info")  # until the settings say how
    real_folders(folders)

    def load() -> Config:
        config = load_config(settings.file, os.environ)
        if folders:
            named = tuple(RootSettings(os.path.abspath(os.path.expanduser(f))) for f in folders)
            return replace(config, roots=named)
        if not config.roots:
            raise ConfigError(config.file, "roots", "no folder is named, here or as an argument")
        return config

    config = load()
    configure_logging(config.log_level, config.log_format)
    say: Callable[[str], None] = logger.info if is_for_programs() else click.echo
    said: list[str] = []

    def say_once() -> None:
        if not said:
            said.append(f"Caught up; new photos are named as they come. Ask: {hint(settings)}")
            say(said[0])

    def make(notifier: Notifier) -> Service:
        service = Service(config, load, on_idle=say_once, notifier=notifier)
        for root in config.roots:
            say(f"Watching {printable(root.path)}")
        say(f"Catalog  {printable(config.catalog.path)}")
        return service

    run_until_signalled(make)
