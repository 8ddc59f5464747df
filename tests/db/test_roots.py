"""Roots fold into each other; photos keep their ids and labels."""

from __future__ import annotations

import pytest
from catalog_samples import add_photos, analysis, entry, facts, rows, take_in

from phototagd.db.reader import CatalogReader
from phototagd.db.records import FolderChange, RootFolder


def test_the_same_root_twice_is_one(catalog):
    assert catalog.add_root(b"/a") == catalog.add_root(b"/a") == RootFolder(1, b"/a")
    assert catalog.roots() == [RootFolder(1, b"/a")]


def test_a_folder_inside_a_root_is_that_root_and_the_way(catalog):
    root = catalog.add_root(b"/a\xff")
    assert catalog.add_root(b"/a\xff/b/c") == RootFolder(root.id, b"/a\xff", b"b/c")
    assert len(catalog.roots()) == 1


def test_a_common_beginning_of_names_is_no_common_folder(catalog):
    catalog.add_root(b"/photos")
    catalog.add_root(b"/photos2")
    catalog.add_root(b"/photo")
    assert [root.path for root in catalog.roots()] == [b"/photo", b"/photos", b"/photos2"]


@pytest.mark.parametrize(("outer", "prefix"), [(b"/x", b""), (b"/", b"x/")])
def test_a_root_above_absorbs_those_below_with_photos_and_labels(catalog, path, outer, prefix):
    (first,) = add_photos(catalog, [b"1.jpg"], b"/x/a")
    (second,) = add_photos(catalog, [b"2.jpg"], b"/x/b/c", b"deep/er")
    (other,) = add_photos(catalog, [b"3.jpg"], b"/y")
    for photo in (first, second, other):
        take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    root = catalog.add_root(outer)
    assert catalog.folder_names(root.id, prefix + b"a") == [prefix + b"a"]
    assert catalog.folder_names(root.id, prefix + b"b") == [prefix + b"b/c/deep/er"]
    same = [entry(b"1.jpg")]
    assert catalog.reconcile_folder(root.id, prefix + b"a", same) == FolderChange(unchanged=1)
    with CatalogReader.open(path) as reader:
        found = {record.path for record in reader.search("cat")}
        assert found == {b"/x/a/1.jpg", b"/x/b/c/deep/er/2.jpg", b"/y/3.jpg"}
        assert reader.photo(b"/x/b/c/deep/er/2.jpg").tags[0].name == "cat"
    assert rows(path, "SELECT count(*) FROM root") == [(2 if outer == b"/x" else 1,)]
    assert rows(path, "SELECT count(*), count(DISTINCT id) FROM photo") == [(3, 3)]


@pytest.mark.parametrize("bad", [b"", b"a", b"/a/", b"/a/../b", b"/a//b", b"/./a", b"/a\0b"])
def test_only_absolute_real_paths_are_roots(catalog, bad):
    with pytest.raises(ValueError, match="absolute"):
        catalog.add_root(bad)
    assert catalog.roots() == []
