"""Which tags are chosen: pure rules over what is known of a photo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from phototagd.daemon.tagging.tags import MOST_BOXES, TagRules, choose_tags
from phototagd.db.records import PhotoRecord
from phototagd.db.states import PhotoState
from phototagd.models.results import Box, Detection, Tag

BOX = Box(0.1, 0.2, 0.3, 0.4)


def record(labels: dict[str, float] | None = None, **boxes: list[float]) -> PhotoRecord:
    found = [(name.replace("_", " "), value) for name, values in boxes.items() for value in values]
    best = {name: max(v for n, v in found if n == name) for name, _ in found}
    tags = [Tag(name, value, "object", "detected", 0.2) for name, value in best.items()]
    tags += [Tag(name, value, "label", "leaf", 0.2) for name, value in (labels or {}).items()]
    return PhotoRecord(
        b"/photos/a.jpg", 640, 480, "JPEG", PhotoState.DONE, None, 0, 10, 0, 0, 0,
        tags=tuple(sorted(tags, key=lambda tag: -tag.confidence)),
        detections=tuple(Detection(name, value, BOX, "d") for name, value in found),
    )  # fmt: skip


def flat(photo: PhotoRecord, **rules: Any) -> tuple[str, ...]:
    return choose_tags(photo, TagRules(**rules)).flat


def test_the_surest_names_come_first_and_no_more_than_wanted() -> None:
    photo = record({"tabby": 0.7, "sofa": 0.6}, cat=[0.9, 0.55], cup=[0.51])

    assert flat(photo) == ("cat", "tabby", "sofa", "cup")
    assert flat(photo, most=2) == ("cat", "tabby")


def test_more_general_names_come_with_the_paths_and_are_no_tags_of_their_own() -> None:
    photo = record(dog=[0.9])
    above = Tag("animal", 0.9, "parent", "implied", 0.2, shown=False)

    plan = choose_tags(replace(photo, tags=(*photo.tags, above)), TagRules())

    assert plan.flat == ("dog",)


def test_what_is_exactly_sure_enough_is_taken() -> None:
    photo = record(cat=[0.5], dog=[0.499])

    assert flat(photo, min_confidence=0.5) == ("cat",)


def test_names_are_allowed_and_denied_without_regard_to_case() -> None:
    photo = record(cat=[0.9], potted_plant=[0.8], cup=[0.7])

    assert flat(photo, allow=("Potted Plant", "CUP")) == ("potted plant", "cup")
    assert flat(photo, deny=("potted plant",)) == ("cat", "cup")
    assert flat(photo, allow=("cat",), deny=("Cat",)) == ()


def test_denied_names_do_not_take_the_places_of_others() -> None:
    assert flat(record(cat=[0.9], dog=[0.8]), deny=("cat",), most=1) == ("dog",)


def test_names_are_renamed_and_get_the_prefix() -> None:
    photo = record(dog=[0.9], cat=[0.8])

    plan = choose_tags(photo, TagRules(rename={"Dog": "Hund"}, prefix="auto "))

    assert plan.flat == ("auto Hund", "auto cat")
    assert [named.name for named in plan.boxes] == ["auto Hund", "auto cat"]


def test_two_names_with_one_new_name_are_one_tag() -> None:
    photo = record(mug=[0.9], cup=[0.8])

    assert flat(photo, rename={"mug": "Tasse", "cup": "Tasse"}) == ("Tasse",)


def test_paths_lead_from_the_parent_over_what_is_above_to_the_tag() -> None:
    def above(name: str) -> tuple[str, ...]:
        return {"dog": ("animal", "mammal")}.get(name, ())

    photo = record(dog=[0.9], cup=[0.8])

    plan = choose_tags(photo, TagRules(parent="auto"), above)
    assert plan.paths == (("auto", "animal", "mammal", "dog"), ("auto", "cup"))
    plan = choose_tags(photo, TagRules(with_parents=False), above)
    assert plan.paths == (("dog",), ("cup",))


def test_only_boxes_of_tags_that_are_sure_enough_are_told() -> None:
    photo = record(cat=[0.9, 0.4], cup=[0.8])

    plan = choose_tags(photo, TagRules(deny=("cup",)))

    assert [(named.name, named.confidence, named.box) for named in plan.boxes] == [
        ("cat", 0.9, BOX)
    ]
    assert choose_tags(photo, TagRules(with_boxes=False)).boxes == ()


def test_a_crowd_has_a_bearable_number_of_boxes() -> None:
    assert len(choose_tags(record(person=[0.9] * 300), TagRules()).boxes) == MOST_BOXES


@pytest.mark.parametrize("photo", [record(), record({"cat": 0.1})])
def test_nothing_sure_is_no_tag(photo: PhotoRecord) -> None:
    plan = choose_tags(photo, TagRules())

    assert (plan.flat, plan.paths, plan.boxes) == ((), (), ())
