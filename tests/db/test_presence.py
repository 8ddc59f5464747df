"""Missing photos: told, marked, counted, purged; and what is known of roots."""

from __future__ import annotations

import pytest
from catalog_samples import add_photos, analysis, entry, facts, miscounted_labels, rows, take_in

from phototagd.db.catalog import CHUNK
from phototagd.db.reader import CatalogReader
from phototagd.db.records import FolderChange, LabelCount, RootRecord
from phototagd.db.states import PhotoState, RootState


class Clock:
    now = 5000.9

    def __call__(self):
        return self.now


@pytest.fixture
def root(catalog):
    return catalog.add_root(b"/photos").id


def test_what_is_gone_is_told_and_not_marked(catalog, root):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    change = catalog.reconcile_folder(root, b"", [entry(b"a.jpg")])
    assert change == FolderChange(unchanged=1, gone=(second,))
    assert catalog.counts() == {PhotoState.PENDING: 2}
    assert catalog.mark_missing(change.gone) == 1
    assert catalog.mark_missing([first, second]) == 1
    assert catalog.reconcile_folder(root, b"", []) == FolderChange()


def test_a_file_that_could_not_be_looked_at_is_not_gone(catalog, root):
    add_photos(catalog, [b"a.jpg"])
    assert catalog.reconcile_folder(root, b"", [], {b"a.jpg"}) == FolderChange()


def test_missing_photos_keep_their_results_and_know_since_when(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    catalog.mark_missing([photo])
    with CatalogReader.open(path) as reader:
        (record,) = reader.photos([PhotoState.MISSING])
        assert (record.id, record.missing_since, record.analyzed_at) == (photo, 5000, 5000)
        assert reader.photo(b"/photos/a.jpg").tags[0].name == "cat"
        assert reader.search("cat") == []
        assert reader.labels() == [LabelCount("cat", 0, ("label",))]


def test_labels_count_the_photos_that_are_there(catalog, path):
    ids = add_photos(catalog, [b"%d.jpg" % n for n in range(4)])
    for photo in ids:
        take_in(catalog, photo, facts(), analysis({"cat": 0.5, "dog": 0.5}))
    take_in(catalog, ids[3], facts(), analysis({"zebra": 0.5, "dog": 0.5}))
    catalog.mark_missing(ids[:2])
    with CatalogReader.open(path) as reader:
        counts = [(label.name, label.photos) for label in reader.labels()]
        assert counts == [("dog", 2), ("cat", 1), ("zebra", 1)]


def test_a_photo_that_returns_is_missing_since_never(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    catalog.mark_missing([photo])
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg")])
    assert rows(path, "SELECT state, missing_since FROM photo") == [("pending", None)]


def test_vanished_folders_give_their_own_photos_only(catalog, root):
    names = (b"", b"a", b"a/b", b"ab")
    ids = {}
    for number, folder in enumerate(names):
        catalog.reconcile_folder(root, folder, [entry(b"x.jpg", inode=number + 1)])
    ids = {photo.path: photo.id for photo in catalog.queue.next_pending(9)}
    gone = catalog.gone_folders_photos(root, [b"a", b"ab", b"unknown"])
    assert set(gone) == {ids[b"/photos/a/x.jpg"], ids[b"/photos/ab/x.jpg"]}
    catalog.mark_missing(gone)
    assert catalog.gone_folders_photos(root, [b"a", b"ab"]) == ()
    assert catalog.gone_folders_photos(root + 1, names) == ()


def test_present_photos_are_counted_below_a_folder(catalog, root):
    for folder in (b"", b"a", b"a/b", b"ab"):
        catalog.reconcile_folder(root, folder, [entry(folder.replace(b"/", b"") + b".jpg")])
    assert (catalog.count_present(root), catalog.count_present(root, b"a")) == (4, 2)
    catalog.mark_folder_missing(root, b"a/b")
    assert (catalog.count_present(root), catalog.count_present(root, b"a")) == (3, 1)


def test_more_photos_than_one_transaction_takes_are_marked_and_purged(catalog, root, path):
    number = 2 * CHUNK + 7
    listing = [entry(b"%05d.jpg" % n, inode=n + 1) for n in range(number)]
    catalog.reconcile_folder(root, b"x", listing)
    gone = catalog.reconcile_folder(root, b"x", []).gone
    assert catalog.mark_missing(gone) == number
    assert catalog.purge_missing(6000) == number
    assert rows(path, "SELECT (SELECT count(*) FROM photo), (SELECT count(*) FROM folder)") == [
        (0, 0)
    ]


def test_a_purge_takes_what_is_missing_for_long_with_all_that_was_said_of_it(catalog, path, clock):
    old, young, there = add_photos(catalog, [b"old.jpg", b"young.jpg", b"there.jpg"])
    for photo in (old, young, there):
        take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5, 0.4]))
    take_in(catalog, old, facts(), analysis({"zebra": 0.5}, dog=[0.5]))
    catalog.mark_missing([old])
    clock.now = 9000
    catalog.mark_missing([young])
    assert catalog.purge_missing(5000) == 0
    assert catalog.purge_missing(9000) == 1
    assert rows(path, "SELECT id FROM photo ORDER BY id") == [(young,), (there,)]
    assert rows(path, "SELECT DISTINCT photo_id FROM detection") == [(young,), (there,)]
    labels = rows(path, "SELECT name, n FROM label ORDER BY name")
    assert labels == [("cat", 2), ("dog", 2), ("zebra", 0)]
    assert miscounted_labels(path) == []


@pytest.mark.parametrize("state", [RootState.OFFLINE, RootState.MISSING, RootState.SUSPECT])
def test_nothing_is_purged_where_nobody_can_see(catalog, root, state):
    catalog.mark_missing(add_photos(catalog, [b"a.jpg"]))
    catalog.set_root_state(root, state)
    assert catalog.purge_missing(6000) == 0
    catalog.set_root_state(root, RootState.OK)
    assert catalog.purge_missing(6000) == 1


def test_what_is_known_of_a_root_comes_back_for_writer_and_reader(catalog, path):
    catalog.add_root(b"/b\xff")
    first = catalog.add_root(b"/a")
    assert catalog.root_records()[0] == RootRecord(first.id, b"/a", RootState.OK)
    big = (1 << 64) - 5
    catalog.set_root(first.id, device=big, inode=big - 1, is_mount=True, mounts=[b"x\xff", b"m"])
    catalog.set_root_state(first.id, RootState.OFFLINE)
    catalog.note_scan(first.id, 77.7)
    known = RootRecord(first.id, b"/a", RootState.OFFLINE, big, big - 1, True, 77, (b"m", b"x\xff"))
    assert catalog.root_records()[0] == known
    with CatalogReader.open(path) as reader:
        assert reader.roots() == catalog.root_records()
    catalog.set_root(first.id, device=1, inode=2, is_mount=False, mounts=[b"m"])
    assert catalog.root_records()[0].mounts == (b"m",)


def test_only_a_suspect_root_can_be_confirmed(catalog, root):
    assert not catalog.confirm_missing(root)
    assert not catalog.confirm_missing(root + 1)
    catalog.set_root_state(root, RootState.SUSPECT)
    assert catalog.confirm_missing(root)
    assert [record.state for record in catalog.root_records()] == [RootState.CONFIRMED]


def test_a_root_above_knows_the_mounts_of_those_that_it_absorbs(catalog):
    inner = catalog.add_root(b"/x/disk")
    catalog.set_root(inner.id, device=1, inode=2, is_mount=True, mounts=[b"deep"])
    plain = catalog.add_root(b"/x/plain")
    catalog.set_root(plain.id, device=1, inode=2, is_mount=False, mounts=[])
    catalog.add_root(b"/x")
    (record,) = catalog.root_records()
    assert (record.path, record.inode, record.mounts) == (b"/x", None, (b"disk", b"disk/deep"))


def test_the_reader_compares_a_listing_with_what_is_known(catalog, root, path):
    listing = [entry(b"a.jpg"), entry(b"b.jpg")]
    catalog.reconcile_folder(root, b"x", listing)
    with CatalogReader.open(path) as reader:
        assert reader.is_as_known(root, b"x", listing[::-1])
        assert reader.is_as_known(root, b"unknown", [])
        for other in (
            listing[:1],
            [*listing, entry(b"c.jpg")],
            [listing[0], entry(b"b.jpg", size=9)],
        ):
            assert not reader.is_as_known(root, b"x", other)
        catalog.file_gone(root, b"x", b"a.jpg")
        assert not reader.is_as_known(root, b"x", listing)
        assert reader.is_as_known(root, b"x", listing[1:])
        assert reader.counts() == catalog.counts()
