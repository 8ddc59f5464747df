"""Photos that wait for a library: the next run after its installation reads them, and only once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from decoding import heic_bytes
from photo_files import CAT, open_rgb

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program

pytest.importorskip("pillow_heif")


@pytest.fixture
def no_heif(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with another pillow-heif, that cannot be loaded."""
    folder = tmp_path / "old"
    info = folder / "pillow_heif-0.0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pillow-heif\nVersion: 0.0.1\n")
    (folder / "pillow_heif.py").write_text("raise ImportError('no wheel for this machine')\n")
    return folder


def test_a_photo_is_read_when_its_library_has_come(
    program: Program, tmp_path: Path, no_heif: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.heic").write_bytes(heic_bytes(open_rgb(CAT)))
    plain = dict(program.environ)
    program.environ["PYTHONPATH"] = os.pathsep.join([str(no_heif), plain.get("PYTHONPATH", "")])
    for _again in range(2):
        program.run("scan", photos)
        assert program.search("state:unsupported") == [str(photos / "cat.heic")]
    program.environ = plain

    done = program.run("scan", photos)

    assert done.returncode == 0, done.stderr
    assert program.search("cat") == [str(photos / "cat.heic")]
