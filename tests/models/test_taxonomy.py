"""One word means one thing for all models, and general words find special ones."""

from __future__ import annotations

import doctest
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import chain

import pytest

from phototagd.models import taxonomy
from phototagd.models.manifest import find_manifests
from phototagd.models.taxonomy import load_taxonomy, spelling

TAXONOMY = load_taxonomy()
IMAGENET = find_manifests()["efficientnet-lite3-imagenet"].labels.names
COCO = [name for name in find_manifests()["ssd-mobilenet-v2-coco"].labels.names if name]


def test_the_examples_in_the_docstrings_hold():
    results = doctest.testmod(taxonomy)
    assert results.attempted >= 5
    assert results.failed == 0


def test_every_name_that_the_default_models_say_has_its_place():
    for name in (*IMAGENET, *COCO):
        assert TAXONOMY.canonical(name) in TAXONOMY, name
    assert len({TAXONOMY.canonical(name) for name in COCO}) == 80
    assert all(TAXONOMY.canonical(name) == name for name in COCO)


def test_only_names_of_one_thing_become_one():
    shared = Counter(TAXONOMY.canonical(name) for name in IMAGENET)
    assert {name for name, times in shared.items() if times > 1} == {"missile", "sunglasses"}


def test_parents_are_names_themselves_with_the_same_parents_above():
    """Where a name's chain differs from its parent's own, it only says more."""
    for name in TAXONOMY:
        for parent in TAXONOMY.parents_of(name):
            assert parent in TAXONOMY
            assert parent != name
            missing = set(TAXONOMY.parents_of(parent)) - set(TAXONOMY.parents_of(name))
            assert not missing, (name, parent, missing)


def test_no_two_names_are_spelled_alike():
    spelled = defaultdict(set)
    for name in TAXONOMY:
        spelled[spelling(name)].add(name)
    assert [names for names in spelled.values() if len(names) > 1] == []


def test_a_name_of_both_vocabularies_is_shown_by_itself():
    for name in set(COCO) & {TAXONOMY.canonical(name) for name in IMAGENET}:
        assert TAXONOMY.coco_name_of(name) == name


def test_what_is_a_kind_of_a_coco_name_shows_it():
    for name in TAXONOMY:
        above = [parent for parent in TAXONOMY.parents_of(name) if TAXONOMY.is_coco(parent)]
        assert len(above) <= 1, name
        if above and not TAXONOMY.is_coco(name) and name in TAXONOMY.kinds_of(above[0]):
            assert TAXONOMY.coco_name_of(name) == above[0]


@pytest.mark.parametrize(
    ("name", "parents"),
    [
        ("Siberian Husky", ("dog", "canine", "mammal", "animal")),
        ("dog", ("canine", "mammal", "animal")),
        ("bus", ("vehicle",)),
        ("school bus", ("bus", "vehicle")),
        ("airliner", ("airplane", "aircraft", "vehicle")),
        ("steam locomotive", ("train", "vehicle")),
        ("ocean liner", ("ship", "boat", "watercraft", "vehicle")),
        ("coffee mug", ("mug", "cup", "tableware")),
        ("espresso", ("drink", "food")),
        ("chair", ("seat", "furniture")),
        ("banana", ("fruit", "food")),
        ("person", ()),
    ],
)
def test_names_stand_below_more_general_ones(name, parents):
    assert TAXONOMY.parents_of(name) == parents


@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("teddy bear", "animal"),
        ("hot dog", "animal"),
        ("mouse", "animal"),
        ("cardigan", "dog"),
        ("Cardigan Welsh Corgi", "clothing"),
        ("crane bird", "machine"),
        ("construction crane", "bird"),
        ("kite", "bird"),
        ("kite (bird of prey)", "toy"),
        ("car mirror", "car"),
        ("parking meter", "clock"),
        ("tripod", "camera"),
        ("agaric", "food"),
        ("tea cup", "drink"),
    ],
)
def test_a_word_with_two_senses_has_the_right_one(name, never):
    assert name in TAXONOMY
    assert never in TAXONOMY
    assert never not in TAXONOMY.parents_of(name)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("dogs", "dog"),
        ("DOG", "dog"),
        ("puppies", "dog"),
        ("motorbike", "motorcycle"),
        ("sofa", "couch"),
        ("couches", "couch"),
        ("television", "tv"),
        ("tvs", "tv"),
        ("wine_glass", "wine glass"),
        ("wineglasses", "wine glass"),
        ("aeroplanes", "airplane"),
        ("mobile phone", "cell phone"),
        ("cellphone", "cell phone"),
        ("phone", "telephone"),
        ("doughnut", "donut"),
        ("bikes", "bicycle"),
        ("buses", "bus"),
        ("knives", "knife"),
        ("wolves", "wolf"),
        ("people", "person"),
        ("mice", "mouse"),
        ("sheep", "sheep"),
        ("scissors", "scissors"),
        ("butterflies", "butterfly"),
        ("churches", "church"),
        ("vehicles", "vehicle"),
        ("siberian husky", "Siberian Husky"),
        ("alsatian", "German Shepherd Dog"),
        ("skis", "skis"),
        ("sunglasses", "sunglasses"),
        ("glass bottle", None),
        ("crane", None),
        ("", None),
        ("s", None),
    ],
)
def test_other_words_for_a_name_resolve(word, name):
    assert TAXONOMY.resolve(word) == name


def test_every_name_resolves_to_itself():
    for name in TAXONOMY:
        assert TAXONOMY.resolve(name) == name


def test_every_plain_plural_resolves():
    for name in COCO:
        if not name.endswith("s") and name not in ("knife", "person", "mouse", "sheep"):
            plural = name + ("es" if name.endswith(("x", "ch", "sh")) else "s")
            assert TAXONOMY.resolve(plural) == name


def test_an_ambiguous_word_gives_all_its_meanings():
    assert TAXONOMY.meanings("cranes") == ("construction crane", "crane bird")
    assert set(TAXONOMY.meanings("panda")) == {"giant panda", "red panda"}
    assert TAXONOMY.meanings("gryphon") == ()


def test_the_tree_holds_each_name_once_below_its_parent():
    def walk(branch, above):
        assert TAXONOMY.parents_of(branch.name)[:1] == above
        yield branch
        yield from chain.from_iterable(walk(child, (branch.name,)) for child in branch.branches)

    found = list(chain.from_iterable(walk(top, ()) for top in TAXONOMY.tree()))
    assert sorted(branch.name for branch in found) == sorted(TAXONOMY)
    said = {branch.name: branch.vocabularies for branch in found}
    assert said["Siberian Husky"] == ("imagenet",)
    assert said["giraffe"] == ("coco",)
    assert set(said["banana"]) == {"imagenet", "coco"}
    assert said["animal"] == ()
    assert said["tiger cat"] == ("imagenet",)
    assert set(said["tv"]) == {"imagenet", "coco"}


def test_the_kinds_of_a_coco_name_are_those_that_show_it():
    elephants = {"tusker", "Asian elephant", "African bush elephant"}
    assert set(TAXONOMY.kinds_of("elephant")) == elephants
    assert "espresso" in TAXONOMY.kinds_of("cup")
    assert {"pug", "Siberian Husky", "dog sled"} <= set(TAXONOMY.kinds_of("dog"))
    assert TAXONOMY.kinds_of("giraffe") == ()


def test_a_search_loads_no_arrays_and_no_engine():
    code = (
        "import sys; import phototagd.models.fusion, phototagd.models.fusion_rules as f;"
        "from phototagd.models.taxonomy import load_taxonomy; load_taxonomy().resolve('dogs');"
        "import phototagd.models.refine;"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'cv2', 'openvino')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
