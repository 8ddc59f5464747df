"""Evidence as bytes: what goes in comes out, within what sixteen bits can tell."""

from __future__ import annotations

import random

import pytest
from catalog_samples import CLASSIFIER, DETECTOR, MODELS, random_evidence

from phototagd.db.evidence import as_stored, join, names_in, pack, split, unpack
from phototagd.db.states import label_key
from phototagd.models.results import Analysis, Box, Crop, Detection, Label

STEP = 1 / 65535


def through_bytes(said):
    """Pack what each model said and read it again."""
    ids = {label_key(name): n for n, name in enumerate(dict.fromkeys(names_in(said)))}
    names = dict(enumerate(dict.fromkeys(names_in(said))))
    return join(unpack(pack(part, ids), part.models[0], names) for part in split(said))


def numbers(said):
    """Give all numbers of an analysis in one order, whatever they are rounded to."""
    found = [label.confidence for label in said.labels]
    for crop in said.crops:
        box = crop.box
        found += [box.left, box.top, box.right, box.bottom]
        found += [label.confidence for label in crop.labels]
    for thing in said.detections:
        box = thing.box
        found += [thing.confidence, box.left, box.top, box.right, box.bottom]
    return found


def test_everything_comes_back_within_one_step():
    chance = random.Random(11)  # noqa: S311
    for _ in range(200):
        said = random_evidence(chance)
        back = through_bytes(said)
        assert names_in(back) == names_in(said)
        assert [one.model for one in back.detections] == [one.model for one in said.detections]
        assert back.models == said.models
        pairs = zip(numbers(back), numbers(said), strict=True)
        assert all(abs(one - other) <= STEP / 2 + 1e-12 for one, other in pairs)


def test_what_is_rounded_once_is_what_is_stored_and_stays():
    chance = random.Random(12)  # noqa: S311
    for _ in range(50):
        said = random_evidence(chance)
        assert as_stored(said) == through_bytes(said)
        assert as_stored(as_stored(said)) == as_stored(said)


def test_the_bytes_are_those_of_the_layout():
    said = Analysis(
        labels=(Label("cat", 1.0, "classifier"),),
        detections=(Detection("dog", 0.0, Box(0.0, 0.2, 0.4, 1.0), "classifier"),),
        models=(CLASSIFIER,),
        crops=(Crop("dog", Box(0.0, 0.2, 0.4, 1.0), (Label("cat", 0.6, "classifier"),)),),
    )
    data = pack(said, {"cat": 258, "dog": 7})
    box = "000033336666ffff"
    assert data.hex() == (
        "01" "0100" "0100" "0100"  # version, numbers
        "02010000" "ffff"  # cat
        "07000000" "0000" + box  # dog
        + "07000000" + box + "0100" "02010000" "9999"  # its crop
    )  # fmt: skip


def test_a_typical_photo_takes_a_few_hundred_bytes():
    chance = random.Random(13)  # noqa: S311
    sizes = []
    for _ in range(100):
        said = random_evidence(chance)
        ids = {label_key(name): n for n, name in enumerate(names_in(said))}
        sizes.append(sum(len(pack(part, ids)) for part in split(said)))
    assert max(sizes) < 700


def test_a_crop_that_nobody_named_is_kept():
    crop = Crop("dog", Box(0.0, 0.0, 1.0, 1.0), ())
    said = Analysis((), (), MODELS, (crop,))
    assert through_bytes(said).crops == (crop,)


def test_results_of_a_model_that_was_not_asked_are_refused():
    crop = Crop("dog", Box(0, 0, 1, 1), (Label("husky", 0.5, "stranger"),))
    for said in (
        Analysis((Label("cat", 0.5, "stranger"),), (), MODELS),
        Analysis((), (), (DETECTOR,), (crop,)),
    ):
        with pytest.raises(ValueError, match="stranger"):
            split(said)


@pytest.mark.parametrize("data", [b"", b"\x02\x00\x00\x00\x00\x00\x00"])
def test_a_later_layout_is_refused(data):
    with pytest.raises(ValueError, match="unknown layout"):
        unpack(data, CLASSIFIER, {})
