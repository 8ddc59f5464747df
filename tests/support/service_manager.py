"""A real systemd manager in namespaces of its own, where the one of the machine is not systemd.

It needs root, the cgroup hierarchies of a container, and Debian's packages systemd and dbus.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from program import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

CGROUPS = (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"))
NEEDED = ("unshare", "systemctl", "dbus-daemon", "systemd-run")
START = """
for folder in {folders}; do echo $$ > $folder/cgroup.procs; done
mount -t tmpfs none /run
export XDG_RUNTIME_DIR=/run/user/0
mkdir -p /run/systemd/system $XDG_RUNTIME_DIR
chmod 700 $XDG_RUNTIME_DIR
export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
/lib/systemd/systemd --user > "$HOME/manager.log" 2>&1 &
for try in $(seq 100); do
  systemctl --user is-system-running > /dev/null 2>&1 && break
  read -t 0.1 <> <(:) || :
done
. "$1"
"""


def reason_without() -> str:
    """Say why no manager can be run here; empty if one can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if not all(folder.is_dir() and os.access(folder, os.W_OK) for folder in CGROUPS):
        return "needs the cgroup folders systemd and unified"
    return ""


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """A manager whose user has this home; `run` runs a script beside a fresh one."""

    home: Path

    def run(self, script: str, seconds: float = 240.0) -> str:
        """Run a shell script and return what it prints, errors too; fails if it takes longer."""
        folders = [folder / f"phototagd-test-{os.getpid()}" for folder in CGROUPS]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        start, steps = self.home / "start.sh", self.home / "steps.sh"
        start.write_text(START.format(folders=" ".join(map(str, folders))))
        steps.write_text(script)
        try:
            done = subprocess.run(
                ["unshare", "-fpm", "--kill-child", "--mount-proc", "bash", str(start), str(steps)],
                env={"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=seconds,
            )
        finally:
            remove_groups(folders)
        return done.stdout


def remove_groups(tops: Iterable[Path]) -> None:
    """Remove control groups with those within, as soon as their processes are gone."""
    for top in tops:
        wait_until(partial(_remove_group, top), what="its processes are gone")


def _remove_group(top: Path) -> bool:
    for folder, _, _ in os.walk(top, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    return not top.exists()
