"""The daemon as its users meet it: started, fed with photos, stopped, killed, started again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from mounting import mounted_tmpfs
from photo_files import CAT, COFFEE, MOTORCYCLE, jpeg_bytes, open_rgb
from program import BIN, Program, wait_until

FAULTS = Path(__file__).parents[1] / "support" / "faults"
CAUGHT_UP = "Caught up"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(COFFEE, folder / "coffee.png")
    return folder


def test_what_is_there_and_what_comes_is_named(program: Program, photos: Path) -> None:
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        assert program.search("cup") == [str(photos / "coffee.png")]

        shutil.copy(CAT, photos / "new cat ü.png")
        (photos / "sub/deep").mkdir(parents=True)
        shutil.copy(MOTORCYCLE, photos / "sub/deep/m.png")

        wait_until(lambda: program.search("cat") == [str(photos / "new cat ü.png")])
        wait_until(lambda: program.search("motorcycle") == [str(photos / "sub/deep/m.png")])
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def test_moves_and_deletions_are_followed(program: Program, photos: Path) -> None:
    (photos / "a").mkdir()
    shutil.copy(CAT, photos / "a/cat.png")
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)

        (photos / "a").rename(photos / "b")
        wait_until(lambda: program.search("cat") == [str(photos / "b/cat.png")])
        (photos / "coffee.png").unlink()
        wait_until(lambda: program.search("cup") == [])

        assert program.json("show", photos / "coffee.png")["state"] == "missing"
        assert daemon.log.count("cat.png: ") == 1  # analysed once, not after the move


def test_a_photo_that_is_still_being_written_is_not_judged(program: Program, photos: Path) -> None:
    data = CAT.read_bytes()
    program.environ["PHOTOTAG_WATCH_SETTLE_SECONDS"] = "1"
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        with (photos / "slow.png").open("wb") as file:
            for start in range(0, len(data), len(data) // 12):
                file.write(data[start : start + len(data) // 12])
                file.flush()
                threading.Event().wait(0.3)  # a slow writer: together several settle times
        assert "slow.png" not in daemon.log
        wait_until(lambda: program.search("cat") == [str(photos / "slow.png")])
    assert "slow.png: failed" not in daemon.log


def test_sigint_and_sigterm_end_it_with_status_0(program: Program, photos: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with program.watch(photos) as daemon:
            daemon.wait_for("Catalog ")
            children = wait_until(daemon.children)
            assert daemon.stop(number) == 0
            assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_after_kill_9_nothing_is_lost_or_done_twice(program: Program, photos: Path) -> None:
    for number in range(30):
        (photos / f"{number}.jpg").write_bytes(jpeg_bytes(open_rgb(CAT), quality=40 + number))
    with program.watch(photos) as daemon:
        wait_until(lambda: program.catalog.exists() and program.search("cat"), 120)
        (child,) = daemon.children()
        daemon.stop(signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{child}").exists(), what="the orphan ends")
    done_before = len(program.search("cat"))
    shutil.copy(MOTORCYCLE, photos / "while it was down.png")

    with program.watch(photos) as daemon:
        wait_until(lambda: daemon.log.count(CAUGHT_UP) == 1)
        assert daemon.stop() == 0

    assert len(program.search("cat")) == 30
    assert len(program.search("motorcycle")) == 1
    assert daemon.log.count(".jpg: ") <= 30 + 1  # the one that was in hand may be told twice
    assert done_before >= 1


def test_a_second_daemon_and_a_scan_are_told_who_has_the_catalog(
    program: Program, photos: Path
) -> None:
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        for verb, code in (("watch", 75), ("scan", 2)):
            refused = program.run(verb, photos)
            assert refused.returncode == code
            assert str(daemon.process.pid) in refused.stderr
            assert "Traceback" not in refused.stderr


def test_the_daemon_has_a_name_of_its_own_and_reads_its_folders_from_a_file(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "my settings.toml"
    settings.write_text(f'[[roots]]\npath = "{photos}"\n[watch]\nsettle_seconds = 0.5\n')
    with settings.open("a") as file:
        file.write('[log]\nformat = "json"\n')

    with program.watch("--config", settings, name="phototagd") as daemon:
        daemon.wait_for(CAUGHT_UP)
        said = [json.loads(line)["message"] for line in daemon.log.splitlines()]
        assert f"Watching {photos}" in said
        assert f"Catalog  {program.catalog}" in said
        assert program.search("cup") == [str(photos / "coffee.png")]
        assert daemon.stop() == 0


def test_settings_that_a_busy_catalog_held_up_are_taken_over_when_it_is_free(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    other, settings = tmp_path / "other", tmp_path / "settings.toml"
    other.mkdir()
    shutil.copy(CAT, other / "cat.png")
    root = '[[roots]]\npath = "{}"\n'
    settings.write_text(root.format(photos))

    with program.watch("--config", settings) as daemon:
        daemon.wait_for(CAUGHT_UP)
        with closing(sqlite3.connect(program.catalog)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            settings.write_text(root.format(photos) + root.format(other))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for("the catalog is busy")
        wait_until(lambda: program.search("cat") == [str(other / "cat.png")])
        assert daemon.stop() == 0


def test_the_daemon_tells_its_version_and_its_usage_under_its_own_name(program: Program) -> None:
    version, usage = (
        subprocess.run(
            [BIN / "phototagd", option],
            env=program.environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for option in ("--version", "--help")
    )

    assert re.fullmatch(r"phototagd \d\S*\n", version)
    assert usage.startswith("Usage: phototagd [OPTIONS] [DIR]...\n")
    assert "phototag watch" not in usage


def test_a_decoder_that_crashes_costs_only_its_photo(program: Program, photos: Path) -> None:
    program.environ["PYTHONPATH"] = os.pathsep.join(
        [str(FAULTS), program.environ.get("PYTHONPATH", "")]
    )
    for number in range(12):
        (photos / f"{number}.jpg").write_bytes(jpeg_bytes(open_rgb(CAT), quality=60 + number))
    shutil.copy(photos / "3.jpg", photos / "segfault.jpg")

    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        pid = daemon.process.pid
        shutil.copy(MOTORCYCLE, photos / "later.png")
        wait_until(lambda: program.search("motorcycle"))
        assert daemon.process.poll() is None
        assert daemon.process.pid == pid

    assert len(program.search("cat")) == 12
    shown = program.json("show", photos / "segfault.jpg")
    assert shown["state"] == "failed"
    assert "SIGSEGV" in shown["error"]


def test_a_decoder_that_hangs_is_ended_at_the_deadline(program: Program, photos: Path) -> None:
    program.environ["PYTHONPATH"] = os.pathsep.join(
        [str(FAULTS), program.environ.get("PYTHONPATH", "")]
    )
    program.environ["PHOTOTAG_WORKER_DEADLINE_SECONDS"] = "8"
    (photos / "hang.jpg").write_bytes(jpeg_bytes(open_rgb(CAT)))

    done = program.run("scan", photos)

    assert done.returncode == 1
    assert "hang.jpg: it took longer than 8 s" in done.stderr
    assert len(program.search("cup")) == 1


def test_models_that_cannot_work_stop_the_start_with_their_name(
    program: Program, photos: Path
) -> None:
    for variable, value, text in (
        ("PHOTOTAG_MODELS_DETECTORS", "no-such-model", "no detector is called 'no-such-model'"),
        ("PHOTOTAG_MODELS_DETECTORS", "ssd-vgg16-coco", "ssd-vgg16-coco"),
    ):
        program.environ[variable] = value
        for verb, code in (("watch", 78), ("scan", 2)):
            refused = program.run(verb, photos)
            assert refused.returncode == code
            assert text in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_catalog_out_of_reach_is_no_reason_never_to_start_again(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()

    def refuse(path: Path, reason: str, **variables: str) -> str:
        program.environ |= {"PHOTOTAG_CATALOG_PATH": str(path), **variables}
        refused = program.run("watch", photos)
        assert refused.returncode == 1  # 78 would tell systemd to leave it
        assert reason in refused.stderr
        return refused.stderr

    with mounted_tmpfs(disk):
        subprocess.run(["mount", "-o", "remount,size=64k", disk], check=True)
        (disk / "ballast").write_bytes(bytes(60 << 10))
        refuse(disk / "catalog.db", "there is no room")
    said = refuse(disk / "away/new/catalog.db", "there is no folder", PHOTOTAG_LOG_FORMAT="json")
    assert [json.loads(line)["level"] for line in said.splitlines()] == ["error"]
    assert not (disk / "away").exists()


def test_the_reason_of_the_end_has_its_priority_in_the_journal(
    program: Program, tmp_path: Path
) -> None:
    with (tmp_path / "journal").open("wb") as journal:
        status = os.fstat(journal.fileno())
        program.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        done = subprocess.run([BIN / "phototagd"], env=program.environ, stderr=journal, check=False)

    said = (tmp_path / "journal").read_text()
    assert done.returncode == 78
    assert said.startswith("<3>")
    assert "no folder is named" in said
