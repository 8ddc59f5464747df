"""The daemon and its service: do they run, of which version, is what is installed up to date."""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...db.lock import find_writer
from ..monitoring.status import running_status
from ..printable import count
from ..systemd.installation import Installation, find_program, user_folder
from ..systemd.systemctl import (
    SystemdError,
    has_desktop,
    is_installed_for_user,
    is_lingering,
    is_systemd_there,
    show_unit,
)
from ..systemd.units import SYSTEM_FOLDERS, UNIT, is_untouched, read_text
from .findings import note, ok, problem
from .hiding import without_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Case, Finding

SILENT_SECONDS: Final = 20.0


def check_service(case: Case) -> Iterator[Finding]:
    """Look at the daemon that keeps the catalog, then at the service that starts it."""
    yield from _daemon(case)
    if not is_systemd_there():
        yield ok("this system is not run by systemd")
        return
    found = False
    for is_system in (True, False):
        if is_system or is_installed_for_user():
            for finding in _service(is_system=is_system):
                found = True
                yield finding
    if not found:
        yield note("no service is installed", "phototag service install DIR --enable")
    yield from _unit_files(case)


def _daemon(case: Case) -> Iterator[Finding]:
    catalog = case.config.catalog.path
    writer = find_writer(catalog)
    status = running_status(catalog)
    if writer is None:
        yield note("the daemon does not run", "phototag watch, or phototag service install")
        return
    if not status:
        yield ok(f"another program writes the catalog now (process {writer.pid})")
        return
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(status["since"]))
    yield ok(f"the daemon runs as process {status['pid']} since {since}")
    silent = time.time() - status.get("updated", 0.0)
    if silent > SILENT_SECONDS:
        yield problem(f"it has said nothing for {silent:.0f} s", "look at its log; restart it")
    for trouble in status.get("degraded", []):
        said = f"it says: {without_names(trouble['reason'])}"
        yield problem(said, without_names(trouble["remedy"]))
    if status["since"] < installed_at():
        yield problem(
            "the program was installed anew since the daemon began: it runs the earlier version",
            "restart it: systemctl restart phototagd, or systemctl --user restart phototagd",
        )
    yield from _other_user(status["pid"])


def _other_user(pid: int) -> Iterator[Finding]:
    try:
        owner = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return
    if owner != os.geteuid():
        yield note(
            "the daemon runs as another user than you: permissions were looked at as yours",
            "sudo -u USER phototag doctor, with the user of the daemon",
        )


def _service(*, is_system: bool) -> Iterator[Finding]:
    name = "the system's service" if is_system else "your service"
    control = "systemctl" if is_system else "systemctl --user"
    try:
        said = show_unit(is_system=is_system)
    except SystemdError as error:
        yield note(f"{name} cannot be asked for: {error}")
        return
    if said.get("LoadState") == "not-found":
        return
    state = f"{name}: {said['ActiveState']} ({said['SubState']}), {said['UnitFileState']}"
    if said["ActiveState"] == "failed":
        result = f"{said['Result']}, exit status {said['ExecMainStatus']}"
        journal = "journalctl -u" if is_system else "journalctl --user -u"
        yield problem(f"{state}: {result}", f"{journal} phototagd says why")
    elif said["ActiveState"] in ("active", "reloading", "activating"):
        yield ok(state)
    else:
        yield note(state, f"{control} enable --now phototagd")
    if restarts := int(said.get("NRestarts") or 0):
        yield note(f"{name} was started again {count(restarts, 'time')} after it had ended")
    if said.get("NeedDaemonReload") == "yes":
        yield problem(f"{name}: its files have changed", f"{control} daemon-reload; then restart")
    user = pwd.getpwuid(os.geteuid()).pw_name
    if not is_system and not has_desktop() and not is_lingering(user):
        yield note(f"{name} ends when you log out", "loginctl enable-linger")


def _unit_files(case: Case) -> Iterator[Finding]:
    """Compare the unit files that we wrote with those that would be written now."""
    for folder in (Path(SYSTEM_FOLDERS[0]), user_folder()):
        text = read_text(folder / UNIT)
        if text is None:
            continue
        if not is_untouched(text):
            yield note(f"{folder / UNIT} was written or edited by somebody")
        program = started_program(text)
        if program is not None and not os.access(program, os.X_OK):
            yield problem(
                f"{folder / UNIT} starts {program}, which is not there or may not be run by you",
                "phototag service install, with the program that is to be the service",
            )
    if case.config.roots and not case.config_error:
        yield from _outdated(case)


def _outdated(case: Case) -> Iterator[Finding]:
    """Look at your own unit alone: for whom the system's runs is not known here."""
    text = read_text(user_folder() / UNIT)
    if text is None or not is_untouched(text):
        return
    settings = Path(case.config.file) if " --config " in text else None
    installation = Installation(find_program(), case.config, settings, None)
    for file in installation.unit_files():
        there = read_text(file.path)
        if there is None or (is_untouched(there) and not there.endswith(file.text)):
            yield note(
                f"{file.path} is not what this program and these settings need now",
                "phototag service install --user",
            )


def started_program(text: str) -> str | None:
    """Return the program that a unit starts; a quoted one has its quotes removed."""
    line = text.partition("\nExecStart=")[2].partition("\n")[0]
    quote, end = (1, '"') if line.startswith('"') else (0, " ")
    return line[quote:].partition(end)[0].replace("%%", "%").replace("$$", "$") or None


def installed_at() -> float:
    """Return when the program's files were put here, whatever times they brought along."""
    return os.stat(__file__).st_ctime
