"""The owner's word: which name it means, and that every copy's reading obeys it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from catalog_samples import add_photos, facts

from phototagd.daemon.config import load_config
from phototagd.daemon.fusing import Fuser, make_fuser
from phototagd.daemon.tagging.setup import parents_of
from phototagd.daemon.verdicts import Judge, LabelUnclear, find_name, names_known
from phototagd.db.catalog import Catalog
from phototagd.db.evidence import as_stored
from phototagd.db.reader import CatalogReader
from phototagd.db.records import Verdict
from phototagd.db.states import VerdictKind
from phototagd.models.results import Analysis, Box, Detection, Label, ModelVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SSD = "ssd-mobilenet-v2-coco"
NANODET = "nanodet-m-coco"
NET = "efficientnet-lite3-imagenet"
HUSKY = as_stored(
    Analysis(
        (Label("Siberian Husky", 0.7, NET), Label("espresso", 0.2, NET)),
        (
            Detection("dog", 0.9, Box(0.1, 0.2, 0.9, 0.8), SSD),
            Detection("chair", 0.6, Box(0.0, 0.0, 0.2, 0.2), SSD),
        ),
        (ModelVersion(NET, "n1"), ModelVersion(SSD, "s1")),
    )
)
MARK = b"husky"
COPIES = [b"a.jpg", b"b.jpg", b"other.jpg"]


class Library:
    """Two copies of a husky and another picture of it, in a catalog with a judge."""

    def __init__(self, path: Path, fuser: Fuser, *, queue_tags: bool = False) -> None:
        self.path = path
        self.fuser = fuser
        self.catalog = Catalog.open(bytes(path))
        self.judge = Judge(self.catalog, fuser, queue_tags=queue_tags)
        self.ids = add_photos(self.catalog, COPIES)
        for photo_id, mark in zip(self.ids, (MARK, MARK, b"other"), strict=True):
            self.catalog.record_reading(
                photo_id,
                facts(fingerprint=mark),
                HUSKY,
                fuser.read(HUSKY),
                rules=fuser.digest,
            )

    def names(self, index: int = 0) -> set[str]:
        """Return the names that a photo has."""
        with CatalogReader.open(bytes(self.path)) as reader:
            (photo,) = reader.photos_by_id([self.ids[index]])
        return {tag.name for tag in photo.tags}

    def found(self, query: str) -> list[int]:
        """Return which of the photos a search finds."""
        with CatalogReader.open(bytes(self.path)) as reader:
            hits = {photo.id for photo in reader.search(query)}
        return [index for index, photo_id in enumerate(self.ids) if photo_id in hits]

    def said(self) -> dict[str, VerdictKind]:
        """Return what is said of the picture."""
        return {one.name: one.kind for one in self.catalog.readings.verdicts(MARK)}


@pytest.fixture(scope="module")
def fuser() -> Fuser:
    return make_fuser(load_config(None, {"PHOTOTAG_CATALOG_PATH": "/nowhere"}))


@pytest.fixture
def library(tmp_path: Path, fuser: Fuser) -> Iterator[Library]:
    found = Library(tmp_path / "catalog.db", fuser)
    yield found
    found.catalog.close()


def test_a_rejected_name_leaves_every_copy_and_no_other_picture(library: Library) -> None:
    assert library.found("chair") == [0, 1, 2]

    given = library.judge.give(MARK, "chair", VerdictKind.REJECT)

    assert given.photos == 2
    assert library.found("chair") == [2]
    assert "chair" not in library.names(0) | library.names(1)
    assert "dog" in library.names(0)


def test_what_is_below_a_rejected_name_goes_too_and_what_only_it_spoke_for(
    library: Library,
) -> None:
    assert {"Siberian Husky", "dog", "animal"} <= library.names()

    library.judge.give(MARK, "dog", VerdictKind.REJECT)

    assert library.names().isdisjoint({"Siberian Husky", "dog", "animal"})
    assert "chair" in library.names()


def test_a_rejected_breed_leaves_the_dog(library: Library) -> None:
    library.judge.give(MARK, "Siberian Husky", VerdictKind.REJECT)

    assert "Siberian Husky" not in library.names()
    assert {"dog", "animal"} <= library.names()


def test_an_added_name_brings_what_is_above_it(library: Library) -> None:
    library.judge.give(MARK, "tabby cat", VerdictKind.ADD)

    assert library.found('"tabby cat"') == library.found("feline") == [0, 1]


def test_a_word_of_ones_own_can_be_searched_for(library: Library) -> None:
    library.judge.give(MARK, "Minka", VerdictKind.ADD)

    assert library.found("minka") == [0, 1]


def test_a_confirmed_name_stands_when_the_rules_would_drop_it(
    library: Library, fuser: Fuser
) -> None:
    library.judge.give(MARK, "chair", VerdictKind.CONFIRM)
    environ = {"PHOTOTAG_CATALOG_PATH": "/nowhere"}
    environ["PHOTOTAG_RECOGNITION_THRESHOLDS"] = "chair=0.99"
    strict = make_fuser(load_config(None, environ))
    assert strict.digest != fuser.digest

    found = library.catalog.readings.next_to_refuse(strict.digest)
    Judge(library.catalog, strict, queue_tags=False).renew(found)

    assert library.found("chair") == [0, 1]


def test_a_verdict_is_taken_back(library: Library) -> None:
    before = library.names()
    given = library.judge.give(MARK, "dog", VerdictKind.REJECT)

    assert library.judge.take_back(given) == 2
    assert library.names() == before
    assert library.said() == {}

    library.judge.give(MARK, "Minka", VerdictKind.ADD)
    library.judge.drop(MARK, "Minka")
    assert library.names() == before


def test_a_later_verdict_takes_back_what_it_contradicts(library: Library) -> None:
    library.judge.give(MARK, "animal", VerdictKind.REJECT)
    given = library.judge.give(MARK, "tabby cat", VerdictKind.ADD)

    assert library.said() == {"tabby cat": VerdictKind.ADD}
    assert given.before == (("tabby cat", None), ("animal", VerdictKind.REJECT))

    library.judge.take_back(given)
    assert library.said() == {"animal": VerdictKind.REJECT}

    library.judge.give(MARK, "tabby cat", VerdictKind.ADD)
    library.judge.give(MARK, "cat", VerdictKind.REJECT)
    assert library.said() == {"cat": VerdictKind.REJECT}


def test_verdicts_on_other_branches_stay(library: Library) -> None:
    library.judge.give(MARK, "chair", VerdictKind.REJECT)
    library.judge.give(MARK, "Siberian Husky", VerdictKind.CONFIRM)

    assert library.said() == {
        "chair": VerdictKind.REJECT,
        "Siberian Husky": VerdictKind.CONFIRM,
    }


def test_a_verdict_without_its_reading_is_mended_by_the_next_refresh(library: Library) -> None:
    library.catalog.readings.set_verdict(MARK, "chair", VerdictKind.REJECT)
    # and the program is killed
    assert "chair" in library.names()

    waiting = library.catalog.readings.next_to_refuse(library.fuser.digest)
    assert library.judge.renew(waiting) == 2

    assert library.found("chair") == [2]
    assert library.catalog.readings.next_to_refuse(library.fuser.digest) == []


@pytest.mark.parametrize(("queue_tags", "waiting"), [(False, []), (True, [0, 1])])
def test_files_are_queued_only_where_tags_are_written(
    tmp_path: Path, fuser: Fuser, *, queue_tags: bool, waiting: list[int]
) -> None:
    library = Library(tmp_path / "catalog.db", fuser, queue_tags=queue_tags)
    library.judge.give(MARK, "chair", VerdictKind.REJECT)

    jobs = [library.ids.index(job.id) for job in library.catalog.tags.next_jobs(10)]
    library.catalog.close()

    assert sorted(jobs) == waiting


def test_a_photo_that_is_forgotten_meanwhile_is_left_out(library: Library) -> None:
    waiting = library.catalog.readings.evidenced(library.ids)
    library.catalog.mark_missing(library.ids[:1])
    assert library.catalog.purge_missing(2**40) == 1

    assert library.judge.renew(waiting) == 2


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("dogs", "dog"),
        ("siberian_husky", "Siberian Husky"),
        ("Motorbike", "motorcycle"),
        ("sofa", "couch"),
    ],
)
def test_words_mean_the_taxonomys_names(fuser: Fuser, word: str, name: str) -> None:
    assert find_name(word, fuser) == name


def test_what_the_photo_has_decides_between_meanings(fuser: Fuser) -> None:
    with pytest.raises(LabelUnclear, match="construction crane or crane bird"):
        find_name("crane", fuser)
    assert find_name("crane", fuser, ["crane bird", "dog"]) == "crane bird"


def test_a_word_that_means_nothing_is_a_name_only_where_one_may_be_new(fuser: Fuser) -> None:
    with pytest.raises(LabelUnclear, match="no label is called 'Mnka'; did you mean Minka"):
        find_name("Mnka", fuser, ["Minka"])
    assert find_name("aunt_Mary", fuser, may_be_new=True) == "aunt Mary"
    assert find_name("AUNT mary", fuser, ["aunt Mary"]) == "aunt Mary"
    with pytest.raises(LabelUnclear):
        find_name(" ", fuser, may_be_new=True)


def test_a_name_that_the_settings_have_changed_means_the_old_one(tmp_path: Path) -> None:
    environ = {"PHOTOTAG_CATALOG_PATH": "/nowhere", "PHOTOTAG_RECOGNITION_RENAME": "dog=Hund"}
    german = make_fuser(load_config(None, environ))
    assert find_name("hund", german) == "dog"

    library = Library(tmp_path / "catalog.db", german)
    assert "Hund" in library.names()
    library.judge.give(MARK, "dog", VerdictKind.REJECT)
    names = library.names()
    library.catalog.close()

    assert names.isdisjoint({"Hund", "dog", "Siberian Husky"})


def test_a_confirmed_name_goes_by_its_new_name_only() -> None:
    environ = {"PHOTOTAG_CATALOG_PATH": "/nowhere", "PHOTOTAG_RECOGNITION_RENAME": "dog=Hund"}
    german = make_fuser(load_config(None, environ))

    reading = german.read(HUSKY, [Verdict("dog", VerdictKind.CONFIRM, 0)])

    sure = {tag.name: tag.confidence for tag in reading.tags}
    assert sure["Hund"] == 1.0
    assert "dog" not in sure


@pytest.mark.parametrize(
    ("label", "rejected", "gone"),
    [
        ("espresso", "cup", "cup"),
        ("stove", "oven", "oven"),
        ("goblet", "wine glass", "wine glass"),
        ("monitor", "tv", "tv"),
        ("dog sled", "animal", "dog"),
    ],
)
def test_a_rejected_name_does_not_come_back_by_what_shows_it(
    fuser: Fuser, label: str, rejected: str, gone: str
) -> None:
    analysis = Analysis((Label(label, 0.8, NET),), (), (ModelVersion(NET, "n1"),))
    assert gone in {tag.name for tag in fuser.read(analysis).tags}

    reading = fuser.read(analysis, [Verdict(rejected, VerdictKind.REJECT, 0)])

    names = {tag.name for tag in reading.tags}
    assert label in names
    assert names.isdisjoint({gone, rejected})


def test_a_models_own_word_means_the_canonical_name(tmp_path: Path, fuser: Fuser) -> None:
    library = Library(tmp_path / "catalog.db", fuser)
    analysis = Analysis((Label("television", 0.8, NET),), (), (ModelVersion(NET, "n1"),))
    reading, made = fuser.read(analysis), facts(fingerprint=MARK)
    library.catalog.record_reading(
        library.ids[0], made, as_stored(analysis), reading, rules=fuser.digest
    )
    library.catalog.close()
    with CatalogReader.open(bytes(library.path)) as reader:
        (photo,) = reader.photos_by_id(library.ids[:1])
        known = names_known(reader, photo)

    assert "television" not in known
    assert find_name("television", fuser, known) == "tv"
    assert find_name("television", fuser, ["television"]) == "tv"


def with_detectors(*names: str) -> Fuser:
    """Return the fuser of settings with these detectors."""
    environ = {"PHOTOTAG_CATALOG_PATH": "/nowhere"}
    environ["PHOTOTAG_MODELS_DETECTORS"] = os.pathsep.join(names)
    return make_fuser(load_config(None, environ))


def test_the_order_of_the_detectors_changes_the_digest() -> None:
    assert with_detectors(SSD, NANODET).digest == with_detectors(SSD, NANODET).digest
    assert with_detectors(SSD, NANODET).digest != with_detectors(NANODET, SSD).digest


def test_evidence_of_a_model_that_is_no_longer_chosen_has_its_own_thresholds(fuser: Fuser) -> None:
    """NanoDet's threshold of 0.36 is under that of models without a manifest."""
    here = Box(0.1, 0.1, 0.5, 0.5)
    chairs = tuple(Detection("chair", 0.4, replace(here, left=at), NANODET) for at in (0.1, 0.4))
    reading = fuser.read(Analysis((), chairs, (ModelVersion(NANODET, "1"),)))
    chair = next(tag for tag in reading.tags if tag.name == "chair")
    assert chair.threshold == fuser.rules.thresholds[NANODET].normal


def test_models_that_were_not_asked_change_nothing(fuser: Fuser) -> None:
    asked = {name: voter for name, voter in fuser.rules.voters.items() if name == SSD}
    assert len(fuser.rules.voters) > len(asked) == 1
    alone = replace(fuser, rules=replace(fuser.rules, voters=asked))
    assert alone.read(HUSKY) == fuser.read(HUSKY)


def test_what_is_above_an_added_name_is_not_shown_and_has_its_new_name(fuser: Fuser) -> None:
    breeds = (Label("Border Terrier", 0.3, NET), Label("pug", 0.3, NET))
    analysis = Analysis(breeds, (), (ModelVersion(NET, "n1"),))
    assert {tag.name for tag in fuser.read(analysis).tags if tag.shown} == {"dog"}
    german = replace(fuser, rules=replace(fuser.rules, rename={"dog": "Hund"}))

    added = [Verdict("Siberian Husky", VerdictKind.ADD, 0)]

    for one, dog in ((fuser, "dog"), (german, "Hund")):
        tags = {tag.name: tag for tag in one.read(analysis, added).tags}
        assert [name for name, tag in tags.items() if tag.shown] == ["Siberian Husky"]
        assert dog in tags["Siberian Husky"].parents


def test_the_path_of_a_renamed_tag_is_that_of_its_old_name() -> None:
    rename = {"dogs": "Hund", "animal": "Tier"}
    assert parents_of("Hund", rename) == ("Tier", "mammal", "canine")
    assert parents_of("Siberian Husky", rename) == ("Tier", "mammal", "canine", "Hund")
    assert parents_of("dog") == ("animal", "mammal", "canine")
