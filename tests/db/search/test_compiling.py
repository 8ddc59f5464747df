"""The compiled SQL finds what a plain evaluator of the tree finds, in the same order."""

from __future__ import annotations

import random
import shutil
import sqlite3

import pytest
from catalog_samples import (
    NAMES,
    SECOND,
    add_photos,
    analysis,
    entry,
    facts,
    random_analysis,
    take_in,
)

from phototagd.db.catalog import Catalog
from phototagd.db.errors import QueryError
from phototagd.db.query import DEEPEST, And, Everything, Keyword, Not, Or, Word, parse, words
from phototagd.db.reader import CatalogReader
from phototagd.db.search import Options, Sort, compile_search, find_names
from phototagd.db.search.simplify import simplify

PHOTOS = 300
TREES = 500
SORTS = (Sort.NEWEST, Sort.OLDEST, Sort.PATH, Sort.PATH_BACK, Sort.CONFIDENCE)
# Around the number at which the index stops counting, and mostly the usual "at least one".
LIMITS = [(1, None)] * 4 + [(2, None), (0, 0), (3, 3), (0, 2), (9, None), (1, 1), (10, None)]
KEYWORDS = ("holiday", "dog", "at home")
LIMITS += [(0, 9), (9, 9), (2, 8), (12, 12), (0, None)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A catalog of 300 photos, some missing or failed, and what a plain program knows of it."""
    path = tmp_path_factory.mktemp("library") / "catalog.db"
    chance = random.Random(7)  # noqa: S311
    said = {}
    with Catalog.open(str(path)) as catalog:
        ids = add_photos(catalog, [b"%03d.jpg" % n for n in range(PHOTOS)])
        for photo_id in ids:
            # Few dates, so that many photos share one and the order of ties matters.
            taken = chance.randrange(1000, 1060)
            result = random_analysis(chance)
            given = {name for name in KEYWORDS if chance.random() < 0.3}
            known = facts(seconds=taken, keywords=sorted(given))
            take_in(catalog, photo_id, known, result)
            said[photo_id] = (taken, result, given)
        gone, broken = ids[::11], ids[5::13]
        root = catalog.add_root(b"/photos")
        for photo_id in gone:
            catalog.file_gone(root.id, b"", b"%03d.jpg" % ids.index(photo_id))
        for photo_id in broken:
            catalog.record_failure(photo_id, None, "cut off")
    known = {key: value for key, value in said.items() if key not in {*gone, *broken}}
    reader = CatalogReader.open(str(path))
    yield reader, known, {key: b"/photos/%03d.jpg" % ids.index(key) for key in ids}, path
    reader.close()


def number_seen(word, result):
    least = word.confidence or 0.0
    boxes = sum(
        thing.name == word.name and thing.confidence >= least for thing in result.detections
    )
    named = any(thing.name == word.name and thing.confidence >= least for thing in result.labels)
    return max(boxes, int(named))


def holds(tree, result, given):
    match tree:
        case Word():
            n = number_seen(tree, result)
            return n >= tree.least and (tree.most is None or n <= tree.most)
        case Keyword(name):
            return name in given
        case Not(term):
            return not holds(term, result, given)
        case And(terms):
            return all(holds(term, result, given) for term in terms)
        case Or(terms):
            return any(holds(term, result, given) for term in terms)
        case Everything():
            return True


def wanted_names(tree, *, negated=False):
    """Give the names that the query wants to see: a word under an even number of NOTs."""
    match tree:
        case Word(least=0, most=None):
            return set()
        case Word():
            return {tree.name} if (tree.least == 0) is negated else set()
        case Not(term):
            return wanted_names(term, negated=not negated)
        case And(terms) | Or(terms):
            return set().union(*(wanted_names(term, negated=negated) for term in terms))
        case _:
            return set()


def score(tree, result):
    names = wanted_names(simplify(tree))
    said = [*result.labels, *result.detections]
    return max((thing.confidence for thing in said if thing.name in names), default=0.0)


def expected(tree, sort, limit, known, paths):
    found = [key for key, (_, result, given) in known.items() if holds(tree, result, given)]
    keys = {
        Sort.NEWEST: lambda key: (-known[key][0], -key),
        Sort.OLDEST: lambda key: (known[key][0], key),
        Sort.PATH: lambda key: paths[key],
        Sort.PATH_BACK: lambda key: [-byte for byte in paths[key]],
        Sort.CONFIDENCE: lambda key: (-score(tree, known[key][1]), -known[key][0], -key),
    }
    return [paths[key] for key in sorted(found, key=keys[sort])][:limit]


def random_word(chance):
    least, most = chance.choice(LIMITS)
    confidence = chance.choice((None, None, None, 0.0, 0.25, 0.5, 0.953125))
    return Word(chance.choice(NAMES), confidence, least, most)


def random_tree(chance, depth=3):
    kind = chance.choice(("word", "word", "not", "and", "and", "or")) if depth else "word"
    if kind == "word":
        leaf = chance.random()
        if leaf < 0.25:
            return Keyword(chance.choice(KEYWORDS))
        return random_word(chance) if leaf < 0.97 else Everything()
    if kind == "not":
        return Not(random_tree(chance, depth - 1))
    terms = tuple(random_tree(chance, depth - 1) for _ in range(chance.randrange(2, 4)))
    return And(terms) if kind == "and" else Or(terms)


def test_random_searches_agree_with_a_plain_evaluator(library):
    reader, known, paths, _ = library
    chance = random.Random(42)  # noqa: S311
    hits = []
    for _ in range(TREES):
        tree = random_tree(chance)
        sort = chance.choice(SORTS)
        limit = chance.choice((None, None, 1, 7, 50))
        found = [record.path for record in reader.search(tree, sort=sort, limit=limit)]
        assert found == expected(tree, sort, limit, known, paths), (tree, sort, limit)
        hits.append(len(found))
    # Trees that find nothing or everything would prove little.
    assert sum(0 < n < len(known) for n in hits) > TREES // 2


def test_limit_zero_finds_nothing(library):
    reader, *_ = library
    assert reader.search("dog", limit=0) == []


def test_a_count_beyond_the_index_is_exact(library):
    reader, known, paths, _ = library
    for text in ("person=9", "person=10", "person>=11", "person<10", "person>9", "person@0.5=9"):
        tree = parse(text)
        assert [record.path for record in reader.search(text)] == expected(
            tree, Sort.NEWEST, None, known, paths
        ), text


@pytest.fixture
def connection(library, tmp_path):
    """The catalog as one of a million photos, of which few are what a query asks for."""
    *_, path = library
    shutil.copy(path, tmp_path / "large.db")
    opened = sqlite3.connect(tmp_path / "large.db")
    opened.execute("UPDATE photo SET id = 1000000 WHERE id = (SELECT max(id) FROM photo)")
    yield opened
    opened.close()


def compiled(connection, query, **options):
    """Compile a query, a text or a tree, for a catalog."""

    def execute(sql, parameters):
        return connection.execute(sql, parameters).fetchall()

    tree = parse(query) if isinstance(query, str) else query
    return compile_search(execute, tree, find_names(execute, tree), Options(**options))


@pytest.mark.parametrize(
    "text",
    [
        "person",
        "person dog",
        "person -dog",
        "person OR zebra",
        "person>=2",
        "person@0.5>=2",
        "person>=2 OR dog>=3",
        "-person",
        "-person -dog",
        "",
        "(dog OR cat) -banana",
        "keyword:holiday",
        "keyword:holiday person",
        "keyword:holiday -keyword:dog",
        "keyword:holiday OR zebra",
        "-keyword:holiday",
    ],
)
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_no_search_by_date_reads_a_whole_table(connection, text, sort):
    search = compiled(connection, text, sort=sort, limit=50)
    plan = [
        row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {search.hits}", search.parameters)
    ]
    assert not [line for line in plan if line.startswith(("SCAN p", "SCAN s", "SCAN x"))], plan
    # What the walks give, each cut to the limit, may be sorted again; no walk may sort.
    sorts = [line for line in plan if "FOR ORDER BY" in line]
    assert len(sorts) == 1, plan
    assert plan.index(sorts[0]) == len(plan) - 1
    if "person>=2" in text:
        by_times = (
            "COVERING INDEX ix_sighting_label_id_times_taken_at_photo_id (label_id=? AND times=?)"
        )
        assert any(by_times in line for line in plan), plan


def rarer(connection, *names):
    """Give those words or keywords by the number of their photos, the rarest first."""
    numbers = {
        name: connection.execute("SELECT n FROM label WHERE key = ?", (name,)).fetchone()[0]
        for name in names
    }
    return sorted(names, key=numbers.__getitem__)


def test_the_rarest_word_drives(connection):
    rare, *_, common = rarer(connection, "dog", "person", "canoe", "zebra")
    (driver,) = compiled(connection, f"{common} {rare} -cat", limit=10).drivers
    assert driver.term == repr(Word(rare))


def test_a_rare_keyword_drives_before_a_common_word(connection):
    search = compiled(connection, "(dog OR -dog OR person) keyword:holiday", limit=10)
    assert "FROM photo_keyword s CROSS JOIN photo p" in search.hits
    assert "FROM sighting x" in search.hits


def test_a_label_and_a_keyword_of_one_name_are_two_things(library):
    reader, known, paths, _ = library
    for text in ("dog keyword:dog", "dog -keyword:dog", "keyword:dog -dog", "dog OR keyword:dog"):
        found = [record.path for record in reader.search(text)]
        assert found == expected(parse(text), Sort.NEWEST, None, known, paths), text
        assert found


def test_names_never_enter_the_text(tmp_path):
    evil = "x'; DROP TABLE photo; --"
    with Catalog.open(str(tmp_path / "c.db")) as catalog:
        (photo,) = add_photos(catalog, [b"a.jpg"])
        take_in(catalog, photo, facts(keywords=[evil]), analysis({evil: 0.5}))
    connection = sqlite3.connect(tmp_path / "c.db")
    for tree in (Word(evil), Keyword(evil), Not(Keyword(evil)), Word("x'; d", prefix=True)):
        search = compiled(connection, tree, sort=Sort.CONFIDENCE, limit=3)
        assert "DROP" not in search.hits
    connection.close()


def test_the_widest_query_allowed_still_runs(library):
    reader, *_ = library
    names = [f'"{NAMES[n % len(NAMES)]}"@0.{n + 10}' for n in range(50)]
    wide = " OR ".join(names)
    counted = " OR ".join(f'"{NAMES[n % 5]}"@0.{n + 10}>=2' for n in range(50))
    assert len(list(words(parse(wide)))) == 50
    assert reader.search(wide, limit=5)
    keywords = " OR ".join(f'keyword:"{KEYWORDS[n % 3]}" -cat@0.{n + 10}' for n in range(25))
    assert reader.search(keywords, limit=5)
    assert reader.search(counted, limit=5)


def test_the_deepest_query_allowed_still_runs(library):
    reader, *_ = library
    for start, step in (
        ("dog>=12", "cat@0.5>=3"),
        ("-dog@0.3", "-cat@0.5"),
        ("dog", "keyword:dog"),
    ):
        text = start
        for n in range(DEEPEST - 1 - start.startswith("-")):
            text = f"{step} ({text})" if n % 2 else f"{step} OR ({text})"
        for sort in Sort:
            assert isinstance(reader.search(text, limit=5, sort=sort), list)
        deeper = f"cat OR ({text})" if text.startswith(f"{step} (") else f"cat ({text})"
        with pytest.raises(QueryError):
            parse(deeper)


def test_a_new_date_moves_the_photo_in_every_order(tmp_path):
    with Catalog.open(str(tmp_path / "c.db")) as catalog:
        first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
        chance = random.Random(1)  # noqa: S311
        result = random_analysis(chance)
        for photo_id, seconds in ((first, 100), (second, 200)):
            take_in(catalog, photo_id, facts(seconds=seconds), result)
        root = catalog.add_root(b"/photos")
        catalog.observe_file(root.id, b"", entry(b"a.jpg", seconds=300))
        take_in(catalog, first, facts(seconds=300), result)
    name = (*result.labels, *result.detections)[0].name
    with CatalogReader.open(str(tmp_path / "c.db")) as reader:
        found = reader.search(Word(name))
    assert [record.path for record in found] == [b"/photos/a.jpg", b"/photos/b.jpg"]
    assert found[0].mtime_ns == 300 * SECOND
