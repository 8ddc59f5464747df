"""Files that appear whole or not at all, with the owner and permissions that they should have."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.atomic import written_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    path.write_bytes(b"old")

    def fail() -> None:
        with written_whole(os.fsencode(path)) as file:
            file.write(b"half")
            file.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.html"]


def test_a_whole_file_takes_the_place_of_what_a_link_names(tmp_path: Path) -> None:
    path, link = tmp_path / "out.html", tmp_path / "link.html"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)

    with written_whole(os.fsencode(link)) as file:
        file.write(b"new")

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    with written_whole(os.fsencode(tmp_path / "ours")) as file:
        file.write(b"x")
    (tmp_path / "theirs").write_bytes(b"x")

    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_permissions_that_are_given_hold_for_old_files_and_new_ones(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"old")
    old.chmod(0o600)

    for path in (old, tmp_path / "new"):
        with written_whole(os.fsencode(path), mode=0o644, is_durable=False) as file:
            file.write(b"x")
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_of_somebody_else_stays_theirs(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    path = tmp_path / "theirs"
    path.write_bytes(b"old")
    os.chown(path, 12345, 12346)

    with written_whole(os.fsencode(path)) as file:
        file.write(b"new")

    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)
    assert path.read_bytes() == b"new"


def test_a_pipe_is_written_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    with written_whole(os.fsencode(pipe)) as file:
        file.write(b"new")
    reader.join()

    assert read == [b"new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_disk_that_knows_no_permissions_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    with written_whole(os.fsencode(tmp_path / "out")) as file:
        file.write(b"new")

    assert (tmp_path / "out").read_bytes() == b"new"
