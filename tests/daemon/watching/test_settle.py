"""The stability rule, with a clock of its own and real files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from phototagd.daemon.watching.settle import MOST_WAITING, Settling

if TYPE_CHECKING:
    from pathlib import Path

SETTLE = 2.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Folder:
    """A folder whose files are written at the clock's time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.settling = Settling(self.clock, self.clock)

    def write(self, name: str, data: bytes, *, touch: bool = True) -> bytes:
        file = self.path / name
        with file.open("ab") as stream:
            stream.write(data)
        os.utime(file, (self.clock.now, self.clock.now))
        if touch:
            self.settling.touch(os.fsencode(file), SETTLE)
        return os.fsencode(file)

    def ready_after(self, seconds: float) -> list[bytes]:
        self.clock.now += seconds
        return [file.path for file in self.settling.take_ready()[0]]


def test_a_file_is_ready_once_it_was_left_alone_for_the_settle_time(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    photo = folder.write("a.jpg", b"x")

    assert folder.ready_after(SETTLE - 0.1) == []
    assert folder.ready_after(0.1) == [photo]
    assert folder.ready_after(SETTLE) == []


def test_each_event_starts_the_settle_time_anew(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    photo = folder.write("a.jpg", b"x")
    for _ in range(5):
        assert folder.ready_after(SETTLE - 0.5) == []
        folder.write("a.jpg", b"more")

    assert folder.ready_after(SETTLE) == [photo]


def test_a_file_that_grows_without_events_is_not_ready(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    photo = folder.write("a.jpg", b"x")
    for _ in range(5):
        folder.write("a.jpg", b"more", touch=False)
        assert folder.ready_after(SETTLE - 0.5) == []

    assert folder.ready_after(SETTLE) == [photo]


def test_an_old_mtime_needs_no_second_look(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    photo = folder.write("a.jpg", b"x")
    os.utime(photo, (0, 0))

    assert folder.ready_after(SETTLE) == [photo]


def test_an_mtime_in_the_future_delays_but_does_not_block(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    photo = folder.write("a.jpg", b"x")
    os.utime(photo, (9_999_999_999, 9_999_999_999))

    assert folder.ready_after(SETTLE) == []
    assert folder.ready_after(SETTLE) == [photo]


def test_what_is_gone_or_no_file_is_told_apart(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    gone = folder.write("a.jpg", b"x")
    os.unlink(gone)
    (tmp_path / "b.jpg").symlink_to(tmp_path)
    folder.settling.touch(os.fsencode(tmp_path / "b.jpg"), SETTLE)
    folder.clock.now += SETTLE

    stable, missing = folder.settling.take_ready()

    assert stable == []
    assert missing == [gone, os.fsencode(tmp_path / "b.jpg")]


def test_a_file_that_the_disk_says_nothing_of_is_neither_gone_nor_stable(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    # To the program it is any error but that there is no such file: its name is too long.
    folder.settling.touch(os.fsencode(tmp_path / ("x" * 300)), SETTLE)
    folder.clock.now += SETTLE

    assert folder.settling.take_ready() == ([], [])
    assert folder.settling.take_ready() == ([], [])


def test_a_step_of_the_wall_clock_holds_nothing_up(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    wall = Clock()
    folder.settling = Settling(folder.clock, wall)
    photo = folder.write("a.jpg", b"x")
    wall.now -= 3600

    assert folder.ready_after(SETTLE) == []
    assert folder.ready_after(SETTLE) == [photo]


def test_a_file_may_have_a_settle_time_of_its_own(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    slow, quick = folder.write("slow.jpg", b"x"), folder.write("quick.jpg", b"x")
    folder.settling.touch(slow, 3 * SETTLE)

    assert folder.ready_after(SETTLE) == [quick]
    assert folder.ready_after(2 * SETTLE) == [slow]


def test_too_many_waiting_files_are_told_once_and_memory_is_bounded(tmp_path: Path) -> None:
    settling = Folder(tmp_path).settling
    for number in range(MOST_WAITING):
        settling.touch(b"%d.jpg" % number, SETTLE)
    assert not settling.take_overflow()

    settling.touch(b"one more.jpg", SETTLE)
    settling.touch(b"0.jpg", SETTLE)

    assert settling.take_overflow()
    assert not settling.take_overflow()
