"""What a service is to be made of: its settings, its program, its user."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..config import CONFIG_VARIABLE, PREFIX, SYSTEM_FILE, RootSettings, default_path, load_config
from ..config.editing import add_roots, write_setting
from ..printable import printable
from ..systemd.installation import Installation, find_program
from . import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..config import Config
    from . import Settings

TRIAL_SECONDS: Final = 60.0
PLACES: Final = {
    ("catalog", "path"): "/var/lib/phototagd/catalog.db",
    ("models", "directory"): "/var/lib/phototagd/models",
    ("models", "cache"): "/var/cache/phototagd",
}
"""Where a system's service keeps its files, where its settings do not say otherwise."""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What the settings file ``target`` lacks for the service: places of files, and folders."""

    target: Path
    places: Mapping[tuple[str, str], str]
    folders: tuple[bytes, ...]

    def describe(self) -> Iterator[str]:
        """Say in a line each what is to be written."""
        for (section, key), place in self.places.items():
            yield f"{section}.{key} = {place}"
        for folder in self.folders:
            yield f"the folder {printable(folder)}"

    def write(self) -> None:
        """Write it. Raises ConfigError."""
        for (section, key), place in self.places.items():
            write_setting(self.target, section, key, place)
        if self.folders:
            add_roots(self.target, self.folders)

    def foresee(self, config: Config) -> Config:
        """Return the settings as they will be."""
        catalog = self.places.get(("catalog", "path"))
        cache = self.places.get(("models", "cache"))
        if catalog is not None:
            config = replace(config, catalog=replace(config.catalog, path=os.fsencode(catalog)))
        if cache is not None:
            config = replace(config, models=replace(config.models, cache=Path(cache)))
        return replace(config, roots=(*config.roots, *map(RootSettings, self.folders)))


def plan_installation(
    settings: Settings, folders: Sequence[bytes], *, is_system: bool, run_as: str | None
) -> tuple[Installation, SettingsChange]:
    """Decide what the service is made of, and what its settings lack; writes nothing.

    A user's service has settings of its own: those of the system, which hold for a user who has
    none, belong to the system's service. Raises ConfigError, click's UsageError and Ended.
    """
    if run_as and not is_system:
        raise click.UsageError("--run-as goes with --system: your own service runs as you")
    named = settings.file or os.environ.get(CONFIG_VARIABLE)
    target = Path(os.path.abspath(named)) if named else SYSTEM_FILE if is_system else default_path()
    config = _load(target)
    unset = [key for key in PLACES if config.origins[".".join(key)] == "default"]
    places = {key: PLACES[key] for key in unset if is_system}
    change = SettingsChange(target, places, _new_folders(config, folders))
    config = change.foresee(config)
    _tell_differences(target, is_first=not (named or is_system or target.exists()))
    if not config.roots:
        raise click.UsageError(f"no folder is named: give DIR, or write [[roots]] into {target}")
    try:
        program = find_program()
    except FileNotFoundError as error:
        raise Ended(str(error), 2) from None
    user = (run_as or _owner(config.roots[0].path)) if is_system else None
    if user is not None:
        _check_user(user, program, config)
    return Installation(program, config, target if named or is_system else None, user), change


def _tell_differences(target: Path, *, is_first: bool) -> None:
    """Say what holds in this shell and not for the service, or the other way round."""
    if is_first and SYSTEM_FILE.exists():
        click.echo(
            f"{SYSTEM_FILE} is the system's: your service has folders, settings and a catalog of"
            f" its own. With {target} there, `phototag` uses yours; it asks the system's by\n"
            f"  phototag --config {SYSTEM_FILE} search ..."
        )
    unseen = [name for name in os.environ if name.startswith(PREFIX) and name != CONFIG_VARIABLE]
    if unseen:
        click.echo(f"not seen by the service, write it into {target}: {', '.join(sorted(unseen))}")


def _load(target: Path) -> Config:
    """Read the settings as the service will: without what is set in this shell alone."""
    return load_config(target if target.exists() else Path(os.devnull), {})


def _new_folders(config: Config, folders: Sequence[bytes]) -> tuple[bytes, ...]:
    known = {root.path for root in config.roots}
    asked = [os.path.abspath(os.path.expanduser(folder)) for folder in folders]
    for path in asked:
        if not os.path.isdir(path):
            raise click.UsageError(f"{printable(path)} is no folder")
    return tuple(path for path in dict.fromkeys(asked) if path not in known)


def _owner(path: bytes) -> str:
    """Return whom the photos belong to: the service runs as them, or as nobody's own user."""
    try:
        owner = os.stat(path).st_uid
        name = "phototag" if owner == 0 else pwd.getpwuid(owner).pw_name
    except OSError as error:
        raise Ended(f"{printable(path)}: {error.strerror}", 2) from None
    except KeyError:
        raise Ended(
            f"{printable(path)} belongs to user {owner}, whom this system does not know: name one"
            " who may read the photos with --run-as",
            2,
        ) from None
    return name


def _check_user(user: str, program: Path, config: Config) -> None:
    """Make sure that the service's user exists and, asked as root, can do the service's work."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Ended(
            f"there is no user {user}: sudo adduser --system --group {user}, or name one who may"
            " read the photos with --run-as",
            2,
        ) from None
    if os.geteuid() != 0:
        return
    if not _can(entry, [str(program), "--help"]):
        raise Ended(
            f"{user} cannot run {program}: install it where everybody may read it, its Python too"
            " (the Debian package, sudo pipx install --global, a venv below /opt)",
            2,
        )
    for root in config.roots:
        if not _can(entry, ["test", "-r", root.path, "-a", "-x", root.path]):
            click.echo(f"{user} may not read {printable(root.path)}: give that user permission")


def _can(user: pwd.struct_passwd, command: Sequence[str | bytes]) -> bool:
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    try:
        done = subprocess.run(
            command,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=groups,
            cwd="/",
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
