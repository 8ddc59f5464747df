"""Who is next, who failed, when a failed photo is tried again, and when no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from catalog_samples import MODELS, add_photos, analysis, entry, facts, rows, take_in
from sqlalchemy.dialects import sqlite

from phototagd.db.errors import PhotoUnknown
from phototagd.db.queue import PENDING, select_done
from phototagd.db.reader import CatalogReader
from phototagd.db.records import Metadata, Place
from phototagd.db.states import PLACES_READER, RETRY_SECONDS, PhotoState, RootState
from phototagd.models.results import ModelVersion


def record_of(path):
    with CatalogReader.open(path) as reader:
        return reader.photo(b"/photos/a.jpg")


def test_a_photo_rests_longer_after_each_failure_and_is_dead_after_five(
    catalog, photo, path, clock
):
    rests = []
    while catalog.record_failure(photo, None, "cut off") is PhotoState.FAILED:
        due = catalog.queue.next_retry_at()
        rests.append(due - clock.now)
        assert catalog.queue.requeue_due(due - 1) == 0
        assert catalog.queue.next_pending(9) == []
        clock.now = due
        assert catalog.queue.requeue_due(clock.now) == 1
        assert [waiting.attempts for waiting in catalog.queue.next_pending(9)] == [len(rests)]
    assert tuple(rests) == RETRY_SECONDS == (60, 600, 7200, 86400)
    assert catalog.counts() == {PhotoState.DEAD: 1}
    assert (catalog.queue.next_retry_at(), catalog.queue.requeue_due(1 << 40)) == (None, 0)
    record = record_of(path)
    assert (record.error, record.attempts, record.next_try_at) == ("cut off", 5, None)


def test_a_failure_that_is_not_counted_keeps_attempts_and_results(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    for _ in range(9):
        catalog.observe_file(1, b"", entry(b"a.jpg", seconds=2000))
        assert catalog.record_failure(photo, None, "I/O error", counted=False) == "failed"
    record = record_of(path)
    assert (record.state, record.error, record.attempts) == (PhotoState.FAILED, "I/O error", 0)
    assert record.next_try_at == 5060
    assert record.tags[0].name == "cat"
    assert catalog.find_analyzed(b"pixels", MODELS) == photo


def test_a_hindered_photo_that_went_and_came_back_is_not_done(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    changed = entry(b"a.jpg", seconds=2000)
    catalog.observe_file(1, b"", changed)
    catalog.record_failure(photo, None, "I/O error", counted=False)
    catalog.mark_missing([photo])
    assert rows(path, "SELECT next_try_at FROM photo") == [(None,)]
    assert catalog.observe_file(1, b"", changed)


def test_an_unsupported_photo_is_not_tried_again(catalog, photo, path):
    state = PhotoState.UNSUPPORTED
    assert catalog.record_failure(photo, None, "HEIC", state) is state
    assert record_of(path).next_try_at is None


def test_a_photo_that_vanished_stays_missing_when_it_fails(catalog, photo, path):
    catalog.mark_missing([photo])
    for counted in (True, False):
        state = catalog.record_failure(photo, None, "gone", counted=counted)
        assert state is PhotoState.MISSING
        assert (record_of(path).state, record_of(path).next_try_at) == (PhotoState.MISSING, None)


@pytest.mark.parametrize("counted", [True, False])
def test_the_failure_of_an_unknown_photo_is_an_error(catalog, photo, counted):
    with pytest.raises(PhotoUnknown):
        catalog.record_failure(photo + 1, None, "?", counted=counted)


def test_success_and_change_end_the_waiting(catalog, photo, path):
    catalog.record_failure(photo, None, "cut off")
    catalog.observe_file(1, b"", entry(b"a.jpg", size=99))
    record = record_of(path)
    assert (record.state, record.attempts, record.next_try_at) == (PhotoState.PENDING, 0, None)
    catalog.record_failure(photo, None, "cut off")
    take_in(catalog, photo, facts(), analysis())
    assert catalog.queue.next_retry_at() is None


def test_a_retry_makes_given_up_photos_new(catalog, path):
    names = [b"failed.jpg", b"dead.jpg", b"heic.jpg", b"done.jpg", b"missing.jpg"]
    failed, dead, heic, done, missing = add_photos(catalog, names)
    catalog.record_failure(failed, None, "cut off")
    for _ in range(5):
        catalog.record_failure(dead, None, "cut off")
    catalog.record_failure(heic, None, "HEIC", PhotoState.UNSUPPORTED)
    take_in(catalog, done, facts(), analysis())
    catalog.mark_missing([missing])
    assert catalog.queue.retry([dead, done, missing]) == 1
    assert rows(path, f"SELECT state, attempts, error FROM photo WHERE id = {dead}") == [  # noqa: S608
        ("pending", 0, None)
    ]
    assert catalog.queue.retry() == 2
    assert catalog.queue.retry() == catalog.queue.retry([]) == 0
    assert {waiting.id for waiting in catalog.queue.next_pending(9)} == {failed, dead, heic}


def test_photos_on_a_disk_that_is_away_are_not_next(catalog, photo):
    (other,) = add_photos(catalog, [b"b.jpg"], b"/more")
    served = {
        state: {waiting.id for waiting in catalog.queue.next_pending(9)}
        for state in RootState
        if catalog.set_root_state(1, state) is None
    }
    away = {RootState.OFFLINE, RootState.MISSING}
    assert served == {s: {other} if s in away else {photo, other} for s in RootState}


def test_a_photo_that_was_observed_goes_before_all_that_walks_have_found(catalog, path):
    ids = add_photos(catalog, [b"old.jpg", b"new.jpg", b"newest.jpg"])
    catalog.observe_file(1, b"", entry(b"arrived.jpg", seconds=1, inode=7))
    catalog.observe_file(1, b"", entry(b"old.jpg"))
    first, *others = [waiting.id for waiting in catalog.queue.next_pending(9)]
    (arrived,) = {first, *others} - set(ids)
    assert [first, *others] == [ids[0], arrived, ids[2], ids[1]]
    for photo in (ids[0], arrived):
        catalog.record_failure(photo, None, "cut off")
    catalog.queue.retry()
    assert [waiting.id for waiting in catalog.queue.next_pending(9)] == [
        ids[2],
        ids[1],
        ids[0],
        arrived,
    ]
    assert rows(path, "SELECT count(*) FROM photo WHERE urgent") == [(0,)]


@pytest.mark.usefixtures("catalog")
def test_the_next_photos_are_read_off_an_index(path):
    asked = PENDING.params(limit=5).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    plan = [str(step[3]) for step in rows(path, f"EXPLAIN QUERY PLAN {asked}")]
    assert "ix_photo_state_urgent_mtime_ns" in plan[0]
    assert not any("TEMP B-TREE" in step for step in plan)


def test_photos_that_a_model_has_not_seen_are_found_little_by_little(catalog, path):
    ids = add_photos(catalog, [b"%d.jpg" % number for number in range(5)])
    for number in ids:
        take_in(catalog, number, facts(), analysis({"tabby": 0.9}))
    changed = (MODELS[0], ModelVersion(MODELS[1].name, "d2"))

    def found(models, before=None, limit=100):
        photos, last = catalog.queue.next_outdated(models, before, limit)
        return [photo.id for photo in photos], last

    assert found(MODELS, limit=3) == ([], ids[2])
    assert found(MODELS[:1]) == ([], ids[0])  # one less is no reason
    assert found(changed, limit=2) == ([ids[4], ids[3]], ids[3])
    assert found(changed, ids[3]) == ([ids[2], ids[1], ids[0]], ids[0])
    assert found(changed, ids[0]) == ([], None)
    assert set(dict(rows(path, "SELECT id, state FROM photo")).values()) == {PhotoState.DONE}


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("before", [None, 1000])
def test_a_walk_over_all_photos_follows_their_ids_and_sorts_nothing(path, before):
    literal = {"literal_binds": True}
    query = select_done(before, 500).compile(dialect=sqlite.dialect(), compile_kwargs=literal)

    plan = [str(step[3]) for step in rows(path, f"EXPLAIN QUERY PLAN {query}")]

    assert not any("TEMP B-TREE" in step or "ix_photo_state" in step for step in plan), plan


def test_unsupported_photos_wait_again_once_when_a_reader_is_new(catalog):
    heic, broken, done = add_photos(catalog, [b"a.heic", b"b.heic", b"c.jpg"])
    take_in(catalog, done, facts(), analysis({"tabby": 0.9}))
    catalog.record_failure(broken, None, "cut off", PhotoState.DEAD)
    known = {"pillow": "11.0"}

    def requeue(readers):
        catalog.record_failure(heic, None, "one more package", PhotoState.UNSUPPORTED)
        return catalog.queue.requeue_unsupported(readers)

    assert requeue(known) == 1
    assert [waiting.id for waiting in catalog.queue.next_pending(9)] == [heic]
    assert requeue(known) == 0
    assert requeue(known | {"pillow-heif": "1.0"}) == 1
    assert requeue(known | {"pillow-heif": "1.0"}) == 0
    assert requeue(known) == 0
    assert requeue(known | {"pillow-heif": "1.0"}) == 1
    assert requeue(known | {"pillow-heif": "1.1"}) == 1
    assert requeue({}) == 0
    assert catalog.counts() == {
        PhotoState.UNSUPPORTED: 1, PhotoState.DEAD: 1, PhotoState.DONE: 1
    }  # fmt: skip


def test_photos_without_a_place_are_read_again_when_what_finds_it_is_new(catalog):
    nowhere, lisbon, plain = add_photos(catalog, [b"a.jpg", b"b.jpg", b"c.jpg"])
    known = Place("PT", "Portugal", "Lisbon", "Lisbon")
    for photo, place in ((nowhere, None), (lisbon, known)):
        found = Metadata(latitude=38.71, longitude=-9.14, place=place)
        take_in(catalog, photo, replace(facts(), metadata=found), analysis())
    take_in(catalog, plain, facts(), analysis())
    catalog.queue.requeue_unsupported({"pillow": "11.0"})

    def outdated():
        return [waiting.id for waiting in catalog.queue.next_outdated(MODELS)[0]]

    assert outdated() == []
    catalog.queue.requeue_unsupported({"pillow": "11.1"})
    assert outdated() == []
    for _again in range(2):
        assert catalog.queue.requeue_unsupported({"pillow": "11.1", PLACES_READER: "1.6.6"}) == 0
        assert outdated() == [nowhere]
    assert catalog.counts() == {PhotoState.DONE: 3}
    take_in(catalog, nowhere, facts(), analysis())
    catalog.queue.requeue_unsupported({"pillow": "11.1", PLACES_READER: "1.6.6"})
    assert outdated() == []


def test_unsupported_photos_do_not_wait_again_for_what_finds_places(catalog, photo):
    catalog.queue.requeue_unsupported({"pillow": "11.0"})
    catalog.record_failure(photo, None, "HEIC", PhotoState.UNSUPPORTED)
    assert catalog.queue.requeue_unsupported({"pillow": "11.0", PLACES_READER: "1.6.6"}) == 0
