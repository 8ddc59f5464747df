"""Generations of models: readings are made aside, put in force at once, and taken back."""

from __future__ import annotations

import random
import shutil
import sqlite3
from itertools import count

import pytest
from catalog_samples import (
    CLASSIFIER,
    MODELS,
    RULES,
    add_photos,
    analysis,
    believe,
    facts,
    miscounted_labels,
    random_evidence,
    rows,
    take_in,
)

from phototagd.db import upkeep
from phototagd.db.catalog import Catalog
from phototagd.db.evidence import as_stored
from phototagd.db.exchange import BACK, TO
from phototagd.db.reader import CatalogReader
from phototagd.db.records import ModelSet
from phototagd.db.states import VerdictKind
from phototagd.models.results import Analysis, Box, Detection, ModelVersion

YOLOX = ModelVersion("yolox", "y1")
NEW = (CLASSIFIER, YOLOX)
EVERYTHING = (
    ("photo_tag", "photo_id, label_id, kind, confidence, rule, threshold, shown, refines_id"),
    ("detection", "photo_id, n, label_id, model_id, confidence"),
    ("sighting", "label_id, taken_at, photo_id, confidence, times, kind, largest, spots"),
    ("label", "id, name, n"),
    ("photo", "id, state, taken_at, rules, set_id"),
)


@pytest.fixture
def catalog(path):
    with Catalog.open(path, clock=count(5000).__next__) as opened:
        yield opened


@pytest.fixture
def photos(catalog):
    ids = add_photos(catalog, [b"%d.jpg" % n for n in range(5)])
    for photo in ids:
        said = analysis({"cat": 0.5}, dog=[0.75, 0.25])
        take_in(catalog, photo, facts(seconds=photo, fingerprint=mark(photo)), said)
    return ids


def mark(photo):
    return b"pixels %d" % photo


def by_yolox(*names):
    """Make what a classifier that saw a cat and YOLOX say."""
    boxes = tuple(Detection(name, 0.5, Box(0.0, 0.0, 0.5, 0.5), "yolox") for name in names)
    return Analysis(analysis({"cat": 0.5}).labels, boxes, NEW)


def stage(catalog, photo, *names):
    said = by_yolox(*names)
    return catalog.model_sets.stage(photo, mark(photo), said, believe(said), rules="rules-2")


def everything(path):
    """Give all rows of what is in force, as they are."""
    return [
        rows(path, f"SELECT {columns} FROM {table} ORDER BY {columns}")  # noqa: S608
        for table, columns in EVERYTHING
    ]


def names(records):
    return [record.path.rsplit(b"/")[-1] for record in records]


def test_only_what_a_model_has_not_seen_is_missing(catalog, photos):
    found = catalog.model_sets.next_to_retag(NEW, limit=2)
    assert [one.photo.id for one in found] == photos[:2]
    assert (found[0].photo.path, found[0].fingerprint) == (b"/photos/0.jpg", mark(photos[0]))
    assert found[0].missing == (YOLOX,)
    assert found[0].analysis.labels == as_stored(analysis({"cat": 0.5})).labels
    assert (found[0].analysis.models, found[0].analysis.detections) == ((CLASSIFIER,), ())


def test_retagging_goes_on_where_it_was_and_keeps_to_its_photos(catalog, photos):
    sets = catalog.model_sets
    assert stage(catalog, photos[0], "bird")
    assert [one.photo.id for one in sets.next_to_retag(NEW)] == photos[1:]
    assert [one.photo.id for one in sets.next_to_retag(NEW, photos[2])] == photos[3:]
    some = [photos[4], photos[0], photos[1]]
    assert [one.photo.id for one in sets.next_to_retag(NEW, ids=some)] == [photos[1], photos[4]]
    assert [one.photo.id for one in sets.next_to_retag(NEW, photos[1], 9, some)] == [photos[4]]
    assert sets.next_to_retag(NEW, ids=[]) == []
    assert sets.next_to_retag(MODELS) == []


def test_verdicts_given_between_stage_and_switch_are_obeyed_after_it(catalog, photos):
    retagged = catalog.model_sets.next_to_retag(NEW, limit=3)
    catalog.readings.set_verdict(mark(photos[0]), "bird", VerdictKind.REJECT)
    said = by_yolox("bird")
    for one in retagged:
        assert catalog.model_sets.stage(
            one.photo.id, one.fingerprint, said, believe(said), rules="r", verdicts=one.verdicts
        )
    catalog.readings.set_verdict(mark(photos[1]), "bird", VerdictKind.REJECT)
    catalog.model_sets.switch(NEW)
    found = catalog.readings.next_to_refuse("r")
    assert [one.photo_id for one in found] == [photos[0], photos[1], photos[3], photos[4]]
    for one in catalog.readings.next_to_refuse("r"):
        assert catalog.readings.replace(one, believe(one.analysis), rules="r")
    catalog.readings.set_verdict(mark(photos[2]), "bird", VerdictKind.REJECT)
    catalog.model_sets.rollback()
    judged = [one for one in catalog.readings.next_to_refuse(RULES) if one.verdicts]
    assert [one.photo_id for one in judged] == photos[:3]


def test_photos_whose_files_are_not_there_are_not_retagged(catalog, photos):
    catalog.readings.set_verdict(mark(photos[1]), "dog", VerdictKind.REJECT)
    catalog.mark_missing([photos[0]])
    catalog.record_failure(photos[2], None, "cut off")
    found = catalog.model_sets.next_to_retag(NEW)
    assert [one.photo.id for one in found] == [photos[1], photos[3], photos[4]]
    assert [[verdict.name for verdict in one.verdicts] for one in found] == [["dog"], [], []]


def test_a_staged_reading_changes_no_answer(catalog, reader, photos, path):
    before = everything(path)
    for photo in photos:
        assert stage(catalog, photo, "dog", "cat")
    assert everything(path) == before
    assert reader.evidence(photos[0]) == as_stored(analysis({"cat": 0.5}, dog=[0.75, 0.25]))
    assert reader.model_sets() == [ModelSet(MODELS, 5), ModelSet(NEW, 0, 5)]


def test_a_switch_puts_the_staged_readings_in_force_and_a_rollback_the_former(
    catalog, reader, photos, path
):
    before = everything(path)
    for photo in photos[:3]:
        stage(catalog, photo, "bird", "bird")
    sets = catalog.model_sets
    assert sets.switch(NEW, queue_tags=True) == 3
    assert names(reader.search("bird>=2")) == [b"2.jpg", b"1.jpg", b"0.jpg"]
    assert names(reader.search("dog")) == [b"4.jpg", b"3.jpg"]
    record = reader.photo(b"/photos/0.jpg")
    assert record.tags == believe(by_yolox("bird", "bird")).tags
    assert (record.models, record.rules) == (("classifier", "yolox"), "rules-2")
    assert reader.evidence(photos[0]) == as_stored(by_yolox("bird", "bird"))
    assert sorted(job.id for job in catalog.tags.next_jobs(9)) == photos[:3]
    assert miscounted_labels(path) == []
    assert sets.rollback() == MODELS
    assert [row for table in everything(path) for row in table if "bird" not in row] == [
        row for table in before for row in table
    ]
    assert reader.evidence(photos[0]) == as_stored(analysis({"cat": 0.5}, dog=[0.75, 0.25]))
    assert sets.switch(NEW) == 3
    assert names(reader.search("bird")) == [b"2.jpg", b"1.jpg", b"0.jpg"]
    assert upkeep.check(path.encode()) == []


def test_a_switch_leaves_exactly_what_recording_would_have(catalog, photos, tmp_path, path):
    chance = random.Random(31)  # noqa: S311
    said = {photo: random_evidence(chance) for photo in photos}
    other = [CLASSIFIER, ModelVersion("detector", "d2")]
    for photo, one in said.items():
        evidence = Analysis(one.labels, one.detections, tuple(other), one.crops)
        reading = believe(evidence, "animal")
        catalog.model_sets.stage(photo, mark(photo), evidence, reading, rules="r")
    catalog.checkpoint()
    shutil.copy(path, tmp_path / "direct.db")
    catalog.model_sets.switch(other)
    with Catalog.open(str(tmp_path / "direct.db")) as direct:
        for photo, one in said.items():
            evidence = Analysis(one.labels, one.detections, tuple(other), one.crops)
            known = facts(seconds=photo, fingerprint=mark(photo))
            take_in(direct, photo, known, evidence, "animal", rules="r")
    assert everything(path) == everything(tmp_path / "direct.db")
    assert rows(path, "SELECT count(*) FROM reading_aside") == [(5,)]


def test_a_switch_is_seen_at_once_or_not_at_all(catalog, photos, path):
    for photo in photos:
        stage(catalog, photo, "bird")
    before = everything(path)
    with catalog._transactions.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON label BEGIN SELECT raise(ABORT, 'full'); END"
        )
    with pytest.raises(Exception, match="full"):
        catalog.model_sets.switch(NEW)
    assert everything(path) == before
    assert rows(path, "SELECT max(switched_at) FROM model_set") == [(None,)]


def test_questions_are_answered_from_before_while_a_switch_is_under_way(catalog, photos, path):
    for photo in photos:
        stage(catalog, photo, "bird")
    asked = []

    def ask(statement, *_):
        if "UPDATE label" in statement:
            with CatalogReader.open(path) as reader:
                asked.append((len(reader.search("dog")), len(reader.search("bird"))))

    connection = catalog._transactions.engine.raw_connection()
    connection.driver_connection.set_trace_callback(ask)
    connection.close()
    catalog.model_sets.switch(NEW)
    assert asked == [(5, 0)]
    with CatalogReader.open(path) as reader:
        assert (len(reader.search("dog")), len(reader.search("bird"))) == (0, 5)


def test_a_photo_that_changed_meanwhile_has_no_staged_reading(catalog, photos, path):
    assert stage(catalog, photos[0], "bird")
    take_in(catalog, photos[0], facts(fingerprint=b"edited"), analysis(person=[0.5]))
    assert not stage(catalog, photos[0], "bird")
    catalog.record_failure(photos[1], None, "cut off")
    assert not stage(catalog, photos[1], "bird")
    assert not stage(catalog, 99, "bird")
    assert rows(path, "SELECT count(*) FROM reading_aside") == [(0,)]
    assert rows(path, "SELECT model_id FROM evidence WHERE photo_id = 1 ORDER BY 1") == [(1,), (2,)]
    assert catalog.model_sets.switch(NEW) == 0


def test_a_photo_that_is_only_analysed_again_keeps_its_staged_reading(catalog, reader, photos):
    stage(catalog, photos[0], "bird")
    again = facts(seconds=photos[0], fingerprint=mark(photos[0]))
    take_in(catalog, photos[0], again, analysis(person=[0.5]))
    catalog.record_copy(photos[0], again, photos[0])
    assert catalog.model_sets.switch(NEW) == 1
    assert names(reader.search("bird")) == [b"0.jpg"]
    assert catalog.model_sets.rollback() == MODELS
    assert names(reader.search("person")) == [b"0.jpg"]


def test_a_reading_that_new_models_recorded_is_not_staged_beside(catalog, photos, path):
    stage(catalog, photos[0], "bird")
    known = facts(seconds=photos[0], fingerprint=mark(photos[0]))
    take_in(catalog, photos[0], known, by_yolox("person"))
    assert rows(path, "SELECT count(*) FROM reading_aside") == [(0,)]
    assert not stage(catalog, photos[0], "bird")
    assert [one.missing for one in catalog.model_sets.next_to_retag(MODELS)] == [()]


def test_photos_without_a_staged_reading_are_outdated_after_the_switch(catalog, photos):
    stage(catalog, photos[0], "bird")
    catalog.model_sets.switch(NEW)
    outdated, _ = catalog.queue.next_outdated(NEW)
    assert [photo.id for photo in outdated] == photos[:0:-1]
    assert catalog.find_analyzed(mark(photos[0]), NEW) == photos[0]
    assert catalog.find_analyzed(mark(photos[0]), MODELS) is None


def test_there_is_nothing_to_go_back_to_before_a_switch(catalog, photos):
    assert catalog.model_sets.rollback() is None
    stage(catalog, photos[0], "bird")
    assert catalog.model_sets.rollback() is None


def stage_by(catalog, photo, models, *names):
    boxes = tuple(Detection(name, 0.5, Box(0, 0, 1, 1), models[0].name) for name in names)
    said = Analysis((), boxes, models)
    return catalog.model_sets.stage(photo, mark(photo), said, believe(said), rules="r")


def test_each_rollback_undoes_one_switch_more(catalog, reader, photos):
    """Also where the clock stands still."""
    catalog._clock = lambda: 1
    sets = catalog.model_sets
    generations = [(ModelVersion("third", "3"),), (ModelVersion("fourth", "4"),)]
    for models, name in zip(generations, ("bird", "fish"), strict=True):
        for photo in photos:
            assert stage_by(catalog, photo, models, name)
        assert sets.switch(models) == 5
    assert len(reader.search("fish")) == 5
    assert sets.rollback() == generations[0]
    assert len(reader.search("bird")) == 5
    assert sets.rollback() == MODELS
    assert len(reader.search("dog")) == 5
    assert sets.rollback() is None


def test_a_switch_there_and_back_can_be_undone_once(catalog, reader, photos):
    for photo in photos:
        stage(catalog, photo, "bird")
    sets = catalog.model_sets
    assert sets.switch(NEW) == sets.switch(MODELS) == sets.switch(NEW) == 5
    assert sets.rollback() == MODELS
    assert len(reader.search("dog")) == 5
    assert sets.rollback() is None


def test_a_rollback_brings_each_photo_what_it_had_whichever_models_that_were(
    catalog, reader, photos, path
):
    """A second, thorough look at some photos counts as another set of models."""
    thorough = (CLASSIFIER, ModelVersion("detector", "d1 thorough"))
    for photo in photos[:2]:
        again = Analysis((), (Detection("cup", 0.5, Box(0, 0, 1, 1), "detector"),), thorough)
        take_in(catalog, photo, facts(seconds=photo, fingerprint=mark(photo)), again)
    before = [table for table in everything(path) if table]
    for photo in photos:
        stage(catalog, photo, "bird")
    catalog.model_sets.switch(NEW)
    assert len(reader.search("bird")) == 5
    assert catalog.model_sets.rollback() == MODELS
    assert [names(reader.search(word)) for word in ("cup", "dog", "bird")] == [
        [b"1.jpg", b"0.jpg"],
        [b"4.jpg", b"3.jpg", b"2.jpg"],
        [],
    ]
    assert everything(path)[:3] == before[:3]


def test_pruning_gives_up_former_readings_and_evidence_and_nothing_else(
    catalog, reader, photos, path
):
    for photo in photos:
        stage(catalog, photo, "bird")
    assert catalog.model_sets.prune().evidence == 0
    catalog.model_sets.switch(NEW)
    before = everything(path)
    size = rows(path, "SELECT sum(length(data)) FROM evidence WHERE model_id = 2")[0][0]
    pruned = catalog.model_sets.prune()
    assert (pruned.readings, pruned.evidence, pruned.size_bytes) == (5, 5, size)
    assert everything(path) == before
    assert reader.evidence(photos[0]) == as_stored(by_yolox("bird"))
    assert rows(path, "SELECT count(*) FROM tag_aside") == [(0,)]
    assert rows(path, "SELECT count(*) FROM detection_aside") == [(0,)]
    assert [one.models for one in reader.model_sets()] == [NEW]
    assert catalog.model_sets.rollback() is None


def test_pruning_keeps_what_is_staged_unless_told(catalog, photos, path):
    stage(catalog, photos[0], "bird")
    catalog.model_sets.prune()
    assert rows(path, "SELECT count(*) FROM reading_aside") == [(1,)]
    pruned = catalog.model_sets.prune(staged=True)
    assert (pruned.readings, pruned.evidence) == (1, 1)
    assert rows(path, "SELECT count(*) FROM model_set") == [(1,)]


def test_pruning_keeps_the_evidence_of_photos_that_older_models_read(catalog, reader, photos):
    stage(catalog, photos[0], "bird")
    catalog.model_sets.switch(NEW)
    catalog.model_sets.prune()
    said = as_stored(analysis({"cat": 0.5}, dog=[0.75, 0.25]))
    assert reader.evidence(photos[1]) == said
    assert [one.models for one in reader.model_sets()] == [MODELS, NEW]


def test_purging_a_photo_takes_its_readings_aside_with_it(catalog, photos, path):
    for photo in photos:
        stage(catalog, photo, "bird")
    catalog.mark_missing(photos[:2])
    catalog.purge_missing(1 << 40)
    assert rows(path, "SELECT count(DISTINCT photo_id) FROM tag_aside") == [(3,)]
    assert catalog.model_sets.switch(NEW) == 3
    assert upkeep.check(path.encode()) == []


def test_no_step_of_a_switch_reads_all_photos(catalog, photos, path):
    stage(catalog, photos[0], "bird")
    connection = sqlite3.connect(path)
    for step in (*TO, *BACK):
        sql = step.text
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", {"set": 2})]
        scans = [line for line in plan if line.startswith("SCAN")]
        assert set(scans) <= {"SCAN label", "SCAN seen"}, (sql, plan)
    connection.close()
