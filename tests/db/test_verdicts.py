"""Verdicts: what people say of a picture outlives its files, and holds for every copy."""

from __future__ import annotations

import pytest
from catalog_samples import (
    RULES,
    add_photos,
    analysis,
    believe,
    entry,
    facts,
    take_in,
)

from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.records import Verdict
from phototagd.db.states import VerdictKind
from phototagd.models.results import Reading, Tag

REJECTED = Verdict("Siberian Husky", VerdictKind.REJECT, 5000)


@pytest.fixture
def photos(catalog):
    """Two copies of one picture, and another picture."""
    ids = add_photos(catalog, [b"a.jpg", b"copy.jpg", b"other.jpg"])
    for photo, mark in zip(ids, (b"husky", b"husky", b"other"), strict=True):
        take_in(catalog, photo, facts(fingerprint=mark), analysis(dog=[0.5]))
    return ids


def test_a_verdict_is_of_the_picture_and_names_its_photos(catalog, reader, photos):
    ids = catalog.readings.set_verdict(b"husky", "Siberian Husky", VerdictKind.REJECT)
    assert ids == tuple(photos[:2])
    assert catalog.readings.verdicts(b"husky") == reader.verdicts(b"husky") == (REJECTED,)
    assert catalog.readings.verdicts(b"other") == ()
    found = catalog.readings.evidenced(photos)
    assert [one.verdicts for one in found] == [(REJECTED,), (REJECTED,), ()]


def test_a_name_has_one_verdict_however_it_is_spelled(catalog, photos):
    catalog.readings.set_verdict(b"husky", "Siberian Husky", VerdictKind.CONFIRM)
    catalog.readings.set_verdict(b"husky", "SIBERIAN husky", VerdictKind.REJECT)
    catalog.readings.set_verdict(b"husky", "snow", VerdictKind.ADD)
    assert [one.name for one in catalog.readings.verdicts(b"husky")] == ["SIBERIAN husky", "snow"]
    assert catalog.readings.set_verdict(b"husky", "siberian husky", None) == tuple(photos[:2])
    assert catalog.readings.verdicts(b"husky") == (Verdict("snow", VerdictKind.ADD, 5000),)


def test_readings_of_a_judged_picture_are_to_be_made_again(catalog, photos):
    assert catalog.readings.next_to_refuse(RULES) == []
    catalog.readings.set_verdict(b"husky", "dog", VerdictKind.REJECT)
    for photo in catalog.readings.next_to_refuse(RULES):
        assert catalog.readings.replace(photo, Reading((), ()), rules=RULES)
    assert catalog.readings.next_to_refuse(RULES) == []
    catalog.readings.set_verdict(b"husky", "dog", None)
    assert [one.photo_id for one in catalog.readings.next_to_refuse(RULES)] == photos[:2]


def test_verdicts_outlive_purge_move_metadata_edit_and_a_new_analysis(catalog, photos):
    catalog.readings.set_verdict(b"husky", "Siberian Husky", VerdictKind.REJECT)
    root = catalog.roots()[0].id
    catalog.observe_file(root, b"", entry(b"a.jpg", size=99, seconds=9000))
    take_in(catalog, photos[0], facts(fingerprint=b"husky", seconds=9000), analysis())
    assert catalog.readings.evidenced([photos[0]])[0].verdicts == (REJECTED,)
    catalog.mark_missing(photos)
    assert catalog.purge_missing(1 << 40) == 3
    (again,) = add_photos(catalog, [b"elsewhere.jpg"])
    take_in(catalog, again, facts(fingerprint=b"husky"), analysis(dog=[0.5]))
    assert catalog.readings.evidenced([again])[0].verdicts == (REJECTED,)


def test_all_verdicts_name_a_photo_that_can_be_weighed_again(catalog, reader, photos):
    catalog.readings.set_verdict(b"gone", "dog", VerdictKind.CONFIRM)
    catalog.readings.set_verdict(b"husky", "dog", VerdictKind.REJECT)
    catalog.readings.set_verdict(b"other", "cat", VerdictKind.ADD)
    catalog.file_gone(1, b"", b"a.jpg")
    found = [(one.verdict.name, one.fingerprint, one.photo_id) for one in reader.all_verdicts()]
    assert found == [
        ("cat", b"other", photos[2]),
        ("dog", b"gone", None),
        ("dog", b"husky", photos[1]),
    ]


def tags_of(**confidences):
    return tuple(Tag(name, sure, "object", "detected", 0.5) for name, sure in confidences.items())


def test_uncertain_tags_come_nearest_first_and_once_a_picture(catalog, reader, photos):
    said = analysis(person=[0.5])
    hidden = Tag("animal", 0.5, "parent", "implied", 0.5, shown=False)
    husky = Reading((*tags_of(dog=0.9, cat=0.53), hidden), ())
    for photo in photos[:2]:
        catalog.record_reading(photo, facts(fingerprint=b"husky"), said, husky, rules=RULES)
    other = Reading(tags_of(dog=0.52, cup=0.45), ())
    catalog.record_reading(photos[2], facts(fingerprint=b"other"), said, other, rules=RULES)
    found = [(one.photo_id, one.tag.name) for one in reader.uncertain("", 9)]
    expected = [(photos[2], "dog"), (photos[0], "cat"), (photos[2], "cup"), (photos[0], "dog")]
    assert found == expected
    assert [one.tag.name for one in reader.uncertain("", 1)] == ["dog"]
    assert [one.tag.name for one in reader.uncertain("cat", 9)] == ["cat", "dog"]
    first = reader.uncertain("", 1)[0]
    assert (first.path, first.fingerprint) == (b"/photos/other.jpg", b"other")
    assert first.tag == other.tags[0]


def test_what_was_judged_is_not_uncertain(catalog, reader, photos):
    assert {one.tag.name for one in reader.uncertain("", 9)} == {"dog"}
    catalog.readings.set_verdict(b"husky", "DOG", VerdictKind.CONFIRM)
    assert [one.photo_id for one in reader.uncertain("", 9)] == [photos[2]]
    assert reader.uncertain("dog", 0) == []


def test_a_verdict_made_beside_the_daemon_is_seen_by_it(catalog, path, photos):
    with Catalog.open(path, exclusive=False, clock=lambda: 7000) as beside:
        ids = beside.readings.set_verdict(b"husky", "dog", VerdictKind.REJECT)
        for photo in beside.readings.evidenced(ids):
            reading = believe(analysis({"cat": 0.5}))
            assert beside.readings.replace(photo, reading, rules=RULES)
    assert catalog.readings.verdicts(b"husky") == (Verdict("dog", VerdictKind.REJECT, 7000),)
    take_in(catalog, photos[2], facts(fingerprint=b"other"), analysis({"cat": 0.5, "cup": 0.25}))
    with CatalogReader.open(path) as reader:
        assert len(reader.search("cat")) == 3


def test_a_reading_that_obeys_other_verdicts_is_not_stored(catalog, reader, photos):
    said = analysis(cat=[0.5])

    def record(photo, mark, *verdicts):
        known = facts(fingerprint=mark)
        return catalog.record_reading(
            photo, known, said, believe(said), rules=RULES, verdicts=verdicts, queue_tags=True
        )

    catalog.intern_labels(["cat"])
    catalog.readings.set_verdict(b"husky", REJECTED.name, REJECTED.kind)
    assert not record(photos[0], b"husky")
    assert not record(photos[2], b"other", REJECTED)
    assert (reader.search("cat"), catalog.tags.next_jobs(9)) == ([], [])

    assert record(photos[0], b"husky", REJECTED)
    assert record(photos[2], b"other")
    found = {photos[0], photos[2]}
    assert {photo.id for photo in reader.search("cat")} == found
    assert {job.id for job in catalog.tags.next_jobs(9)} == found
