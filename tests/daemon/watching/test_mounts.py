"""What is mounted where: sample tables, and this machine's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from mounting import mounted_dead_server, mounted_tmpfs

from phototagd.daemon.watching import mounts as mount_table
from phototagd.daemon.watching.mounts import (
    MountTable,
    find_mount,
    identify,
    is_network,
    parse_line,
    read_mounts,
    resolve,
)

if TYPE_CHECKING:
    from pathlib import Path

# As in a container: the root stands below mounts that were there before it.
TABLE = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 8:1 / /mnt/my\040disk rw,relatime shared:5 master:1 - ext4 /dev/sda1 rw
41 40 0:50 / /mnt/my\040disk/nas ro,relatime - nfs4 nas:/photos rw,vers=4.2
42 27 8:2 / /media rw - btrfs /dev/sdb ro
43 27 8:3 / /media/hidden rw - xfs /dev/sdc rw
44 42 8:4 / /media rw - vfat /dev/sdd rw
45 44 0:51 / /media/\134new\012line rw - fuse.sshfs me@there:/ rw
""".splitlines()


def table() -> MountTable:
    return MountTable(map(parse_line, TABLE))


@pytest.mark.parametrize(
    ("path", "fstype"),
    [
        (b"/", "ext4"),
        (b"/home/me", "ext4"),
        (b"/mnt/my disk", "ext4"),
        (b"/mnt/my disk/2024", "ext4"),
        (b"/mnt/my disk/nas", "nfs4"),
        (b"/mnt/my disk/nas/a/b", "nfs4"),
        (b"/mnt/my disk/nasty", "ext4"),
        (b"/proc/1", "proc"),
    ],
)
def test_a_path_lies_on_the_mount_that_a_lookup_reaches(path: bytes, fstype: str) -> None:
    assert table().find(path).fstype == fstype


def test_a_mount_over_another_hides_it_and_what_is_mounted_below_it() -> None:
    assert table().find(b"/media/x").source == b"/dev/sdd"
    assert table().find(b"/media/hidden/x").source == b"/dev/sdd"
    assert [mount.point for mount in table().below(b"/media")] == [b"/media/\\new\nline"]


def test_the_mounts_below_a_folder_are_found_and_not_its_own() -> None:
    assert [m.point for m in table().below(b"/mnt/my disk")] == [b"/mnt/my disk/nas"]
    assert table().is_point(b"/mnt/my disk")
    assert not table().is_point(b"/mnt")


def test_read_only_is_seen_in_either_list_of_options() -> None:
    assert table().find(b"/mnt/my disk/nas").is_read_only
    assert parse_line(TABLE[4]).is_read_only
    assert not table().find(b"/mnt/my disk").is_read_only


def test_a_table_without_a_root_knows_nothing_and_does_not_fail() -> None:
    assert MountTable(()).find(b"/photos").fstype == "unknown"
    assert MountTable(()).below(b"/photos") == ()


@pytest.mark.parametrize("fstype", ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "fuse.sshfs"])
def test_a_network_file_system_is_recognised(fstype: str) -> None:
    assert is_network(fstype)


@pytest.mark.parametrize("fstype", ["ext4", "btrfs", "fuseblk", "tmpfs", "overlay", "fuse.exfat"])
def test_a_local_file_system_is_recognised(fstype: str) -> None:
    assert not is_network(fstype)


def test_a_root_is_known_by_its_inode_and_what_is_mounted_there(tmp_path: Path) -> None:
    root, point = os.fsencode(tmp_path.resolve()), tmp_path / "a disk"
    point.mkdir()
    before = identify(root)
    assert (before.inode, before.is_mount) == (tmp_path.stat().st_ino, False)
    assert before.mounts == ()

    with mounted_tmpfs(point):
        during = identify(root)
        disk = identify(os.fsencode(point))
        assert find_mount(os.fsencode(point / "x")).fstype == "tmpfs"

    assert during.mounts == (b"a disk",)
    assert not before.is_same_place(during)
    assert before.is_same_place(identify(root))
    assert (disk.is_mount, disk.is_empty, disk.fstype) == (True, False, "tmpfs")
    assert identify(os.fsencode(point)).is_empty


def test_a_folder_made_anew_is_another_place(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    before = identify(os.fsencode(root))
    root.rename(tmp_path / "old")
    root.mkdir()

    assert not before.is_same_place(identify(os.fsencode(root)))


def test_a_part_of_a_root_is_known_by_itself(tmp_path: Path) -> None:
    (tmp_path / "part/disk").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    with mounted_tmpfs(tmp_path / "part/disk"), mounted_tmpfs(tmp_path / "other"):
        part = identify(os.fsencode(tmp_path.resolve()), b"part")

    assert part.inode == (tmp_path / "part").stat().st_ino
    assert part.mounts == (b"part/disk",)


def test_what_is_no_folder_has_no_identity(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(NotADirectoryError):
        identify(os.fsencode(tmp_path / "file"))
    with pytest.raises(FileNotFoundError):
        identify(os.fsencode(tmp_path / "none"))


def test_reading_the_table_does_not_wait_for_a_dead_server(tmp_path: Path) -> None:
    with mounted_dead_server(tmp_path):
        mount = read_mounts().find(os.fsencode(tmp_path / "photos"))

    assert is_network(mount.fstype)


def test_a_path_on_a_dead_server_is_known_behind_its_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mount_table, "HUNG_SECONDS", 2.0)
    (tmp_path / "nas").mkdir()
    (tmp_path / "local").mkdir()
    (tmp_path / "again").symlink_to("local/../far")
    (tmp_path / "far").symlink_to(tmp_path / "nas/photos")
    top = os.fsencode(tmp_path)
    with mounted_dead_server(tmp_path / "nas") as hang_up:
        found, guesses = resolve([top + b"/again/2020", top + b"/local", top + b"/none"])
        hang_up()

    assert found == {top + b"/local": top + b"/local", top + b"/none": top + b"/none"}
    assert guesses == {top + b"/again/2020": top + b"/nas/photos/2020"}


def test_links_in_a_circle_lead_nowhere_and_do_not_last(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    path = os.fsencode(tmp_path / "a")

    assert resolve([path]) == ({path: os.path.realpath(path)}, {})
