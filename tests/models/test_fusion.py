"""What is believed follows from the evidence by rules; every number here is computed by hand."""

from __future__ import annotations

import doctest
from dataclasses import replace

import pytest

from phototagd.models import seeing
from phototagd.models.errors import ModelError
from phototagd.models.fusion import explain, fuse, leave_out, weigh
from phototagd.models.fusion_rules import RULES, Wishes, make_rules
from phototagd.models.manifest import find_manifests
from phototagd.models.results import Analysis, Box, Crop, Detection, Label, ModelVersion
from phototagd.models.taxonomy import load_taxonomy

SSD = find_manifests()["ssd-mobilenet-v2-coco"]
LITE = find_manifests()["efficientnet-lite3-imagenet"]
YOLOX = find_manifests()["yolox-nano-coco"]
NANODET = find_manifests()["nanodet-m-coco"]
TAXONOMY = load_taxonomy()
HERE, THERE = Box(0.0, 0.0, 0.4, 0.4), Box(0.5, 0.5, 1.0, 1.0)
# One box of a name loses a little; tests of other rules leave that one out.
PLAIN = Wishes(without=("company",))


def see(*things, labels=(), crops=()):
    """Make the evidence of things (name, confidence, box) and labels (name, confidence)."""
    return Analysis(
        tuple(Label(name, sure, LITE.name) for name, sure in labels),
        tuple(Detection(name, sure, box, SSD.name) for name, sure, box in things),
        (ModelVersion(LITE.name, "1"), ModelVersion(SSD.name, "2")),
        tuple(
            Crop(name, box, tuple(Label(kind, sure, LITE.name) for kind, sure in kinds))
            for name, box, kinds in crops
        ),
    )


def rules(wishes=PLAIN, *manifests):
    return make_rules(manifests or (LITE, SSD), TAXONOMY, wishes)


def believe(analysis, wishes=PLAIN):
    """Return the believed tags by name."""
    return {tag.name: tag for tag in fuse(analysis, TAXONOMY, rules(wishes)).tags}


def doubt(analysis, wishes=PLAIN):
    """Return why the others are not believed, by name."""
    tags = weigh(analysis, TAXONOMY, rules(wishes))
    return {tag.name: tag.dropped for tag in tags if tag.dropped}


def test_the_examples_in_the_docstrings_hold():
    results = doctest.testmod(seeing)
    assert (results.attempted, results.failed) == (2, 0)


def test_a_detection_at_its_threshold_is_a_tag_with_its_parents():
    found = believe(see(("dog", 0.25, HERE), ("cat", 0.24, THERE)))
    assert list(found) == ["dog", "canine", "mammal", "animal"]
    dog = found["dog"]
    assert (dog.kind, dog.rule, dog.confidence, dog.threshold) == ("object", "detected", 0.25, 0.25)
    assert dog.parents == ("animal", "mammal", "canine")
    assert {found[name].kind for name in dog.parents} == {"parent"}
    assert {found[name].confidence for name in dog.parents} == {0.25}
    assert [name for name, tag in found.items() if tag.shown] == ["dog"]


@pytest.mark.parametrize(("level", "least"), [("few", 0.40), ("normal", 0.25), ("many", 0.18)])
def test_the_level_chooses_the_models_threshold(level, least):
    wishes = replace(PLAIN, level=level)
    assert "dog" in believe(see(("dog", least, HERE)), wishes)
    assert "dog" not in believe(see(("dog", least - 0.001, HERE)), wishes)


def test_the_boxes_are_those_over_the_threshold_surest_first():
    analysis = see(("dog", 0.3, HERE), ("dog", 0.9, THERE), ("dog", 0.2, Box(0, 0.8, 0.1, 0.9)))
    found = fuse(analysis, TAXONOMY, rules()).detections
    assert [(one.confidence, one.box) for one in found] == [(0.9, THERE), (0.3, HERE)]


def test_the_classifier_lifts_a_weak_detection_by_half_of_what_it_says():
    """1 - (1 - 0.2) (1 - 0.3 / 2) = 0.32, where 0.3 is the sum over two breeds."""
    analysis = see(("dog", 0.2, HERE), labels=[("Beagle", 0.2), ("pug", 0.1)])
    dog = believe(analysis)["dog"]
    assert dog.confidence == pytest.approx(0.32)
    assert (dog.rule, dog.models) == ("lifted", (SSD.name, LITE.name))
    (box,) = fuse(analysis, TAXONOMY, rules()).detections
    assert box.confidence == pytest.approx(0.32)
    assert "dog" not in believe(analysis, Wishes(without=("company", "lifted")))


def test_the_classifier_lowers_nothing():
    assert believe(see(("dog", 0.3, HERE), labels=[("tench", 0.9)]))["dog"].confidence == 0.3


def test_what_a_class_shows_lifts_without_being_its_parent():
    """1 - (1 - 0.2) (1 - 0.4) = 0.52: an espresso stands in a cup, and is none."""
    found = believe(see(("cup", 0.2, HERE), labels=[("espresso", 0.8)]))
    assert found["cup"].confidence == pytest.approx(0.8)  # the sum over all that shows a cup
    assert "cup" not in found["espresso"].parents
    assert found["espresso"].refines == "cup"
    weak = believe(see(("cup", 0.2, HERE), labels=[("espresso", 0.4)]))
    assert weak["cup"].confidence == pytest.approx(1 - 0.8 * 0.8)


def test_competing_breeds_are_still_a_dog():
    """No breed has 0.45, and together they have 0.75; the terriers alone 0.5."""
    breeds = [("Border Terrier", 0.3), ("Cairn Terrier", 0.2), ("pug", 0.25)]
    found = believe(see(labels=breeds))
    sums = {name: tag.confidence for name, tag in found.items()}
    assert sums == pytest.approx(
        {"terrier": 0.5, "dog": 0.75, "canine": 0.75, "mammal": 0.75, "animal": 0.75}
    )
    assert {tag.rule for tag in found.values()} == {"sum"}
    assert [name for name, tag in found.items() if tag.shown] == ["terrier"]
    assert {one.name for one in found["dog"].evidence} == {name for name, _ in breeds}


def test_a_sum_under_its_threshold_is_not_believed_and_says_so():
    analysis = see(labels=[("pug", 0.25), ("Beagle", 0.24)])
    assert believe(analysis) == {}
    assert doubt(analysis)["dog"] == "under the threshold of 0.50"


def test_a_name_with_others_below_it_counts_itself():
    """The class "mushroom" and an agaric: 0.3 + 0.3."""
    found = believe(see(labels=[("mushroom", 0.3), ("agaric", 0.3)]))
    assert found["mushroom"].confidence == pytest.approx(0.6)


def test_at_most_three_labels_of_the_whole_picture_are_believed():
    names = ["lighter", "torch", "hook", "knot"]
    labels = [(name, 0.5 + place / 100) for place, name in enumerate(names)]
    analysis = see(labels=labels)
    assert list(believe(analysis)) == ["knot", "hook", "torch"]
    assert doubt(analysis)["lighter"] == "3 are surer"


def test_a_label_refines_the_thing_that_was_detected():
    found = believe(see(("dog", 0.9, HERE), labels=[("pug", 0.5), ("lighter", 0.5)]))
    assert (found["pug"].kind, found["pug"].refines) == ("label", "dog")
    assert found["lighter"].refines is None
    assert found["dog"].confidence == pytest.approx(1 - 0.1 * 0.75)
    assert [name for name, tag in found.items() if tag.shown] == ["dog", "pug", "lighter"]


def test_a_name_that_both_models_say_is_one_tag_with_the_box_and_the_higher_confidence():
    analysis = see(("banana", 0.6, HERE), labels=[("banana", 0.9)])
    found = believe(analysis)
    assert list(found) == ["banana", "fruit", "food"]
    banana = found["banana"]
    assert (banana.kind, banana.confidence) == ("object", 0.9)
    assert {one.source for one in banana.evidence} == {"detection", "label"}
    assert [one.box for one in fuse(analysis, TAXONOMY, rules()).detections] == [HERE]


def test_names_that_differ_only_in_the_models_words_are_one():
    found = believe(see(("mouse", 0.3, HERE), labels=[("computer mouse", 0.6)]))
    assert list(found) == ["mouse", "electronics"]
    assert {one.name for one in found["mouse"].evidence} == {"mouse"}


def test_a_label_against_a_sure_detection_of_its_group_needs_much_more():
    def cheetah(sure, giraffe, *without):
        analysis = see(("giraffe", giraffe, HERE), labels=[("cheetah", sure)])
        return "cheetah" in believe(analysis, Wishes(without=("company", *without)))

    assert not cheetah(0.79, 0.5)
    assert cheetah(0.8, 0.5)
    assert cheetah(0.79, 0.49)
    assert cheetah(0.79, 0.5, "contradicted")
    why = doubt(see(("giraffe", 0.7, HERE), labels=[("cheetah", 0.6)]))
    assert why["cheetah"] == why["feline"] == "contradicted by giraffe 0.70"


def test_what_is_akin_to_a_sure_detection_contradicts_nothing():
    analysis = see(("dog", 0.9, HERE), ("cat", 0.7, THERE), labels=[("pug", 0.5), ("lighter", 0.6)])
    assert {"pug", "lighter", "dog", "cat", "mammal"} <= believe(analysis).keys()
    vehicle = see(("dog", 0.9, HERE), labels=[("minivan", 0.6)])
    assert {"minivan", "car", "vehicle", "dog"} <= believe(vehicle).keys()


def test_in_one_place_the_surer_name_halves_the_other():
    same = Box(0.0, 0.0, 0.4, 0.39)
    analysis = see(("couch", 0.8, HERE), ("bed", 0.48, same), ("chair", 0.48, THERE))
    found = believe(analysis)
    assert {"couch", "chair"} <= found.keys()
    assert "bed" not in found  # 0.24
    assert "bed" in believe(analysis, Wishes(without=("company", "rivals")))
    assert believe(see(("couch", 0.9, HERE), ("bed", 0.75, same)))["bed"].confidence == 0.375


def test_boxes_in_company_support_each_other():
    """Log-odds + 0.7 ln(boxes / 1.8): three of 0.22 pass 0.25, one of 0.3 does not."""
    places = [Box(left, 0, left + 0.2, 0.2) for left in (0.0, 0.3, 0.6)]
    three = see(*(("chair", 0.22, box) for box in places))
    odds = 0.22 / 0.78 * (3 / 1.8) ** 0.7
    assert believe(three, Wishes())["chair"].confidence == pytest.approx(odds / (1 + odds))
    assert "chair" not in believe(three)
    assert "chair" not in believe(see(("chair", 0.3, HERE)), Wishes())
    faint = see(("chair", 0.3, HERE), ("chair", 0.09, THERE))
    assert "chair" not in believe(faint, Wishes())  # what is hardly there is no company


def test_a_crop_that_shows_the_same_lifts_a_weak_detection():
    """1 - (1 - 0.2) (1 - 0.5 / 2) = 0.4."""
    crops = [("dog", HERE, [("pug", 0.3), ("Beagle", 0.2)])]
    analysis = see(("dog", 0.2, HERE), crops=crops)
    assert believe(analysis)["dog"].confidence == pytest.approx(0.4)
    assert "dog" not in believe(analysis, Wishes(without=("company", "verified")))
    elsewhere = see(("dog", 0.2, THERE), crops=crops)
    assert "dog" not in believe(elsewhere)


def test_the_crop_of_a_sure_thing_says_its_kind():
    """The pug has 0.4 of the 0.5 that are dogs; the detection becomes 1 - 0.2 (1 - 0.25) = 0.85."""
    analysis = see(("dog", 0.8, HERE), crops=[("dog", HERE, [("pug", 0.4), ("Beagle", 0.1)])])
    pug = believe(analysis)["pug"]
    assert pug.confidence == pytest.approx(0.85 * 0.8)
    assert (pug.kind, pug.rule, pug.refines) == ("label", "refined", "dog")
    assert pug.evidence[0].box == HERE
    assert "pug" not in believe(analysis, Wishes(without=("company", "refined")))


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        ([("pug", 0.3), ("Beagle", 0.25)], "only 0.55 of what dog may be"),
        ([("pug", 0.28)], None),  # hardly a dog at all
        ([("tabby cat", 0.9)], None),
    ],
)
def test_a_crop_that_is_not_sure_says_no_kind(kinds, why):
    analysis = see(("dog", 0.8, HERE), crops=[("dog", HERE, kinds)])
    assert {"pug", "tabby cat"}.isdisjoint(believe(analysis))
    assert doubt(analysis).get("pug") == why


def test_the_only_kind_that_the_classifier_knows_is_not_taken_for_all():
    """All its airplanes are airliners: a share of 1 says nothing, the word itself counts."""
    small = see(("airplane", 0.9, HERE), crops=[("airplane", HERE, [("airliner", 0.5)])])
    assert "airliner" not in believe(small)
    large = see(("airplane", 0.9, HERE), crops=[("airplane", HERE, [("airliner", 0.7)])])
    assert "airliner" in believe(large)


def test_the_crop_of_the_one_dog_has_the_last_word_on_its_breed():
    crops = [("dog", HERE, [("pug", 0.9)])]
    analysis = see(("dog", 0.8, HERE), labels=[("Beagle", 0.6)], crops=crops)
    assert "Beagle" not in believe(analysis)
    assert doubt(analysis)["Beagle"] == "its crop is a pug"
    two = see(("dog", 0.8, HERE), ("dog", 0.7, THERE), labels=[("Beagle", 0.6)], crops=crops)
    assert {"pug", "Beagle"} <= believe(two).keys()


def test_a_name_may_have_its_own_threshold():
    analysis = see(("dog", 0.5, HERE), labels=[("lighter", 0.3)])
    found = believe(analysis, replace(PLAIN, labels={"dogs": 0.6, "lighter": 0.3}))
    assert list(found) == ["lighter"]


def test_a_denied_name_is_hidden_and_nothing_else():
    analysis = see(("dog", 0.9, HERE), labels=[("pug", 0.5)])
    wishes = replace(PLAIN, deny=("dogs", "animal"))
    found = believe(analysis, wishes)
    assert set(found) == {"canine", "mammal", "pug"}
    assert doubt(analysis, wishes)["dog"] == "denied"
    assert fuse(analysis, TAXONOMY, rules(wishes)).detections == ()


def test_allowed_are_the_listed_names_and_what_is_below_them():
    analysis = see(("dog", 0.9, HERE), ("car", 0.9, THERE), labels=[("lighter", 0.6)])
    assert set(believe(analysis, replace(PLAIN, allow=("mammals",)))) == {"dog", "canine", "mammal"}


def test_a_renamed_tag_has_its_new_name_everywhere():
    analysis = see(("dog", 0.9, HERE), labels=[("pug", 0.5)])
    wishes = replace(PLAIN, rename={"dog": "Hund", "canine": "Hund"})
    reading = fuse(analysis, TAXONOMY, rules(wishes))
    found = {tag.name: tag for tag in reading.tags}
    assert set(found) == {"Hund", "pug", "mammal", "animal"}
    assert found["pug"].refines == "Hund"
    assert found["pug"].parents == ("animal", "mammal", "Hund")
    assert [one.name for one in reading.detections] == ["Hund"]


def test_a_rejected_name_takes_what_is_below_it_and_implies_nothing():
    analysis = see(
        ("dog", 0.9, HERE),
        ("car", 0.9, THERE),
        labels=[("pug", 0.6), ("lighter", 0.6)],
        crops=[("dog", HERE, [("pug", 0.9)])],
    )
    left = leave_out(analysis, ["dog"], TAXONOMY)
    assert set(believe(left)) == {"car", "vehicle", "lighter"}
    assert leave_out(analysis, [], TAXONOMY) is analysis
    breed = believe(leave_out(analysis, ["pug"], TAXONOMY))
    assert "dog" in breed
    assert "pug" not in breed


def test_what_is_rejected_is_not_believed_through_what_shows_it():
    analysis = see(("cup", 0.9, HERE), labels=[("espresso", 0.8)])
    heard = leave_out(analysis, ["tableware"], TAXONOMY)
    assert set(believe(heard)) == {"espresso", "drink", "food", "cup"}
    strict = replace(rules(), rejected=frozenset(["tableware"]))
    reading = fuse(heard, TAXONOMY, strict)
    assert {tag.name for tag in reading.tags} == {"espresso", "drink", "food"}
    assert reading.detections == ()


def test_an_explanation_holds_each_models_own_word():
    analysis = see(("dog", 0.2, HERE), ("car", 0.9, THERE), labels=[("pug", 0.3)])
    found = explain(analysis, "animal", TAXONOMY, rules())
    assert {tag.name for tag in found} == {"dog", "pug", "canine", "mammal", "animal"}
    dog = next(tag for tag in found if tag.name == "dog")
    raw = [(one.source, one.model, one.name, one.confidence, one.box) for one in dog.evidence]
    assert raw == [
        ("detection", SSD.name, "dog", 0.2, HERE),
        ("label", LITE.name, "pug", 0.3, None),
    ]
    pug = next(tag for tag in found if tag.name == "pug")
    assert (pug.threshold, pug.dropped) == (0.45, "under the threshold of 0.45")


def test_two_detectors_are_heard_together_on_the_scale_of_the_first():
    analysis = Analysis(
        (),
        (Detection("dog", 0.6, HERE, SSD.name), Detection("dog", 0.5, HERE, YOLOX.name)),
        (ModelVersion(SSD.name, "1"), ModelVersion(YOLOX.name, "2")),
    )
    reading = fuse(analysis, TAXONOMY, rules(PLAIN, LITE, SSD, YOLOX))
    (box,) = reading.detections
    assert 0.5 < box.confidence < 0.6
    dog = reading.tags[0]
    assert dog.threshold == SSD.thresholds.normal
    assert set(dog.models) == {SSD.name, YOLOX.name}


def test_what_only_the_second_detector_saw_is_on_the_scale_of_the_first_too():
    """NanoDet's 0.35 is just under its own 0.36, and so under SSD's 0.25 when moved there."""
    analysis = Analysis(
        (),
        (Detection("dog", 0.35, HERE, NANODET.name),),
        (ModelVersion(SSD.name, "1"), ModelVersion(NANODET.name, "2")),
    )
    (dog,) = explain(analysis, "dog", TAXONOMY, rules(PLAIN, LITE, SSD, NANODET))
    assert dog.threshold == SSD.thresholds.normal < NANODET.thresholds.normal
    assert dog.confidence < SSD.thresholds.normal
    assert dog.dropped


def test_evidence_of_a_model_whose_manifest_is_gone_needs_cautious_thresholds():
    gone = Analysis((), (Detection("dog", 0.44, HERE, "gone"),), (ModelVersion("gone", "1"),))
    assert believe(gone) == {}
    assert "dog" in believe(replace(gone, detections=(Detection("dog", 0.45, HERE, "gone"),)))


def test_names_that_no_taxonomy_knows_are_tags_without_parents():
    found = believe(see(("gryphon", 0.9, HERE), labels=[("unobtainium", 0.9)]))
    assert set(found) == {"gryphon", "unobtainium"}
    assert {tag.parents for tag in found.values()} == {()}


def test_no_evidence_gives_an_empty_reading():
    reading = fuse(see(), TAXONOMY, rules())
    assert (reading.tags, reading.detections) == ((), ())


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(level="plenty"), "no level is called 'plenty'"),
        (Wishes(without=("luck",)), "no rule is called 'luck'"),
        (Wishes(deny=("crane",)), "'crane' means construction crane or crane bird"),
    ],
)
def test_wishes_that_cannot_be_are_refused(wishes, words):
    with pytest.raises(ModelError, match=words):
        rules(wishes)


def test_with_every_rule_left_out_only_what_is_detected_is_believed():
    analysis = see(
        ("dog", 0.3, HERE),
        labels=[("pug", 0.9)],
        crops=[("dog", HERE, [("pug", 0.9)])],
    )
    found = believe(analysis, Wishes(without=RULES))
    assert {name: tag.confidence for name, tag in found.items()} == {"dog": 0.3}
