"""Keywords: those of people and not ours, searched for by date, counted truly."""

from __future__ import annotations

import random

import pytest
from catalog_samples import (
    add_photos,
    analysis,
    entry,
    facts,
    miscounted_keywords,
    rows,
    tag_file,
    take_in,
)

from phototagd.db import upkeep
from phototagd.db.errors import UnknownKeyword
from phototagd.db.reader import CatalogReader
from phototagd.db.records import KeywordCount
from phototagd.db.states import PhotoState

GIVEN = "SELECT k.name FROM photo_keyword p JOIN keyword k ON k.id = p.keyword_id ORDER BY k.name"


def given(path):
    return [name for (name,) in rows(path, GIVEN)]


def found(path, query):
    with CatalogReader.open(path) as reader:
        return [photo.path for photo in reader.search(query)]


def test_keywords_are_those_of_the_last_reading(catalog, photo, path):
    take_in(catalog, photo, facts(keywords=["holiday", "Rome"]), analysis())
    catalog.record_copy(photo, facts(keywords=["Rome", "2024"]), photo)
    assert given(path) == ["2024", "Rome"]
    assert rows(path, "SELECT name, n FROM keyword ORDER BY name") == [("2024", 1), ("Rome", 1)]
    catalog.record_copy(photo, facts(), photo)
    assert rows(path, "SELECT * FROM keyword") == rows(path, "SELECT * FROM photo_keyword") == []


def test_a_copy_takes_the_results_of_its_source_and_keeps_its_own_keywords(catalog, path):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    take_in(catalog, first, facts(keywords=["holiday"]), analysis({"cat": 0.5}))
    catalog.record_copy(second, facts(keywords=["work"]), first)
    assert found(path, "cat keyword:work") == [b"/photos/b.jpg"]
    assert found(path, "cat keyword:holiday") == [b"/photos/a.jpg"]


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["Holiday", "HOLIDAY", "holiday"], ["Holiday"]),
        (["at  home", " at home "], ["at home"]),
        (["", " ", "\n"], []),
        (["Cafe\u0301", "caf\u00e9"], ["Cafe\u0301"]),
        (["half \ud800 pair"], ["half ? pair"]),
        (["x" * 100_000], ["x" * 100_000]),
        (["a\0b", "'; DROP TABLE photo"], ["'; DROP TABLE photo", "a\0b"]),
    ],
)
def test_each_keyword_is_kept_once(catalog, photo, path, names, kept):
    take_in(catalog, photo, facts(keywords=names), analysis())
    assert given(path) == kept
    assert miscounted_keywords(path) == []


def test_many_keywords_are_kept(catalog, photo, path):
    names = sorted(f"word {n}" for n in range(500))
    take_in(catalog, photo, facts(keywords=names), analysis())
    assert given(path) == names
    take_in(catalog, photo, facts(keywords=names[400:]), analysis())
    assert given(path) == names[400:]
    assert miscounted_keywords(path) == []


def test_tags_that_are_ours_are_no_keywords(catalog, path):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    catalog.tags.record(first, tag_file("Dog", copied=("holiday",)))
    catalog.tags.record(first, tag_file("cat", target="sidecar"))
    catalog.tags.intend(first, tag_file("bird", target="sidecar"))
    read = facts(keywords=["dog", "Cat", "bird", "holiday", "fish"])
    take_in(catalog, first, read, analysis())
    assert given(path) == ["fish", "holiday"]
    catalog.record_copy(second, read, first)
    assert found(path, "keyword:dog") == [b"/photos/b.jpg"]


def test_what_was_ours_is_the_owners_once_ours_was_taken_out(catalog, photo, path):
    catalog.tags.record(photo, tag_file("dog", state="undone"))
    take_in(catalog, photo, facts(keywords=["dog"]), analysis())
    assert given(path) == ["dog"]


def test_the_date_in_the_index_is_that_of_the_photo(catalog, path):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    for photo_id, seconds in ((first, 100), (second, 200)):
        take_in(catalog, photo_id, facts(seconds=seconds, keywords=["x"]), analysis())
    assert found(path, "keyword:x") == [b"/photos/b.jpg", b"/photos/a.jpg"]
    catalog.record_copy(first, facts(seconds=300, keywords=["x"]), first)
    assert found(path, "keyword:x") == [b"/photos/a.jpg", b"/photos/b.jpg"]
    catalog.tags.record(first, tag_file("dog"), entry(b"a.jpg", seconds=50))
    assert found(path, "keyword:x") == [b"/photos/b.jpg", b"/photos/a.jpg"]
    assert miscounted_keywords(path) == []


@pytest.mark.parametrize("state", [PhotoState.FAILED, PhotoState.UNSUPPORTED])
def test_a_failure_leaves_no_stale_keywords(catalog, photo, path, state):
    take_in(catalog, photo, facts(keywords=["holiday"]), analysis())
    catalog.record_failure(photo, facts(seconds=7), "cut off", state)
    assert given(path) == []
    assert rows(path, "SELECT * FROM keyword") == []


def test_a_disk_that_does_not_answer_costs_no_keywords(catalog, photo, path):
    take_in(catalog, photo, facts(keywords=["holiday"]), analysis())
    catalog.record_failure(photo, None, "no answer", counted=False)
    assert given(path) == ["holiday"]


def test_missing_photos_do_not_count_and_forgotten_ones_leave_nothing(catalog, path):
    first, second, third = add_photos(catalog, [b"a.jpg", b"b.jpg", b"c.jpg"])
    for photo_id, names in ((first, "xy"), (second, "xz"), (third, "x")):
        take_in(catalog, photo_id, facts(keywords=names), analysis())
    catalog.mark_missing([first, second])
    with CatalogReader.open(path) as reader:
        assert reader.keywords() == [KeywordCount("x", 1)]
    catalog.file_gone(1, b"", b"c.jpg")
    catalog.reconcile_folder(1, b"", [entry(b"b.jpg"), entry(b"c.jpg")])
    assert catalog.purge_missing(1 << 40) == 1
    assert rows(path, "SELECT name, n FROM keyword ORDER BY name") == [("x", 2), ("z", 1)]
    assert miscounted_keywords(path) == []
    with pytest.raises(UnknownKeyword):
        found(path, "keyword:y")


def test_a_moved_photo_and_one_whose_root_is_absorbed_keep_their_keywords(catalog, photo, path):
    take_in(catalog, photo, facts(keywords=["holiday"]), analysis())
    catalog.observe_file(1, b"sub", entry(b"b.jpg", seconds=1000), is_gone=lambda _: True)
    assert found(path, "keyword:holiday") == [b"/photos/sub/b.jpg"]
    catalog.add_root(b"/")
    assert found(path, "keyword:holiday") == [b"/photos/sub/b.jpg"]


def test_counts_of_keywords_stay_true_through_everything(catalog, path):
    chance = random.Random(5)  # noqa: S311
    names = [b"%d.jpg" % n for n in range(10)]
    ids = add_photos(catalog, names)
    for step in range(200):
        n = chance.randrange(len(ids))
        photo = ids[n]
        words = [word for word in "abcdef" if chance.random() < 0.3]
        known = facts(seconds=step, keywords=words)
        match chance.randrange(7):
            case 0 | 1:
                take_in(catalog, photo, known, analysis())
            case 2:
                catalog.record_copy(photo, known, photo)
            case 3:
                catalog.record_failure(photo, known, "cut off")
            case 4:
                catalog.tags.record(photo, tag_file("a"), entry(names[n], seconds=step))
            case 5:
                catalog.file_gone(1, b"", names[n])
            case 6:
                catalog.observe_file(1, b"", entry(names[n], seconds=step, inode=n))
        assert miscounted_keywords(path) == []
    assert rows(path, "SELECT max(n) > 1 FROM keyword") == [(1,)]
    assert catalog.purge_missing(1 << 40) > 0
    assert miscounted_keywords(path) == []
    assert upkeep.check(path.encode()) == []


@pytest.mark.usefixtures("photo")
def test_a_check_tells_a_keyword_that_counts_wrongly(catalog, path):
    take_in(catalog, 1, facts(keywords=["holiday"]), analysis())
    with catalog._transactions.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE keyword SET n = 7")
    assert upkeep.check(path.encode()) == ["keyword 'holiday' counts 7 photos, it has 1"]


def test_a_new_reading_of_the_same_words_writes_no_row(catalog, photo):
    take_in(catalog, photo, facts(keywords=["holiday"]), analysis())
    statements = []
    with catalog._transactions.engine.connect() as connection:
        raw = connection.connection.driver_connection
    raw.set_trace_callback(statements.append)
    catalog.record_copy(photo, facts(keywords=["Holiday"]), photo)
    raw.set_trace_callback(None)
    touching = [text for text in statements if "keyword" in text]
    assert touching
    assert all(text.startswith("SELECT") for text in touching)
