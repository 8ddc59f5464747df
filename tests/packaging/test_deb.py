"""The Debian package in a real system: it works, and what it removes is what it brought."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from photo_files import CAT
from system_manager import LAYERED, SystemManager, reason_without

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]
NOT_INSTALLED = 77
AS_SERVICE = "setpriv --reuid phototag --regid phototag --clear-groups env HOME=/nonexistent"
PLACES = (
    "/opt/phototagd /usr/bin/phototag /var/{lib,cache}/phototagd* /etc/phototagd"
    " /etc/systemd/system/phototagd.service.d /etc/systemd/system/*.wants/phototagd*"
)
PID = "$(systemctl show --property MainPID --value phototagd)"
UNTIL_FOUND = (
    "for try in $(seq 450); do phototag search cat 2>/dev/null && exit;"
    " read -t 0.2 <> <(:) || :; done; systemctl status phototagd; exit 1"
)
STEPS = {
    # Its index of all manuals takes long, and `man` does without.
    "no_index": "rm -f /var/lib/man-db/auto-update",
    "install": "dpkg --path-include='*' -i phototagd.deb",
    "listed": "dpkg -L phototagd",
    "settings": "stat -c '%U:%G %a' /etc/phototagd/config.toml",
    "conffiles": "dpkg-query --show --showformat '${Conffiles}' phototagd",
    "user": "id -un phototag; stat -c '%U:%G %a' /var/lib/phototagd",
    "version": f"{AS_SERVICE} phototag --version",
    "libraries": "find /opt/phototagd -name '*.so*' -type f -exec ldd {} + | grep 'not found'",
    "shebangs": "head -qn1 /opt/phototagd/venv/bin/phototag*; cat /opt/phototagd/venv/pyvenv.cfg",
    "fresh": f"{AS_SERVICE} phototag config",
    "units": "systemd-analyze verify /lib/systemd/system/phototagd{,@anna}.service",
    "user_unit": "XDG_RUNTIME_DIR=/run systemd-analyze verify --user phototagd.service",
    # This manager is shown no units but those that are named to it.
    "link": "systemctl link /lib/systemd/system/phototagd.service",
    "service": "mkdir /srv/photos; phototag service install --system --enable /srv/photos",
    "instance": "systemctl link /lib/systemd/system/phototagd@.service; useradd --system anna;"
    " install -d -o anna /srv/annas;"
    " printf '[[roots]]\\npath = \"/srv/annas\"\\n' > /etc/phototagd/anna.toml;"
    " systemctl enable --now phototagd@anna && stat -c '%U %a' /var/lib/phototagd-anna",
    "photo": "install -m 644 cat.png /srv/photos",
    "search": UNTIL_FOUND,
    "runs": f"stat -c %U /proc/{PID}; readlink /proc/{PID}/exe; systemctl is-enabled phototagd",
    "man": f"command -v man >/dev/null || exit {NOT_INSTALLED}; man --warnings phototag-search",
    "man_daemon": f"command -v man >/dev/null || exit {NOT_INSTALLED}; man --warnings phototagd",
    "bash": ". /usr/share/bash-completion/completions/phototag; complete -p phototag",
    "zsh": f"command -v zsh >/dev/null || exit {NOT_INSTALLED};"
    " zsh -fc 'autoload -Uz compinit; compinit -D -u; print $_comps[phototag]'",
    "fish": f"command -v fish >/dev/null || exit {NOT_INSTALLED};"
    " fish -c 'complete -C \"phototag comple\"'",
    "compiled": "find /opt/phototagd -newer phototagd.deb -type f",
    # What dpkg calls when an older one was there.
    "update": f"old={PID}; /var/lib/dpkg/info/phototagd.postinst configure 0.0.1;"
    f" [ $old != {PID} ] && systemctl is-active phototagd",
    "remove": "dpkg -r phototagd",
    "after_remove": f"systemctl is-active phototagd phototagd@anna; ls -d {PLACES} 2>/dev/null",
    "start_without": "systemctl start phototagd; systemctl is-failed phototagd",
    "reinstall": "dpkg -i phototagd.deb; systemctl is-active phototagd phototagd@anna",
    "purge": "rm /etc/phototagd/anna.toml; dpkg -P phototagd",
    "after_purge": f"ls -d {PLACES} 2>/dev/null; dpkg --audit",
}


@dataclass(frozen=True, slots=True)
class Step:
    """How one shell command ended; 77 says that a program which it needs is not there."""

    status: int
    text: str


@pytest.fixture(scope="module")
def package() -> Path:
    found = sorted((ROOT / "dist").glob("phototagd_*.deb"))
    if not found:
        pytest.skip("no package is built: make deb")
    return found[-1]


@pytest.fixture(scope="module")
def steps(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    """All steps in the life of one installation, as they went."""
    if reason := reason_without():
        pytest.skip(reason)
    home = tmp_path_factory.mktemp("system")
    shutil.copy(package, home / "phototagd.deb")
    shutil.copy(CAT, home / "cat.png")
    script = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", 'cd "$HOME"']
    for name, command in STEPS.items():
        (home / f"{name}.sh").write_text(f"{command}\n")
        script.append(f"bash {name}.sh > {name}.out 2>&1 < /dev/null; echo $? > {name}.status")
    SystemManager(home, (*LAYERED, "/usr", "/opt")).run("\n".join(script), seconds=400)
    return {
        name: Step(
            int((home / f"{name}.status").read_text()),
            (home / f"{name}.out").read_text("utf-8", "replace"),
        )
        for name in STEPS
    }


def done(steps: dict[str, Step], name: str) -> str:
    """Return what a step printed; it must have gone well."""
    step = steps[name]
    if step.status == NOT_INSTALLED:
        pytest.skip(f"what {name} needs is not installed")
    assert step.status == 0, step.text
    return step.text


def test_it_installs_and_says_what_comes_next(steps: dict[str, Step]) -> None:
    assert "phototag service install --system" in done(steps, "install")
    assert done(steps, "user").split() == ["phototag", "phototag:phototag", "750"]
    assert done(steps, "version").startswith("phototag ")


def test_every_file_is_where_the_system_looks_for_it(steps: dict[str, Step]) -> None:
    listed = set(done(steps, "listed").splitlines())

    assert {
        "/usr/bin/phototag", "/usr/bin/phototagd", "/usr/share/phototagd/config.toml",
        "/lib/systemd/system/phototagd.service", "/lib/systemd/system/phototagd@.service",
        "/usr/lib/systemd/user/phototagd.service", "/usr/share/man/man1/phototag.1.gz",
        "/usr/share/man/man1/phototagd.1.gz", "/usr/share/man/man1/phototag-search.1.gz",
        "/usr/share/bash-completion/completions/phototag",
        "/usr/share/zsh/vendor-completions/_phototag",
        "/usr/share/fish/vendor_completions.d/phototag.fish",
        "/usr/share/doc/phototagd/copyright", "/usr/share/doc/phototagd/changelog.gz",
    } <= listed  # fmt: skip


def test_nothing_remembers_where_it_was_built(steps: dict[str, Step]) -> None:
    text = done(steps, "shebangs")

    assert text.count("/opt/phototagd/venv/bin/python") == 2
    assert "/tmp/" not in text  # noqa: S108  # where it was built


def test_every_library_finds_what_it_is_linked_with(steps: dict[str, Step]) -> None:
    assert (steps["libraries"].status, steps["libraries"].text) == (1, "")


def test_its_settings_are_nothing_that_an_update_asks_about(steps: dict[str, Step]) -> None:
    """What `service install` writes into them is no edit of a conffile."""
    assert done(steps, "settings") == "root:root 644\n"
    assert done(steps, "conffiles") == ""


def test_the_service_of_one_user_runs_beside_that_of_the_system(steps: dict[str, Step]) -> None:
    assert done(steps, "instance").splitlines()[-1] == "anna 700"


def test_the_settings_it_brings_set_nothing(steps: dict[str, Step]) -> None:
    assert "/etc/phototagd/config.toml" not in [
        line.split()[-1] for line in done(steps, "fresh").splitlines() if "=" in line
    ]


@pytest.mark.parametrize("name", ["units", "user_unit"])
def test_systemd_has_nothing_to_say_against_its_units(steps: dict[str, Step], name: str) -> None:
    assert done(steps, name) == ""


def test_the_service_takes_the_unit_of_the_package_and_tags_a_photo(steps: dict[str, Step]) -> None:
    assert "writing /etc/systemd/system/phototagd.service:" not in done(steps, "service")
    assert done(steps, "search") == "/srv/photos/cat.png\n"
    user, interpreter, enabled = done(steps, "runs").split()
    assert (user, enabled) == ("phototag", "enabled")
    assert interpreter.startswith("/usr/bin/python3")


@pytest.mark.parametrize("name", ["man", "man_daemon"])
def test_the_manual_is_there(steps: dict[str, Step], name: str) -> None:
    text = done(steps, name)

    assert "OPTIONS" in text
    assert "warning" not in text.casefold()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_finds_its_completions(steps: dict[str, Step], shell: str) -> None:
    wanted = {"bash": "_phototag_completion phototag", "zsh": "_phototag", "fish": "completion"}

    assert wanted[shell] in done(steps, shell)


def test_running_it_leaves_nothing_in_its_folder(steps: dict[str, Step]) -> None:
    assert done(steps, "compiled") == ""


def test_an_update_starts_the_service_again(steps: dict[str, Step]) -> None:
    assert done(steps, "update") == "active\n"


def test_removing_it_ends_the_service_and_keeps_catalog_and_settings(
    steps: dict[str, Step],
) -> None:
    done(steps, "remove")
    *states, left = steps["after_remove"].text.split(maxsplit=2)

    assert states == ["inactive", "inactive"]
    assert {"/etc/phototagd", "/var/lib/phototagd", "/var/lib/phototagd-anna"} <= set(left.split())
    assert not {"/opt/phototagd", "/usr/bin/phototag"} & set(left.split())


def test_without_the_program_nothing_fails_and_with_it_the_service_runs_again(
    steps: dict[str, Step],
) -> None:
    assert steps["start_without"].text.splitlines()[-1] == "inactive"
    assert done(steps, "reinstall").splitlines()[-2:] == ["active", "active"]


def test_a_purge_leaves_nothing(steps: dict[str, Step]) -> None:
    done(steps, "purge")

    assert steps["after_purge"].text == ""


def test_its_control_file_is_filled_in(package: Path) -> None:
    asked = ["dpkg-deb", "--field", package, "Installed-Size", "Architecture", "Depends"]
    text = subprocess.run(asked, capture_output=True, text=True, check=True).stdout

    assert "@" not in text
    assert "python3 (>= 3." in text
