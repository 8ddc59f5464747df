"""Folders and the kernel's limits, looked at with real folders and real limits."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest
from surroundings import Mounts

from phototagd.daemon.config import load_config
from phototagd.daemon.doctor.findings import Case
from phototagd.daemon.doctor.folders import check_folders, check_limits
from phototagd.daemon.doctor.survey import take_survey
from phototagd.daemon.watching import mounts as mount_table
from phototagd.daemon.watching.ignores import Ignores
from phototagd.daemon.watching.limits import INSTANCES, WATCHES, read_limit

if TYPE_CHECKING:
    from pathlib import Path


def test_the_folders_that_would_be_watched_are_counted(tmp_path: Path) -> None:
    for name in ("a/b", "a/@eaDir/x", "a/.hidden", "left out", "own"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "left out/.nomedia").touch()

    survey = take_survey(os.fsencode(tmp_path), Ignores(["own/"]))

    assert (survey.folders, survey.unreadable, survey.unwritable, survey.error) == (3, 0, 0, 0)


def test_a_root_that_is_not_there_is_told_by_its_errno(tmp_path: Path) -> None:
    assert take_survey(os.fsencode(tmp_path / "gone"), Ignores()).error == 2


def test_enough_watches_and_instances_are_ok() -> None:
    assert [str(finding.level) for finding in check_limits(3, 1)] == ["ok", "ok"]


def test_too_few_watches_come_with_the_command_that_gives_enough() -> None:
    there = read_limit(WATCHES).value
    if there is None:
        pytest.skip("the limit cannot be read here")

    watches, instances = check_limits(there + 1000, 1)

    assert str(watches.level) == "problem"
    assert f"= {there:,}; needed here {there + 1000:,}" in watches.text
    wanted = re.search(r"sudo sysctl (\S+)=(\d+)", watches.remedy)
    assert wanted is not None
    assert wanted[1] in WATCHES
    assert int(wanted[2]) >= there + 1000
    assert "/etc/sysctl.d/" in watches.remedy
    assert str(instances.level) == "ok"


def test_more_folders_than_instances_are_a_problem() -> None:
    there = read_limit(INSTANCES).value
    if there is None:
        pytest.skip("the limit cannot be read here")

    assert [str(finding.level) for finding in check_limits(3, there + 1)] == ["ok", "problem"]


def test_nearly_used_watches_are_noted() -> None:
    there = read_limit(WATCHES).value
    if there is None:
        pytest.skip("the limit cannot be read here")

    assert [str(finding.level) for finding in check_limits(there - 1, 1)] == ["note", "ok"]


def test_a_share_whose_server_sleeps_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mount_table, "HUNG_SECONDS", 1.0)
    (tmp_path / "server/below").mkdir(parents=True)
    (tmp_path / "local").mkdir()
    settings = tmp_path / "config.toml"
    with Mounts() as mounts:
        share = mounts.bindfs(tmp_path / "server", tmp_path / "share")
        roots = [share / "below", tmp_path / "local"]
        settings.write_text("".join(f'[[roots]]\npath = "{root}"\n' for root in roots))
        server = mounts.server(share)
        os.kill(server, signal.SIGSTOP)
        try:
            case = Case(load_config(settings, {}), "", is_quick=True, say=lambda _: None)
            sleeping, local, *_ = check_folders(case)
        finally:
            os.kill(server, signal.SIGCONT)

    assert sleeping.text == f"{roots[0]}: Connection timed out"
    assert "its server" in sleeping.remedy
    assert local.level == "ok"
    assert local.text.startswith(f"{roots[1]}: ")
