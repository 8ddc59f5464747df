"""Folders of links: what is made, kept, pointed elsewhere and taken away, and what never is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.saved.links import MARKER, LinkError, LinkFolder, make_folder

if TYPE_CHECKING:
    from pathlib import Path


def update(folder: Path, *photos: bytes) -> None:
    with LinkFolder(os.fsencode(folder), "cats") as links:
        links.take()
        links.update(photos)


def links_in(folder: Path) -> dict[bytes, bytes]:
    top = os.fsencode(folder)
    names = [name for name in os.listdir(top) if name != MARKER]
    return {name: os.readlink(os.path.join(top, name)) for name in names}


def test_each_photo_has_a_link_of_its_name_and_a_clash_a_number(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg", b"/b/x.jpg", b"/a/odd \xff\n.jpg")

    assert links_in(tmp_path) == {
        b"x.jpg": b"/a/x.jpg",
        b"x~2.jpg": b"/b/x.jpg",
        b"odd \xff\n.jpg": b"/a/odd \xff\n.jpg",
    }


def test_a_link_keeps_its_name_when_the_one_it_clashed_with_goes(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg", b"/b/x.jpg")
    update(tmp_path, b"/b/x.jpg")
    assert links_in(tmp_path) == {b"x~2.jpg": b"/b/x.jpg"}

    update(tmp_path, b"/c/x.jpg", b"/b/x.jpg")
    assert links_in(tmp_path) == {b"x~2.jpg": b"/b/x.jpg", b"x.jpg": b"/c/x.jpg"}


def test_a_moved_photo_is_pointed_to_under_the_same_name(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg")
    update(tmp_path, b"/moved/x.jpg")

    assert links_in(tmp_path) == {b"x.jpg": b"/moved/x.jpg"}


def test_what_others_put_there_stays_and_its_name_is_not_used(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg", b"/a/y.jpg")
    (tmp_path / "z.jpg").write_text("theirs")
    (tmp_path / "own").symlink_to("/a/x.jpg")
    (tmp_path / "y.jpg").unlink()
    (tmp_path / "y.jpg").write_text("in place of ours")

    update(tmp_path, b"/a/z.jpg")

    assert (tmp_path / "z.jpg").read_text() == "theirs"
    assert (tmp_path / "y.jpg").read_text() == "in place of ours"
    assert os.readlink(tmp_path / "own") == "/a/x.jpg"
    assert os.readlink(tmp_path / "z~2.jpg") == "/a/z.jpg"
    assert not os.path.lexists(tmp_path / "x.jpg")


def test_a_removed_link_comes_again(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg")
    (tmp_path / "x.jpg").unlink()
    update(tmp_path, b"/a/x.jpg")

    assert links_in(tmp_path) == {b"x.jpg": b"/a/x.jpg"}


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("theirs")

    with pytest.raises(LinkError, match="other things"):
        update(tmp_path, b"/a/x.jpg")

    assert os.listdir(tmp_path) == ["holiday.jpg"]


def test_the_folder_of_another_search_is_refused(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg")

    with (
        LinkFolder(os.fsencode(tmp_path), "dogs") as links,
        pytest.raises(LinkError, match="belongs to the saved search 'cats'"),
    ):
        links.take()


def test_giving_back_removes_links_marker_and_the_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cats"
    folder.mkdir()
    update(folder, b"/a/x.jpg")

    with LinkFolder(os.fsencode(folder), "cats") as links:
        assert links.give_back() == 1

    assert not folder.exists()


def test_giving_back_leaves_what_others_put_there(tmp_path: Path) -> None:
    update(tmp_path, b"/a/x.jpg")
    (tmp_path / "note.txt").write_text("theirs")

    with LinkFolder(os.fsencode(tmp_path), "cats") as links:
        links.give_back()

    assert os.listdir(tmp_path) == ["note.txt"]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_marker_that_is_no_file_is_told_and_not_kept_open(tmp_path: Path, kind: str) -> None:
    marker = os.path.join(os.fsencode(tmp_path), MARKER)
    if kind == "folder":
        os.mkdir(marker)
    else:
        os.mkfifo(marker)
    writer = os.open(marker, os.O_RDONLY if kind == "folder" else os.O_RDWR)
    try:
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(LinkError):
            update(tmp_path, b"/a/x.jpg")
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        os.close(writer)


def test_a_crash_between_the_list_and_a_link_leaves_nothing_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(tmp_path, b"/a/x.jpg")

    def crash(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", crash)
        with pytest.raises(LinkError, match="make room"):
            update(tmp_path, b"/moved/x.jpg", b"/a/y.jpg")
    update(tmp_path)

    assert links_in(tmp_path) == {}


@pytest.mark.parametrize("kind", ["gone", "file", "link"])
def test_a_folder_that_is_none_any_more_is_told_with_a_remedy(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "cats"
    if kind == "file":
        folder.write_text("a file")
    elif kind == "link":
        folder.symlink_to(tmp_path)

    with pytest.raises(LinkError) as caught:
        update(folder, b"/a/x.jpg")

    assert "save the search without it" in caught.value.remedy
    assert set(os.listdir(tmp_path)) <= {"cats"}


def test_two_programs_do_not_keep_one_folder_at_once(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path)
    with (
        LinkFolder(path, "cats"),
        pytest.raises(LinkError, match="another program"),
        LinkFolder(path, "cats"),
    ):
        pass


def test_a_root_or_what_holds_one_is_refused_and_a_folder_in_one_is_not(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "photos")
    for place in (root, os.fsencode(tmp_path)):
        with pytest.raises(LinkError, match="watched folder"):
            make_folder(place, [root])

    make_folder(root + b"/links/cats", [root])
    assert (tmp_path / "photos/links/cats").is_dir()
