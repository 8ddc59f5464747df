"""The version of a photo's sidecars: the child's number is the one that a listing gives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from foreign_sidecars import DIGIKAM

from phototagd.daemon import decode
from phototagd.daemon.errors import PhotoChanged
from phototagd.daemon.metadata.sidecars import LIMITS, read_sidecars
from phototagd.daemon.version import LARGEST, find_sidecars, sidecar_paths, sidecar_version

if TYPE_CHECKING:
    from pathlib import Path


def listed(photo: bytes) -> int:
    """Return the version that `lstat` alone gives."""
    there = [os.lstat(path) for path in sidecar_paths(photo) if os.path.lexists(path)]
    return sidecar_version((status.st_size, status.st_mtime_ns) for status in there)


def test_no_sidecar_is_version_0(tmp_path: Path) -> None:
    assert read_sidecars(os.fsencode(tmp_path / "a.jpg")) == ([], 0)


def test_both_sidecars_are_read_and_count(tmp_path: Path) -> None:
    photo = os.fsencode(tmp_path / "a.jpg")
    (tmp_path / "a.jpg.xmp").write_bytes(DIGIKAM)
    one = read_sidecars(photo)
    (tmp_path / "a.xmp").write_bytes(b"other")
    both = read_sidecars(photo)

    assert one[0] == [DIGIKAM]
    assert both == ([DIGIKAM, b"other"], listed(photo))
    assert one[1] not in (0, both[1])


def test_a_sidecar_that_cannot_be_read_counts_so_that_it_is_not_read_for_ever(
    tmp_path: Path,
) -> None:
    photo = os.fsencode(tmp_path / "a.jpg")
    (tmp_path / "a.jpg.xmp").symlink_to(tmp_path / "nowhere")
    with (tmp_path / "a.xmp").open("wb") as file:
        file.truncate(LIMITS.max_bytes + 1)

    assert read_sidecars(photo) == ([], listed(photo))
    assert listed(photo) > 0


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_sidecar_that_grows_while_it_is_read_is_read_again_by_the_next_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_noticed: bool
) -> None:
    sidecar = tmp_path / "a.jpg.xmp"
    sidecar.write_bytes(DIGIKAM[:50])
    read = decode.read_photo

    def grow(path: bytes, limits: decode.Limits) -> decode.PhotoFile:
        sidecar.write_bytes(DIGIKAM)
        if is_noticed:
            raise PhotoChanged("it changed while it was being read")
        return read(path, limits)

    photo = os.fsencode(tmp_path / "a.jpg")
    with monkeypatch.context() as growing:
        growing.setattr(decode, "read_photo", grow)
        _, version = read_sidecars(photo)
    assert version != find_sidecars(photo)
    assert read_sidecars(photo) == ([DIGIKAM], find_sidecars(photo))


def test_a_version_fits_64_bits_and_is_0_only_for_none() -> None:
    assert sidecar_version([]) == 0
    assert sidecar_version([(0, 0)]) == 1
    assert 0 < sidecar_version([(2**62, LARGEST), (2**62, LARGEST)]) <= LARGEST
    assert 0 < sidecar_version([(0, -5)]) <= LARGEST
