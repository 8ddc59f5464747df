"""The search finds what plain Python finds by the rules of the language, for queries at random.

PHOTOTAG_QUERIES=20000 in the environment asks for so many other queries, anew each time.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_library import TODAYS
from query_strategies import queries
from random_catalog import in_the_zone, make_catalog
from search_reference import asks_unknown, expand, find
from search_values import day_of, name_key, path_text, plain

from phototagd.db.errors import CatalogError, UnknownValue
from phototagd.db.reader import CatalogReader
from phototagd.db.search import limits

QUERIES = int(os.environ.get("PHOTOTAG_QUERIES", "0"))
SORTS = {
    "newest": "-date", "oldest": "date", "confidence": "conf", "path": "path", "-path": "-path",
    "size": "size", "-size": "-size", "random": "random",
}  # fmt: skip
LIMITS = {
    "MOST_COLLECTED": (0, 3, 20, 20_000),
    "MOST_WALKS": (1, 3, 50),
    "MOST_SEEKS": (0, 1, 8),
    "CAUTION": (0.01, 2, 1000),
    "MOST_TRIED": (1, 10, 100),
    "MOST_LISTED": (0, 3, 40_000),
    "CHEAPER": (0.1, 1, 20),
    "DEEPER": (1, 8),
}

ASKED = st.one_of(
    *(st.tuples(st.just(number), queries(today)) for number, today in enumerate(TODAYS))
)
"""The number of a library, and a query of its day."""
WALKED = (
    "", "state:any", "dog OR -cat", "do* OR ca*", "size>=0", "near:0,0,1000km",
    "width>=500 height>=100", "-width<500 height>=100",
)  # fmt: skip

thoroughly = settings(
    max_examples=QUERIES or 1000,
    derandomize=not QUERIES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """Two catalogs of other chances and days, each with what is in it, in a zone and home."""
    with in_the_zone():
        made = []
        for seed, today in enumerate(TODAYS, 1):
            path = str(tmp_path_factory.mktemp("library") / "catalog.db")
            library = make_catalog(path, seed, today=today)
            made.append((CatalogReader.open(path, today=lambda today=today: today), library))
        yield made
        for reader, _ in made:
            reader.close()


@pytest.fixture(scope="module")
def turn():
    """Give what makes a few hundred photos be searched in all the ways that only millions need."""
    with pytest.MonkeyPatch.context() as patch:

        def turn_to(chance):
            for limit, numbers in LIMITS.items():
                patch.setattr(limits, limit, chance.choice(numbers))

        yield turn_to


@thoroughly
@given(asked=ASKED, seed=st.integers(0, 10**9))
def test_a_random_query_finds_what_the_rules_say(libraries, asked, seed):
    number, query = asked
    check(*libraries[number], *query, random.Random(seed))  # noqa: S311


@thoroughly
@given(asked=ASKED, seed=st.integers(0, 10**9))
def test_a_random_query_finds_the_same_in_the_ways_of_a_large_catalog(libraries, turn, asked, seed):
    number, query = asked
    chance = random.Random(seed)  # noqa: S311
    turn(chance)
    check(*libraries[number], *query, chance)


def check(reader, library, text, query, chance):
    """Compare all that can be asked for one query with what plain Python says."""
    if asks_unknown(query, library):
        with pytest.raises(UnknownValue):
            reader.search(text)
    sort = chance.choice(list(SORTS))
    raw = chance.random() < 0.2
    among = None
    if chance.random() < 0.2:
        among = {photo.id for photo in library.photos if chance.random() < 0.3} | {10**9}
    options = {"sort": sort, "raw": raw, "among": among, "seed": 7, "unknown": pass_over}
    hits = find(query, library, sort=SORTS[sort], raw=raw, among=among)
    found = [record.path for record in reader.search(text, **options)]
    assert sorted(found) == sorted(photo.path for photo in hits), (text, options)
    if (expand(query, library).sort or sort) != "random":
        assert found == [photo.path for photo in hits], (text, options)
    check_pages(reader, text, options, found, chance)
    if among is None:
        assert reader.count(text, raw=raw, unknown=pass_over) == len(found), (text, options)
    if among is None and chance.random() < 0.1:
        check_facets(reader.facets(text, 1000, raw=raw, unknown=pass_over), hits, text)
        assert reader.explain(text, sort=sort, limit=50, raw=raw, unknown=pass_over).plan, text


def pass_over(_error, _is_negated):
    """What no photo has finds no photo, and its NOT every one."""


def check_pages(reader, text, options, found, chance):
    """Compare some pages of a result, the first always, with the whole."""
    limit = chance.choice((1, 2, 7, 50))
    starts = range(0, len(found) + 1, limit)
    for start in [0, *chance.sample(starts, min(2, len(starts)))]:
        after = found[start - 1] if start else None
        page = reader.search(text, **options, limit=limit, after=after)
        assert [one.path for one in page] == found[start : start + limit], (text, options, after)


def check_facets(facets, hits, text):
    """Compare the facets with numbers that are counted photo by photo."""
    years = Counter(str(day_of(photo.taken_at).year) for photo in hits)
    tags = Counter(name_key(tag.name) for photo in hits for tag in photo.tags)
    cameras = Counter(plain(photo.camera) for photo in hits if photo.camera)
    lenses = Counter(plain(photo.lens) for photo in hits if photo.lens)
    cities = Counter(photo.city for photo in hits if photo.city)
    assert facets.photos == len(hits), text
    assert {name_key(name): number for name, number in facets.labels} == tags, text
    assert {plain(name): number for name, number in facets.cameras} == cameras, text
    assert {plain(name): number for name, number in facets.lenses} == lenses, text
    assert dict(facets.places) == cities, text
    assert dict(facets.years) == years, text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sort:path",
        "dog>=0",
        "@every",
        "-@every",
        "state:done OR dog>=0",
        "format:raw OR dog>=0",
    ],
)
def test_facets_of_all_photos_count_those_that_a_search_finds(libraries, text):
    for reader, library in libraries:
        for raw in (False, True):
            paths = {one.path for one in reader.search(text, raw=raw)}
            hits = [photo for photo in library.photos if photo.path in paths]
            check_facets(reader.facets(text, 1000, raw=raw), hits, text)


def test_every_page_of_a_walk_through_all_photos_follows_the_last(libraries):
    for reader, _ in libraries:
        for text in WALKED:
            for sort in SORTS:
                whole = [one.path for one in reader.search(text, sort=sort, seed=3)]
                paged: list[bytes] = []
                while page := reader.search(
                    text, sort=sort, seed=3, limit=11, after=paged[-1] if paged else None
                ):
                    paged += [one.path for one in page]
                assert paged == whole, (text, sort)


def test_a_page_behind_a_photo_that_is_no_hit_begins_where_it_would_stand(libraries):
    for reader, library in libraries:
        for photo in library.photos[::25]:
            later = [one for one in library.photos if one.state == "done" and "dog" in names(one)]
            later = [one for one in later if (one.taken_at, one.id) > (photo.taken_at, photo.id)]
            expected = sorted(later, key=lambda one: (one.taken_at, one.id))
            found = reader.search("dog", sort="oldest", after=photo.path, raw=True)
            assert [one.path for one in found] == [one.path for one in expected]


def names(photo):
    return {tag.name for tag in photo.tags}


@pytest.mark.parametrize(
    "after", [b"/photos/none.jpg", b"", b"\0", b"/", b"\xff", b"photos/IMG.jpg"]
)
def test_a_page_behind_an_unknown_photo_is_refused(libraries, after):
    reader, _ = libraries[0]
    with pytest.raises(CatalogError):
        reader.search("dog", after=after)


def test_a_random_order_is_the_same_for_one_seed_and_another_for_others(libraries):
    reader, _ = libraries[0]
    orders = [
        tuple(one.path for one in reader.search("", sort="random", seed=seed))
        for seed in (*range(20), *range(20))
    ]
    assert orders[:20] == orders[20:]
    assert len(set(orders)) > 5
    assert len({frozenset(one) for one in orders}) == 1


def test_the_records_say_what_was_recorded(libraries):
    for reader, library in libraries:
        paths = {photo.id: photo.path for photo in library.photos}
        records = {one.path: one for one in reader.search("state:any", details=True)}
        assert records.keys() == set(paths.values())
        halves = {}
        for photo in sorted(library.photos, key=lambda photo: photo.name, reverse=True):
            if photo.pair is not None:
                halves |= {photo.id: paths[photo.pair], photo.pair: photo.path}
        for photo in library.photos:
            check_record(records[photo.path], photo, halves)


def check_record(record, photo, halves):
    same = ("id", "size", "taken_at", "format", "width", "height", "fingerprint")
    for name in same:
        assert getattr(record, name) == getattr(photo, name), (name, photo)
    assert record.state == photo.state
    assert record.taken_source == photo.dated_by
    assert record.suffix == path_text(os.path.splitext(photo.name)[1][1:])
    assert record.pair == halves.get(photo.id)
    assert {name_key(one) for one in record.keywords} == {name_key(one) for one in photo.keywords}
    tags = {name_key(tag.name): (tag.kind, tag.confidence) for tag in record.tags}
    assert tags == {name_key(tag.name): (tag.kind, tag.confidence) for tag in photo.tags}
    known = record.metadata
    for name in ("iso", "f_number", "focal", "rating", "latitude", "longitude"):
        assert getattr(known, name) == getattr(photo, name), (name, photo)
    place = known.place and (known.place.country, known.place.region, known.place.city)
    assert (place or (None,) * 3) == (photo.country, photo.region, photo.city)
