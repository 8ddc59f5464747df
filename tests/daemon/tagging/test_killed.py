"""A program that is killed at any moment of a write leaves whole photos and a true ledger."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from jpeg_parts import JFIF, camera_block, exif_segment, jpeg
from system_calls import CHANGES, die, in_child, names_in, planted
from tag_desk import Desk, ScribeHere, is_settled, kinds

from phototagd.daemon.tagging import exif, xmp
from phototagd.daemon.tagging.orders import Recover, Recovered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PHOTO = jpeg(JFIF, exif_segment(camera_block(keywords="holiday")))
MOST_CALLS = 100


@contextlib.contextmanager
def desk_with_photo(folder: Path, *first: str, to: str = "exif") -> Iterator[tuple[Desk, Path]]:
    """A library with one photo, which may have been tagged already."""
    folder.mkdir()
    with Desk(folder) as desk:
        path = desk.add("cat.jpg", PHOTO)
        if first:
            assert kinds(desk.write(path, *first, to=to)) == ["written"]
        yield desk, path


def kill_at_each_call(
    folder: Path, patch: pytest.MonkeyPatch, work: Callable[[Desk], object]
) -> Iterator[int]:
    """Do the work in a process that is killed before the next call each time, until none is left.

    Each time the library is what it was at first; yields the numbers of the calls. After the last
    one the file is written and the ledger does not know of it: killed between both.
    """

    def child() -> None:
        with Desk(folder) as desk:
            desk.scribe.at_commit = planted(patch, number, die, *CHANGES)
            work(desk)

    first = shutil.copytree(folder, folder.parent / "first")
    for number in range(1, MOST_CALLS):
        shutil.rmtree(folder)
        shutil.copytree(first, folder)
        with Desk(folder) as desk:
            desk.index(folder / "photos/cat.jpg")  # the copy is another file
        status = in_child(child)
        assert status in (0, 9)
        yield number
        if not status:
            assert number > 4
            return
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("first", [(), ("dog",)], ids=["first tags", "other tags"])
def test_a_photo_that_is_being_tagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: tuple[str, ...]
) -> None:
    folder = tmp_path / "library"
    with desk_with_photo(folder, *first) as (_, path):
        old = path.read_bytes()
    news = set()

    def work(desk: Desk) -> None:
        desk.write(path, "cat")

    for _ in kill_at_each_call(folder, monkeypatch, work):
        content = path.read_bytes()
        is_new = content != old
        assert exif.restore(content) == (PHOTO if is_new or first else None)
        with Desk(folder) as desk:
            desk.recover()
            assert names_in(desk.root) == ["cat.jpg"]
            assert path.read_bytes() == content
            assert desk.intents() == []
            known = desk.files(path).get("exif")
            assert (known.items if known else ()) == (("cat",) if is_new else first)
            assert is_settled(desk, path)
            assert kinds(desk.write(path, "cat")) == ["unchanged" if is_new else "written"]
            assert exif.read_field(path.read_bytes()).items == ("holiday", "cat")
            desk.take_back(path)
            assert path.read_bytes() == PHOTO
        news.add(content)
    assert len(news) == 2


def test_a_photo_whose_tags_are_being_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library"
    with desk_with_photo(folder, "cat") as (_, path):
        pass

    def work(desk: Desk) -> None:
        desk.take_back(path, "exif")

    for _ in kill_at_each_call(folder, monkeypatch, work):
        content = path.read_bytes()
        assert content == PHOTO or exif.restore(content) == PHOTO
        with Desk(folder) as desk:
            desk.recover()
            assert (names_in(desk.root), desk.intents()) == (["cat.jpg"], [])
            assert path.read_bytes() == content
            assert desk.files(path)["exif"].state == ("undone" if content == PHOTO else "written")
            desk.take_back(path)
            assert path.read_bytes() == PHOTO


@pytest.mark.parametrize("first", [(), ("dog",)], ids=["a new one", "one of ours"])
def test_a_sidecar_that_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: tuple[str, ...]
) -> None:
    folder = tmp_path / "library"
    with desk_with_photo(folder, *first, to="sidecar") as (_, path):
        sidecar = path.with_name("cat.jpg.xmp")

    def work(desk: Desk) -> None:
        desk.write(path, "cat", to="sidecar")

    for _ in kill_at_each_call(folder, monkeypatch, work):
        added = xmp.read(sidecar.read_bytes()).added if sidecar.exists() else ()
        assert added in (first, ("cat",))
        with Desk(folder) as desk:
            desk.recover()
            assert desk.intents() == []
            assert names_in(desk.root) == ["cat.jpg", *(["cat.jpg.xmp"] if added else [])]
            known = desk.files(path).get("sidecar")
            assert (known.items if known else ()) == added
            desk.write(path, "cat", to="sidecar")
            assert xmp.read(sidecar.read_bytes()).added == ("cat",)
            desk.take_back(path)
            assert names_in(desk.root) == ["cat.jpg"]
        assert path.read_bytes() == PHOTO


def test_a_sidecar_that_is_being_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "library"
    with desk_with_photo(folder, "cat", to="sidecar") as (_, path):
        sidecar = path.with_name("cat.jpg.xmp")
    ends = set()

    def work(desk: Desk) -> None:
        desk.take_back(path, "sidecar")

    for _ in kill_at_each_call(folder, monkeypatch, work):
        is_gone = not sidecar.exists()
        ends.add(is_gone)
        with Desk(folder) as desk:
            desk.recover()
            assert desk.intents() == []
            assert desk.files(path)["sidecar"].state == ("undone" if is_gone else "written")
            desk.take_back(path)
            assert names_in(desk.root) == ["cat.jpg"]
    assert ends == {True, False}


def test_an_edit_in_the_moment_of_the_crash_is_kept_beside_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An editor had the old file open, we were killed after the rename and before looking again."""

    def edit_and_die(_name: str, call: Callable[[], object], _args: tuple[object, ...]) -> None:
        with (folder / "photos/cat.jpg").open("ab") as file:
            call()
            file.write(b"edited")
        os._exit(9)

    def child() -> None:
        with Desk(folder) as desk:
            desk.scribe.at_commit = planted(monkeypatch, 1, edit_and_die, "rename")
            desk.write(folder / "photos/cat.jpg", "cat")

    folder = tmp_path / "library"
    with desk_with_photo(folder):
        pass
    assert in_child(child) == 9

    with Desk(folder) as desk:
        desk.recover()
        assert names_in(desk.root) == [".cat.jpg.phototag-old", "cat.jpg"]
        assert (desk.root / ".cat.jpg.phototag-old").read_bytes() == PHOTO + b"edited"
        assert ".cat.jpg.phototag-old: left by a crash" in caplog.text


def test_nothing_is_cleared_up_beside_a_photo_that_somebody_changed_after_the_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def child() -> None:
        with Desk(folder) as desk:
            desk.scribe.at_commit = planted(monkeypatch, 1, die, "rename")
            desk.write(folder / "photos/cat.jpg", "cat")

    folder = tmp_path / "library"
    with desk_with_photo(folder):
        pass
    assert in_child(child) == 9
    path = folder / "photos/cat.jpg"
    path.unlink()
    path.write_bytes(PHOTO + b"\x00")

    with Desk(folder) as desk:
        desk.recover()
        assert len(names_in(desk.root)) == 3
        assert (desk.root / ".cat.jpg.phototag-old").read_bytes() == PHOTO
    assert path.read_bytes() == PHOTO + b"\x00"


def test_what_another_program_is_just_writing_is_not_cleared_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the second program its intention looks like one that a crash has left."""
    with desk_with_photo(tmp_path / "library") as (desk, path):
        names: list[list[str]] = []

        def let_another_start(_name: str, call: Callable[[], object], _args: object) -> object:
            ((_, place, file),) = desk.intents()
            other = ScribeHere(desk.scribe.scribe._plan)
            before = names_in(desk.root)
            other.send(Recover(1, place, os.fsencode(desk.root), file))
            assert other.answers.popleft() == Recovered(1, None, None)
            names.extend((before, names_in(desk.root)))
            return call()

        desk.scribe.at_commit = planted(monkeypatch, 1, let_another_start, "rename")
        assert kinds(desk.write(path, "cat")) == ["written"]

        assert len(names[0]) == 3
        assert names[0] == names[1]
        assert exif.restore(path.read_bytes()) == PHOTO


def test_a_root_that_is_gone_is_recovered_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def child() -> None:
        with Desk(folder) as desk:
            desk.scribe.at_commit = planted(monkeypatch, 1, die, "unlink")
            desk.write(path, "cat")

    folder = tmp_path / "library"
    with desk_with_photo(folder) as (_, path):
        pass
    assert in_child(child) == 9

    with Desk(folder) as desk:
        desk.root.rename(folder / "unplugged")
        desk.recover()
        assert len(desk.intents()) == 1
        (folder / "unplugged").rename(desk.root)
        desk.recover()
        assert (desk.intents(), names_in(desk.root)) == ([], ["cat.jpg"])
        assert desk.files(path)["exif"].items == ("cat",)
