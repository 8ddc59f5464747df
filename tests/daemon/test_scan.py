"""Walking folders: what counts as a photo, what is left out, what may be called gone."""

from __future__ import annotations

import os
from pathlib import Path

from phototagd.daemon.scan import Walk, is_ignored_path, walk


def make(root: Path, *names: str | bytes) -> None:
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"x")


def found(root: Path, under: bytes = b"") -> set[bytes]:
    return {
        os.path.join(listing.relpath, file.name)
        for listing in walk(os.fsencode(root), under)
        for file in listing.files
    }


def test_photos_in_all_folders_are_found_whatever_their_names(tmp_path: Path) -> None:
    names = ["a.jpg", "B.JPEG", "x y/ü.png", "x y/😀/c.WebP", b"bytes \xff\xfe/\xe9.gif", "-n.tif"]
    make(tmp_path, *names, "raw.CR2", "phone.heic")

    assert found(tmp_path) == {os.fsencode(name) for name in (*names, "raw.CR2", "phone.heic")}


def test_what_is_no_photo_of_the_owner_is_left_out(tmp_path: Path) -> None:
    make(
        tmp_path,
        "a.jpg",
        ".hidden.jpg",
        "._a.jpg",
        ".thumbnails/a.jpg",
        "@eaDir/a.jpg/SYNOPHOTO.jpg",
        "#recycle/a.jpg",
        "deep/lost+found/a.jpg",
        "notes.txt",
        "movie.mp4",
        "README",
    )

    assert found(tmp_path) == {b"a.jpg"}
    walked = Walk(b"")
    for listing in walk(os.fsencode(tmp_path)):
        walked.note(listing)
    assert walked.others == {b".txt": 1, b".mp4": 1, b"": 1}


def test_an_ignored_folder_anywhere_on_the_way_counts() -> None:
    assert is_ignored_path(b"a/.git/b")
    assert is_ignored_path(b"@eaDir")
    assert not is_ignored_path(b"")
    assert not is_ignored_path(b"a/b c")


def test_links_are_not_followed_and_cannot_loop(tmp_path: Path) -> None:
    make(tmp_path, "real/a.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "again.jpg").symlink_to(tmp_path / "real/a.jpg")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "no")

    assert found(tmp_path) == {b"real/a.jpg"}


def test_only_regular_files_count(tmp_path: Path) -> None:
    make(tmp_path, "folder.jpg/a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")

    assert found(tmp_path) == {b"folder.jpg/a.jpg"}


def test_a_part_of_a_root_can_be_walked(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "one/b.jpg", "one/two/c.jpg", "onetwo/d.jpg")

    assert found(tmp_path, b"one") == {b"one/b.jpg", b"one/two/c.jpg"}


def test_a_folder_that_is_gone_has_vanished_with_all_below(tmp_path: Path) -> None:
    make(tmp_path, "a/b.jpg")
    walked = Walk(b"")
    for listing in walk(os.fsencode(tmp_path)):
        walked.note(listing)

    assert walked.vanished([b"", b"a", b"old", b"old/deep"]) == [b"old", b"old/deep"]


def test_below_an_unreadable_folder_nothing_has_vanished(tmp_path: Path) -> None:
    walked = Walk(b"")
    for listing in walk(os.fsencode(tmp_path / "not mounted")):
        walked.note(listing)

    assert walked.unreadable == {b"": "No such file or directory"}
    assert walked.vanished([b"", b"a", b"a/b"]) == []
