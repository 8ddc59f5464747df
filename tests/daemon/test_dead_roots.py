"""Roots as settings name them, on disks that do not answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from mounting import mounted_dead_server

from phototagd.daemon.config import RootSettings
from phototagd.daemon.library import Library
from phototagd.daemon.watching import mounts
from phototagd.daemon.watching.ignores import Ignores
from phototagd.db.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(bytes(tmp_path / "catalog.db")) as found:
        yield found


def test_a_share_that_does_not_answer_keeps_its_place_at_a_start_and_at_a_reload(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "HUNG_SECONDS", 2.0)
    for name in ("nas", "local"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("nas/photos")
    top = os.fsencode(tmp_path)
    settings = [RootSettings(top + b"/link"), RootSettings(top + b"/local")]

    def begin() -> Library:
        return Library(catalog, b"", settings, Ignores(), lambda: None)

    with mounted_dead_server(tmp_path / "nas") as hang_up:
        library = begin()
        dropped = library.update(settings)
        # A known photo there may be the one that was found elsewhere: nobody goes to look.
        is_gone = library.is_gone(top + b"/nas/photos/cat.jpg")
        hang_up()

    assert [root.top for root in library.roots.values()] == [top + b"/nas/photos", top + b"/local"]
    assert dropped == []
    assert not is_gone
    assert [root.path for root in catalog.roots()] == [top + b"/local", top + b"/nas/photos"]


def test_a_share_that_stops_to_answer_stays_the_folder_that_it_was(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "HUNG_SECONDS", 2.0)
    (tmp_path / "nas/2020").mkdir(parents=True)
    (tmp_path / "nas/newest").symlink_to("2020")
    settings = [RootSettings(os.fsencode(tmp_path / "nas/newest"))]
    library = Library(catalog, b"", settings, Ignores(), lambda: None)
    with mounted_dead_server(tmp_path / "nas") as hang_up:
        dropped = library.update(settings)
        hang_up()

    assert dropped == []
    assert [root.top for root in library.roots.values()] == [os.fsencode(tmp_path / "nas/2020")]
