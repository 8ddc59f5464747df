"""The ledger: what of ours stands in which file comes back as it went in, also after a move."""

from __future__ import annotations

import dataclasses

import pytest
from catalog_samples import (
    add_photos,
    analysis,
    entry,
    facts,
    miscounted_labels,
    rows,
    tag_file,
    take_in,
)

from phototagd.db.catalog import Catalog
from phototagd.db.errors import PhotoUnknown
from phototagd.db.reader import CatalogReader
from phototagd.db.records import TagFile, TagStats
from phototagd.db.states import PhotoState

FULL = TagFile(
    target="sidecar",
    path=b"/photos/caf\xe9/a.jpg.xmp",
    state="written",
    written_at=5000,
    reason="it has MPF pictures behind it",
    items=("dog", "wine glass", "\u732b"),
    copied=("half \ud800",),
    removed=("cat",),
    before=bytes(32),
    after=bytes(range(32)),
    size=1 << 40,
    mtime_ns=-1,
    models=("classifier 0123456789ab", "detector ba9876543210"),
    original=b"\0\xff",
)


@pytest.fixture
def photo(catalog):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    return photo


def ledger(path, photo_id):
    with CatalogReader.open(path) as reader:
        return reader.ledger(photo_id)


def test_a_file_comes_back_as_it_went_in(catalog, photo, path):
    catalog.tags.record(photo, FULL)
    small = tag_file()
    catalog.tags.record(photo, small)
    assert ledger(path, photo) == ((small, FULL), ())
    with CatalogReader.open(path) as reader:
        assert reader.photo(b"/photos/a.jpg").tag_files == (small, FULL)
        (found,) = reader.search("cat", details=True)
        assert found.tag_files == (small, FULL)
        assert reader.search("cat")[0].tag_files == ()


def test_a_later_writing_replaces_an_earlier_one(catalog, photo, path):
    for items in (("dog",), ("cat", "bird"), ()):
        catalog.tags.record(photo, tag_file(*items))
        assert ledger(path, photo) == ((tag_file(*items),), ())


def test_an_intent_is_there_until_it_is_done_or_dropped(catalog, photo, path):
    catalog.tags.intend(photo, tag_file("dog"))
    catalog.tags.intend(photo, FULL)
    assert ledger(path, photo) == ((), (tag_file("dog"), FULL))
    catalog.tags.intend(photo, tag_file("cat"))
    catalog.tags.record(photo, tag_file("cat"))
    assert ledger(path, photo) == ((tag_file("cat"),), (FULL,))
    catalog.tags.drop_intent(photo, "exif")
    catalog.tags.drop_intent(photo, "sidecar")
    assert ledger(path, photo) == ((tag_file("cat"),), ())


def test_a_photo_that_the_catalog_does_not_know_has_no_ledger(catalog, photo, path):
    for change in (catalog.tags.intend, catalog.tags.record):
        with pytest.raises(PhotoUnknown):
            change(photo + 1, tag_file("dog"))
    assert rows(path, "SELECT * FROM tag_file UNION ALL SELECT * FROM tag_intent") == []
    assert ledger(path, photo + 1) == ((), ())


def test_no_walk_sees_a_change_in_a_file_that_we_replaced(catalog, photo, path):
    ours = entry(b"a.jpg", size=999, seconds=1000, inode=(1 << 64) - 5)
    catalog.tags.record(photo, tag_file("dog"), ours)
    change = catalog.reconcile_folder(1, b"", [ours])
    assert (change.unchanged, change.changed, change.new) == (1, 0, 0)
    assert not catalog.observe_file(1, b"", ours)
    with CatalogReader.open(path) as reader:
        record = reader.photo(b"/photos/a.jpg")
    assert (record.state, record.size, record.inode) == (PhotoState.DONE, 999, (1 << 64) - 5)
    assert record.tags


def test_a_replaced_file_of_another_time_moves_the_photos_date_everywhere(catalog, photo, path):
    catalog.tags.record(photo, tag_file("dog"), entry(b"a.jpg", seconds=7000))
    assert rows(path, "SELECT taken_at FROM photo UNION ALL SELECT taken_at FROM sighting") == [
        (7000,),
        (7000,),
    ]
    assert miscounted_labels(path) == []
    with CatalogReader.open(path) as reader:
        assert [record.mtime_ns for record in reader.search("cat")] == [7000 * 10**9]


def test_a_change_of_the_owner_after_ours_is_seen(catalog, photo):
    catalog.tags.record(photo, tag_file("dog"), entry(b"a.jpg", size=999))
    assert catalog.reconcile_folder(1, b"", [entry(b"a.jpg", size=1000)]).changed == 1


def test_the_ledger_goes_with_a_moved_photo_and_with_an_absorbed_root(catalog, photo, path):
    catalog.tags.record(photo, tag_file("dog"))
    catalog.observe_file(1, b"sub", entry(b"b.jpg"), is_gone=lambda _: True)
    catalog.add_root(b"/")
    with CatalogReader.open(path) as reader:
        assert reader.photo(b"/photos/sub/b.jpg").tag_files == (tag_file("dog"),)


def missing_with(catalog, name, file, *, seconds=1000, fingerprint=b"pixels"):
    """Add a photo of the same pixels, write a file of it and let it go missing."""
    catalog.observe_file(1, b"", entry(name, seconds=seconds))
    (photo,) = [waiting.id for waiting in catalog.queue.next_pending(9)]
    take_in(catalog, photo, facts(seconds=seconds, fingerprint=fingerprint), analysis())
    catalog.tags.record(photo, file)
    catalog.mark_missing([photo])
    return photo


def test_a_photo_that_moved_unseen_has_the_ledger_of_its_past(catalog, photo, path):
    other = tag_file("other", written_at=9000)
    old, new = tag_file("old", written_at=1), tag_file("new", written_at=2)
    beside = tag_file("beside", target="sidecar", written_at=1)
    missing_with(catalog, b"1.jpg", other, fingerprint=b"others")
    assert ledger(path, photo) == ((), ())
    missing_with(catalog, b"2.jpg", new, seconds=2000)
    last = missing_with(catalog, b"3.jpg", old, seconds=3000)
    assert ledger(path, photo) == ((new,), ())
    catalog.tags.record(last, beside)
    assert ledger(path, photo) == ((new, beside), ())
    same_time = tag_file("same time", written_at=0)
    missing_with(catalog, b"4.jpg", same_time)
    assert ledger(path, photo) == ((same_time, beside), ())
    catalog.tags.record(photo, tag_file("mine"))
    assert ledger(path, photo) == ((tag_file("mine"),), ())


def test_a_copy_that_is_still_there_lends_nothing(catalog, photo, path):
    missing_with(catalog, b"1.jpg", tag_file("dog"))
    catalog.observe_file(1, b"", entry(b"1.jpg"))
    assert catalog.counts() == {PhotoState.DONE: 2}
    assert ledger(path, photo) == ((), ())


def test_a_photo_without_pixels_has_no_past(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(fingerprint=None), analysis())
    missing_with(catalog, b"1.jpg", tag_file("dog"), fingerprint=None)
    assert ledger(path, photo) == ((), ())


def test_forgetting_a_photo_forgets_all_of_its_tags(catalog, photo, path):
    catalog.tags.record(photo, tag_file("dog"))
    catalog.tags.intend(photo, tag_file("dog"))
    catalog.tags.queue([photo])
    catalog.mark_missing([photo])
    assert catalog.purge_missing(1 << 40) == 1
    for table in ("tag_file", "tag_intent", "tag_job"):
        assert rows(path, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_stats_count_files_and_the_most_frequent_reasons(catalog, path):
    ids = add_photos(catalog, [b"%02d.jpg" % n for n in range(40)])
    for n, photo in enumerate(ids[:33]):
        take_in(catalog, photo, facts(), analysis())
        reason = "often" if n < 9 else "rare" if n < 11 else f"reason {n}"
        refused = tag_file(state="refused", reason=reason)
        catalog.tags.record(photo, refused if n < 20 else tag_file("dog"))
        catalog.tags.record(photo, tag_file(target="sidecar", state="undone"))
    catalog.tags.record(ids[0], tag_file("dog", target="sidecar"))
    catalog.tags.record(ids[33], tag_file("dog"))
    catalog.tags.queue(ids[30:])
    catalog.mark_missing([ids[0], ids[20], ids[39]])
    with CatalogReader.open(path) as reader:
        stats = reader.tag_stats()
    assert stats.written == {"exif": 13}
    assert stats.refused[:3] == (("often", 8), ("rare", 2), ("reason 11", 1))
    assert len(stats.refused) == 10
    assert stats.waiting == 9


def test_an_empty_catalog_has_empty_stats(catalog, path):
    assert catalog.roots() == []
    with CatalogReader.open(path) as reader:
        assert reader.tag_stats() == TagStats({}, (), 0)
        assert reader.keywords() == []


def test_a_short_change_beside_the_writer_works_on_the_ledger(catalog, photo, path):
    with Catalog.open(path, exclusive=False) as beside:
        beside.tags.intend(photo, tag_file("dog"))
        beside.tags.record(photo, tag_file("dog"), entry(b"a.jpg", size=99))
        beside.record_copy(photo, facts(keywords=["dog", "trip"]), photo, queue_tags=True)
        assert [job.id for job in beside.tags.next_jobs(9)] == [photo]
        beside.tags.put_off(photo, 6000)
        assert catalog.tags.next_job_at() == 6000
        beside.tags.finish(photo)
    assert catalog.tags.next_job_at() is None
    with CatalogReader.open(path) as reader:
        assert reader.photo(b"/photos/a.jpg").keywords == ("trip",)
        assert reader.ledger(photo) == ((tag_file("dog"),), ())


def test_the_ledger_of_every_state_is_kept(catalog, photo, path):
    for state in ("written", "refused", "undone"):
        file = dataclasses.replace(FULL, state=state)
        catalog.tags.record(photo, file)
        assert ledger(path, photo)[0] == (file,)


def test_the_lists_are_readable_json(catalog, photo, path):
    catalog.tags.record(photo, FULL)
    assert rows(path, "SELECT json_extract(items, '$[1]') FROM tag_file") == [("wine glass",)]
    assert rows(path, "SELECT path FROM tag_file") == [(FULL.path,)]
