"""The library: when a photo that is not there is gone, and when its disk may be."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.config import RootSettings
from phototagd.daemon.library import MOST_LOST_UNASKED, Library, Place, Root
from phototagd.daemon.watching.ignores import Ignores
from phototagd.daemon.watching.mounts import identify
from phototagd.daemon.watching.scan import Walk
from phototagd.db.catalog import Catalog
from phototagd.db.states import PhotoState, RootState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATER = 9_999_999_999
MANY = MOST_LOST_UNASKED + 10


class Shelf:
    """A library of one folder, and a clock for what is added to it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.now = 1000
        path = bytes(top.with_name("catalog.db"))
        self.catalog = Catalog.open(path, clock=lambda: self.now)
        self.library = Library(
            self.catalog, path, [RootSettings(bytes(top))], Ignores(), lambda: None
        )
        (self.root,) = self.library.roots.values()

    def put(self, *names: str) -> None:
        for name in names:
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())

    def walk(self) -> None:
        identity = identify(bytes(self.top))
        self.library.see_root(self.root, identity, None)
        walk = Walk(bytes(self.top), ignores=Ignores())
        for listing in walk.listings():
            self.library.take_listing(self.root, b"", listing)
        self.library.finish_walk(self.root, walk)

    def place(self, relpath: str) -> Place:
        return Place(self.root, os.fsencode(relpath))

    def counts(self) -> dict[PhotoState, int]:
        return self.catalog.counts()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    (tmp_path / "photos").mkdir()
    made = Shelf(tmp_path / "photos")
    with made.catalog:
        made.put("a.jpg", "album/b.jpg", "album/c.jpg")
        made.walk()
        yield made


def swap(root: Root, top: Path) -> None:
    """Put another folder in the place of a root, as unmounting does."""
    top.rename(top.with_name("away"))
    top.mkdir()
    assert root.is_served, "nobody has looked since"


def test_what_events_say_is_gone_is_missing(shelf: Shelf) -> None:
    shutil.rmtree(shelf.top / "album")
    (shelf.top / "a.jpg").unlink()

    assert shelf.library.forget_folder(shelf.place("album"))
    assert shelf.library.forget_file(shelf.place(""), b"a.jpg")
    assert shelf.counts() == {PhotoState.MISSING: 3}


def test_nothing_is_missing_where_the_disk_went_and_nobody_has_looked_yet(shelf: Shelf) -> None:
    swap(shelf.root, shelf.top)

    assert not shelf.library.forget_folder(shelf.place("album"))
    assert not shelf.library.forget_file(shelf.place(""), b"a.jpg")
    assert not shelf.library.is_gone(bytes(shelf.top / "a.jpg"))
    shelf.top.rmdir()
    assert not shelf.library.forget_folder(shelf.place("album"))
    assert shelf.counts() == {PhotoState.PENDING: 3}


def test_nothing_is_missing_below_a_mount_that_went(shelf: Shelf) -> None:
    shelf.root.known_mounts = frozenset({b"album"})

    assert not shelf.library.forget_folder(shelf.place("album"))
    assert not shelf.library.forget_file(shelf.place("album"), b"b.jpg")
    assert shelf.library.forget_file(shelf.place(""), b"a.jpg")


def test_another_disk_in_the_same_place_is_asked_about_whatever_it_brings(shelf: Shelf) -> None:
    shelf.put(*(f"old/{n}.jpg" for n in range(MANY)))
    shelf.walk()
    known = shelf.counts()
    shutil.rmtree(shelf.top / "old")
    shelf.now = LATER
    shelf.put(*(f"other/another {n}.jpg" for n in range(2 * MANY)))

    for _ in range(2):
        shelf.walk()
        assert shelf.root.state is RootState.SUSPECT
        assert shelf.counts() == {PhotoState.PENDING: known[PhotoState.PENDING] + 2 * MANY}


def test_a_loss_of_less_than_half_is_believed(shelf: Shelf) -> None:
    shelf.put(*(f"old/{n}.jpg" for n in range(MANY)), *(f"kept/{n}.jpg" for n in range(MANY + 1)))
    shelf.walk()
    shutil.rmtree(shelf.top / "old")
    shelf.walk()

    assert shelf.root.state is RootState.OK
    assert shelf.counts()[PhotoState.MISSING] == MANY
