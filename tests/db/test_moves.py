"""A photo under another name keeps its row: same inode, size and time, and the old place left."""

from __future__ import annotations

import pytest
from catalog_samples import add_photos, analysis, entry, facts, rows, take_in

from phototagd.db.records import FolderChange
from phototagd.db.states import RootState


@pytest.fixture
def root(catalog):
    return catalog.add_root(b"/photos").id


def places(path):
    return rows(
        path,
        "SELECT p.id, f.relpath, p.name, p.state FROM photo p JOIN folder f ON f.id = folder_id",
    )


def yes(_path):
    return True


def test_a_rename_inside_a_folder_moves_the_row_with_its_labels(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    change = catalog.reconcile_folder(root, b"", [entry(b"b.jpg")])
    assert change == FolderChange(moved=(photo,))
    assert places(path) == [(photo, b"", b"b.jpg", "done")]
    assert rows(path, "SELECT count(*) FROM sighting") == [(1,)]


def test_a_move_to_another_folder_asks_whether_the_old_place_is_left(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    asked = []

    def is_gone(place):
        asked.append(place)
        return True

    change = catalog.reconcile_folder(root, b"x/y", [entry(b"b.jpg")], is_gone=is_gone)
    assert asked == [b"/photos/a.jpg"]
    assert change.moved == (photo,)
    assert places(path) == [(photo, b"x/y", b"b.jpg", "pending")]
    assert catalog.reconcile_folder(root, b"", [], is_gone=is_gone).gone == ()


@pytest.mark.parametrize("difference", [{"size": 11}, {"seconds": 1001}, {"inode": 2}])
def test_what_differs_is_another_photo_and_nobody_is_asked(catalog, root, difference):
    add_photos(catalog, [b"a.jpg"])
    asked = []
    other = entry(b"b.jpg", **difference)
    change = catalog.reconcile_folder(root, b"x", [other], is_gone=asked.append)
    assert (change.new, change.moved, asked) == (1, (), [])


def test_a_hard_link_is_a_photo_of_its_own(catalog, root, path):
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg")], is_gone=yes)
    change = catalog.reconcile_folder(root, b"", [entry(b"a.jpg"), entry(b"b.jpg")], is_gone=yes)
    assert change == FolderChange(new=1, unchanged=1)
    assert catalog.reconcile_folder(root, b"x", [entry(b"c.jpg")]).new == 1
    assert len(places(path)) == 3


def test_of_two_links_one_moves_and_the_other_stays(catalog, root):
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg"), entry(b"b.jpg")])
    change = catalog.reconcile_folder(root, b"", [entry(b"b.jpg"), entry(b"c.jpg")])
    assert (change.unchanged, len(change.moved), change.new, change.gone) == (1, 1, 0, ())


def test_two_new_links_of_one_gone_photo_are_one_move_and_one_new_photo(catalog, root, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    change = catalog.reconcile_folder(root, b"x", [entry(b"b.jpg"), entry(b"c.jpg")], is_gone=yes)
    assert (change.new, change.moved) == (1, (photo,))
    assert len(places(path)) == 2


def test_a_name_taken_by_another_photo_is_a_place_that_was_left(catalog, root, path):
    """An edited photo is saved under the old name, the original was renamed before."""
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    listing = [entry(b"a.jpg", inode=7, size=77), entry(b"a_orig.jpg")]
    change = catalog.reconcile_folder(root, b"", listing)
    assert change == FolderChange(new=1, moved=(photo,))
    assert sorted(name for _, _, name, state in places(path) if state == "done") == [b"a_orig.jpg"]


def test_a_place_that_may_be_growing_was_not_left(catalog, root):
    add_photos(catalog, [b"a.jpg"])
    change = catalog.reconcile_folder(root, b"", [entry(b"b.jpg")], {b"a.jpg"}, is_gone=yes)
    assert change == FolderChange(new=1)


def test_a_missing_photo_that_turns_up_elsewhere_has_its_state_back(catalog, root, path):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    take_in(catalog, first, facts(), analysis({"cat": 0.5}))
    catalog.mark_missing([first, second])
    listing = [entry(b"c.jpg"), entry(b"d.jpg", seconds=1001)]
    assert catalog.reconcile_folder(root, b"x", listing, is_gone=yes).moved == (first, second)
    assert places(path) == [(first, b"x", b"c.jpg", "done"), (second, b"x", b"d.jpg", "pending")]
    assert rows(path, "SELECT count(missing_since) FROM photo") == [(0,)]


@pytest.mark.parametrize("state", [RootState.OFFLINE, RootState.MISSING])
def test_photos_of_a_disk_that_is_away_do_not_move(catalog, state):
    """A copy of the whole disk has the same inodes, sizes and times."""
    add_photos(catalog, [b"a.jpg"], b"/disk")
    copy = catalog.add_root(b"/copy").id
    catalog.set_root_state(1, state)
    assert catalog.reconcile_folder(copy, b"", [entry(b"a.jpg")], is_gone=yes).new == 1


def test_a_move_to_another_root_keeps_the_row(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"], b"/one")
    other = catalog.add_root(b"/two").id
    assert catalog.observe_file(other, b"", entry(b"z.jpg", inode=3), is_gone=yes) is not None
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    assert not catalog.observe_file(other, b"sub", entry(b"a.jpg"), is_gone=yes)
    assert (photo, b"sub", b"a.jpg", "done") in places(path)


def test_an_observed_file_that_is_nowhere_gone_is_new(catalog, root, path):
    add_photos(catalog, [b"a.jpg"])
    assert catalog.observe_file(root, b"", entry(b"b.jpg"))
    assert len(places(path)) == 2


def test_the_paths_of_photos_follow_their_moves(catalog, root):
    ids = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    catalog.reconcile_folder(root, b"x", [entry(b"c.jpg")], is_gone=yes)
    paths = catalog.photo_paths([*ids, 99])
    assert paths == {ids[0]: b"/photos/x/c.jpg", ids[1]: b"/photos/b.jpg"}


def test_many_files_move_at_once(catalog, root):
    names = [b"%04d.jpg" % n for n in range(1300)]
    before = [entry(name, inode=n + 1) for n, name in enumerate(names)]
    catalog.reconcile_folder(root, b"old", before)
    change = catalog.reconcile_folder(root, b"new", before, is_gone=yes)
    assert (len(change.moved), change.new) == (1300, 0)
