"""``phototag service``: the daemon as a service of systemd."""

from __future__ import annotations

import contextlib
import os
import pwd
from typing import TYPE_CHECKING

import click

from ..config import ConfigError
from . import Ended, Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ..systemd.installation import Installation

EXIT_NOT_RUNNING = 3  # as of systemctl
TRIAL = (
    "PrivateUsers=yes", "ProtectSystem=strict", "PrivateNetwork=yes", "PrivateDevices=yes",
    "ProtectKernelTunables=yes", "ProcSubset=pid", "PrivateTmp=yes",
)  # fmt: skip
LINGER = ("loginctl", "enable-linger")
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


@command.command("install", short_help="Write systemd's files; --enable starts it.")
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
    [tags] write, or the place of the program change: a service that runs is started again. Files
    that you have edited are never touched: changes of your own belong into drop-ins
    (`systemctl edit phototagd`).
    """
    from .service_plan import plan_installation

    is_system = _is_root() if is_system is None else is_system
    if not dry_run:
        _refuse_where_it_cannot_work(is_system=is_system)
    can_close = is_system or _can_make_namespaces(dry_run=dry_run)
    installation, change = plan_installation(settings, folders, is_system=is_system, run_as=run_as)
    installation = installation.with_namespaces(can_close)
    _refuse_edited(installation)
    steps = _steps(is_system=is_system, enable=enable)
    for line in change.describe():
        click.echo(f"{'would add' if dry_run else 'adding'} to {change.target}: {line}")
    _show(installation, dry_run=dry_run)
    if dry_run:
        for step in steps:
            click.echo(f"would run {' '.join(step)}")
    else:
        change.write()
        _write(installation)
        if enable:
            click.echo("starting it; the first time it prepares the models, for a minute or more")
        for step in steps:
            _run(step)
    if installation.user is not None:
        _tell_who_may_search(installation.user)
    _tell_next(is_system=is_system, enable=enable, dry_run=dry_run)


@command.command("uninstall", short_help="Stop it, and remove those files.")
@scope_option
@click.option("--dry-run", is_flag=True, help="Only show what would be removed and run.")
@pass_settings
def uninstall(settings: Settings, is_system: bool | None, dry_run: bool) -> None:
    """Stop the service and remove what `install` wrote; catalog and settings stay.

    Files that you have edited stay, too, and are named.
    """
    from ..systemd.installation import possible_files, unit_folder
    from ..systemd.systemctl import systemctl
    from ..systemd.units import is_untouched, read_text

    is_system = _is_installed_for_system(is_system)
    folder = unit_folder(is_user=not is_system)
    control = systemctl(is_system=is_system)
    stop = [*control, "disable", "--now", "phototagd.service"]
    there = [(path, text) for path in possible_files(folder) if (text := read_text(path))]
    ours = [path for path, text in there if is_untouched(text)]
    if not there:
        raise Ended(
            f"nothing is installed in {folder}; a package's service is stopped by {' '.join(stop)}",
            1,
        )
    if dry_run:
        click.echo(f"would run {' '.join(stop)}")
        for path in ours:
            click.echo(f"would remove {path}")
        return
    with _told_alone():
        _run(stop)
    try:
        _remove(ours)
    except OSError as error:
        raise Ended(f"{error.filename}: {error.strerror}", 2) from None
    for path, _ in there:
        if path not in ours:
            click.echo(f"left, because it was edited: {path}")
    with _told_alone():
        _run([*control, "daemon-reload"])
    with contextlib.suppress(ConfigError):
        catalog = os.fsdecode(settings.config.catalog.path)
        click.echo(f"settings and catalog stay: {settings.config.file}, {catalog}")


@command.command("status", short_help="How it does, in systemd's words.")
@scope_option
def status(is_system: bool | None) -> int:
    """Print how the service does, in systemd's words; exit code 3 if it does not run.

    What the daemon says of itself: `phototag status`. Its log: `journalctl -u phototagd`.
    """
    from ..systemd.systemctl import SystemdError, show_unit

    try:
        said = show_unit(is_system=_is_installed_for_system(is_system))
    except SystemdError as error:
        raise Ended(str(error), EXIT_NOT_RUNNING) from None
    if said.get("LoadState") == "not-found":
        click.echo("not installed (phototag service install DIR --enable)")
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


def _is_root() -> bool:
    return os.geteuid() == 0


def _is_installed_for_system(asked: bool | None) -> bool:
    """Take the service that is there, where nobody says which one is meant."""
    from ..systemd.systemctl import is_installed_for_user

    return not is_installed_for_user() if asked is None else asked


def _refuse_where_it_cannot_work(*, is_system: bool) -> None:
    from ..systemd.systemctl import is_systemd_there

    if not is_systemd_there():
        raise Ended(
            "this system is not run by systemd: let its own way of starting programs run"
            " `phototagd`, which stays in the foreground",
            2,
        )
    if is_system and not _is_root():
        raise Ended("the system's service is installed by root: use sudo, or --user", 2)


def _refuse_edited(installation: Installation) -> None:
    from ..systemd.units import find_edited

    edited = find_edited(installation.unit_files())
    if edited:
        names = ", ".join(str(file.path) for file in edited)
        raise Ended(
            f"{names}: edited by somebody, so it stays as it is. Move your changes into a drop-in"
            " (systemctl edit phototagd), remove the file, and install again",
            2,
        )


def _show(installation: Installation, *, dry_run: bool) -> None:
    """Say what is written, made and removed; in a dry run the whole files too."""
    for folder in installation.folders_to_make():
        click.echo(f"{'would make' if dry_run else 'making'} {os.fsdecode(folder)}")
    for file in installation.unit_files():
        click.echo(f"{'would write' if dry_run else 'writing'} {file.path}: {file.reason}")
        if dry_run:
            click.echo("".join(f"    {line}\n" for line in file.text.splitlines()))
    for path in installation.outdated_files() if dry_run else ():
        click.echo(f"would remove {path}, which is not needed any more")


def _write(installation: Installation) -> None:
    from ..systemd.units import write_unit

    try:
        for folder in installation.folders_to_make():
            os.makedirs(folder, mode=0o700, exist_ok=True)
        for file in installation.unit_files():
            write_unit(file)
        _remove(installation.outdated_files())
    except OSError as error:
        raise Ended(f"{error.filename}: {error.strerror}", 2) from None


def _remove(paths: Iterable[Path]) -> None:
    """Remove unit files, and the folders of drop-ins that are empty then. Raises OSError."""
    for path in paths:
        path.unlink()
        click.echo(f"removed {path}")
        if path.parent.name.endswith(".d"):
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _steps(*, is_system: bool, enable: bool) -> list[list[str]]:
    from ..systemd.systemctl import systemctl

    control = systemctl(is_system=is_system)
    steps = [[*control, "daemon-reload"]]
    if enable:
        steps += [[*control, "enable", "phototagd.service"]]
    # What may be written, and the program, a running service learns only by a new start.
    steps += [[*control, "restart" if enable else "try-restart", "phototagd.service"]]
    return steps


def _tell_who_may_search(user: str) -> None:
    """Say how others than the service's user get at its catalog."""
    from ..systemd.installation import group_of

    group = group_of(user)
    click.echo(f"Who is to search needs its group: sudo usermod -aG {group} NAME, then a new login")


def _tell_next(*, is_system: bool, enable: bool, dry_run: bool) -> None:
    from ..systemd.systemctl import has_desktop, is_lingering, systemctl

    if not enable:
        control = " ".join(systemctl(is_system=is_system))
        click.echo(f"Start it, now and with the system: {control} enable --now phototagd")
    journal = "journalctl -u" if is_system else "journalctl --user -u"
    click.echo(f"How it does: phototag service status. Its log: {journal} phototagd")
    user = pwd.getpwuid(os.geteuid()).pw_name
    if is_system or has_desktop() or is_lingering(user):
        return
    click.echo("Without a desktop session your services end when you log out, unless you linger:")
    if not enable:
        click.echo(f"  {' '.join(LINGER)}")
    elif dry_run:
        click.echo(f"would run {' '.join(LINGER)}")
    else:
        with _told_alone(f"ask root for it: sudo {' '.join(LINGER)} {user}"):
            _run(LINGER)


def _can_make_namespaces(*, dry_run: bool) -> bool:
    """Try whether this user's manager can shut a program in; it must be there for that."""
    from ..systemd.systemctl import ANSWER_SECONDS, SystemdError, run_step, systemctl

    try:
        run_step([*systemctl(is_system=False), "show-environment"], ANSWER_SECONDS)
    except SystemdError as error:
        if dry_run:
            return True
        raise Ended(f"{error}; log in as yourself, not by su or sudo", 2) from None
    options = [word for setting in TRIAL for word in ("-p", setting)]
    trial = ["systemd-run", "--user", "--wait", "--quiet", "--collect", *options, "true"]
    try:
        run_step(trial, ANSWER_SECONDS)
    except SystemdError:
        return False
    return True


@contextlib.contextmanager
def _told_alone(remedy: str = "") -> Iterator[None]:
    """Let a step fail that others do not depend on; say so."""
    try:
        yield
    except Ended as error:
        click.echo(f"{error.message}{f'; {remedy}' if remedy else ''}", err=True)


def _run(step: Sequence[str]) -> None:
    from ..systemd.systemctl import SystemdError, run_step

    click.echo(f"running {' '.join(step)}")
    try:
        run_step(step)
    except SystemdError as error:
        raise Ended(str(error), 2) from None
