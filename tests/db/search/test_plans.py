"""Each kind of query is led by the index that was made for it, and sorts no more than its hits."""

from __future__ import annotations

import re
import sqlite3

import pytest
from catalog_samples import add_photos, analysis, take_in

from phototagd.db.catalog import Catalog
from phototagd.db.query import parse
from phototagd.db.reader import CatalogReader
from phototagd.db.records import Metadata, PhotoFacts, Place
from phototagd.db.search import Options, Sort, compile_search, find_names
from phototagd.db.search.sort import Shuffle

LISBON = Place("PT", "Portugal", "Lisbon", "Lisbon")
KNOWN = Metadata(
    taken_at=1_700_000_000,
    taken_source="camera",
    make="Apple",
    model="Apple iPhone 12",
    lens="iPhone 12 back camera",
    iso=1600,
    f_number=1.6,
    focal=4.2,
    latitude=38.7123,
    longitude=-9.1402,
    place=LISBON,
    rating=5,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A catalog that believes to have a million photos, of which a dozen are there."""
    path = str(tmp_path_factory.mktemp("plans") / "catalog.db")
    with Catalog.open(path) as catalog:
        names = [b"%d.jpg" % n for n in range(12)]
        for photo, name in zip(add_photos(catalog, names), names, strict=True):
            known = PhotoFacts(10, 10**12, 1, name, "JPEG", 640, 480, ("family",), KNOWN)
            take_in(catalog, photo, known, analysis({"cat": 0.5}, dog=[0.5, 0.5]), "animal")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE photo SET id = 1000000 WHERE id = (SELECT max(id) FROM photo)")
    connection.commit()
    connection.close()
    return path


def plan_of(path, text, limit=50, **options):
    connection = sqlite3.connect(path)

    def execute(sql, parameters):
        return connection.execute(sql, parameters).fetchall()

    tree = parse(text)
    asked = Options(limit=limit, **options)
    search = compile_search(execute, tree, find_names(execute, tree), asked)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {search.hits}", search.parameters)
    lines = [row[3] for row in rows]
    connection.close()
    return lines


BY_DATE = {
    "": "ix_photo_state_taken_at (state=?)",
    "dog": "s USING PRIMARY KEY (label_id=?)",
    "dog@0.7": "s USING PRIMARY KEY (label_id=?)",
    "dog:left": "s USING PRIMARY KEY (label_id=?)",
    "dog:area>=50%": "s USING COVERING INDEX ix_sighting_large (label_id=?)",
    "dog:area>49%": "s USING PRIMARY KEY (label_id=?)",
    "label:cat": "s USING PRIMARY KEY (label_id=?)",
    "dog>=2": "ix_sighting_label_id_times_taken_at_photo_id (label_id=? AND times=?)",
    "do*": "s USING PRIMARY KEY (label_id=?)",
    "dog date:2023": "s USING PRIMARY KEY (label_id=? AND taken_at>? AND taken_at<?)",
    "-dog": "ix_photo_state_taken_at (state=?)",
    "keyword:fam*": "s USING PRIMARY KEY (keyword_id=?)",
    "date:2023": "ix_photo_state_taken_at (state=? AND taken_at>? AND taken_at<?)",
    "hour:3": "ix_photo_state_taken_at (state=?)",
    "season:autumn": "ix_photo_month_taken_at (month=?)",
    "camera:iphone": "ix_photo_camera_id_taken_at (camera_id=?)",
    "lens:iphone": "ix_photo_lens_id_taken_at (lens_id=?)",
    "model:detector": "ix_photo_set_id_taken_at (set_id=?)",
    "place:lisbon": "ix_photo_city_id_taken_at (city_id=?)",
    "place:pt": "ix_photo_country_id_taken_at (country_id=?)",
    "near:38.71,-9.14,5km": "ix_photo_cell_taken_at (cell=?)",
    "gps:none": "ix_photo_state_taken_at (state=?)",
    "iso=1600": "ix_photo_iso_taken_at (iso=?)",
    "ext:jpg": "ix_photo_suffix_taken_at (suffix=?)",
    "format:jpeg": "ix_photo_format_taken_at (format=?)",
    "orientation:landscape": "ix_photo_shape_taken_at (shape=?)",
    "path:3.jpg": "ix_photo_name_key_taken_at (name_key=?)",
    "state:failed": "ix_photo_state_taken_at (state=?)",
    "untagged": "SCAN s USING INDEX ix_photo_untagged",
    "duplicate": "SCAN s USING INDEX ix_photo_twin",
}
"""What is walked by date, so that a walk ends at the limit and nothing but its hits is sorted."""

COLLECTED = {
    "iso>800": "ix_photo_iso_taken_at (iso>?)",
    "f<2.8": "ix_photo_f_number_taken_at (f_number<?)",
    "focal:1..9": "ix_photo_focal_taken_at (focal>? AND focal<?)",
    "rating>=4": "ix_photo_rating_taken_at (rating>?)",
    "size<1mb": "ix_photo_size_taken_at (size<?)",
    "width>=500": "ix_photo_width_height_taken_at (width>?)",
    "height>=100": "ix_photo_height_taken_at (height>?)",
    "added:..today": "ix_photo_added_at_taken_at (added_at<?)",
    "near:38.71,-9.14,500km": "ix_photo_cell_taken_at (cell>? AND cell<?)",
    "path:3*": "ix_photo_name_key_taken_at (name_key>? AND name_key<?)",
    "path:/photos": "(folder_id=?)",
}
"""Ranges: the index has no order by date among them, so that the few that there are get sorted."""


@pytest.mark.parametrize(("text", "index"), BY_DATE.items())
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_a_walk_by_date_sorts_only_its_hits(path, text, index, sort):
    plan = plan_of(path, text, sort=sort)
    assert any(index in line for line in plan), plan
    sorts = [line for line in plan if "B-TREE FOR ORDER BY" in line]
    assert sorts == plan[-1:], plan
    assert not [line for line in plan if line in ("SCAN p", "SCAN s", "SCAN x")], plan


@pytest.mark.parametrize(("text", "index"), COLLECTED.items())
def test_a_range_is_led_by_its_index(path, text, index):
    plan = plan_of(path, text)
    assert any(index in line for line in plan), plan
    assert not [line for line in plan if line.startswith("SCAN s")], plan


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        (Sort.SIZE, "ix_photo_size_taken_at"),
        (Sort.SIZE_BACK, "ix_photo_size_taken_at"),
        (Sort.PATH, "s USING INDEX sqlite_autoindex_photo_1 (folder_id=?)"),
        (Sort.PATH_BACK, "s USING INDEX sqlite_autoindex_photo_1 (folder_id=?)"),
        (Sort.CONFIDENCE, "ix_sighting_label_id_confidence_taken_at_photo_id (label_id=?)"),
    ],
)
def test_each_order_has_an_index_to_walk(path, sort, index):
    plan = plan_of(path, "dog" if sort is Sort.CONFIDENCE else "", 3, sort=sort)
    assert any(index in line for line in plan), plan
    assert len([line for line in plan if "B-TREE FOR ORDER BY" in line]) == 1, plan


def test_no_photo_of_a_range_is_looked_at_that_is_older_than_the_last_hit(path):
    with CatalogReader.open(path) as reader:
        told = reader.explain("iso>800", limit=3)
    bounds = re.search(r"s\.iso >= :v\d AND s\.taken_at >= :(v\d)", told.sql)
    assert bounds, told.sql
    assert told.parameters[bounds[1]] == KNOWN.taken_at
    assert any("COVERING INDEX ix_photo_iso_taken_at (iso>?)" in line for line in told.plan)


def test_a_random_order_of_a_word_needs_its_rows_alone(path):
    plan = plan_of(path, "dog", 3, sort=Sort.RANDOM)
    (rows,) = (line for line in plan if line.startswith("SEARCH s"))
    assert re.search(r"COVERING INDEX \w+ \(label_id=\?\)$", rows), plan


def test_few_photos_of_a_range_are_listed_for_those_of_a_word(path):
    plan = plan_of(path, "dog iso>800")
    assert any(line.startswith("LIST SUBQUERY") for line in plan), plan
    assert "SEARCH s USING COVERING INDEX ix_photo_iso_taken_at (iso>?)" in plan, plan


def test_a_walk_by_size_that_finds_nothing_soon_lists_what_it_looks_for(path):
    plan = plan_of(path, "iso>800 OR -dog", 100, sort=Sort.SIZE)
    assert "SCAN s USING COVERING INDEX ix_photo_size_taken_at" in plan, plan
    assert any(line.startswith("LIST SUBQUERY") for line in plan), plan


def test_a_random_order_looks_up_photos_by_their_turns(path):
    first = -Shuffle.of(1_000_000, 0).turn_of(1)
    plan = plan_of(path, "", 1, sort=Sort.RANDOM, start=first)
    assert "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)" in plan, plan


def test_the_index_of_widths_knows_the_heights(path):
    plan = plan_of(path, "width>=500 height>=100")
    index = "SEARCH s USING COVERING INDEX ix_photo_width_height_taken_at (width>?)"
    assert index in plan, plan
    with CatalogReader.open(path) as reader:
        assert "1 = 0" in reader.explain("width>=500 height<100", limit=50).sql


def test_a_page_begins_in_the_index_where_the_one_before_ended(path):
    with CatalogReader.open(path) as reader:
        last = reader.search("dog", limit=5)[-1].path
        place = reader._asker(None).place_of(last)
    for text, expected in (
        ("", "ix_photo_state_taken_at (state=? AND taken_at<?)"),
        ("dog", "s USING PRIMARY KEY (label_id=? AND taken_at<?)"),
        ("camera:iphone", "ix_photo_camera_id_taken_at (camera_id=? AND taken_at<?)"),
    ):
        plan = plan_of(path, text, after=place)
        assert any(expected in line for line in plan), plan


def test_the_explanation_names_what_leads_to_the_photos(path):
    with CatalogReader.open(path) as reader:
        told = reader.explain("iso>800 -dog", limit=5)
    assert told.tree == "And\n  Range(field='iso', least=801)\n  Not\n    Word(name='dog')"
    assert [(one.term, one.photos) for one in told.drivers] == [
        ("Range(field='iso', least=801)", 12)
    ]
    assert told.sql.startswith("SELECT")
    assert set(re.findall(r":(\w+)", told.sql)) <= set(told.parameters)
    assert any("SEARCH s USING COVERING INDEX ix_photo_iso" in line for line in told.plan)
