"""What is left out: names, globs, markers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.watching.ignores import IgnoreGlobError, Ignores, has_marker_above

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    [
        b"@eaDir", b"#recycle", b"@Recycle", b"$RECYCLE.BIN", b"lost+found", b"__MACOSX",
        b".stversions", b".Trash-1000", b".Trashes", b".dtrash", b".thumbnails", b".git",
    ],
)  # fmt: skip
def test_folders_that_are_nobodys_photos_are_left_out(name: bytes) -> None:
    assert Ignores().is_ignored_folder(name)
    assert Ignores().is_ignored_folder(b"a/b/" + name)
    assert not Ignores().is_ignored_folder(name + b"/below")


def test_an_ignored_folder_anywhere_on_the_way_counts() -> None:
    ignores = Ignores()

    assert ignores.is_ignored_path(b"a/.git/b")
    assert ignores.is_ignored_path(b"@eaDir")
    assert ignores.is_ignored_path(b"a/b/@eaDir")
    assert not ignores.is_ignored_path(b"")
    assert not ignores.is_ignored_path(b"a/b c")


def test_hidden_files_are_left_out() -> None:
    assert Ignores().is_ignored_file(b"a/._x.jpg")
    assert not Ignores().is_ignored_file(b"a.b/x.jpg")


def test_globs_name_files_and_folders_as_in_gitignore() -> None:
    ignores = Ignores(["*.tmp.jpg", "thumbs/", "/2019/raw/", "**/private/**"])

    assert ignores.is_ignored_file(b"a/b/x.tmp.jpg")
    assert not ignores.is_ignored_file(b"a/b/x.jpg")
    assert ignores.is_ignored_folder(b"a/thumbs")
    assert ignores.is_ignored_folder(b"2019/raw")
    assert not ignores.is_ignored_folder(b"old/2019/raw")
    assert ignores.is_ignored_folder(b"a/private")
    assert ignores.is_ignored_path(b"private/deep")


def test_a_later_glob_takes_back_what_an_earlier_one_said() -> None:
    ignores = Ignores(["*.png", "!cover.png"])

    assert ignores.is_ignored_file(b"a/x.png")
    assert not ignores.is_ignored_file(b"a/cover.png")


def test_globs_hold_for_names_that_are_no_text() -> None:
    assert Ignores(["*.png"]).is_ignored_file(b"\xff\xfe/\xe9\n.png")


def test_a_glob_that_cannot_be_understood_is_named() -> None:
    with pytest.raises(IgnoreGlobError, match="!"):
        Ignores(["fine/", "!"])


@pytest.mark.parametrize("marker", [".nomedia", ".phototagignore"])
def test_a_marker_counts_for_all_below_but_not_in_the_root(tmp_path: Path, marker: str) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    root = os.fsencode(tmp_path)
    assert not has_marker_above(root, b"a/b")

    (tmp_path / marker).touch()
    assert not has_marker_above(root, b"a/b")

    (tmp_path / "a" / marker).touch()
    assert has_marker_above(root, b"a/b")
    assert has_marker_above(root, b"a")
