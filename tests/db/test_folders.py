"""Reconciling: the catalog becomes what a folder's listing says."""

from __future__ import annotations

import pytest
from catalog_samples import add_photos, analysis, entry, facts, rows, take_in
from sqlalchemy import event

from phototagd.db.records import FolderChange
from phototagd.db.states import PhotoState


@pytest.fixture
def root(catalog):
    return catalog.add_root(b"/photos").id


def states(path):
    return dict(rows(path, "SELECT name, state FROM photo"))


def test_unknown_files_are_new_and_pending(catalog, root, path):
    change = catalog.reconcile_folder(root, b"", [entry(b"a.jpg"), entry(b"b.jpg")])
    assert change == FolderChange(new=2)
    assert states(path) == {b"a.jpg": "pending", b"b.jpg": "pending"}


def test_the_same_listing_again_changes_nothing_and_writes_nothing(catalog, root):
    listing = [entry(b"a.jpg"), entry(b"b.jpg")]
    catalog.reconcile_folder(root, b"2024", listing)
    seen = []
    event.listen(
        catalog._transactions.engine,
        "before_cursor_execute",
        lambda *args: seen.append(args[2].split()[0]),
    )
    assert catalog.reconcile_folder(root, b"2024", listing) == FolderChange(unchanged=2)
    assert seen == ["BEGIN", "SELECT"]


@pytest.mark.parametrize("difference", [{"size": 11}, {"seconds": 1001}, {"inode": 2}])
def test_a_changed_file_is_pending_again_and_keeps_its_results(catalog, root, path, difference):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    change = catalog.reconcile_folder(root, b"", [entry(b"a.jpg", **difference)])
    assert change == FolderChange(changed=1)
    assert states(path) == {b"a.jpg": "pending"}
    assert rows(path, "SELECT count(*) FROM photo_tag") == [(1,)]


def test_a_changed_file_loses_error_and_attempts(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    catalog.record_failure(photo, None, "cut off")
    assert catalog.reconcile_folder(root, b"", [entry(b"a.jpg")]) == FolderChange(unchanged=1)
    assert states(path) == {b"a.jpg": "failed"}
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg", size=99)])
    assert rows(path, "SELECT state, error, attempts FROM photo") == [("pending", None, 0)]


def test_of_files_that_may_be_growing_nothing_is_said(catalog, root, path):
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg")])
    growing = [entry(b"a.jpg", size=77), entry(b"b.jpg")]

    assert catalog.reconcile_folder(root, b"", growing, {b"a.jpg", b"b.jpg"}) == FolderChange()
    assert states(path) == {b"a.jpg": PhotoState.PENDING}
    assert catalog.queue.next_pending(5)[0].size != 77


def test_an_empty_listing_of_an_unknown_folder_leaves_no_trace(catalog, root, path):
    assert catalog.reconcile_folder(root, b"empty", []) == FolderChange()
    assert rows(path, "SELECT count(*) FROM folder") == [(0,)]


def test_an_analysed_photo_that_returns_is_done_at_once(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    catalog.mark_missing(catalog.reconcile_folder(root, b"", []).gone)
    assert catalog.reconcile_folder(root, b"", [entry(b"a.jpg")]) == FolderChange(returned=1)
    assert states(path) == {b"a.jpg": "done"}


def test_a_photo_that_returns_different_is_pending(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    catalog.mark_missing(catalog.reconcile_folder(root, b"", []).gone)
    change = catalog.reconcile_folder(root, b"", [entry(b"a.jpg", size=99)])
    assert change == FolderChange(changed=1)
    assert states(path) == {b"a.jpg": "pending"}


def test_results_of_an_older_content_do_not_make_a_returning_photo_done(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    newer = entry(b"a.jpg", size=99)
    catalog.reconcile_folder(root, b"", [newer])
    catalog.mark_missing(catalog.reconcile_folder(root, b"", []).gone)
    assert catalog.reconcile_folder(root, b"", [newer]) == FolderChange(returned=1)
    assert states(path) == {b"a.jpg": "pending"}


def test_a_failed_photo_that_returns_is_tried_again(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    catalog.record_failure(photo, facts(), "cut off")
    catalog.mark_missing(catalog.reconcile_folder(root, b"", []).gone)
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg")])
    assert states(path) == {b"a.jpg": "pending"}


def test_composed_and_decomposed_names_are_two_photos(catalog, root):
    names = ["é.jpg".encode(), "e\u0301.jpg".encode(), b"\xff\xfe.jpg"]
    listing = [entry(name) for name in names]
    assert catalog.reconcile_folder(root, b"caf\xe9", listing) == FolderChange(new=3)
    assert catalog.reconcile_folder(root, b"caf\xe9", listing) == FolderChange(unchanged=3)
    assert {photo.path for photo in catalog.queue.next_pending(9, [])} == {
        b"/photos/caf\xe9/" + name for name in names
    }


def test_inodes_of_all_64_bits_survive(catalog, root):
    big = entry(b"a.jpg", inode=(1 << 64) - 3)
    catalog.reconcile_folder(root, b"", [big])
    assert catalog.reconcile_folder(root, b"", [big]) == FolderChange(unchanged=1)
    assert catalog.queue.next_pending(1, [])[0].inode == (1 << 64) - 3


def test_observing_one_file_says_whether_it_waits(catalog, root, path):
    catalog.reconcile_folder(root, b"", [entry(b"other.jpg")])
    assert catalog.observe_file(root, b"", entry(b"a.jpg"))
    assert catalog.observe_file(root, b"", entry(b"a.jpg"))
    photo = next(p for p in catalog.queue.next_pending(9, []) if p.path.endswith(b"/a.jpg"))
    take_in(catalog, photo.id, facts(), analysis())
    assert not catalog.observe_file(root, b"", entry(b"a.jpg"))
    assert catalog.observe_file(root, b"", entry(b"a.jpg", size=77))
    assert states(path)[b"other.jpg"] == "pending"


def test_a_file_that_goes_is_missing_and_an_unknown_one_is_no_news(catalog, root, path):
    catalog.observe_file(root, b"x", entry(b"a.jpg"))
    assert catalog.file_gone(root, b"x", b"a.jpg")
    assert not catalog.file_gone(root, b"x", b"a.jpg")
    assert not catalog.file_gone(root, b"x", b"unknown.jpg")
    assert states(path) == {b"a.jpg": "missing"}


def test_a_vanished_folder_takes_all_below_it_and_no_neighbour(catalog, root, path):
    for folder in (b"", b"a", b"a/b", b"a b", b"a-b", b"ab", b"a0"):
        catalog.reconcile_folder(root, folder, [entry(folder.replace(b"/", b"_") + b".jpg")])
    assert catalog.folder_names(root, b"a") == [b"a", b"a/b"]
    assert catalog.mark_folder_missing(root, b"a") == 2
    assert catalog.mark_folder_missing(root, b"a") == 0
    assert catalog.folder_names(root, b"a") == []
    missing = {name for name, state in states(path).items() if state == PhotoState.MISSING}
    assert missing == {b"a.jpg", b"a_b.jpg"}
    assert catalog.folder_names(root) == [b"", b"a b", b"a-b", b"a0", b"ab"]
    assert catalog.mark_folder_missing(root, b"") == 5


def test_the_newest_photos_come_first_without_those_in_work(catalog):
    ids = add_photos(catalog, [b"old.jpg", b"mid.jpg", b"new.jpg"])
    assert [photo.id for photo in catalog.queue.next_pending(2, [])] == [ids[2], ids[1]]
    assert [photo.id for photo in catalog.queue.next_pending(9, [ids[2]])] == [ids[1], ids[0]]
    assert catalog.queue.next_pending(9, ids) == []
