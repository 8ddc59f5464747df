"""A real systemd of the whole system, as process 1 of namespaces of its own.

It sees this machine's files, but what it changes in /etc and /var is thrown away, and it knows no
units but those that are installed in the run. Needs root and the cgroup hierarchies of a container.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import service_manager
from program import wait_until
from service_manager import CGROUPS, remove_groups

TARGETS = ("sysinit", "basic", "shutdown", "multi-user", "default")
LAYERED = ("/etc", "/var/lib", "/var/cache", "/srv")
JOIN = """
for folder in {folders}; do echo $$ > $folder/cgroup.procs; done
exec bash "$1"
"""
START = r"""
set -e
mount -t tmpfs none /run
for folder in {layered}; do
  layer=/run/layers$folder
  mkdir -p $layer/upper $layer/work
  mount -t overlay none -o lowerdir=$folder,upperdir=$layer/upper,workdir=$layer/work $folder
done
for folder in {closed}; do chmod a+x $folder; done
rm -rf /etc/systemd/system /etc/phototagd /var/lib/phototagd /var/cache/phototagd /srv/*
mkdir -p /run/systemd/system /etc/systemd/system
for target in {targets}; do
  printf '[Unit]\nDefaultDependencies=no\n' > /etc/systemd/system/$target.target
done
echo 'Wants=steps.service' >> /etc/systemd/system/default.target
cat > /etc/systemd/system/steps.service <<END
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/bash {home}/steps.sh
ExecStopPost=/bin/touch {home}/over
Environment=HOME={home} PATH={path} LANG=C.UTF-8
StandardOutput=append:{home}/said.txt
StandardError=append:{home}/said.txt
END
export container=lxc SYSTEMD_UNIT_PATH=/etc/systemd/system
exec /lib/systemd/systemd --system --show-status=no --log-target=console > {home}/manager.log 2>&1
"""


def reason_without() -> str:
    """Say why no manager can be run here; empty if one can."""
    if "overlay" not in Path("/proc/filesystems").read_text("ascii"):
        return "needs overlayfs"
    return service_manager.reason_without()


def closed_folders() -> list[str]:
    """Return the folders above the interpreter that other users may not enter, outermost first."""
    above = reversed(Path(sys.executable).resolve().parents)
    return [str(folder) for folder in above if not folder.stat().st_mode & 0o001]


@dataclass(frozen=True, slots=True)
class SystemManager:
    """A manager whose files lie in this folder; `run` runs a script beside a fresh one.

    What changes in the folders of `layered` is thrown away.
    """

    home: Path
    layered: tuple[str, ...] = LAYERED

    def run(self, script: str, seconds: float = 240.0) -> str:
        """Run a shell script and return what it prints, errors too; fails if it takes longer."""
        folders = [folder / f"phototagd-system-{os.getpid()}" for folder in CGROUPS]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        said, over = self.home / "said.txt", self.home / "over"
        (self.home / "steps.sh").write_text(script)
        names, closed = " ".join(map(str, folders)), closed_folders()
        (self.home / "join.sh").write_text(JOIN.format(folders=names))
        (self.home / "start.sh").write_text(
            START.format(
                layered=" ".join([*self.layered, *closed[:1]]),
                closed=" ".join(closed),
                targets=" ".join(TARGETS),
                home=self.home,
                path=os.environ["PATH"],
            )
        )
        program = ["unshare", "-fpmui", "--kill-child", "--mount-proc", "bash"]
        process = subprocess.Popen([*program, self.home / "join.sh", self.home / "start.sh"])
        try:
            wait_until(
                lambda: over.exists() or process.poll() is not None, seconds, "the steps are done"
            )
        finally:
            process.kill()  # all of the namespace goes with it
            process.wait()
            remove_groups(folders)
        return said.read_text("utf-8", "replace") if said.exists() else ""
