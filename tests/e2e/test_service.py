"""The installed unit under a real systemd manager: ready, reload, crashes, a hang, the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT, COFFEE
from program import BIN
from service_manager import ServiceManager, reason_without

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = reason_without()

STEPS = r"""
PATH="{bin}:$PATH"
until_true() {{
  for try in $(seq 600); do
    "$@" > /dev/null 2>&1 && return
    read -t 0.1 <> <(:) || :
  done
  echo "NOT WITHIN A MINUTE: $*"
}}
property() {{ systemctl --user show -p "$1" --value phototagd; }}
is_active() {{ [ "$(property ActiveState)" = active ]; }}
is_started_again() {{ [ "$(property NRestarts)" = 1 ] && is_active; }}
cd "$HOME"
env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS \
  phototag service install --user "$HOME/photos" > unreachable.txt 2>&1
echo "exit of unreachable $?"
[ -e .config/systemd ] && echo "WRITTEN FOR NO MANAGER"
phototag service install --user "$HOME/photos" --enable > install.txt 2>&1
echo "exit of install $?"
until_true is_active
cp {cat} photos/cat.png
until_true phototag search cat
echo "found: $(phototag search cat)"
phototag service status > status.txt; echo "exit of status $?"
first=$(property MainPID)
systemctl --user reload phototagd; echo "exit of reload $?"
until_true is_active
[ "$(property MainPID)" = "$first" ] && echo "reloaded in place"
pkill -9 -f daemon.recognizer
cp {coffee} photos/coffee.png
until_true phototag search cup
echo "after the child was killed: $(phototag search cup)"
[ "$(property MainPID)" = "$first" ] && echo "the daemon lived on"
kill -9 "$first"
until_true is_started_again
echo "restarts after kill -9: $(property NRestarts)"
mkdir -p .config/systemd/user/phototagd.service.d
printf '[Service]\nWatchdogSec=4\n' > .config/systemd/user/phototagd.service.d/90-quick.conf
printf '[tags]\nwrite = "sidecar"\n' >> .config/phototagd/config.toml
killed=$(property MainPID)
phototag service install --user > again.txt 2>&1; echo "exit of install again $?"
[ "$(property MainPID)" != "$killed" ] && is_active && echo "started again with other rights"
kill -STOP "$(property MainPID)"
until_true is_started_again
echo "restarts after a hang: $(property NRestarts)"
systemctl --user stop phototagd
echo "result of stop: $(property Result) $(property ExecMainStatus)"
phototag service uninstall --user > uninstall.txt 2>&1; echo "exit of uninstall $?"
"""


@pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)
def test_the_service_lives_through_what_happens_to_services(
    tmp_path: Path, program_cache: Path
) -> None:
    home = tmp_path / "home"
    (home / "photos").mkdir(parents=True)
    settings = home / ".config" / "phototagd" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[models]\ncache = "{program_cache}"\nprecision = "f32"\n')
    steps = STEPS.format(bin=BIN, cat=CAT, coffee=COFFEE)

    said = ServiceManager(home).run(steps)

    assert "NOT WITHIN" not in said, said
    assert [line for line in said.splitlines() if re.match("exit of", line)] == [
        "exit of unreachable 2",
        "exit of install 0",
        "exit of status 0",
        "exit of reload 0",
        "exit of install again 0",
        "exit of uninstall 0",
    ]
    assert "log in as yourself, not by su or sudo" in (home / "unreachable.txt").read_text()
    assert "WRITTEN FOR NO MANAGER" not in said
    assert f"found: {home}/photos/cat.png\n" in said
    assert "reloaded in place\n" in said
    assert f"after the child was killed: {home}/photos/coffee.png\n" in said
    assert "the daemon lived on\n" in said
    assert "restarts after kill -9: 1\n" in said
    assert "started again with other rights\n" in said
    again = (home / "again.txt").read_text()
    assert re.search(f"(?m)opens for writing: .*{home}/photos$", again), again
    assert "restarts after a hang: 1\n" in said
    assert "result of stop: success 0\n" in said
    status = (home / "status.txt").read_text()
    assert status.startswith("active (running), enabled\n")
    assert "folders watched: 1 of 1" in status
    assert not (home / ".config/systemd/user/phototagd.service").exists()
