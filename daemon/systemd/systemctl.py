"""What the service manager is asked and told, by its own command. See systemctl(1)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .installation import user_folder
from .units import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

PROPERTIES: Final = (
    "LoadState", "ActiveState", "SubState", "StatusText", "MainPID", "NRestarts", "Result",
    "FragmentPath", "DropInPaths", "UnitFileState", "NeedDaemonReload", "ExecMainStatus",
)  # fmt: skip
ANSWER_SECONDS: Final = 60.0


class SystemdError(Exception):
    """The manager is not there, cannot be reached, or refuses."""


def is_systemd_there() -> bool:
    """Tell whether this system is run by systemd; see sd_booted(3)."""
    return shutil.which("systemctl") is not None and os.path.isdir("/run/systemd/system")


def systemctl(*, is_system: bool) -> list[str]:
    """Return the command that talks to the system's manager or to this user's."""
    return ["systemctl"] if is_system else ["systemctl", "--user"]


def run_step(step: Sequence[str], seconds: float | None = None) -> str:
    """Run a command and return what it prints; a start takes as long as the unit allows.

    Raises SystemdError.
    """
    if not is_systemd_there():
        raise SystemdError("this system is not run by systemd")
    shown = " ".join(word for word in step if not word.startswith("--property="))
    try:
        done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise SystemdError(f"{shown}: no answer within {seconds} s") from None
    if done.returncode != 0:
        raise SystemdError(f"{shown}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def show_unit(*, is_system: bool) -> dict[str, str]:
    """Return the service's properties as the manager has them. Raises SystemdError."""
    asked = [*systemctl(is_system=is_system), "show", UNIT, f"--property={','.join(PROPERTIES)}"]
    return dict(line.partition("=")[::2] for line in run_step(asked, ANSWER_SECONDS).splitlines())


def is_installed_for_user() -> bool:
    """Tell whether this user has a unit of their own, or has enabled a package's."""
    folder = user_folder()
    wanted = folder / "default.target.wants" / UNIT
    return (folder / UNIT).exists() or wanted.is_symlink()


def is_lingering(user: str) -> bool:
    """Tell whether a user's manager runs without a session; see loginctl(1)."""
    return Path("/var/lib/systemd/linger", user).exists()


def has_desktop() -> bool:
    """Tell whether this is a desktop session, which keeps the user's manager running."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
