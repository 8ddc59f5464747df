"""Every example of docs/search.md is understood and answered, and finds something."""

from __future__ import annotations

import os
import re
from datetime import date

import pytest
from catalog_samples import add_photos, analysis, take_in
from doc_pages import ROOT, blocks, prose

from phototagd.db import query
from phototagd.db.catalog import Catalog
from phototagd.db.query.fields import FIELDS, NAMES, SORTS
from phototagd.db.reader import CatalogReader
from phototagd.db.records import Metadata, PhotoFacts, Place
from phototagd.models.results import Analysis, Box, Detection, Label, ModelVersion

PAGE = ROOT / "docs" / "search.md"
TEXT = prose(PAGE)
EXAMPLES = [
    line for block in blocks(PAGE) if not block.language for line in block.text.splitlines()
]
TODAY = date(2024, 3, 2)
SAVED = {"pets": "cat OR dog", "2023": "rating>=4"}
CAMERA = {"make": "Apple", "model": "iPhone 12"}


def shots():
    """Give photos that between them have something of everything."""
    second = lambda *day: (date(*day) - date(1970, 1, 1)).days * 86_400  # noqa: E731
    pt = Place("PT", "Portugal", "Lisbon", "Lisbon")
    yield b"IMG_12.jpg", analysis({"coffee mug": 0.9}, dog=[0.9], cat=[0.8]), Metadata(
        second(2023, 7, 2) + 23 * 3600, taken_source="camera", **CAMERA, iso=3200, f_number=2.0,
        focal=77.0, latitude=38.71, longitude=-9.14, place=pt, rating=5,
    )  # fmt: skip
    yield (
        b"b.jpg",
        analysis(person=[0.9, 0.85], dog=[0.75]),
        Metadata(
            second(2024, 2, 9) + 23 * 3600, taken_source="camera", **CAMERA, lens="50mm", rating=4
        ),
    )
    yield (
        b"c.heic",
        analysis(wine_glass=[0.9], person=[0.9, 0.9]),
        Metadata(second(2023, 12, 9), taken_source="camera", **CAMERA),
    )
    ssd = ModelVersion("ssd-mobilenet-v2", "1")
    large = (Detection("dog", 0.9, Box(0.2, 0.2, 0.8, 0.8), ssd.name),)
    bed = (Label("bed", 0.5, ssd.name),)
    yield (
        b"d.jpg",
        Analysis(bed, large, (ssd,)),
        Metadata(second(2022, 1, 1), place=Place("PT", "Portugal", "Porto", "Porto")),
    )


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    path = str(home / "catalog.db")
    kept = os.environ["HOME"]
    os.environ["HOME"] = "/photos"
    clock = int((TODAY - date(1970, 1, 1)).total_seconds()) + 43_200
    with Catalog.open(path, clock=lambda: clock) as catalog:
        folders = (b"2023/holiday", b"Pictures/my holiday", b"x", b"y")
        for folder, (name, said, known) in zip(folders, shots(), strict=True):
            (photo,) = add_photos(catalog, [name], folder=folder)
            kind = "JPEG" if name.endswith(b"jpg") else "HEIC"
            facts = PhotoFacts(
                2_000_000, 10**18, 1, b"same", kind, 4000, 4500, ("Summer holiday",), known
            )
            take_in(catalog, photo, facts, said, "dogsled")
        (empty,) = add_photos(catalog, [b"empty.jpg"], folder=b"x")
        take_in(catalog, empty, PhotoFacts(1, 10**18, 1, b"none", "JPEG", 1, 1), analysis())
        (broken,) = add_photos(catalog, [b"broken.jpg"], folder=b"x")
        catalog.record_failure(broken, None, "cut off")
        for name, text in SAVED.items():
            catalog.saved.save(name, text)
    with CatalogReader.open(path, today=lambda: TODAY) as opened:
        yield opened
    os.environ["HOME"] = kept


def resolve(word):
    return {"coffee": "coffee mug"}.get(word)


@pytest.mark.parametrize("text", [line for line in EXAMPLES if line])
def test_an_example_finds_photos(reader, text):
    assert reader.search(text, resolve=resolve), text
    assert reader.count(text, resolve=resolve) == len(reader.search(text, resolve=resolve))


def test_the_page_names_every_field_and_order():
    for name in (*FIELDS, *NAMES):
        assert re.search(rf"`{name}[:<>=]", TEXT), name
    for order in SORTS:
        assert f"`sort:{order}`" in TEXT, order


def test_the_page_has_examples_of_every_kind_of_term():
    kinds = {
        type(term) for line in EXAMPLES for term in query.terms(query.parse(line, saved=SAVED.get))
    }
    assert kinds == set(query.Leaf.__args__)
