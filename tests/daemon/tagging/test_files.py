"""A file that is replaced is the old or the new one, whatever fails at whatever moment."""

from __future__ import annotations

import errno
import os
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from system_calls import fail, names_in, planted

from phototagd.daemon.tagging import files
from phototagd.daemon.tagging.errors import Busy, Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = b"the old photo " * 40_000  # more than one piece to read
NEW = b"the new photo " * 41_000
MOST = 1 << 24
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo with all that a new version must carry over."""
    return make_photo(tmp_path / "cat.jpg")


def make_photo(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.write_bytes(OLD)
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 1234, 1235)
    os.setxattr(path, "user.note", b"ours")
    os.utime(path, ns=(10**18, 10**18 + 7))
    return path


def read(path: Path) -> files.Original:
    return files.read_original(os.fsencode(path), MOST)


def replace(path: Path) -> os.stat_result:
    return files.replace(read(path), NEW, keep_mtime=True)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_the_new_file_has_all_that_the_old_one_had(photo: Path) -> None:
    old = photo.stat()

    status = replace(photo)

    new = photo.stat()
    assert (new.st_uid, new.st_gid, new.st_mode) == (old.st_uid, old.st_gid, old.st_mode)
    assert new.st_mtime_ns == old.st_mtime_ns
    assert os.getxattr(photo, "user.note") == b"ours"
    assert (status.st_ino, status.st_size) == (new.st_ino, len(NEW))
    assert new.st_ino != old.st_ino
    assert photo.read_bytes() == NEW
    assert names_in(photo.parent) == ["cat.jpg"]


def test_the_modification_time_is_that_of_the_writing_if_it_is_not_kept(photo: Path) -> None:
    files.replace(read(photo), NEW, keep_mtime=False)

    assert photo.stat().st_mtime_ns > 10**18 + 7


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EPERM])
def test_a_system_call_that_fails_leaves_the_old_or_the_new_photo(
    photo: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    opened = open_files()
    struck = []
    for number in range(1, 200):
        original = read(make_photo(photo))
        with planted(monkeypatch, number, fail(code)) as plant:
            try:
                files.replace(original, NEW, keep_mtime=True)
                content = NEW
            except (Busy, Refused):
                content = OLD
        assert photo.read_bytes() == content, plant.struck
        left = set(names_in(photo.parent)) - {"cat.jpg"}
        assert not left or plant.struck == "unlink", plant.struck
        for name in left:
            (photo.parent / name).unlink()
        assert open_files() == opened, plant.struck
        if not plant.struck:
            break
        struck.append(plant.struck)

    assert content == NEW
    assert {"open", "write", "fsync", "link", "rename", "utime", "setxattr", "unlink"} <= {*struck}
    assert len(struck) > 25


@pytest.mark.parametrize("name", ["write", "fsync", "fchmod", "utime", "setxattr", "rename"])
def test_a_failure_before_the_rename_is_told_with_its_reason(
    photo: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    original = read(photo)
    with planted(monkeypatch, 1, fail(errno.ENOSPC), name), pytest.raises(Refused) as refused:
        files.replace(original, NEW, keep_mtime=True)

    reason = refused.value.reason
    assert os.strerror(errno.ENOSPC) in reason or "cannot be kept" in reason
    assert photo.read_bytes() == OLD


@needs_root
def test_an_owner_that_cannot_be_kept_is_a_reason_to_refuse(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = read(photo)
    with (
        planted(monkeypatch, 1, fail(errno.EPERM), "fchown"),
        pytest.raises(Refused, match="owner cannot be kept"),
    ):
        files.replace(original, NEW, keep_mtime=True)


def test_short_writes_go_on_where_they_ended(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:100_001]))

    replace(photo)

    assert photo.read_bytes() == NEW


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_disk_that_gives_other_bytes_back_is_found_before_the_photo_is_touched(
    photo: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flip(_name: str, call: Callable[[], int], args: tuple[Any, ...]) -> int:
        count = call()
        args[1][0][0] ^= 1
        return count or 4  # more than was written

    original = read(photo)
    inode = photo.stat().st_ino
    with (
        planted(monkeypatch, number, flip, "readv") as plant,
        pytest.raises(Refused, match="other bytes than were written"),
    ):
        files.replace(original, NEW, keep_mtime=True)

    assert plant.struck
    assert (photo.read_bytes(), photo.stat().st_ino) == (OLD, inode)
    assert names_in(photo.parent) == ["cat.jpg"]


def before_call(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], Any]) -> Any:
    """Let somebody do something just before the first call of this name."""

    def strike(_name: str, call: Callable[[], Any], _args: tuple[Any, ...]) -> Any:
        act()
        return call()

    return planted(monkeypatch, 1, strike, name)


def edit_in_place(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"EDITED")


@pytest.mark.parametrize("call", ["write", "fsync", "link"])
def test_an_edit_before_the_rename_wins(
    photo: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    original = read(photo)
    with (
        before_call(monkeypatch, call, lambda: edit_in_place(photo)) as plant,
        pytest.raises(Busy),
    ):
        files.replace(original, NEW, keep_mtime=True)

    assert plant.struck
    assert photo.read_bytes() == b"EDITED" + OLD[6:]
    assert names_in(photo.parent) == ["cat.jpg"]


def test_another_file_in_its_place_wins(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save_over() -> None:
        (photo.parent / "other").write_bytes(b"saved by an editor")
        (photo.parent / "other").rename(photo)

    original = read(photo)
    with before_call(monkeypatch, "link", save_over), pytest.raises(Busy):
        files.replace(original, NEW, keep_mtime=True)

    assert photo.read_bytes() == b"saved by an editor"
    assert names_in(photo.parent) == ["cat.jpg"]


def test_what_an_editor_writes_into_the_old_file_after_the_rename_comes_back(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = read(photo)

    def rename_then_edit(_name: str, call: Callable[[], None], _args: tuple[Any, ...]) -> None:
        with photo.open("r+b") as file:  # as an editor that has had it open all the time
            call()
            assert photo.read_bytes() == NEW
            file.write(b"EDITED")

    with (
        planted(monkeypatch, 1, rename_then_edit, "rename") as plant,
        pytest.raises(Busy, match="wrote into it meanwhile"),
    ):
        files.replace(original, NEW, keep_mtime=True)

    assert plant.struck
    assert photo.read_bytes() == b"EDITED" + OLD[6:]
    assert names_in(photo.parent) == ["cat.jpg"]


def test_an_old_file_that_cannot_be_read_again_comes_back(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was edited cannot be told then."""
    original, inode = read(photo), photo.stat().st_ino

    def rename_then_fail(_name: str, call: Callable[[], None], _args: tuple[Any, ...]) -> None:
        call()
        monkeypatch.setattr(
            os, "readv", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "EIO"))
        )

    with planted(monkeypatch, 1, rename_then_fail, "rename"), pytest.raises(Busy):
        files.replace(original, NEW, keep_mtime=True)

    assert photo.stat().st_ino == inode
    assert names_in(photo.parent) == ["cat.jpg"]


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EMLINK])
def test_without_hard_links_the_photo_is_replaced_all_the_same(
    photo: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    original = read(photo)
    with planted(monkeypatch, 1, fail(code), "link"):
        files.replace(original, NEW, keep_mtime=True)

    assert photo.read_bytes() == NEW
    assert names_in(photo.parent) == ["cat.jpg"]


def test_without_hard_links_an_edit_before_the_rename_wins_too(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_and_fail(_name: str, _call: Callable[[], None], _args: tuple[Any, ...]) -> None:
        edit_in_place(photo)
        raise PermissionError(errno.EPERM, "planted")

    original = read(photo)
    with planted(monkeypatch, 1, edit_and_fail, "link"), pytest.raises(Busy):
        files.replace(original, NEW, keep_mtime=True)

    assert photo.read_bytes() == b"EDITED" + OLD[6:]
    assert names_in(photo.parent) == ["cat.jpg"]


def test_a_second_name_that_a_crash_left_is_not_overwritten(photo: Path) -> None:
    left = photo.parent / ".cat.jpg.phototag-old"
    left.write_bytes(b"somebody's")

    with pytest.raises(Refused, match="left beside it by a crash"):
        replace(photo)

    assert (photo.read_bytes(), left.read_bytes()) == (OLD, b"somebody's")


def test_temporary_names_are_hidden_and_those_of_no_photo(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()

    def look(_name: str, call: Callable[[], None], _args: tuple[Any, ...]) -> None:
        seen.update(names_in(photo.parent))
        call()

    original = read(photo)
    with planted(monkeypatch, 1, look, "rename"):
        files.replace(original, NEW, keep_mtime=True)

    temporary = seen - {"cat.jpg"}
    assert len(temporary) == 2
    for name in temporary:
        assert name.startswith(".cat.jpg.phototag-")
        assert not name.endswith(".jpg")


def test_a_name_as_long_as_names_may_be_is_replaced(tmp_path: Path) -> None:
    photo = make_photo(tmp_path / ("ü" * 125 + ".jpg"))
    assert len(os.fsencode(photo.name)) == 254

    replace(photo)

    assert photo.read_bytes() == NEW


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_new_sidecar_is_there_whole_or_not_at_all(
    photo: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    sidecar = photo.parent / "cat.jpg.xmp"
    opened = open_files()
    for number in range(1, 100):
        sidecar.unlink(missing_ok=True)
        with planted(monkeypatch, number, fail(code)) as plant:
            try:
                files.create(os.fsencode(sidecar), NEW, photo.stat())
                is_made = True
            except (Busy, Refused):
                is_made = False
        assert sidecar.exists() == is_made, plant.struck
        assert not is_made or sidecar.read_bytes() == NEW
        assert open_files() == opened
        left = set(names_in(photo.parent)) - {"cat.jpg", "cat.jpg.xmp"}
        assert not left or plant.struck == "unlink", plant.struck
        for name in left:
            (photo.parent / name).unlink()
        if not plant.struck:
            break

    assert is_made
    assert number > 8


def test_a_new_sidecar_does_not_take_the_place_of_one_that_came_meanwhile(photo: Path) -> None:
    sidecar = photo.parent / "cat.jpg.xmp"
    sidecar.write_bytes(b"darktable's")

    with pytest.raises(Busy, match="another program has made it"):
        files.create(os.fsencode(sidecar), NEW, photo.stat())

    assert sidecar.read_bytes() == b"darktable's"
    assert names_in(photo.parent) == ["cat.jpg", "cat.jpg.xmp"]


def test_a_new_sidecar_is_made_without_hard_links_too(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = photo.parent / "cat.jpg.xmp"
    with planted(monkeypatch, 1, fail(errno.EPERM), "link"):
        files.create(os.fsencode(sidecar), NEW, photo.stat())

    assert sidecar.read_bytes() == NEW
    assert names_in(photo.parent) == ["cat.jpg", "cat.jpg.xmp"]


@needs_root
def test_a_new_sidecar_belongs_to_the_owner_of_the_photo(photo: Path) -> None:
    photo.chmod(0o751)
    sidecar = photo.parent / "cat.jpg.xmp"

    files.create(os.fsencode(sidecar), NEW, photo.stat())

    status = sidecar.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 1235, 0o640)


def test_a_sidecar_that_changed_is_not_deleted(photo: Path) -> None:
    original = read(photo)
    edit_in_place(photo)

    with pytest.raises(Busy, match="changed meanwhile"):
        files.delete(original)

    assert photo.exists()


def test_only_regular_files_of_bearable_size_are_read(photo: Path) -> None:
    link, pipe = photo.parent / "link.jpg", photo.parent / "pipe.jpg"
    link.symlink_to(photo)
    os.mkfifo(pipe)

    for path, reason in ((link, "symbolic link"), (pipe, "not a regular"), (photo.parent, "not a")):
        with pytest.raises(Refused, match=reason):
            read(path)
    with pytest.raises(Refused, match="larger than"):
        files.read_original(os.fsencode(photo), 1000)
    with pytest.raises(FileNotFoundError):
        read(photo.parent / "none.jpg")


def test_a_file_that_grows_while_it_is_read_is_busy(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stat_then_grow(_name: str, call: Callable[[], Any], _args: tuple[Any, ...]) -> Any:
        status = call()
        with photo.open("ab") as file:
            file.write(secrets.token_bytes(10))
        return status

    with planted(monkeypatch, 1, stat_then_grow, "fstat"), pytest.raises(Busy):
        read(photo)


def test_a_folder_that_may_be_written_to_but_not_read_takes_the_new_photo(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse_folders(path: bytes, flags: int, *rest: int) -> int:
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "planted")
        return real(path, flags, *rest)

    original = read(photo)
    monkeypatch.setattr(os, "open", refuse_folders)

    files.replace(original, NEW, keep_mtime=True)

    assert photo.read_bytes() == NEW
