"""What lies beside a photo: seen by walks, by the stability rule and by events, always alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.version import find_sidecars, is_sidecar_name, sidecar_version
from phototagd.daemon.watching.scan import Walk
from phototagd.daemon.watching.settle import Settling, StableFile

if TYPE_CHECKING:
    from pathlib import Path


def put(path: Path, size: int = 1) -> Path:
    path.write_bytes(b"x" * size)
    return path


def version(*paths: Path) -> int:
    found = [path.lstat() for path in paths]
    return sidecar_version((one.st_size, one.st_mtime_ns) for one in found)


def walked(folder: Path) -> dict[str, int]:
    (listing,) = Walk(os.fsencode(folder)).listings()
    return {os.fsdecode(file.name): file.sidecar for file in listing.files}


def test_a_walk_knows_which_photos_a_sidecar_belongs_to(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.dng", "ab.jpg", "b.jpg", "c.d.jpg"):
        put(tmp_path / name)
    own, both = put(tmp_path / "a.jpg.xmp", 10), put(tmp_path / "a.xmp", 20)
    other = put(tmp_path / "c.d.xmp", 30)
    put(tmp_path / "c.xmp")
    put(tmp_path / "b.jpg.xml")

    assert walked(tmp_path) == {
        "a.jpg": version(own, both),
        "a.dng": version(both),
        "ab.jpg": 0,
        "b.jpg": 0,
        "c.d.jpg": version(other),
    }


@pytest.mark.parametrize("odd", ["a.JPG.XMP", "A.xmp", ".a.jpg.xmp"])
def test_only_the_file_system_says_which_names_are_one(tmp_path: Path, odd: str) -> None:
    """Here case tells names apart; where it does not, the child finds what the walk finds."""
    put(tmp_path / "a.jpg")
    put(tmp_path / odd)

    assert walked(tmp_path) == {"a.jpg": 0}
    assert find_sidecars(os.fsencode(tmp_path / "a.jpg")) == 0


def test_whatever_bears_the_name_counts_also_a_link_or_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    put(tmp_path / "b.jpg")
    (tmp_path / "a.jpg.xmp").symlink_to("nowhere")
    (tmp_path / "b.xmp").mkdir()

    listing = next(Walk(os.fsencode(tmp_path)).listings())
    found = {file.name: file.sidecar for file in listing.files}
    assert found == {
        b"a.jpg": version(tmp_path / "a.jpg.xmp"),
        b"b.jpg": version(tmp_path / "b.xmp"),
    }
    for name, seen in found.items():
        assert find_sidecars(os.path.join(os.fsencode(tmp_path), name)) == seen


def test_a_photo_whose_name_leaves_no_room_for_a_sidecars_has_none(tmp_path: Path) -> None:
    name = "n" * 251 + ".jpg"
    put(tmp_path / name)
    put(tmp_path / "x.xmp")
    assert walked(tmp_path) == {name: 0}


def test_a_change_of_size_or_time_is_another_version_and_none_is_0(tmp_path: Path) -> None:
    photo = os.fsencode(put(tmp_path / "a.jpg"))
    seen = [find_sidecars(photo)]
    sidecar = put(tmp_path / "a.xmp")
    for size, nanoseconds in ((1, 0), (2, 0), (2, 5 * 10**9)):
        os.utime(put(sidecar, size), ns=(nanoseconds, nanoseconds))
        seen.append(find_sidecars(photo))
    assert seen[0] == 0
    assert len(set(seen)) == 4


def test_a_settled_photo_comes_with_the_version_of_its_sidecars(tmp_path: Path) -> None:
    photo, sidecar = put(tmp_path / "a.jpg"), put(tmp_path / "a.jpg.xmp")
    now = photo.stat().st_mtime + 100
    settling = Settling(lambda: now, lambda: now)
    settling.touch(os.fsencode(photo), 0.0)
    ((found,), gone) = settling.take_ready()
    assert found == StableFile.found(os.fsencode(photo), photo.lstat())
    assert (found.sidecar, gone) == (version(sidecar), [])


def test_names_of_sidecars_are_told_by_their_end() -> None:
    assert is_sidecar_name(b"a.xmp")
    assert is_sidecar_name(b"a.jpg.XMP")
    assert is_sidecar_name(b"/photos/a.xmp")
    for name in (b"a.jpg", b".a.xmp", b"xmp", b"a.xmp.jpg"):
        assert not is_sidecar_name(name)
