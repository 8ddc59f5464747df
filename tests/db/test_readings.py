"""Readings: evidence is kept as it came, what is believed of it can be made again."""

from __future__ import annotations

import random

import pytest
from catalog_samples import (
    CLASSIFIER,
    DETECTOR,
    MODELS,
    RULES,
    add_photos,
    analysis,
    believe,
    entry,
    facts,
    miscounted_labels,
    random_evidence,
    rows,
    take_in,
)

from phototagd.db import upkeep
from phototagd.db.errors import PhotoUnknown
from phototagd.db.evidence import as_stored
from phototagd.db.records import LabelCount
from phototagd.db.states import VerdictKind
from phototagd.models.results import Analysis, Box, Detection, Label, ModelVersion, Reading, Tag

HUSKY = Reading(
    tags=(
        Tag("dog", 0.9375, "object", "lifted", 0.25),
        Tag("animal", 0.9375, "parent", "implied", 0.25, shown=False),
        Tag("Siberian Husky", 0.75, "label", "refined", 0.5, refines="dog"),
    ),
    detections=(Detection("dog", 0.9375, Box(0.0, 0.25, 0.5, 1.0), "detector"),),
)
NOTHING = Reading((), ())


@pytest.fixture
def photos(catalog):
    return add_photos(catalog, [b"a.jpg", b"b.jpg", b"c.jpg"])


def paths(records):
    return [record.path for record in records]


def mark(number):
    return b"pixels %d" % number


def test_evidence_comes_back_as_it_is_stored_and_not_only_what_is_believed(catalog, reader, photos):
    chance = random.Random(21)  # noqa: S311
    for photo in photos:
        said = random_evidence(chance)
        catalog.record_reading(photo, facts(), said, NOTHING, rules=RULES)
        assert reader.evidence(photo) == as_stored(said)
        assert [one.analysis for one in catalog.readings.evidenced([photo])] == [as_stored(said)]


def test_a_photo_that_no_model_saw_has_no_evidence(catalog, reader, photos):
    assert reader.evidence(photos[0]) is None
    assert reader.evidence(99) is None
    assert catalog.readings.evidenced([photos[0], 99]) == []


def test_a_model_that_saw_nothing_has_looked(catalog, reader, photos):
    take_in(catalog, photos[0], facts(), analysis())
    assert reader.evidence(photos[0]) == Analysis((), (), MODELS)


def test_tags_come_back_with_rule_threshold_and_what_they_refine(catalog, reader, photos):
    catalog.record_reading(photos[0], facts(), analysis(), HUSKY, rules=RULES)
    (record,) = reader.search("animal", details=True)
    dog, animal, husky = HUSKY.tags
    assert record.tags == (dog, animal, husky)
    assert (record.detections, record.rules) == (HUSKY.detections, RULES)


@pytest.mark.parametrize("word", ["dog", "animal", '"siberian husky"', "dog animal dog=1"])
def test_a_husky_is_found_by_each_of_its_names(catalog, reader, photos, word):
    catalog.record_reading(photos[0], facts(), analysis(), HUSKY, rules=RULES)
    assert paths(reader.search(word)) == [b"/photos/a.jpg"]


def test_what_the_models_said_below_a_threshold_is_not_found(catalog, reader, photos):
    catalog.record_reading(photos[0], facts(), analysis({"canoe": 0.1}), HUSKY, rules=RULES)
    assert reader.search("canoe") == []
    counts = {label.name: label for label in reader.labels()}
    assert counts["canoe"] == LabelCount("canoe", 0)
    assert counts["animal"] == LabelCount("animal", 1, ("parent",))


def test_names_know_which_kinds_of_tags_they_have_been(catalog, reader, photos):
    kinds = [("dog", "object"), ("Dog", "parent"), ("dog", "label")]
    for photo, (name, kind) in zip(photos, kinds, strict=True):
        reading = Reading((Tag(name, 0.5, kind, "leaf", 0.25),), ())
        catalog.record_reading(photo, facts(), analysis(), reading, rules=RULES)
    assert reader.labels() == [LabelCount("dog", 3, ("object", "label", "parent"))]


def test_a_box_that_several_models_saw_keeps_their_joined_name(catalog, reader, photos, path):
    box = Detection("dog", 0.5, Box(0.0, 0.25, 0.5, 1.0), "ssd+yolox")
    reading = Reading(HUSKY.tags, (box,))
    for photo in photos:
        catalog.record_reading(photo, facts(), analysis(), reading, rules=RULES)
    assert reader.photo(b"/photos/a.jpg").detections == (box,)
    assert reader.photo(b"/photos/a.jpg").models == ("classifier", "detector")
    assert reader.stats().models == MODELS
    assert rows(path, "SELECT count(*) FROM model") == [(3,)]


def test_names_of_a_change_that_was_taken_back_are_not_remembered(catalog, photos, path):
    wrong = Reading((Tag("cat", 0.5, "stranger", "leaf", 0.25),), ())
    with pytest.raises(KeyError):
        catalog.record_reading(photos[0], facts(), analysis(), wrong, rules=RULES)
    assert rows(path, "SELECT count(*) FROM label") == [(0,)]
    take_in(catalog, photos[0], facts(), analysis({"dog": 0.5, "cat": 0.25}))
    take_in(catalog, photos[1], facts(), analysis({"cat": 0.25}))
    assert rows(path, "SELECT name, n FROM label ORDER BY name") == [("cat", 2), ("dog", 1)]


def test_only_readings_by_other_rules_are_made_again_and_in_steps(catalog, photos):
    for photo, rules in zip(photos, ("old", "new", "old"), strict=True):
        take_in(catalog, photo, facts(), analysis(dog=[0.5]), rules=rules)
    counted = [catalog.readings.count_to_refuse(rules) for rules in ("old", "new", "other")]
    assert counted == [1, 2, 3]
    (first,) = catalog.readings.next_to_refuse("new", 0, 1)
    assert (first.photo_id, first.fingerprint) == (photos[0], b"pixels")
    assert first.analysis == as_stored(analysis(dog=[0.5]))
    (second,) = catalog.readings.next_to_refuse("new", first.photo_id, 1)
    assert second.photo_id == photos[2]
    assert catalog.readings.next_to_refuse("new", second.photo_id, 1) == []
    assert catalog.readings.replace(first, HUSKY, rules="new")
    assert [one.photo_id for one in catalog.readings.next_to_refuse("new")] == [photos[2]]


def test_a_new_reading_replaces_tags_boxes_and_counts_and_keeps_evidence(
    catalog, reader, photos, path
):
    said = analysis({"cat": 0.5}, dog=[0.5, 0.25])
    take_in(catalog, photos[0], facts(seconds=7), said)
    (photo,) = catalog.readings.next_to_refuse("new")
    assert catalog.readings.replace(photo, HUSKY, rules="new", queue_tags=True)
    record = reader.photo(b"/photos/a.jpg")
    assert (record.tags, record.detections) == (HUSKY.tags, HUSKY.detections)
    assert (record.models, record.rules, record.taken_at) == (("classifier", "detector"), "new", 7)
    assert reader.search("cat") == []
    assert reader.evidence(photos[0]) == as_stored(said)
    assert [job.id for job in catalog.tags.next_jobs(9)] == [photos[0]]
    assert miscounted_labels(path) == []
    assert rows(path, "SELECT name, digest FROM model") == [
        ("classifier", "c1"),
        ("detector", "d1"),
    ]


def test_a_reading_of_what_is_not_so_any_more_is_refused(catalog, photos, path):
    for photo in photos:
        take_in(catalog, photo, facts(fingerprint=mark(photo)), analysis(dog=[0.5]), rules="old")
    changed, other_models, judged = catalog.readings.next_to_refuse("new")
    take_in(catalog, photos[0], facts(fingerprint=b"others"), analysis(), rules="old")
    newer = Analysis((), (), (CLASSIFIER, ModelVersion("detector", "d2")))
    take_in(catalog, photos[1], facts(fingerprint=mark(photos[1])), newer, rules="old")
    catalog.readings.set_verdict(mark(photos[2]), "dog", VerdictKind.REJECT)
    for photo in (changed, other_models, judged):
        assert not catalog.readings.replace(photo, HUSKY, rules="new")
    assert rows(path, "SELECT count(*) FROM photo WHERE rules = 'new'") == [(0,)]
    for photo in catalog.readings.next_to_refuse("new"):
        assert catalog.readings.replace(photo, NOTHING, rules="new")
    assert catalog.readings.next_to_refuse("new") == []
    assert rows(path, "SELECT count(*) FROM photo_tag") == [(0,)]


def test_a_photo_that_is_gone_from_the_catalog_has_no_reading_to_replace(catalog, photos):
    take_in(catalog, photos[0], facts(), analysis())
    (photo,) = catalog.readings.next_to_refuse("new")
    catalog.mark_missing(photos)
    catalog.purge_missing(1 << 40)
    with pytest.raises(PhotoUnknown):
        catalog.readings.replace(photo, HUSKY, rules="new")


def test_a_failed_photo_is_not_refused_and_holds_no_evidence(catalog, photos, path):
    take_in(catalog, photos[0], facts(), analysis(dog=[0.5]), rules="old")
    (photo,) = catalog.readings.next_to_refuse("new")
    catalog.record_failure(photos[0], facts(), "cut off")
    assert catalog.readings.next_to_refuse("new") == []
    assert not catalog.readings.replace(photo, HUSKY, rules="new")
    assert rows(path, "SELECT count(*) FROM evidence") == [(0,)]


def test_a_copy_has_evidence_reading_and_rules_of_its_own(catalog, reader, photos, path):
    said = analysis({"cat": 0.5}, dog=[0.5])
    take_in(catalog, photos[0], facts(), said, rules="old")
    take_in(catalog, photos[1], facts(fingerprint=b"other"), analysis(person=[0.5]))
    catalog.record_copy(photos[1], facts(seconds=9), photos[0])
    assert reader.evidence(photos[1]) == as_stored(said)
    assert paths(reader.search("cat")) == [b"/photos/a.jpg", b"/photos/b.jpg"]
    assert reader.search("person") == []
    assert [one.photo_id for one in catalog.readings.next_to_refuse("new")] == photos[:2]
    assert miscounted_labels(path) == []
    assert upkeep.check(path.encode()) == []


def test_a_touched_photo_keeps_its_evidence_under_its_new_date(catalog, reader, photos, path):
    said = analysis(dog=[0.5, 0.25])
    take_in(catalog, photos[0], facts(), said)
    catalog.observe_file(1, b"", entry(b"a.jpg", seconds=9000))
    catalog.record_copy(photos[0], facts(seconds=9000), photos[0])
    assert reader.evidence(photos[0]) == as_stored(said)
    assert rows(path, "SELECT taken_at, times FROM sighting") == [(9000, 2)]


def test_two_tags_of_one_spelling_are_one(catalog, reader, photos):
    tags = (Tag("Cat", 0.75, "label", "leaf", 0.5), Tag("cat", 0.5, "object", "detected", 0.25))
    catalog.record_reading(photos[0], facts(), analysis(), Reading(tags, ()), rules=RULES)
    assert reader.photo(b"/photos/a.jpg").tags == tags[:1]


def test_models_of_other_evidence_are_told_by_version(catalog, reader, photos):
    newer = ModelVersion("detector", "d2")
    said = Analysis((Label("cat", 1.0, "classifier"),), (), (CLASSIFIER, newer))
    take_in(catalog, photos[0], facts(), said)
    assert reader.evidence(photos[0]) == said
    assert catalog.find_analyzed(b"pixels", [newer, CLASSIFIER]) == photos[0]
    assert catalog.find_analyzed(b"pixels", [DETECTOR, CLASSIFIER]) is None
    assert catalog.queue.next_outdated([newer])[0] == []
    assert [photo.id for photo in catalog.queue.next_outdated([DETECTOR])[0]] == photos[:1]


def test_the_names_a_reading_needs_are_there_for_every_photo(catalog, photos, path):
    """Readings made at random, replaced and copied, never leave a count or an index behind."""
    chance = random.Random(23)  # noqa: S311
    for step in range(120):
        photo = chance.choice(photos)
        said = random_evidence(chance)
        reading = believe(said, "animal") if step % 3 else NOTHING
        match chance.randrange(3):
            case 0:
                catalog.record_reading(
                    photo, facts(fingerprint=mark(step)), said, reading, rules="a"
                )
            case 1:
                catalog.record_copy(photo, facts(seconds=step), chance.choice(photos))
            case 2:
                for one in catalog.readings.evidenced([photo]):
                    catalog.readings.replace(one, reading, rules="b")
    assert miscounted_labels(path) == []
    assert rows(path, "SELECT max(n) FROM label") > [(1,)]
    assert upkeep.check(path.encode()) == []
