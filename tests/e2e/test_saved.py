"""Saved searches with links and commands, by the installed program: kept current, run once."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT, COFFEE, jpeg_bytes, open_rgb
from program import Program, wait_until

if TYPE_CHECKING:
    from pathlib import Path

CAUGHT_UP = "Caught up"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(COFFEE, folder / "coffee.png")
    shutil.copy(CAT, folder / "first cat.png")
    return folder


def cat(path: Path, quality: int) -> None:
    path.write_bytes(jpeg_bytes(open_rgb(CAT), quality=quality))


def links(folder: Path) -> dict[str, str]:
    names = [name for name in os.listdir(folder) if not name.startswith(".")]
    return {name: os.readlink(folder / name) for name in names}


def test_links_follow_the_photos_and_a_command_runs_once_for_each_new_one(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    told, script = tmp_path / "told", tmp_path / "tell.sh"
    script.write_text(f'#!/bin/sh\nprintf "%s|%s\\n" "$1" "$2" >> "{told}"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    settings = tmp_path / "c.toml"
    settings.write_text(
        f'[[roots]]\npath = "{photos}"\n[watch]\nsettle_seconds = 0.3\n'
        f'[on_match]\ncats = ["{script}", "{{path}}", "{{search}}"]\n'
    )
    program.environ["PHOTOTAG_CONFIG"] = str(settings)
    assert program.run("scan", photos).returncode == 0
    folder = tmp_path / "links"
    done = program.run("save", "cats", "cat", "--link-dir", folder)
    assert done.returncode == 0, done.stderr
    assert links(folder) == {"first cat.png": str(photos / "first cat.png")}
    assert program.search("@cats") == [str(photos / "first cat.png")]

    with program.watch() as daemon:
        daemon.wait_for(CAUGHT_UP)
        wait_until(lambda: _is_armed(program), what="the first comparison")
        cat(photos / "second.jpg", 80)
        wait_until(lambda: "second.jpg" in links(folder))
        wait_until(lambda: told.exists() and "second.jpg" in told.read_text())

        daemon.stop(signal.SIGKILL)
    cat(photos / "third.jpg", 81)
    with program.watch() as daemon:
        daemon.wait_for_count(CAUGHT_UP, 2)
        wait_until(lambda: "third.jpg" in told.read_text())
        lines = [f"{photos}/second.jpg|cats", f"{photos}/third.jpg|cats"]
        assert told.read_text().splitlines() == lines

        (photos / "sub").mkdir()
        (photos / "second.jpg").rename(photos / "sub/second.jpg")
        moved = str(photos / "sub/second.jpg")
        wait_until(lambda: links(folder).get("second.jpg") == moved)
        (photos / "third.jpg").unlink()
        wait_until(lambda: "third.jpg" not in links(folder))
        assert program.run("reject", photos / "first cat.png", "cat").returncode == 0
        wait_until(lambda: links(folder) == {"second.jpg": moved})
        assert told.read_text().splitlines() == lines

        assert program.run("saved", "--delete", "cats").returncode == 0
        assert not folder.exists()
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def _is_armed(program: Program) -> bool:
    import sqlite3

    connection = sqlite3.connect(program.catalog)
    try:
        return connection.execute("SELECT is_armed FROM saved_search").fetchall() == [(1,)]
    finally:
        connection.close()


def test_what_cannot_be_saved_is_refused_and_nothing_is_left(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    assert program.run("scan", photos).returncode == 0
    full = tmp_path / "full"
    full.mkdir()
    (full / "theirs").write_text("theirs")

    for arguments, text in (
        (("a b", "cat"), "letters"),
        (("cats", "cat ("), "a word is missing"),
        (("cats", "zebrafinchx"), "no label is called"),
        (("cats", "@cats"), "part of itself"),
        (("my-cats", "dog (-@My-Cats)"), "part of itself"),
        (("2023", 'dog -@"2023"'), "part of itself"),
        (("cats", "cat", "--link-dir", full), "other things"),
        (("cats", "cat", "--link-dir", photos), "watched folder"),
        (("cats", "cat", "--link-dir", tmp_path), "watched folder"),
    ):
        refused = program.run("save", *arguments)
        assert refused.returncode == 2, arguments
        assert text in refused.stderr
        assert "Traceback" not in refused.stderr

    assert program.json("saved") == []
    assert os.listdir(full) == ["theirs"]
    query = "cat -keyword:private"
    assert program.run("save", "cats", query).returncode == 2
    assert program.run("save", "cats", query, "--force").stdout == "cats: 1 photo\n"
    (saved,) = program.json("saved")
    assert (saved["photos"], saved["error"]) == (1, "no photo has the keyword 'private'")
