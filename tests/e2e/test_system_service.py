"""The system's units under a real systemd of a whole system, with OpenVINO in their sandbox."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT, COFFEE, open_rgb
from program import BIN
from system_manager import SystemManager, reason_without

from phototagd.daemon.systemd.units import folders_drop_in

if TYPE_CHECKING:
    from pathlib import Path

MOST_EXPOSURE = 1.0
WITHOUT = reason_without()
pytestmark = pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)

BEGIN = r"""
PATH="{bin}:$PATH"
until_true() {{
  for try in $(seq 900); do
    "$@" > /dev/null 2>&1 && return
    read -t 0.1 <> <(:) || :
  done
  echo "NOT WITHIN A MINUTE AND A HALF: $*"
}}
property() {{ systemctl show -p "$1" --value "$2"; }}
is_active() {{ [ "$(property ActiveState "$1")" = active ]; }}
has_failed() {{ [ "$(property ActiveState "$1")" = failed ]; }}
is_started_again() {{ [ "$(property NRestarts "$1")" = 1 ] && is_active "$1"; }}
cd /srv
mkdir photos annas
adduser --system --group --no-create-home --quiet phototag
useradd --no-create-home anna
chown anna annas
# As the Debian package does.
install -d -o phototag -g phototag -m 0750 /var/lib/phototagd
"""
STEPS = (
    BEGIN
    + r"""
phototag service status > "$HOME/before.txt" 2>&1; echo "status before $?"
phototag service install --system photos --dry-run > "$HOME/dry.txt" 2>&1; echo "dry run $?"
[ -e /etc/phototagd ] && echo "THE DRY RUN WROTE"
phototag service install --system photos --enable > "$HOME/install.txt" 2>&1; echo "install $?"
systemd-analyze verify --man=no /etc/systemd/system/phototagd.service; echo "verified"
systemd-analyze security phototagd.service --no-pager | grep -a Overall
until_true is_active phototagd
ask() {{ phototag --config /etc/phototagd/config.toml "$@"; }}
cp {cat} photos/cat.png
until_true ask search cat
echo "found: $(ask search cat)"
echo "runs as $(stat -c %U /proc/$(property MainPID phototagd))"
useradd --no-create-home --groups phototag bea
as_other() {{ setpriv --reuid $1 --regid $1 --init-groups env HOME=/srv phototag search cat 2>&1; }}
echo "found in the group: $(as_other bea)"
echo "found outside: $(as_other anna)"
echo "interfaces: $(tail -n +3 /proc/$(property MainPID phototagd)/net/dev | cut -d: -f1 | xargs)"
cat /proc/$(pgrep -n -f daemon.recognizer)/maps | grep -c libopenvino > "$HOME/openvino.txt"
ask doctor --quick > "$HOME/doctor.txt"; echo "doctor $?"
as_anna() {{ setpriv --reuid anna --regid anna --clear-groups env HOME=/srv/annas "$@"; }}
as_anna phototag service install annas --dry-run > "$HOME/anna.txt"; echo "dry run of anna $?"
as_anna phototag service install --dry-run > "$HOME/none.txt" 2>&1; echo "without a folder $?"
as_anna phototag service install --system annas > "$HOME/sudo.txt" 2>&1; echo "without root $?"
systemctl reload phototagd; echo "reload $?"
until_true is_active phototagd
mkdir -p /etc/systemd/system/phototagd.service.d
printf '[Service]\nWatchdogSec=4\nCPUQuota=50%%\n' > /etc/systemd/system/phototagd.service.d/90.conf
systemctl daemon-reload
systemctl restart phototagd
echo "quota: $(property CPUQuotaPerSecUSec phototagd)"
for n in 1 2 3 4 5 6; do cp {cat} photos/$n.png; done
until_true eval '[ $(ask search cat --limit 9 | wc -l) = 7 ]'
echo "restarts at half a processor: $(property NRestarts phototagd)"
kill -STOP "$(property MainPID phototagd)"
until_true is_started_again phototagd
echo "restarts after a hang: $(property NRestarts phototagd)"
systemctl stop phototagd
echo "result of stop: $(property Result phototagd) $(property ExecMainStatus phototagd)"
rm /etc/systemd/system/phototagd.service.d/90.conf
# No drop-in of its own lies here where the program is in no home and not in /tmp.
rmdir --ignore-fail-on-non-empty /etc/systemd/system/phototagd.service.d
echo 'Nice=1' >> /etc/systemd/system/phototagd.service
phototag service install --system > "$HOME/edited.txt" 2>&1; echo "install over an edited unit $?"
sed -i '$d' /etc/systemd/system/phototagd.service
phototag service uninstall --system > "$HOME/uninstall.txt" 2>&1; echo "uninstall $?"
ls /etc/systemd/system | grep phototagd
echo catalog:
ls /var/lib/phototagd | grep 'db$'
"""
)


ONE_USER = (
    BEGIN
    + r"""
mkdir -p /etc/phototagd /etc/systemd/system/phototagd@anna.service.d
cp {unit} /etc/systemd/system
sed -i "s|/usr/bin/phototagd|{bin}/phototagd|" /etc/systemd/system/phototagd@.service
# Here program and tests may lie in /tmp, which the unit hides.
printf '[Service]\nPrivateTmp=no\n' > /etc/systemd/system/phototagd@anna.service.d/tmp.conf
systemctl daemon-reload
systemctl start phototagd@anna; echo "start without settings $?"
printf '[[roots]]\npath = "/srv/annas"\n[tags]\nwrite = "both"\n' > /etc/phototagd/anna.toml
printf '[catalog]\npath = "/var/lib/phototagd-anna/catalog.db"\n' >> /etc/phototagd/anna.toml
cp {drop_in} /etc/systemd/system/phototagd@anna.service.d/folders.conf
systemctl daemon-reload
groupadd family
usermod -aG family anna
install -o anna -g family {coffee} annas/coffee.jpg
systemctl start phototagd@anna; echo "start $?"
is_written() {{ [ -e annas/cat.png.xmp ] || [ -e annas/cat.xmp ]; }}
install -o anna {cat} annas/cat.png
until_true is_written
until_true eval '! cmp -s {coffee} annas/coffee.jpg'
echo "tags are in the photo of $(stat -c %U:%G annas/coffee.jpg)"
echo "runs as $(stat -c %U /proc/$(property MainPID phototagd@anna)/)"
echo "catalog of $(stat -c '%U %a' /var/lib/phototagd-anna)"
echo "found: $(setpriv --reuid anna --regid anna --clear-groups \
  env HOME=/srv/annas phototag --config /etc/phototagd/anna.toml search cat)"
systemd-analyze security phototagd@anna --no-pager | grep -a Overall
systemctl stop phototagd@anna; echo "stop $?"
"""
)


def test_the_system_service_works_in_its_sandbox(tmp_path: Path) -> None:
    said = SystemManager(tmp_path).run(STEPS.format(bin=BIN, cat=CAT), seconds=550)

    assert "NOT WITHIN" not in said, said
    assert "THE DRY RUN WROTE" not in said
    codes = dict(re.findall(r"(?m)^([a-z ]+) (\d+)$", said))
    assert codes == {
        "status before": "3",
        "dry run": "0",
        "install": "0",
        "doctor": "0",
        "dry run of anna": "0",
        "without a folder": "2",
        "without root": "2",
        "reload": "0",
        "install over an edited unit": "2",
        "uninstall": "0",
    }, said
    assert "dry run 0\ninstall 0\nverified\n" in said, "systemd-analyze verify said something"
    assert float(re.findall(r"exposure level for .*: ([0-9.]+)", said)[0]) <= MOST_EXPOSURE
    assert "found: /srv/photos/cat.png\n" in said
    assert "runs as phototag\n" in said
    assert "found in the group: /srv/photos/cat.png\n" in said
    outside = said.partition("found outside: ")[2].partition("\n")[0]
    assert "Permission denied; it is for the group phototag: sudo usermod -aG phototag" in outside
    assert "interfaces: lo\n" in said
    assert "quota: 500ms\n" in said
    assert "restarts at half a processor: 0\n" in said
    assert "restarts after a hang: 1\n" in said
    assert "result of stop: success 0\n" in said
    assert said.endswith("uninstall 0\ncatalog:\ncatalog.db\n"), said
    assert int((tmp_path / "openvino.txt").read_text()) > 0, "it ran without OpenVINO"
    assert "not installed" in (tmp_path / "before.txt").read_text()
    dry = (tmp_path / "dry.txt").read_text()
    for line in ("would add to", "would write", "ExecStart=", "would run systemctl daemon-reload"):
        assert line in dry
    assert "would run systemctl try-restart phototagd.service\n" in dry
    installed = (tmp_path / "install.txt").read_text()
    assert "/var/lib/phototagd/catalog.db" in installed
    assert "sudo usermod -aG phototag NAME" in installed
    assert "edited by somebody" in (tmp_path / "edited.txt").read_text()
    assert "settings and catalog stay" in (tmp_path / "uninstall.txt").read_text()
    own = (tmp_path / "anna.txt").read_text()
    assert "/etc/phototagd/config.toml is the system's" in own
    assert "phototag --config /etc/phototagd/config.toml search" in own
    assert "add to /srv/annas/.config/phototagd/config.toml: the folder /srv/annas\n" in own
    assert "/srv/photos" not in own, "the system's folders were taken over"
    assert "no folder is named" in (tmp_path / "none.txt").read_text()
    assert "installed by root: use sudo" in (tmp_path / "sudo.txt").read_text()


def test_the_service_of_one_user_of_many_works_in_its_sandbox(tmp_path: Path) -> None:
    unit = files("phototagd.systemd") / "phototagd@.service"

    coffee = tmp_path / "coffee.jpg"
    open_rgb(COFFEE).save(coffee, quality=90)
    drop_in = tmp_path / "folders.conf"
    drop_in.write_text(folders_drop_in([b"/srv/annas"], is_tmp_shown=True, are_groups_kept=True))
    steps = ONE_USER.format(bin=BIN, cat=CAT, coffee=coffee, unit=unit, drop_in=drop_in)

    said = SystemManager(tmp_path).run(steps, seconds=300)

    assert "NOT WITHIN" not in said, said
    assert "start without settings 1\n" in said
    assert "start 0\n" in said
    assert "runs as anna\n" in said
    assert "catalog of anna 700\n" in said
    assert "found: /srv/annas/cat.png\n" in said
    assert "tags are in the photo of anna:family\n" in said
    assert float(re.findall(r"exposure level for .*: ([0-9.]+)", said)[0]) <= MOST_EXPOSURE
    assert "stop 0\n" in said
