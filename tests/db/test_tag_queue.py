"""The queue of tags: who is next, who rests, and whose file cannot be reached."""

from __future__ import annotations

import sqlite3

import pytest
from catalog_samples import add_photos, analysis, entry, facts, rows, take_in

from phototagd.db import tag_queue
from phototagd.db.states import PhotoState, RootState


class Clock:
    now = 5000.75

    def __call__(self):
        return self.now


@pytest.fixture
def photos(catalog):
    """Four done photos of one folder."""
    ids = add_photos(catalog, [b"%d.jpg" % n for n in range(4)])
    for n, photo in enumerate(ids):
        take_in(catalog, photo, facts(seconds=1000 + n), analysis())
    return ids


def next_ids(catalog, limit=9, exclude=(), now=None):
    return [job.id for job in catalog.tags.next_jobs(limit, exclude, now)]


def test_nothing_waits_that_nobody_queued(catalog, photos):
    assert photos
    assert next_ids(catalog) == []
    assert catalog.tags.count_waiting() == 0
    assert catalog.tags.next_job_at() is None


def test_a_job_names_the_file_as_it_was_last_seen(catalog, photos):
    catalog.observe_file(1, b"", entry(b"0.jpg", size=77, inode=(1 << 64) - 1))
    catalog.record_copy(photos[0], facts(), photos[0], queue_tags=True)
    catalog.tags.put_off(photos[0], 10)
    (job,) = catalog.tags.next_jobs(9)
    assert (job.id, job.path, job.size, job.attempts) == (photos[0], b"/photos/0.jpg", 10, 1)
    assert (job.mtime_ns, job.inode) == (1000 * 10**9, 1)


def test_an_analysis_goes_before_what_a_person_queued_and_the_longest_wait_first(
    catalog, photos, clock
):
    first, second, third, fourth = photos
    assert catalog.tags.queue([third, second]) == 2
    clock.now += 10
    assert catalog.tags.queue([first]) == 1
    take_in(catalog, fourth, facts(), analysis(), queue_tags=True)
    assert next_ids(catalog) == [fourth, second, third, first]
    assert next_ids(catalog, limit=2, exclude=[fourth, third]) == [second, first]
    assert next_ids(catalog, limit=0) == []


def test_queueing_gives_a_new_start_and_counts_the_photos_there_are(catalog, photos, path):
    catalog.tags.queue(photos)
    catalog.tags.put_off(photos[0], 9999)
    assert catalog.tags.queue([photos[0], 12345]) == 1
    assert catalog.tags.queue([]) == 0
    assert rows(path, f"SELECT * FROM tag_job WHERE photo_id = {photos[0]}") == [  # noqa: S608
        (photos[0], 5000, 0)
    ]
    catalog.tags.put_off(photos[0], 9999)
    catalog.record_copy(photos[0], facts(), photos[0], queue_tags=True)
    assert next_ids(catalog, limit=1) == [photos[0]]


def test_more_photos_than_one_transaction_holds_are_queued(catalog, path):
    ids = add_photos(catalog, [b"%04d.jpg" % n for n in range(1200)])
    assert catalog.tags.queue(iter(ids)) == 1200
    assert rows(path, "SELECT count(*) FROM tag_job") == [(1200,)]


def test_a_job_that_was_put_off_rests_and_is_counted(catalog, photos, clock):
    catalog.tags.queue(photos[:1])
    catalog.tags.put_off(photos[0], 5060.5)
    assert next_ids(catalog) == []
    assert catalog.tags.next_job_at() == 5061
    clock.now = 5061
    (job,) = catalog.tags.next_jobs(9)
    assert job.attempts == 1
    assert next_ids(catalog, now=5060.9) == []
    assert next_ids(catalog, now=5061.0) == [photos[0]]


def test_a_finished_job_is_gone(catalog, photos):
    catalog.tags.queue(photos[:2])
    catalog.tags.finish(photos[0])
    catalog.tags.finish(photos[0])
    catalog.tags.put_off(photos[0], 1)
    assert next_ids(catalog) == [photos[1]]


def test_only_photos_that_are_done_and_reachable_are_written(catalog, photos):
    (other,) = add_photos(catalog, [b"x.jpg"], b"/more")
    take_in(catalog, other, facts(), analysis())
    catalog.tags.queue([*photos, other])
    catalog.mark_missing(photos[:1])
    catalog.observe_file(1, b"", entry(b"1.jpg", size=5, inode=99))
    assert next_ids(catalog) == [photos[2], photos[3], other]
    served = {
        state: next_ids(catalog) for state in RootState if catalog.set_root_state(2, state) is None
    }
    away = {RootState.OFFLINE, RootState.MISSING}
    assert served == {s: photos[2:] + ([] if s in away else [other]) for s in RootState}


def test_nothing_is_due_while_no_job_can_be_done(catalog, photos):
    catalog.tags.queue(photos)
    catalog.set_root_state(1, RootState.OFFLINE)
    assert catalog.tags.next_job_at() is None
    catalog.set_root_state(1, RootState.OK)
    assert catalog.tags.next_job_at() == 5000
    catalog.mark_missing(photos)
    assert catalog.tags.next_job_at() is None


def test_a_missing_photo_that_returns_still_waits(catalog, photos):
    catalog.tags.queue(photos[:2])
    catalog.mark_missing(photos[:1])
    assert next_ids(catalog) == [photos[1]]
    assert catalog.tags.count_waiting() == 1
    catalog.observe_file(1, b"", entry(b"0.jpg"))
    assert catalog.counts() == {PhotoState.DONE: 4}
    assert next_ids(catalog) == photos[:2]
    assert catalog.tags.count_waiting() == 2


def test_a_photo_without_results_waits_for_nothing(catalog, photos, path):
    catalog.tags.queue(photos[:2])
    catalog.record_failure(photos[0], None, "cut off")
    catalog.record_failure(photos[1], None, "no answer", counted=False)
    assert rows(path, "SELECT photo_id FROM tag_job") == [(photos[1],)]
    assert next_ids(catalog) == []


def test_an_analysis_that_fails_to_be_recorded_queues_nothing(catalog, photos, path):
    with pytest.raises(LookupError):
        catalog.record_copy(photos[-1] + 1, facts(), photos[0], queue_tags=True)
    catalog.record_copy(photos[0], facts(), photos[0])
    assert rows(path, "SELECT * FROM tag_job") == []


@pytest.mark.usefixtures("catalog")
def test_the_next_jobs_are_read_off_the_index_and_nothing_else_is_walked(path):
    connection = sqlite3.connect(path)
    sql = str(tag_queue.NEXT_AT)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    connection.close()
    assert "INDEX ix_tag_job_not_before_photo_id" in plan[0]
    assert all("SEARCH" in step for step in plan[1:]), plan


def test_what_was_put_off_has_a_new_start_and_goes_behind_what_waits(catalog, photos, path, clock):
    catalog.tags.queue(photos[:3])
    catalog.tags.put_off(photos[0], 9999)
    clock.now += 10

    catalog.tags.end_rests()

    assert next_ids(catalog) == [photos[1], photos[2], photos[0]]
    assert rows(path, "SELECT attempts FROM tag_job") == [(0,), (0,), (0,)]
