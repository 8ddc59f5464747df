"""The widest and deepest queries that the language allows, and catalogs with very many names."""

from __future__ import annotations

from string import ascii_lowercase

import pytest
from catalog_samples import add_photos, analysis, facts, take_in
from odd_library import TODAYS
from random_catalog import in_the_zone, make_catalog
from search_values import period

from phototagd.db.catalog import Catalog
from phototagd.db.errors import QueryError
from phototagd.db.query import DEEPEST, MOST_WORDS, Days, parse
from phototagd.db.reader import CatalogReader
from phototagd.db.search import Sort

LEAVES = (
    "dog", "dog@0.5>=2", "person>=12", "do*:left>=2", "object:person:area>5%", "label:cat@0.3",
    "keyword:holiday", "keyword:fa*", "date:2023-07..", "added:last-30-days", "season:winter,fall",
    "hour:22..4", "weekday:sat,sun", "camera:iphone", "lens:*mm*", "model:ssd", "place:portugal",
    "near:38.7,-9.1,1000km", "near:0,180,600mi", "gps:none", "iso>800", "f:1..2.8", "size>1mb",
    "rating:none", "path:holiday/**/*.jpg", "path:/photos", "ext:jpg,heic", "format:raw",
    "orientation:portrait", "state:done,missing", "untagged", "duplicate", '@"big ones"',
)  # fmt: skip
PREFIXES = [first + second for first in ascii_lowercase[:8] for second in "uvwxyz"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with in_the_zone():
        path = str(tmp_path_factory.mktemp("library") / "catalog.db")
        make_catalog(path, 5, photos=100)
        with CatalogReader.open(path, today=lambda: TODAYS[0]) as opened:
            yield opened


@pytest.fixture(scope="module")
def full_of_names(tmp_path_factory):
    """A catalog of 240 photos and 2160 names, 45 for each of 48 beginnings of two letters."""
    path = str(tmp_path_factory.mktemp("names") / "catalog.db")
    names = [f"{prefix} {n}" for prefix in PREFIXES for n in range(45)]
    with Catalog.open(path) as catalog:
        for n, photo_id in enumerate(add_photos(catalog, [b"%d.jpg" % n for n in range(240)])):
            its = names[9 * n : 9 * n + 9]
            said = analysis(dict.fromkeys(its[:5], 0.5), **{name: [0.25] for name in its[5:]})
            take_in(catalog, photo_id, facts(seconds=n, keywords=its), said)
    with CatalogReader.open(path) as opened:
        yield opened


@pytest.mark.parametrize("leaf", LEAVES)
def test_the_widest_query_is_answered(reader, leaf):
    for glue, sign in ((" OR ", ""), (" ", "-"), (" OR ", "-")):
        wide = f"{glue}{sign}".join([sign + leaf, *[leaf] * (MOST_WORDS - 1)])
        found = reader.search(wide, limit=5, sort=Sort.NEWEST)
        assert reader.count(wide) == reader.count(f"{sign}{leaf}") >= len(found)


@pytest.mark.parametrize("leaf", LEAVES)
def test_the_deepest_query_is_answered(reader, leaf):
    text, levels = f"-{leaf}", 2
    for n in range(MOST_WORDS):
        step = f"-{leaf} ({text})" if n % 2 else f"{LEAVES[n % len(LEAVES)]} OR ({text})"
        try:
            parse(step, saved=lambda _name: "dog")
        except QueryError:
            break
        text, levels = step, levels + 1
    assert levels >= DEEPEST - 1
    for sort in Sort:
        assert isinstance(reader.search(text, limit=5, sort=sort), list)


def test_many_prefixes_of_many_names_are_answered(full_of_names):
    for form in ("{}*", "{}*>=1", "keyword:{}*", "{}*@0.1", "-{}*<1"):
        terms = [form.format(prefix) for prefix in PREFIXES]
        for sort in Sort:
            found = full_of_names.search(" OR ".join(terms), sort=sort)
            assert len(found) == (0 if form.startswith("-") else 240), (form, sort)
        assert full_of_names.count(" ".join(f"-{term}" for term in terms)) in (0, 240)


def test_a_prefix_of_very_many_names_finds_each_photo_once(tmp_path):
    path = str(tmp_path / "catalog.db")
    with Catalog.open(path) as catalog:
        for n, photo_id in enumerate(add_photos(catalog, [b"%d.jpg" % n for n in range(70)])):
            words = [f"kw {n}", f"kw {n + 1}"]
            said = analysis({f"co {n}": 0.5, f"co {n + 1}": 0.25})
            take_in(catalog, photo_id, facts(seconds=n, keywords=words), said)
    with CatalogReader.open(path) as reader:
        for text in ("co*", "keyword:kw*", "co* keyword:kw*", "co* OR keyword:kw*"):
            for sort in Sort:
                paths = [record.path for record in reader.search(text, sort=sort)]
                assert len(paths) == len(set(paths)) == reader.count(text) == 70, (text, sort)


DAYS = (
    "today", "yesterday", "this-week", "last-week", "this-month", "last-month", "this-year",
    "last-year", "last-1-days", "last-7-days", "last-45-days", "2024", "2023-02", "2024-02-29",
)  # fmt: skip


@pytest.mark.parametrize("word", DAYS)
def test_a_word_for_days_means_the_same_on_every_day(word):
    for number in range(date_number(2023, 12, 20), date_number(2025, 3, 10)):
        today = TODAYS[0].fromordinal(number)
        assert parse(f"date:{word}", today=today) == Days("date", *period(word, today)), today


def date_number(*day):
    return TODAYS[0].replace(*day).toordinal()


@pytest.mark.parametrize("sort", Sort)
def test_who_asks_for_no_photo_gets_none(reader, sort):
    for text in ("", "dog", "size>=0", "iso>800", "path:/photos"):
        assert reader.search(text, sort=sort, limit=0) == []


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("limit", [2**63 - 1, 2**63, 10**400])
def test_who_asks_for_more_than_any_number_of_photos_gets_all(reader, sort, limit):
    for text in ("", "dog", "iso>800 -dog", "dog OR person:area>50%"):
        found = reader.search(text, sort=sort, limit=limit, seed=3)
        assert len(found) == reader.count(text) > 0, (text, sort)
        behind = reader.search(text, sort=sort, limit=limit, seed=3, after=found[-1].path)
        assert behind == [], (text, sort)
