from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.output.atomic import written_whole

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
