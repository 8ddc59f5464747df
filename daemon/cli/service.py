"""``phototag service``: the daemon as a service of systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import click

from ..config import SYSTEM_FILE, RootSettings
from . import Ended, Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..installation import Installation

EXIT_NOT_RUNNING = 3  # as of systemctl
PROPERTIES = (
    "LoadState", "ActiveState", "SubState", "StatusText", "MainPID", "NRestarts", "Result",
    "FragmentPath", "DropInPaths", "UnitFileState",
)  # fmt: skip
TRIAL = (
    "PrivateUsers=yes", "ProtectSystem=strict", "PrivateNetwork=yes", "PrivateDevices=yes",
    "ProtectKernelTunables=yes", "ProcSubset=pid", "PrivateTmp=yes",
)  # fmt: skip
scope_option = click.option(
    "--system/--user",
    "is_system",
    default=None,
    help="Of the whole system, or of you alone. Default: for root the system's, else yours; once"
    " it is installed, the one that is there.",
)


@click.group("service", short_help="Install the daemon as a systemd service.")
def command() -> None:
    """Let systemd start the daemon, watch over it and start it again.

    \b
    Examples:
      phototag service install ~/Pictures --enable     for your own photos
      sudo phototag service install /srv/photos --system --enable --run-as anna
      phototag service status
    """


@command.command("install")
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=bytes))
@scope_option
@click.option("--run-as", metavar="USER", help="With --system: who may read the photos.")
@click.option("--enable", is_flag=True, help="Also start it, now and whenever the system starts.")
@click.option("--dry-run", is_flag=True, help="Only show what would be written and run.")
@pass_settings
def install(
    settings: Settings,
    folders: tuple[bytes, ...],
    is_system: bool | None,
    run_as: str | None,
    enable: bool,
    dry_run: bool,
) -> None:
    """Write systemd's files for this installation of the program.

    DIR are added to the settings, where the folders to watch stand. Run it again when folders,
    [tags] write, or the place of the program change. Files that you have edited are never touched:
    changes of your own belong into drop-ins (`systemctl edit phototagd`).
    """
    is_system = _is_system(is_system)
    installation = _plan(settings, folders, is_system=is_system, run_as=run_as, dry_run=dry_run)
    _refuse_edited(installation)
    steps = _steps(is_system=is_system, enable=enable)
    for file in installation.unit_files():
        click.echo(f"{'would write' if dry_run else 'writing'} {file.path}: {file.reason}")
        if dry_run:
            click.echo("".join(f"    {line}\n" for line in file.text.splitlines()))
    if dry_run:
        for step in steps:
            click.echo(f"would run {' '.join(step)}")
        return
    _write(installation)
    for step in steps:
        _run(step)
    _tell_next(is_system=is_system, enable=enable)


@command.command("uninstall")
@scope_option
@click.option("--dry-run", is_flag=True, help="Only show what would be removed and run.")
@pass_settings
def uninstall(settings: Settings, is_system: bool | None, dry_run: bool) -> None:
    """Stop the service and remove what `install` wrote; catalog and settings stay.

    Files that you have edited stay, too, and are named.
    """
    from ..installation import Installation, find_program
    from ..units import is_untouched, read_text

    is_system = _is_installed_for_system(is_system)
    user = "phototag" if is_system else None
    place = Installation(find_program(), settings.config, None, user)
    there = [(path, text) for path in place.possible_files() if (text := read_text(path))]
    ours = [path for path, text in there if is_untouched(text)]
    edited = [path for path, text in there if not is_untouched(text)]
    if not there:
        raise Ended(f"nothing is installed in {place.folder}", 1)
    stop = [*_systemctl(is_system=is_system), "disable", "--now", "phototagd.service"]
    if dry_run:
        click.echo(f"would run {' '.join(stop)}")
        for path in ours:
            click.echo(f"would remove {path}")
        return
    _run(stop)
    for path in ours:
        path.unlink()
        click.echo(f"removed {path}")
    for path in edited:
        click.echo(f"left, because it was edited: {path}")
    _run([*_systemctl(is_system=is_system), "daemon-reload"])


@command.command("status")
@scope_option
def status(is_system: bool | None) -> int:
    """Print how the service does, in systemd's words; exit code 3 if it does not run.

    What the daemon says of itself: `phototag status`. Its log: `journalctl -u phototagd`.
    """
    is_system = _is_installed_for_system(is_system)
    asked = [*_systemctl(is_system=is_system), "show", "phototagd.service"]
    found = _ask([*asked, f"--property={','.join(PROPERTIES)}"])
    said = dict(line.partition("=")[::2] for line in found.splitlines())
    if said.get("LoadState") == "not-found":
        click.echo("not installed (phototag service install)")
        return EXIT_NOT_RUNNING
    click.echo(f"{said['ActiveState']} ({said['SubState']}), {said['UnitFileState'] or 'static'}")
    for label, key in (
        ("says", "StatusText"),
        ("process", "MainPID"),
        ("restarts", "NRestarts"),
        ("last end", "Result"),
        ("unit", "FragmentPath"),
        ("drop-ins", "DropInPaths"),
    ):
        if said.get(key, "") not in ("", "0", "success"):
            click.echo(f"{label:<9} {said[key]}")
    return 0 if said["ActiveState"] in ("active", "reloading") else EXIT_NOT_RUNNING


def _is_system(asked: bool | None) -> bool:
    return os.geteuid() == 0 if asked is None else asked


def _is_installed_for_system(asked: bool | None) -> bool:
    """Take the service that is there, where nobody says which one is meant."""
    from ..installation import user_folder
    from ..units import UNIT

    return not (user_folder() / UNIT).exists() if asked is None else asked


def _plan(
    settings: Settings,
    folders: Sequence[bytes],
    *,
    is_system: bool,
    run_as: str | None,
    dry_run: bool,
) -> Installation:
    """Decide what the service is made of, and put its folders into the settings."""
    from dataclasses import replace

    from ..config import default_path
    from ..config_edit import add_roots
    from ..installation import Installation, find_program

    file = settings.file or (SYSTEM_FILE if is_system else None)
    target = file or default_path()
    config = Settings(file if file and file.exists() else None).config
    asked = [os.path.abspath(os.path.expanduser(folder)) for folder in folders]
    new = [path for path in asked if path not in {root.path for root in config.roots}]
    for path in new:
        if not os.path.isdir(path):
            raise click.UsageError(f"{os.fsdecode(path)} is no folder")
        click.echo(f"{'would add' if dry_run else 'adding'} {os.fsdecode(path)} to {target}")
    if new and not dry_run:
        add_roots(target, new, _places() if is_system and not target.exists() else "")
        config = Settings(file).config
    elif new:
        config = replace(config, roots=(*config.roots, *map(RootSettings, new)))
    if not config.roots:
        raise click.UsageError(f"no folder is named: give DIR, or write [[roots]] into {target}")
    user = (run_as or _owner(config.roots[0].path)) if is_system else None
    namespaces = is_system or _can_make_namespaces()
    return Installation(find_program(), config, file, user, namespaces)


def _places() -> str:
    """Return the places of a system service's files, for its new settings."""
    return (
        '[catalog]\npath = "/var/lib/phototagd/catalog.db"\n\n'
        '[models]\ndirectory = "/var/lib/phototagd/models"\ncache = "/var/cache/phototagd"\n\n'
    )


def _owner(path: bytes) -> str:
    """Return whom the photos belong to: the service runs as them, or as nobody's own user."""
    import pwd

    owner = os.stat(path).st_uid
    name = "phototag" if owner == 0 else pwd.getpwuid(owner).pw_name
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise Ended(
            f"there is no user {name}: sudo adduser --system --group {name}, or name one who may"
            " read the photos with --run-as",
            2,
        ) from None
    return name


def _refuse_edited(installation: Installation) -> None:
    from ..units import find_edited

    edited = find_edited(installation.unit_files())
    if edited:
        names = ", ".join(str(file.path) for file in edited)
        raise Ended(
            f"{names}: edited by somebody, so it stays as it is. Move your changes into a drop-in"
            " (systemctl edit phototagd), remove the file, and install again",
            2,
        )


def _write(installation: Installation) -> None:
    from ..units import write_unit

    try:
        if installation.is_user:
            for folder in installation.writable():
                os.makedirs(folder, mode=0o700, exist_ok=True)
        for file in installation.unit_files():
            write_unit(file)
        needed = {file.path for file in installation.unit_files()}
        for path in installation.possible_files():
            if path not in needed and path.parent.name.endswith(".d"):
                _remove_ours(path)
    except OSError as error:
        raise Ended(f"{error.filename}: {error.strerror}", 2) from None


def _remove_ours(path: Path) -> None:
    from ..units import is_untouched, read_text

    text = read_text(path)
    if text is not None and is_untouched(text):
        path.unlink()


def _steps(*, is_system: bool, enable: bool) -> list[list[str]]:
    systemctl = _systemctl(is_system=is_system)
    steps = [[*systemctl, "daemon-reload"]]
    if enable:
        steps += [[*systemctl, "enable", "phototagd.service"]]
        steps += [[*systemctl, "restart", "phototagd.service"]]
    return steps


def _tell_next(*, is_system: bool, enable: bool) -> None:
    systemctl = " ".join(_systemctl(is_system=is_system))
    if not enable:
        click.echo(f"Start it, now and with the system: {systemctl} enable --now phototagd")
    journal = "journalctl -u" if is_system else "journalctl --user -u"
    click.echo(f"How it does: phototag service status. Its log: {journal} phototagd")
    if not is_system and not _has_desktop():
        click.echo("Without a desktop session it stops when you log out; this lets it run on:")
        click.echo("  loginctl enable-linger")


def _has_desktop() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _systemctl(*, is_system: bool) -> list[str]:
    return ["systemctl"] if is_system else ["systemctl", "--user"]


def _can_make_namespaces() -> bool:
    """Try whether this user's manager can shut a program in."""
    options = [word for setting in TRIAL for word in ("-p", setting)]
    trial = ["systemd-run", "--user", "--wait", "--quiet", "--collect", *options, "true"]
    try:
        return subprocess.run(trial, capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(step: Sequence[str]) -> None:
    click.echo(f"running {' '.join(step)}")
    _ask(step)


def _ask(step: Sequence[str]) -> str:
    if shutil.which(step[0]) is None:
        raise Ended(f"{step[0]} is not there: this system is not run by systemd", 2)
    done = subprocess.run(step, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Ended(f"{' '.join(step)}: {done.stderr.strip() or done.returncode}", 2)
    return done.stdout
