"""RAW photos and their pictures: pairs by stem in one folder, found anew whenever a half moves."""

from __future__ import annotations

import os
from itertools import count

import pytest
from catalog_samples import analysis, entry, facts, rows, take_in

from phototagd.daemon.formats import FORMATS
from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.states import RAW_SUFFIXES


@pytest.fixture
def path(tmp_path):
    return os.fsencode(tmp_path / "catalog.db")


@pytest.fixture
def library(path):
    with Catalog.open(path) as catalog:
        yield Library(catalog, path)


class Library:
    """Folders as they lie there, told to the catalog as a walk tells them."""

    def __init__(self, catalog, path):
        self.catalog, self.path = catalog, path
        self.root = catalog.add_root(b"/photos").id
        self.inodes = count(1)

    def put(self, *names, folder=b""):
        """List a folder with new files of these names."""
        entries = [entry(name, inode=next(self.inodes)) for name in names]
        self.catalog.reconcile_folder(self.root, folder, entries)
        return entries

    def list(self, entries, folder=b"", left=()):
        """List a folder with known files; they have left the places named."""
        self.catalog.reconcile_folder(self.root, folder, entries, is_gone=lambda p: p in left)

    def pairs(self):
        """Give the RAW photos' names with those of their pictures."""
        sql = "SELECT r.name, p.name FROM photo r LEFT JOIN photo p ON p.id = r.pair_id"
        raws = {raw: other for raw, other in rows(self.path, sql) if raw.lower().endswith(b".dng")}
        others = "SELECT count(*) FROM photo WHERE pair_id IS NOT NULL"
        assert rows(self.path, others) == [(sum(other is not None for other in raws.values()),)]
        return raws


def test_the_catalog_and_the_daemon_mean_the_same_formats_by_raw():
    (raw,) = [entry for entry in FORMATS if entry.name == "RAW"]
    assert {suffix.decode().lstrip(".") for suffix in raw.suffixes} == RAW_SUFFIXES


@pytest.mark.parametrize("more", [0, 30])
def test_a_raw_photo_is_the_pair_of_the_first_picture_of_its_stem(library, more):
    """Few stems are asked for one by one, of many all photos of the folder are looked at."""
    rest = [b"%d.jpg" % n for n in range(more)]
    library.put(b"a.DNG", b"a.png", b"a.JPG", b"b.dng", b"b.x.jpg", b"B.jpg", b"c.dng", *rest)
    assert library.pairs() == {b"a.DNG": b"a.JPG", b"b.dng": None, b"c.dng": None}


def test_the_same_stem_in_another_folder_is_no_pair(library):
    library.put(b"a.dng")
    library.put(b"a.jpg", folder=b"x")
    assert library.pairs() == {b"a.dng": None}


def test_a_picture_that_comes_later_by_itself_is_found(library):
    library.put(b"a.dng")
    library.catalog.observe_file(library.root, b"", entry(b"a.jpg", inode=99))
    assert library.pairs() == {b"a.dng": b"a.jpg"}


def test_a_raw_photo_that_comes_later_by_itself_finds_its_picture(library):
    library.put(b"a.jpg")
    library.catalog.observe_file(library.root, b"", entry(b"a.dng", inode=99))
    assert library.pairs() == {b"a.dng": b"a.jpg"}


def test_renaming_one_half_dissolves_the_pair_and_renaming_it_back_mends_it(library):
    raw, picture = library.put(b"a.dng", b"a.jpg")
    for moved in ((raw, picture._replace(name=b"b.jpg")), (raw._replace(name=b"b.dng"), picture)):
        library.list(moved)
        assert set(library.pairs().values()) == {None}
        library.list((raw, picture))
        assert library.pairs() == {b"a.dng": b"a.jpg"}


def test_halves_that_move_together_stay_a_pair(library):
    both = library.put(b"a.dng", b"a.jpg")
    library.list(both, folder=b"x", left=(b"/photos/a.dng", b"/photos/a.jpg"))
    assert library.pairs() == {b"a.dng": b"a.jpg"}


def test_moving_the_picture_away_gives_the_raw_photo_the_next_one(library):
    _, picture, _ = library.put(b"a.dng", b"a.jpg", b"a.png")
    library.list([picture], folder=b"x", left=(b"/photos/a.jpg",))
    assert library.pairs() == {b"a.dng": b"a.png"}


def test_a_picture_that_is_purged_leaves_no_pair_behind(library):
    raw, _, other = library.put(b"a.dng", b"a.jpg", b"a.png")
    gone = library.catalog.reconcile_folder(library.root, b"", [raw, other]).gone
    library.catalog.mark_missing(gone)
    assert library.pairs() == {b"a.dng": b"a.jpg"}  # it may come back
    assert library.catalog.purge_missing(before=2**40) == 1
    assert library.pairs() == {b"a.dng": b"a.png"}
    gone = library.catalog.reconcile_folder(library.root, b"", [raw]).gone
    library.catalog.mark_missing(gone)
    library.catalog.purge_missing(before=2**40)
    assert library.pairs() == {b"a.dng": None}


def test_both_halves_can_be_purged_at_once(library):
    library.put(b"a.dng", b"a.jpg")
    gone = library.catalog.reconcile_folder(library.root, b"", []).gone
    library.catalog.mark_missing(gone)
    assert library.catalog.purge_missing(before=2**40) == 2


def test_each_half_names_the_other(library):
    library.put(b"a.dng", b"a.cr2", b"a.jpg", b"b.jpg")
    for photo in library.catalog.queue.next_pending(9):
        take_in(library.catalog, photo.id, facts(fingerprint=None), analysis())
    with CatalogReader.open(library.path) as reader:
        found = {photo.path: photo.pair for photo in reader.search("", raw=True, details=True)}
    assert found == {
        b"/photos/a.dng": b"/photos/a.jpg",
        b"/photos/a.cr2": b"/photos/a.jpg",
        b"/photos/a.jpg": b"/photos/a.cr2",
        b"/photos/b.jpg": None,
    }
