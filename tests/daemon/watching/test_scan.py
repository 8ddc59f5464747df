"""Walking folders: what counts as a photo, what is left out, what may be called gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mounting import mounted_dead_server, mounted_tmpfs

from phototagd.daemon.watching.ignores import Ignores
from phototagd.daemon.watching.scan import NOTHING_MOUNTED, Walk


def make(root: Path, *names: str | bytes) -> None:
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"x")


def finished(walk: Walk) -> Walk:
    for _ in walk.listings():
        pass
    return walk


def found(root: Path, under: bytes = b"", ignores: Ignores | None = None) -> set[bytes]:
    return {
        os.path.join(listing.relpath, file.name)
        for listing in Walk(os.fsencode(root), under, ignores=ignores).listings()
        for file in listing.files
    }


def test_photos_in_all_folders_are_found_whatever_their_names(tmp_path: Path) -> None:
    names = ["a.jpg", "B.JPEG", "x y/ü.png", "x y/😀/c.WebP", b"bytes \xff\xfe/\xe9.gif", "-n.tif"]
    names += ["new\nline.jpg", "n" * 251 + ".jpg"]
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
        "dot.",
    )

    assert found(tmp_path) == {b"a.jpg"}
    walk = finished(Walk(os.fsencode(tmp_path)))
    assert walk.others == {b".txt": 1, b".mp4": 1, b"": 1, b".": 1}
    assert set(walk.folders) == {b"", b"deep"}


def test_the_users_globs_leave_files_and_folders_out(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a.tmp.jpg", "one/thumbs/b.jpg", "one/private/deep/c.jpg", "one/d.jpg")

    ignores = Ignores(["*.tmp.jpg", "thumbs/", "**/private/**"])

    assert found(tmp_path, ignores=ignores) == {b"a.jpg", b"one/d.jpg"}


@pytest.mark.parametrize("marker", [".nomedia", ".phototagignore"])
def test_a_marked_folder_is_left_out_and_its_photos_have_vanished(
    tmp_path: Path, marker: str
) -> None:
    make(tmp_path, "a.jpg", "one/b.jpg", "one/two/c.jpg", f"one/{marker}", marker)

    assert found(tmp_path) == {b"a.jpg"}
    assert found(tmp_path, b"one/two") == set()
    walk = finished(Walk(os.fsencode(tmp_path), b"one/two"))
    assert walk.vanished([b"one/two"]) == [b"one/two"]


def test_an_ignored_folder_is_not_walked_when_it_is_asked_for(tmp_path: Path) -> None:
    make(tmp_path, "@eaDir/deep/a.jpg")

    assert found(tmp_path, b"@eaDir/deep") == set()


def test_links_are_not_followed_and_cannot_loop(tmp_path: Path) -> None:
    make(tmp_path, "real/a.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "again.jpg").symlink_to(tmp_path / "real/a.jpg")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "no")

    assert found(tmp_path) == {b"real/a.jpg"}
    assert found(tmp_path, b"loop") == set()


def test_only_regular_files_count(tmp_path: Path) -> None:
    make(tmp_path, "folder.jpg/a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")

    assert found(tmp_path) == {b"folder.jpg/a.jpg"}


def test_a_part_of_a_root_can_be_walked(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "one/b.jpg", "one/two/c.jpg", "onetwo/d.jpg")

    assert found(tmp_path, b"one") == {b"one/b.jpg", b"one/two/c.jpg"}


def test_each_folder_is_known_by_device_and_inode(tmp_path: Path) -> None:
    make(tmp_path, "one/b.jpg")

    folders = finished(Walk(os.fsencode(tmp_path))).folders

    for relpath, key in folders.items():
        status = (tmp_path / os.fsdecode(relpath)).stat()
        assert key == (status.st_dev, status.st_ino)
    assert set(folders) == {b"", b"one"}


def test_a_folder_that_is_gone_has_vanished_with_all_below(tmp_path: Path) -> None:
    make(tmp_path, "a/b.jpg")
    walk = finished(Walk(os.fsencode(tmp_path)))

    assert walk.is_complete
    assert walk.vanished([b"", b"a", b"old", b"old/deep"]) == [b"old", b"old/deep"]


def test_a_folder_deleted_during_the_walk_has_vanished(tmp_path: Path) -> None:
    make(tmp_path, "a/b.jpg", "z/c.jpg")
    walk = Walk(os.fsencode(tmp_path))
    for listing in walk.listings():
        if listing.relpath == b"a":
            (tmp_path / "z/c.jpg").unlink()
            (tmp_path / "z").rmdir()

    assert walk.vanished([b"a", b"z"]) == [b"z"]


def test_of_a_root_that_is_not_there_nothing_has_vanished(tmp_path: Path) -> None:
    walk = finished(Walk(os.fsencode(tmp_path / "not mounted")))

    assert walk.unreadable == {b"": "No such file or directory"}
    assert walk.identity is None
    assert walk.vanished([b"", b"a", b"a/b"]) == []


def test_of_a_walk_that_was_broken_off_nothing_has_vanished(tmp_path: Path) -> None:
    make(tmp_path, "a/b.jpg")
    walk = Walk(os.fsencode(tmp_path))
    next(walk.listings())

    assert walk.vanished([b"a", b"old"]) == []


def test_of_a_root_that_was_swapped_meanwhile_nothing_has_vanished(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make(root, "a/b.jpg")
    walk = Walk(os.fsencode(root))
    for listing in walk.listings():
        if not listing.relpath:
            root.rename(tmp_path / "away")
            root.mkdir()

    assert not walk.is_complete
    assert walk.vanished([b"a"]) == []


def test_of_a_part_of_a_root_that_is_not_there_nothing_has_vanished(tmp_path: Path) -> None:
    walk = finished(Walk(os.fsencode(tmp_path), b"part/deep", prefix=b"part"))

    assert walk.unreadable == {b"part/deep": "No such file or directory"}
    assert walk.vanished([b"part/deep"]) == []


def test_a_root_unmounted_during_the_walk_loses_nothing(tmp_path: Path) -> None:
    with mounted_tmpfs(tmp_path):
        make(tmp_path, "a/b.jpg")
        walk = Walk(os.fsencode(tmp_path))
        listings = walk.listings()
        next(listings)
    for _ in listings:
        pass

    assert walk.vanished([b"a"]) == []


def test_below_a_mount_point_whose_disk_is_away_nothing_has_vanished(tmp_path: Path) -> None:
    make(tmp_path, "here/a.jpg")
    (tmp_path / "disk").mkdir()
    walk = Walk(os.fsencode(tmp_path), known_mounts=[b"disk", b"usb"])
    told = {listing.relpath: listing for listing in walk.listings()}

    assert told[b"disk"].error == told[b"usb"].error == NOTHING_MOUNTED
    assert told[b"disk"].is_absent_mount
    assert walk.absent_mounts == [b"disk", b"usb"]
    assert walk.vanished([b"disk", b"disk/2024", b"usb/x", b"old"]) == [b"old"]


def test_an_absent_mount_holds_for_a_walk_that_begins_below_it(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    walk = finished(Walk(os.fsencode(tmp_path), b"disk/2024", known_mounts=[b"disk"]))

    assert walk.vanished([b"disk/2024"]) == []


def test_a_mount_point_that_is_mounted_or_filled_is_a_folder_like_others(tmp_path: Path) -> None:
    make(tmp_path, "filled/a.jpg")
    (tmp_path / "disk").mkdir()
    with mounted_tmpfs(tmp_path / "disk"):
        make(tmp_path, "disk/b.jpg")
        walk = Walk(os.fsencode(tmp_path), known_mounts=[b"disk", b"filled"])
        files = {file.name for listing in walk.listings() for file in listing.files}

    assert files == {b"a.jpg", b"b.jpg"}
    assert walk.absent_mounts == []


def test_an_error_on_one_folder_leaves_it_alone_and_the_others_go_on(tmp_path: Path) -> None:
    """A server that has gone stands in for a bad disk: both fail every look with an error."""
    make(tmp_path, "a/b.jpg")
    (tmp_path / "bad").mkdir()
    with mounted_dead_server(tmp_path / "bad") as hang_up:
        hang_up()
        walk = finished(Walk(os.fsencode(tmp_path)))

    assert set(walk.unreadable) == {b"bad"}
    assert set(walk.folders) == {b"", b"a"}
    assert walk.vanished([b"bad", b"bad/deep", b"old"]) == [b"old"]


def test_files_that_cannot_be_looked_at_are_neither_there_nor_gone(tmp_path: Path) -> None:
    """A folder that may be listed but not entered; root loses its privileges for the look."""
    make(tmp_path, "locked/a.jpg", "locked/b.txt", "locked/deep/c.jpg", "closed/d.jpg")
    code = f"""if True:
        from phototagd.daemon.watching.scan import Walk
        walk = Walk({os.fsencode(tmp_path)!r})
        told = {{listing.relpath: listing for listing in walk.listings()}}
        assert told[b"locked"].doubtful == (b"a.jpg",), told
        assert told[b"closed"].error == "Permission denied", told
        assert walk.vanished([b"locked", b"locked/deep", b"closed"]) == []
        print("done")
    """
    command = [sys.executable, "-c", code]
    (tmp_path / "locked").chmod(0o400)
    (tmp_path / "closed").chmod(0o000)
    try:
        done = subprocess.run(
            command if os.geteuid() else ["unshare", "-U", *command],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        for name in ("locked", "closed"):
            (tmp_path / name).chmod(0o700)
    if "unshare failed" in done.stderr:
        pytest.skip(done.stderr)

    assert done.stdout == "done\n", done.stderr
