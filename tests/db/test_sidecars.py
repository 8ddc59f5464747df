"""What lies beside a photo belongs to its version: a change there is a reason to read it again."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from catalog_samples import add_photos, analysis, entry, facts, rows, tag_file, take_in

from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.records import FolderChange

ALONE = entry(b"a.jpg")
BESIDE = ALONE._replace(sidecar=17)


@pytest.fixture
def path(tmp_path):
    return os.fsencode(tmp_path / "catalog.db")


@pytest.fixture
def catalog(path):
    with Catalog.open(path) as opened:
        yield opened


@pytest.fixture
def photo(catalog):
    """Give the id of a done photo without a sidecar."""
    (found,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, found, facts(), analysis({"cat": 0.5}))
    return found


def waits(catalog):
    return [photo.id for photo in catalog.queue.next_pending(9)]


def sidecar(path):
    return rows(path, "SELECT sidecar FROM photo")[0][0]


def is_known(path, listed):
    with CatalogReader.open(path) as reader:
        return reader.is_as_known(1, b"", [listed])


def test_a_new_sidecar_makes_a_walk_read_the_photo_again_but_only_once(catalog, photo, path):
    assert is_known(path, ALONE)
    assert not is_known(path, BESIDE)
    assert catalog.reconcile_folder(1, b"", [BESIDE]) == FolderChange(changed=1)
    assert waits(catalog) == [photo]
    catalog.record_copy(photo, replace(facts(), sidecar=17), photo)
    assert is_known(path, BESIDE)
    assert catalog.reconcile_folder(1, b"", [BESIDE]) == FolderChange(unchanged=1)
    assert waits(catalog) == []


def test_a_sidecar_that_goes_is_a_change_as_well(catalog, photo):
    catalog.record_copy(photo, replace(facts(), sidecar=17), photo)
    assert catalog.observe_file(1, b"", ALONE)
    assert waits(catalog) == [photo]


def test_a_photo_that_moves_with_its_sidecar_is_not_read_again(catalog, photo):
    catalog.record_copy(photo, replace(facts(), sidecar=17), photo)
    moved = BESIDE._replace(name=b"b.jpg")
    assert catalog.reconcile_folder(1, b"", [moved]) == FolderChange(moved=(photo,))
    assert waits(catalog) == []


def test_a_photo_that_moves_away_from_its_sidecar_stays_itself_and_is_read_again(catalog, photo):
    catalog.record_copy(photo, replace(facts(), sidecar=17), photo)
    moved = ALONE._replace(name=b"b.jpg")
    change = catalog.reconcile_folder(1, b"", [moved])
    assert change == FolderChange(changed=1, moved=(photo,))
    assert waits(catalog) == [photo]


@pytest.mark.usefixtures("photo")
def test_a_sidecar_alone_makes_no_photo_a_moved_one(catalog):
    """Its place is not left: the same file is there, with something else beside it."""
    link = ALONE._replace(name=b"b.jpg")
    change = catalog.reconcile_folder(1, b"", [BESIDE, link])
    assert (change.new, change.changed, change.moved) == (1, 1, ())


def test_a_sidecar_that_we_wrote_is_no_change(catalog, photo, path):
    catalog.tags.record(photo, tag_file("cat", target="sidecar"), sidecars=(0, 17))
    assert sidecar(path) == 17
    assert is_known(path, BESIDE)


def test_what_another_program_wrote_before_us_is_still_read(catalog, photo, path):
    catalog.tags.record(photo, tag_file("cat", target="sidecar"), sidecars=(5, 17))
    assert sidecar(path) == 0
    assert not is_known(path, BESIDE)
    catalog.reconcile_folder(1, b"", [BESIDE])
    assert waits(catalog) == [photo]


def test_writing_to_the_photo_leaves_what_is_known_of_its_sidecar(catalog, photo, path):
    catalog.record_copy(photo, replace(facts(), sidecar=17), photo)
    catalog.tags.record(photo, tag_file("cat"), entry(b"a.jpg", seconds=2000))
    assert sidecar(path) == 17


def test_a_sidecar_belongs_to_the_photo_it_names_or_to_all_of_its_stem(catalog):
    add_photos(catalog, [b"a.jpg", b"a.dng", b"a.b.jpg", b"ab.jpg", b"a.jpg.png"])
    beside = {
        name: sorted(catalog.photos_beside(1, b"", name))
        for name in (b"a.jpg.xmp", b"a.xmp", b"a.jpg.XMP", b"a.b.xmp", b"none.xmp")
    }
    assert beside == {
        b"a.jpg.xmp": [b"a.jpg", b"a.jpg.png"],
        b"a.xmp": [b"a.dng", b"a.jpg"],
        b"a.jpg.XMP": [b"a.jpg", b"a.jpg.png"],
        b"a.b.xmp": [b"a.b.jpg"],
        b"none.xmp": [],
    }
    assert catalog.photos_beside(1, b"nowhere", b"a.xmp") == []
