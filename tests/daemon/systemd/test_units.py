"""Unit files: made for an installation, checked by systemd's own tools, never over edits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from phototagd.daemon.config import RootSettings, load_config
from phototagd.daemon.systemd import units
from phototagd.daemon.systemd.installation import Installation
from phototagd.daemon.systemd.units import UnitFile

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
MOST_EXPOSURE = 1.0
UNITS = files("phototagd.systemd")
SHIPPED = ("phototagd.service", "phototagd@.service", "user/phototagd.service")


def analyze(*words: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


@needs_systemd
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_unit_exposes_little_and_closes_the_network(name: str) -> None:
    path = UNITS / name
    said = analyze("security", "--offline=true", str(path))
    exposure = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)

    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSURE
    assert "\nPrivateNetwork=yes\n" in path.read_text("utf-8")


@needs_systemd
@pytest.mark.parametrize("user", [None, "root"])
def test_systemd_finds_nothing_wrong_with_a_filled_unit(
    tmp_path: Path, user: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    program = tmp_path / "a place" / "phototagd"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = units.fill_unit(
        units.shipped(is_user=user is None), [str(program), "--config", "/etc/x.toml"], user, user
    )
    unit = tmp_path / units.UNIT
    unit.write_text(units.sign(text))
    drop_ins = tmp_path / f"{units.UNIT}.d"
    drop_ins.mkdir()
    folders = units.folders_drop_in([b"/srv/100% mine"], is_tmp_shown=True)
    (drop_ins / units.FOLDERS_DROP_IN).write_text(units.sign(folders))
    (drop_ins / units.NAMESPACES_DROP_IN).write_text(units.sign(units.namespaces_drop_in()))
    scope = ["--user"] if user is None else []

    assert analyze("verify", "--man=no", *scope, str(unit)) == ""
    assert f'ExecStart="{program}" --config /etc/x.toml\n' in text
    assert f"ConditionFileIsExecutable={program}\n" in text


@needs_systemd
@pytest.mark.parametrize("is_user", [False, True])
def test_what_an_installation_adds_leaves_little_exposed(tmp_path: Path, is_user: bool) -> None:
    """All files of `service install` but the one for managers that cannot shut anything in."""
    user, photos = None if is_user else "daemon", "/srv/photos"
    config = load_config(Path(os.devnull), {})
    config = replace(
        config,
        roots=(RootSettings(os.fsencode(photos)),),
        tags=replace(config.tags, write="both"),
    )
    installation = Installation(Path("/bin/true"), config, Path("/etc/x.toml"), user)
    root = tmp_path / "root"
    for file in installation.unit_files():
        placed = root / "etc/systemd/system" / file.path.relative_to(installation.folder)
        units.write_unit(replace(file, path=placed))

    said = analyze("security", f"--root={root}", "--offline=true", "phototagd.service")

    exposure = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSURE
    drop_in = root / f"etc/systemd/system/{units.UNIT}.d" / units.FOLDERS_DROP_IN
    assert f"ReadWritePaths=-{photos}\n" in drop_in.read_text()
    # Only the system's service could keep a photo's foreign group, and that it must.
    kept = "PrivateUsers=no\nSystemCallFilter=fchown\n"
    assert drop_in.read_text().endswith(kept) is not is_user


def test_a_service_that_writes_no_tags_cannot_give_files_away() -> None:
    config = replace(load_config(Path(os.devnull), {}), metrics_textfile=b"/srv/node/x.prom")
    installation = Installation(Path("/bin/true"), config, Path("/etc/x.toml"), "nobody")

    assert "chown" not in "".join(file.text for file in installation.unit_files())


def test_a_user_of_many_has_folders_outside_of_those_that_the_systems_service_closes() -> None:
    folders = [
        re.findall(r"(?m)^(?:State|Cache)Directory=(.+)$", (UNITS / name).read_text("utf-8"))
        for name in SHIPPED[:2]
    ]

    assert folders == [["phototagd"] * 2, ["phototagd-%i"] * 2]


def test_a_file_of_ours_is_known_again_and_an_edited_one_is_left(tmp_path: Path) -> None:
    file = UnitFile(tmp_path / "d" / "x.conf", "[Service]\nNice=1\n", "why")

    assert units.write_unit(file)
    assert not units.write_unit(file), "written again without need"
    assert units.find_edited([file]) == []
    with file.path.open("a") as edited:
        edited.write("Nice=2\n")
    assert units.find_edited([file]) == [file]


def test_a_unit_that_a_person_wrote_is_left(tmp_path: Path) -> None:
    file = UnitFile(tmp_path / "x.service", "[Service]\n", "why")
    file.path.write_text("[Service]\nExecStart=/mine\n")

    assert units.find_edited([file]) == [file]


def test_odd_names_are_quoted() -> None:
    assert units.quote('/a "b" $HOME %h\n\udcff') == r'"/a \"b\" $HOME %%h\x0a\xff"'
    assert units.quote("/写真\u3000/a\xa0b") == '"/写真\u3000/a\xa0b"'


def test_a_dollar_is_no_variable_in_a_command_and_itself_in_a_path() -> None:
    unit = units.fill_unit(units.shipped(is_user=True), ["/bin/x", "--config", "/a$b"], None, None)

    assert '\nExecStart=/bin/x --config "/a$$b"\n' in unit
    assert 'ReadWritePaths="-/a$b"\n' in units.folders_drop_in([b"/a$b"], is_tmp_shown=False)


def test_a_condition_says_a_path_in_its_own_way_or_not_at_all() -> None:
    shipped = units.shipped(is_user=True)

    plain = units.fill_unit(shipped, ['/a "b" $c 100%/phototagd'], None, None)
    assert '\nConditionFileIsExecutable=/a "b" $c 100%%/phototagd\n' in plain
    assert "\nConditionFileIsExecutable=\n" in units.fill_unit(shipped, ["/\udcff"], None, None)


@needs_systemd
def test_the_condition_holds_for_a_path_with_odd_characters(tmp_path: Path) -> None:
    program = tmp_path / 'a "b" $c 100%' / "phototagd"
    program.parent.mkdir()
    program.touch(0o755)
    text = units.fill_unit(units.shipped(is_user=True), [str(program)], None, None)
    condition = text.partition("\nCondition")[2].partition("\n")[0]

    assert "succeeded" in analyze("condition", f"Condition{condition}")
    program.chmod(0o644)
    assert "succeeded" not in analyze("condition", f"Condition{condition}")


def test_a_service_may_write_its_metrics() -> None:
    config = replace(load_config(Path(os.devnull), {}), metrics_textfile=b"/srv/node/x.prom")
    installation = Installation(Path("/bin/true"), config, Path("/etc/x.toml"), "nobody")

    assert any("ReadWritePaths=-/srv/node\n" in file.text for file in installation.unit_files())
