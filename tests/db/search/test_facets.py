"""The facets count what the hits have, whether they come from the hits or from what is known."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from asked_queries import All, Query
from random_catalog import in_the_zone, make_catalog
from search_reference import find

from phototagd.db.reader import CatalogReader


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    with in_the_zone():
        path = str(tmp_path_factory.mktemp("library") / "catalog.db")
        library = make_catalog(path, 5)
        with CatalogReader.open(path) as reader:
            yield reader, library


def counted(names):
    return sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))


def tidy(name):
    return " ".join(name.split())


def year(photo):
    return f"{datetime.fromtimestamp(photo.taken_at, UTC).year:04}"


@pytest.mark.parametrize(("text", "raw"), [("", False), ("", True), ("iso>=0 OR -iso>=0", False)])
def test_facets_are_what_the_photos_have(known, text, raw):
    reader, library = known
    photos = find(Query(All(())), library, raw=raw)
    facets = reader.facets(text, 10_000, raw=raw)
    assert facets.photos == len(photos) == reader.count(text, raw=raw)
    assert list(facets.labels) == counted(tag.name for one in photos for tag in one.tags)
    assert list(facets.cameras) == counted(tidy(one.camera) for one in photos if one.camera)
    assert list(facets.lenses) == counted(tidy(one.lens) for one in photos if one.lens)
    assert list(facets.places) == counted(one.city for one in photos if one.city)
    assert dict(facets.years) == dict(counted(map(year, photos)))
    assert [name for name, _ in facets.years] == sorted(dict(facets.years), reverse=True)


@pytest.mark.parametrize("text", ["state:done OR dog>=0", "format:raw OR dog>=0", "dog>=0"])
def test_what_comes_down_to_everything_counts_what_it_finds(known, text):
    reader, _ = known
    assert reader.facets(text).photos == reader.count(text) == len(reader.search(text))


def test_only_the_most_frequent_are_given(known):
    reader, _ = known
    whole, few = reader.facets("-dog"), reader.facets("-dog", 2)
    assert len(few.labels) == len(few.years) == 2
    assert few.labels == whole.labels[:2]


def test_no_photos_have_no_facets(known):
    reader, _ = known
    facets = reader.facets("date:1066")
    assert (facets.photos, facets.labels, facets.years) == (0, (), ())
