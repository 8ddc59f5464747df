"""Recording results: they replace earlier ones, and the labels' counts stay true."""

from __future__ import annotations

import random

import pytest
from catalog_samples import (
    CLASSIFIER,
    DETECTOR,
    MODELS,
    add_photos,
    analysis,
    believe,
    entry,
    facts,
    miscounted_labels,
    random_analysis,
    rows,
    take_in,
)
from sqlalchemy.dialects import sqlite

from phototagd.db.errors import PhotoUnknown
from phototagd.db.reader import CatalogReader
from phototagd.db.recording import ANALYZED
from phototagd.db.records import LabelCount
from phototagd.db.states import MOST_COUNTED, PhotoState
from phototagd.models.results import Analysis, Box, Detection, Label, ModelVersion

RESULT_TABLES = ("evidence", "photo_tag", "detection", "sighting")


def results_left(path, photo_id):
    return [
        rows(path, f"SELECT count(*) FROM {table} WHERE photo_id = {photo_id}")[0][0]  # noqa: S608
        for table in RESULT_TABLES
    ]


def record_of(path, name=b"/photos/a.jpg"):
    with CatalogReader.open(path) as reader:
        return reader.photo(name)


def test_an_analysis_comes_back_as_it_went_in(catalog, photo, path):
    said = Analysis(
        labels=(Label("tabby", 0.9, "classifier"), Label("Egyptian cat", 0.05, "classifier")),
        detections=(
            Detection("cat", 0.875, Box(0.0, 0.25, 0.5, 1.0), "detector"),
            Detection("couch", 0.5, Box(0.125, 0.0, 1.0, 0.75), "detector"),
            Detection("cat", 0.25, Box(0.5, 0.5, 0.75, 0.75), "detector"),
        ),
        models=MODELS,
    )
    take_in(catalog, photo, facts(), said)
    record = record_of(path)
    assert record.tags == believe(said).tags
    assert record.detections == said.detections
    assert record.models == ("classifier", "detector")
    assert (record.state, record.analyzed_at, record.taken_at) == (PhotoState.DONE, 5000, 1000)
    assert (record.width, record.height, record.format) == (640, 480, "JPEG")


def test_a_name_that_both_models_say_is_one_label_and_one_sighting(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis({"Banana": 0.25}, banana=[0.5, 0.125]))
    assert rows(path, "SELECT name, n FROM label") == [("banana", 1)]
    assert rows(path, "SELECT confidence, times FROM sighting") == [(0.5, 2)]


def test_a_name_that_only_the_classifier_says_counts_once(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis({"canoe": 0.25}))
    assert rows(path, "SELECT confidence, times FROM sighting") == [(0.25, 1)]


def test_two_classes_of_one_name_are_one_row_with_the_better_confidence(catalog, photo, path):
    said = Analysis(
        labels=(Label("crane", 0.25, "classifier"), Label("crane", 0.5, "classifier")),
        detections=(),
        models=MODELS,
    )
    take_in(catalog, photo, facts(), said)
    assert rows(path, "SELECT confidence FROM photo_tag") == [(0.5,)]


def test_the_index_stops_counting_where_it_says(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis(person=[0.5] * 30))
    assert rows(path, "SELECT times FROM sighting") == [(MOST_COUNTED,)]
    assert len(record_of(path).detections) == 30


def test_a_second_analysis_replaces_the_first(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5, 0.5]))
    take_in(catalog, photo, facts(seconds=2000), analysis({"cat": 0.25}))
    assert results_left(path, photo) == [2, 1, 0, 1]
    assert rows(path, "SELECT name, n FROM label ORDER BY name") == [("cat", 1), ("dog", 0)]
    assert rows(path, "SELECT taken_at FROM sighting") == [(2000,)]


def test_an_analysis_that_sees_nothing_is_an_analysis(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis())
    assert results_left(path, photo) == [2, 0, 0, 0]
    assert catalog.find_analyzed(b"pixels", MODELS) == photo


def test_success_forgets_earlier_failures(catalog, photo, path):
    catalog.record_failure(photo, None, "cut off")
    catalog.record_failure(photo, facts(), "cut off again")
    assert (record_of(path).attempts, record_of(path).error) == (2, "cut off again")
    take_in(catalog, photo, facts(), analysis())
    assert (record_of(path).attempts, record_of(path).error) == (0, None)


@pytest.mark.parametrize("state", [PhotoState.FAILED, PhotoState.UNSUPPORTED])
def test_a_failure_leaves_no_stale_results(catalog, photo, path, state):
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5]))
    catalog.record_failure(photo, None, "cut off", state)
    assert results_left(path, photo) == [0, 0, 0, 0]
    assert catalog.counts() == {state: 1}
    assert catalog.find_analyzed(b"pixels", MODELS) is None
    assert miscounted_labels(path) == []


def test_a_photo_that_vanished_while_it_was_analysed_stays_missing(catalog, photo, path):
    root = catalog.roots()[0].id
    catalog.file_gone(root, b"", b"a.jpg")
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    assert catalog.counts() == {PhotoState.MISSING: 1}
    with CatalogReader.open(path) as reader:
        assert reader.search("cat") == []
    catalog.reconcile_folder(root, b"", [entry(b"a.jpg")])
    with CatalogReader.open(path) as reader:
        assert [record.path for record in reader.search("cat")] == [b"/photos/a.jpg"]


def test_the_same_pixels_are_found_only_for_exactly_these_models(catalog, photo):
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
    newer = ModelVersion("detector", "d2")
    assert catalog.find_analyzed(b"pixels", [DETECTOR, CLASSIFIER]) == photo
    assert catalog.find_analyzed(b"pixels", [CLASSIFIER]) is None
    assert catalog.find_analyzed(b"pixels", [CLASSIFIER, newer]) is None
    assert catalog.find_analyzed(b"pixels", [*MODELS, newer]) is None
    assert catalog.find_analyzed(b"others", MODELS) is None


def test_a_copy_has_the_same_results_and_its_own_date(catalog, path):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    said = analysis({"cat": 0.5}, dog=[0.75, 0.25])
    take_in(catalog, first, facts(), said)
    catalog.record_copy(second, facts(seconds=7), first)
    record = record_of(path, b"/photos/b.jpg")
    assert (record.tags, record.detections) == (believe(said).tags, said.detections)
    assert (record.models, record.taken_at) == (("classifier", "detector"), 7)
    assert rows(path, "SELECT name, n FROM label ORDER BY name") == [("cat", 2), ("dog", 2)]


def test_a_touched_photo_copies_from_itself(catalog, photo, path):
    said = analysis({"cat": 0.5}, dog=[0.75])
    take_in(catalog, photo, facts(), said)
    catalog.observe_file(catalog.roots()[0].id, b"", entry(b"a.jpg", seconds=9000))
    assert catalog.find_analyzed(b"pixels", MODELS) == photo
    catalog.record_copy(photo, facts(seconds=9000), photo)
    record = record_of(path)
    assert (record.tags, record.state) == (believe(said).tags, PhotoState.DONE)
    assert rows(path, "SELECT DISTINCT taken_at FROM sighting") == [(9000,)]
    assert miscounted_labels(path) == []


def test_counts_of_labels_stay_true_through_everything(catalog, path):
    chance = random.Random(3)  # noqa: S311
    names = [b"%d.jpg" % n for n in range(12)]
    ids = add_photos(catalog, names)
    root = catalog.roots()[0].id
    for step in range(150):
        photo = chance.choice(ids)
        match chance.randrange(5):
            case 0 | 1:
                take_in(catalog, photo, facts(seconds=step), random_analysis(chance))
            case 2:
                catalog.record_copy(photo, facts(seconds=step), chance.choice(ids))
            case 3:
                catalog.record_failure(photo, None, "cut off")
            case 4:
                catalog.file_gone(root, b"", chance.choice(names))
    assert miscounted_labels(path) == []
    assert rows(path, "SELECT max(n) > 1 FROM label") == [(1,)]


def test_unknown_photos_and_models_change_nothing(catalog, photo, path):
    with pytest.raises(PhotoUnknown):
        take_in(catalog, photo + 1, facts(), analysis({"cat": 0.5}))
    stranger = Analysis((Label("cat", 0.5, "someone"),), (), MODELS)
    with pytest.raises(ValueError, match="someone"):
        take_in(catalog, photo, facts(), stranger)
    assert rows(path, "SELECT count(*) FROM label") == [(0,)]
    assert catalog.counts() == {PhotoState.PENDING: 1}


def test_a_vocabulary_is_known_before_any_photo_shows_it(catalog, path):
    names = [f"thing {n}" for n in range(1200)]
    catalog.intern_labels(names)
    catalog.intern_labels(["THING 5", "new"])
    with CatalogReader.open(path) as reader:
        assert reader.search('"thing 5"') == []
        assert len(reader.labels()) == 1201
        assert LabelCount("thing 5", 0) in reader.labels()


def test_removing_a_photo_removes_its_results(catalog, photo, path):
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5]))
    with catalog._transactions.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM photo")
    assert results_left(path, photo) == [0, 0, 0, 0]


@pytest.mark.usefixtures("catalog")
def test_a_known_picture_is_looked_for_among_those_of_its_pixels_alone(path):
    asked = str(ANALYZED.compile(dialect=sqlite.dialect())).replace("?", "1")
    plan = [str(step[3]) for step in rows(path, f"EXPLAIN QUERY PLAN {asked}")]
    assert plan[0] == "SEARCH photo USING INDEX ix_photo_fingerprint (fingerprint=?)"
