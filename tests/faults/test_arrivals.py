"""Fault cases 1-13, 18, 19 and 65: photos that come, in all the ways in which files come."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT
from program import wait_until
from stage import (
    SETTLE,
    Stage,
    cat_jpeg,
    cup_jpeg,
    put,
    put_many,
    tiny_jpeg,
    write_slowly,
)
from surroundings import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


def test_case_01_photos_that_lay_there_before_the_first_start(stage: Stage) -> None:
    folder = stage.root / "before/deep/er"

    assert set(stage.ledger.states(folder).values()) == {"done"}
    assert len(stage.ledger.states(folder)) == 5
    assert stage.found("cat", folder) == [CAT.name]


def test_case_02_a_copied_photo_is_soon_searchable(stage: Stage) -> None:
    folder = stage.folder("case 02")
    path = folder / "cat.png"

    begin = time.monotonic()
    shutil.copyfile(CAT, path)
    stage.wait_done(path)
    seconds = time.monotonic() - begin

    assert seconds < SETTLE + 5  # a busy machine; the slow test below measures
    assert stage.found("cat", folder) == ["cat.png"]


@pytest.mark.slow
def test_case_02_median_of_fifty_copies(stage: Stage) -> None:
    folder = stage.folder("case 02 fifty")
    extra = []
    for number in range(50):
        path = folder / f"{number}.jpg"
        begin = time.monotonic()
        path.write_bytes(tiny_jpeg(20_000 + number))
        ask = "SELECT 1 FROM photo WHERE name = ? AND state = 'done' AND mtime_ns = ?"
        facts = (os.fsencode(path.name), path.stat().st_mtime_ns)
        while not stage.ledger.ask(ask, *facts):
            assert time.monotonic() - begin < 60
            threading.Event().wait(0.01)
        seconds = time.monotonic() - begin
        took = re.search(re.escape(f"{path}: ") + r".*\((\d+) ms\)", stage.daemon.log)
        assert took is not None
        extra.append(seconds - SETTLE - int(took[1]) / 1000)

    assert statistics.median(extra) < 0.3


def test_case_03_a_copy_slower_than_settling_is_never_shown_done_while_it_grows(
    stage: Stage,
) -> None:
    path = stage.folder("case 03") / "slow.jpg"
    seen = set()
    writer = threading.Thread(
        target=write_slowly, args=(path, cat_jpeg()), kwargs={"pieces": 15, "pause": 0.1}
    )
    writer.start()
    while writer.is_alive():
        row = stage.ledger.row(path)
        seen.add(row.state if row and path.stat().st_size < len(cat_jpeg()) else None)
        writer.join(0.02)

    assert seen <= {None, "pending"}
    stage.wait_done(path)
    row = stage.ledger.row(path)
    assert row is not None
    assert row.size == len(cat_jpeg())
    assert len(stage.outcomes(path.parent)) == 1


def test_case_04_a_writer_that_stalls_gets_its_photo_tried_again(stage: Stage) -> None:
    path = stage.folder("case 04") / "stalled.jpg"
    data = cat_jpeg()
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        stage.wait_state(path, "failed")
        file.write(data[len(data) // 2 :])

    stage.wait_done(path)
    assert stage.found("cat", path.parent) == ["stalled.jpg"]


def test_case_05_open_append_close_three_times(stage: Stage) -> None:
    path = stage.folder("case 05") / "thrice.jpg"
    data = cat_jpeg()
    third = len(data) // 3 + 1
    for start in range(0, len(data), third):
        with path.open("ab") as file:
            file.write(data[start : start + third])
        threading.Event().wait(0.1)  # three close events that do not mean "finished"

    stage.wait_done(path)
    row = stage.ledger.row(path)
    assert row is not None
    assert row.size == len(data)
    assert list(stage.ledger.states(path.parent)) == ["thrice.jpg"]
    assert len(stage.outcomes(path.parent)) == 1


@pytest.mark.parametrize("temporary", [".cat.jpg.Xy12", "cat.jpg.part", "cat~tmp.jpg"])
def test_case_06_temporary_name_then_renamed(stage: Stage, temporary: str) -> None:
    folder = stage.folder(f"case 06 {temporary}")
    put(folder / temporary, cat_jpeg()).rename(folder / "cat.jpg")

    stage.wait_all_done(folder, ["cat.jpg"])


def test_case_06_renamed_after_the_temporary_name_was_catalogued(stage: Stage) -> None:
    folder = stage.folder("case 06 late")
    temporary = put(folder / "tmp.jpg", cat_jpeg())
    stage.wait_done(temporary)
    temporary.rename(folder / "cat.jpg")

    stage.wait_all_done(folder, ["cat.jpg"])
    assert len(stage.inferences(folder)) <= 1


def test_case_07_replaced_by_rename_with_other_content(stage: Stage) -> None:
    folder = stage.folder("case 07")
    path = put(folder / "photo.jpg", cat_jpeg())
    stage.wait_done(path)
    assert stage.found("cat", folder) == ["photo.jpg"]

    put(folder / ".new", cup_jpeg()).rename(path)
    wait_until(lambda: stage.found("cup", folder) == ["photo.jpg"])

    assert stage.found("cat", folder) == []
    assert list(stage.ledger.states(folder)) == ["photo.jpg"]


def test_case_08_cut_in_place_is_seen_by_the_rescan(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    path = put(tmp_path / "photos/photo.jpg", cat_jpeg())
    with start(PHOTOTAG_WATCH_RESCAN_SECONDS="1") as stage:
        stage.wait_done(path)
        os.truncate(path, len(cat_jpeg()) // 2)  # the kernel tells of a change, not of a close

        stage.wait_state(path, "failed")
        wait_until(lambda: stage.found("cat", stage.root) == [])


def test_case_09_rsync_of_a_tree(stage: Stage, tmp_path: Path) -> None:
    rsync = need("rsync")
    names = fill_tree(tmp_path / "source")
    target = stage.folder("case 09")
    subprocess.run([rsync, "-a", f"{tmp_path}/source/", target], check=True)

    stage.wait_all_done(target, names)


def test_case_10_an_archive_is_unpacked(stage: Stage, tmp_path: Path) -> None:
    """Python's zipfile instead of unzip: it opens, writes and closes in the same way."""
    names = fill_tree(tmp_path / "source")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in names:
            archive.write(tmp_path / "source" / name, name)
    target = stage.folder("case 10")
    command = [sys.executable, "-m", "zipfile", "-e", tmp_path / "photos.zip", target]
    subprocess.run(command, check=True)

    stage.wait_all_done(target, names)


def fill_tree(top: Path) -> list[str]:
    """Make 150 photos in 30 folders; return their paths below the top."""
    return [
        str(path.relative_to(top))
        for n in range(30)
        for path in put_many(top / f"{n % 5}/{n}", 5, name=f"{n}-{{}}.jpg")
    ]


def test_case_11_folders_made_and_filled_at_once(stage: Stage) -> None:
    folder = stage.folder("case 11")
    names = []
    for n in range(80):
        for path in put_many(folder / f"{n}/b/c/d", 3):
            names.append(str(path.relative_to(folder)))

    stage.wait_all_done(folder, names)


def test_case_12_filled_hidden_renamed_into_place_and_used_later(stage: Stage) -> None:
    folder = stage.folder("case 12")
    names = []
    for n in range(40):
        put_many(folder / f".tmp{n}", 3)
        (folder / f".tmp{n}").rename(folder / f"final{n}")
        names += [f"final{n}/{i}.jpg" for i in range(3)]
    stage.wait_all_done(folder, names)

    for n in range(40):
        put(folder / f"final{n}/later.jpg", tiny_jpeg(n % 6))
        names.append(f"final{n}/later.jpg")
    stage.wait_all_done(folder, names)


def test_case_13_thousands_at_once(stage: Stage) -> None:
    burst(stage, 1500)


@pytest.mark.slow
def test_case_13_five_thousand_with_the_default_limits_of_inotify(stage: Stage) -> None:
    burst(stage, 5000)


def burst(stage: Stage, number: int) -> None:
    folder = stage.folder(f"case 13 {number}")
    before = stage.daemon.memory()
    names = [path.name for path in put_many(folder, number)]

    wait_until(lambda: len(stage.ledger.states(folder)) == number, what="each has a row")
    stage.wait_all_done(folder, names, seconds=300)
    assert stage.daemon.memory() - before < 100


def test_case_18_a_file_is_moved_in(stage: Stage, tmp_path: Path) -> None:
    folder = stage.folder("case 18")
    put(tmp_path / "cat.jpg", cat_jpeg()).rename(folder / "cat.jpg")

    stage.wait_all_done(folder, ["cat.jpg"])


def test_case_19_a_folder_is_moved_in_and_used_later(stage: Stage, tmp_path: Path) -> None:
    folder = stage.folder("case 19")
    put_many(tmp_path / "album/half", 100)
    put_many(tmp_path / "album/other half", 100)
    (tmp_path / "album").rename(folder / "album")
    names = [f"album/{half}/{n}.jpg" for half in ("half", "other half") for n in range(100)]
    stage.wait_all_done(folder, names)

    put(folder / "album/half/later.jpg", cat_jpeg())
    stage.wait_all_done(folder, [*names, "album/half/later.jpg"])


def test_case_65_odd_times(stage: Stage) -> None:
    folder = stage.folder("case 65")
    times = {"2100": 4102444800, "1970": 0, "1938": -1e9, "1901": -(2**31)}
    for name, seconds in times.items():
        path = put(folder / f"{name}.jpg", cat_jpeg())
        os.utime(path, (seconds, seconds))

    stage.wait_all_done(folder, [f"{name}.jpg" for name in times])
    newest = stage.program.run("search", "cat", "--sort", "newest", "--json")
    assert newest.returncode == 0, newest.stderr
    order = re.findall(r"case 65/(\d+)\.jpg\"", newest.stdout)
    assert order == sorted(times, reverse=True)


def test_case_65_a_time_beyond_what_the_catalog_can_hold(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    """Nanoseconds since 1970 leave 63 bits in the year 2262; ext4 goes on to 2446."""
    path = put(tmp_path / "photos/2400.jpg", cat_jpeg())
    os.utime(path, (13569465600, 13569465600))
    if path.stat().st_mtime < 13569465600:
        pytest.skip("this file system does not keep such a time")
    with start() as stage:
        stage.wait_done(path)
        stage.sentinel(stage.root)
        assert stage.found("cat", stage.root) == ["2400.jpg"]
        assert len(stage.outcomes(stage.root)) == 2
