"""Commands for new matches and folders of links by the real daemon, when things go wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from catalog_samples import rows
from mounting import mounted_tmpfs
from program import Program, wait_until
from stage import CAUGHT_UP, put, tiny_jpeg

if TYPE_CHECKING:
    from pathlib import Path

    from program import Daemon


class Stage:
    """A daemon's folder with one saved search, all JPEGs, and a command that tells what it does.

    The command waits while there is a file `hold`, and ends with the number in a file `exit`.
    """

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.photos = folder / "photos"
        self.photos.mkdir()
        self.links = folder / "links"
        self.hold, self.exit = folder / "hold", folder / "exit"
        self.settings = folder / "c.toml"
        self.script = folder / "tell.sh"
        self._told = folder / "told"
        self.program.environ["PHOTOTAG_CONFIG"] = str(self.settings)
        self.write_script("")
        self.configure(f'all = ["{self.script}", "{{name}}"]')
        put(self.photos / "old.jpg", tiny_jpeg(0))
        assert program.run("scan", self.photos).returncode == 0

    def write_script(self, mark: str) -> None:
        self.script.write_text(
            f'#!/bin/sh\necho "{mark}begin $1" >> "{self._told}"\n'
            f'while [ -e "{self.hold}" ]; do sleep 0.05; done\n'
            f'echo "{mark}end $1" >> "{self._told}"\nexit $(cat "{self.exit}" || echo 0)\n'
        )
        self.script.chmod(0o755)

    def configure(self, on_match: str, seconds: float = 60.0) -> None:
        self.settings.write_text(
            f'[[roots]]\npath = "{self.photos}"\n'
            f"[watch]\nsettle_seconds = 0.2\non_match_seconds = {seconds}\n[on_match]\n{on_match}\n"
        )

    def save(self, *arguments: str | Path) -> None:
        done = self.program.run("save", "all", "ext:jpg", *arguments)
        assert done.returncode == 0, done.stderr

    def told(self) -> list[str]:
        return self._told.read_text().splitlines() if self._told.exists() else []

    def add(self, name: str) -> None:
        put(self.photos / name, tiny_jpeg(len(list(self.photos.iterdir()))))

    def is_armed(self) -> bool:
        return rows(self.program.catalog, "SELECT is_armed FROM saved_search") == [(1,)]

    def reload(self, daemon: Daemon, on_match: str) -> None:
        times = daemon.log.count("settings reloaded")
        self.configure(on_match)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for_count("settings reloaded", times + 1)

    def wait_for_told(self, line: str) -> None:
        wait_until(lambda: line in self.told(), what=line)

    def wait_for_trouble(self, text: str) -> None:
        wait_until(lambda: text in str(self.program.status()["degraded"]), 40, text)

    def wait_for_health(self) -> None:
        wait_until(lambda: self.program.status()["degraded"] == [], 40, "no trouble")

    def linked(self) -> set[str]:
        return {name for name in os.listdir(self.links) if not name.startswith(".")}


@pytest.fixture
def stage(program: Program, tmp_path: Path) -> Stage:
    return Stage(program, tmp_path)


def test_a_command_that_a_crash_cuts_off_is_told_and_not_run_again(stage: Stage) -> None:
    stage.save()
    stage.hold.touch()
    with stage.program.watch() as daemon:
        daemon.wait_for(CAUGHT_UP)
        wait_until(stage.is_armed)
        stage.add("cut.jpg")
        stage.wait_for_told("begin cut.jpg")
        stage.add("waits.jpg")
        waiting = "SELECT count(*) FROM saved_match WHERE run = 1"
        wait_until(lambda: rows(stage.program.catalog, waiting) == [(1,)], what="it waits")
        daemon.stop(signal.SIGKILL)
    stage.hold.unlink()
    with stage.program.watch() as daemon:
        daemon.wait_for("cut off when the daemon ended; not run again")
        stage.wait_for_told("end waits.jpg")
        stage.wait_for_health()

        # An orderly end lets the command that runs come to its own.
        stage.hold.touch()
        stage.add("last.jpg")
        stage.wait_for_told("begin last.jpg")
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_for("stopping (SIGTERM)")
        stage.hold.unlink()
        assert daemon.process.wait(30) == 0
    begun = [line for line in stage.told() if line.startswith("begin")]
    assert begun == ["begin cut.jpg", "begin waits.jpg", "begin last.jpg"]
    assert stage.told()[-1] == "end last.jpg"
    assert rows(stage.program.catalog, "SELECT count(*) FROM saved_match WHERE run <> 0") == [(0,)]
    assert "Traceback" not in daemon.log


def test_a_reload_takes_commands_in_changes_them_and_takes_them_out(stage: Stage) -> None:
    stage.configure("")
    stage.save("--link-dir", stage.links)
    with stage.program.watch() as daemon:
        daemon.wait_for(CAUGHT_UP)
        stage.add("before.jpg")
        wait_until(lambda: "before.jpg" in stage.linked())

        stage.reload(daemon, f'all = ["{stage.script}", "{{name}}"]')
        wait_until(stage.is_armed)
        stage.add("first.jpg")
        stage.wait_for_told("end first.jpg")

        stage.reload(daemon, f'all = ["{stage.script}", "changed {{name}}"]')
        stage.add("second.jpg")
        stage.wait_for_told("end changed second.jpg")

        stage.reload(daemon, "")
        wait_until(lambda: not stage.is_armed())
        stage.add("without.jpg")
        wait_until(lambda: "without.jpg" in stage.linked())

        stage.reload(daemon, f'all = ["{stage.script}", "{{name}}"]\nnobody = ["true"]')
        stage.wait_for_trouble("on_match.nobody: no search is saved under this name")
        wait_until(stage.is_armed)
        stage.add("third.jpg")
        stage.wait_for_told("end third.jpg")
        assert daemon.stop() == 0
    begun = [line for line in stage.told() if line.startswith("begin")]
    assert begun == ["begin first.jpg", "begin changed second.jpg", "begin third.jpg"]


def test_photos_wait_for_a_program_that_is_not_there_and_failures_are_told(stage: Stage) -> None:
    stage.save()
    away = stage.script.rename(stage.script.with_name("away"))
    stage.configure(f'all = ["{stage.script}", "{{name}}"]', seconds=1.0)
    with stage.program.watch() as daemon:
        daemon.wait_for(CAUGHT_UP)
        wait_until(stage.is_armed)
        stage.add("one.jpg")
        stage.wait_for_trouble("cannot be started: No such file")
        wait_until(lambda: stage.program.status()["commands"]["waiting"] == 1)
        away.rename(stage.script)
        daemon.process.send_signal(signal.SIGHUP)
        stage.wait_for_told("end one.jpg")
        stage.wait_for_health()

        stage.exit.write_text("7")
        stage.add("two.jpg")
        stage.wait_for_trouble("two.jpg: exit code 7")
        stage.exit.unlink()

        stage.hold.touch()
        stage.add("three.jpg")
        stage.wait_for_trouble("three.jpg: took longer than 1 s")
        stage.hold.unlink()

        stage.add("four.jpg")
        stage.wait_for_told("end four.jpg")
        stage.wait_for_health()
        ended = {"run": 4, "failed": 2, "waiting": 0}
        wait_until(lambda: stage.program.status()["commands"] == ended)
    begun = [line for line in stage.told() if line.startswith("begin")]
    assert begun == [f"begin {name}.jpg" for name in ("one", "two", "three", "four")]


def test_link_troubles_are_told_in_the_status_and_mend_themselves(stage: Stage) -> None:
    stage.save("--link-dir", stage.links)
    with stage.program.watch() as daemon:
        daemon.wait_for(CAUGHT_UP)
        wait_until(lambda: stage.linked() == {"old.jpg"})
        shutil.rmtree(stage.links)
        stage.add("new.jpg")
        stage.wait_for_trouble("links of all")
        assert stage.program.run("status").returncode == 3

        stage.links.mkdir()
        wait_until(lambda: stage.linked() == {"old.jpg", "new.jpg"})
        stage.wait_for_health()
        (stage.links / "theirs.jpg").write_text("a stranger's")
        stage.add("theirs.jpg")
        wait_until(lambda: "theirs~2.jpg" in stage.linked())
        assert (stage.links / "theirs.jpg").read_text() == "a stranger's"
        assert daemon.stop() == 0


def test_a_link_folder_on_another_disk_that_turns_read_only_or_full_is_told(stage: Stage) -> None:
    stage.links.mkdir()
    with mounted_tmpfs(stage.links):
        stage.save("--link-dir", stage.links)
        assert stage.linked() == {"old.jpg"}
        with stage.program.watch() as daemon:
            daemon.wait_for(CAUGHT_UP)
            remount(stage.links, "ro")
            stage.add("new.jpg")
            stage.wait_for_trouble("mount its disk for writing")
            remount(stage.links, "rw")
            wait_until(lambda: stage.linked() == {"old.jpg", "new.jpg"})
            stage.wait_for_health()

            used = os.statvfs(stage.links)
            remount(stage.links, f"rw,nr_inodes={used.f_files - used.f_ffree + 1}")
            stage.add("more.jpg")  # its link would be one file, the list of all links another
            stage.add("most.jpg")
            stage.wait_for_trouble("make room on its disk")
            remount(stage.links, "rw,nr_inodes=100")
            wait_until(lambda: "most.jpg" in stage.linked())
            stage.wait_for_health()
            assert daemon.stop() == 0
        assert stage.linked() == {"old.jpg", "new.jpg", "more.jpg", "most.jpg"}


def remount(point: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", point], check=True)
