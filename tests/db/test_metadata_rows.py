"""What cameras and people wrote of a photo, and the counts of what it was taken with."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from catalog_samples import (
    RULES,
    add_photos,
    analysis,
    believe,
    entry,
    facts,
    miscounted_keywords,
    miscounted_labels,
    miscounted_things,
    rows,
    tag_file,
    take_in,
)

from phototagd.db import upkeep
from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.records import Metadata, Place
from phototagd.db.states import (
    METADATA_VERSION,
    PhotoState,
    cell_of,
    month_of,
    wall_clock,
)

LISBON = Place("PT", "Portugal", "Lisboa", "Lisbon")
FULL = Metadata(
    taken_at=1_688_205_600,
    taken_us=250_000,
    taken_offset=60,
    taken_source="camera",
    make="Apple",
    model="iPhone 12",
    lens="iPhone 12 back camera 4.2mm f/1.6",
    software="17.1",
    iso=32,
    f_number=1.6,
    exposure=0.008,
    focal=4.2,
    focal_35mm=26,
    latitude=38.7167,
    longitude=-9.1333,
    altitude=-2.5,
    place=LISBON,
    rating=4,
    title="Tram",
    caption="A yellow one",
    dropped=("GPSImgDirection 400: beyond the circle",),
)
COUNTS = (
    "SELECT 'camera', name, n FROM camera UNION ALL SELECT 'lens', name, n FROM lens"
    " UNION ALL SELECT kind, name, n FROM place ORDER BY 1, 2"
)


@pytest.fixture
def path(tmp_path):
    return os.fsencode(tmp_path / "catalog.db")


@pytest.fixture
def catalog(path):
    with Catalog.open(path) as opened:
        yield opened


def record(path, photo):
    with CatalogReader.open(path) as reader:
        (found,) = reader.photos_by_id([photo])
        return found


def taken(**fields):
    """Give the facts of a photo with this metadata."""
    return replace(facts(), metadata=Metadata(**{"taken_source": "camera"} | fields))


def test_what_was_written_comes_back_as_it_was(catalog, path):
    (photo,) = add_photos(catalog, [b"IMG_1.JPG"])
    take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    found = record(path, photo)
    assert found.metadata == FULL
    assert (found.taken_at, found.taken_source) == (FULL.taken_at, "camera")
    assert found.suffix == "jpg"
    assert found.pair is None


def test_a_photo_that_says_nothing_has_nothing_and_the_date_of_its_file(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(seconds=1_700_000_000), analysis())
    found = record(path, photo)
    assert found.metadata == Metadata()
    assert (found.taken_at, found.taken_source) == (wall_clock(1_700_000_000), "file")
    assert rows(path, "SELECT * FROM photo_detail") == []
    assert rows(path, COUNTS) == []


def test_a_photo_has_the_columns_that_searches_ask_for(catalog, path):
    (photo,) = add_photos(catalog, [b"IMG_\xff.JPG"])
    take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    columns = "suffix, name_key, read_by, month, cell, shape, untagged, twin"
    assert rows(path, f"SELECT {columns} FROM photo") == [  # noqa: S608
        ("jpg", r"img_\xff.jpg", METADATA_VERSION, 7, cell_of(38.7167, -9.1333), 1, 1, 0)
    ]


def test_a_photo_that_waits_has_a_name_and_a_date_already(catalog, path):
    place = catalog.add_root(b"/photos")
    catalog.observe_file(place.id, b"", entry(b"A.Png", seconds=1_700_000_000))
    columns = "suffix, name_key, taken_at, month, taken_source, read_by"
    at = wall_clock(1_700_000_000)
    assert rows(path, f"SELECT {columns} FROM photo") == [  # noqa: S608
        ("png", "a.png", at, month_of(at), None, 0)
    ]


def test_names_of_one_spelling_are_one_thing_and_are_counted(catalog, path):
    first, second, third = add_photos(catalog, [b"a.jpg", b"b.jpg", b"c.jpg"])
    take_in(catalog, first, taken(make="Canon", model="Canon  EOS 5D", lens="EF 50mm"), analysis())
    take_in(catalog, second, taken(model="CANON EOS 5D", lens="ef 50MM"), analysis())
    take_in(catalog, third, taken(make="Leica"), analysis())
    assert rows(path, COUNTS) == [
        ("camera", "Canon EOS 5D", 2),
        ("camera", "Leica", 1),
        ("lens", "EF 50mm", 2),
    ]


def test_places_hang_in_their_countries_and_regions(catalog, path):
    ids = add_photos(catalog, [b"%d.jpg" % n for n in range(5)])
    places = (
        LISBON,
        Place("BR", "Brasil", "São Paulo", "São Paulo"),
        Place("BR", "Brasil", "Sao Paulo", None),
        Place("BR", "Brasil", None, "São Paulo"),
        Place("VA", "Vatican City"),
    )
    for photo, place in zip(ids, places, strict=True):
        take_in(catalog, photo, taken(place=place), analysis())
    assert rows(path, "SELECT kind, name, code, n FROM place ORDER BY id") == [
        ("country", "Portugal", "PT", 1),
        ("region", "Lisboa", None, 1),
        ("city", "Lisbon", None, 1),
        ("country", "Brasil", "BR", 3),
        ("region", "São Paulo", None, 2),
        ("city", "São Paulo", None, 1),
        ("city", "São Paulo", None, 1),
        ("country", "Vatican City", "VA", 1),
    ]
    assert record(path, ids[3]).metadata.place == places[3]
    assert record(path, ids[4]).metadata.place == places[4]


def test_a_second_reading_takes_the_place_of_the_first_and_what_nobody_has_goes(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    assert [n for _, _, n in rows(path, COUNTS)] == [1] * 5
    take_in(catalog, photo, taken(model="X100", place=Place("PT", "Portugal")), analysis())
    assert rows(path, COUNTS) == [("camera", "X100", 1), ("country", "Portugal", 1)]
    assert rows(path, "SELECT * FROM photo_detail") == []


def test_a_new_belief_leaves_what_the_camera_wrote(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    known = replace(facts(), metadata=FULL)
    take_in(catalog, photo, known, analysis({"cat": 0.5}))
    (evidenced,) = catalog.readings.next_to_refuse("other rules")
    assert catalog.readings.replace(evidenced, believe(analysis()), rules="other rules")
    assert record(path, photo).metadata == FULL
    assert rows(path, "SELECT untagged FROM photo") == [(1,)]
    assert miscounted_things(path) == []


def test_a_copy_has_its_own_metadata_and_the_results_of_its_source(catalog, path):
    source, copy = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    take_in(catalog, source, replace(facts(), metadata=FULL), analysis({"cat": 0.5}, dog=[0.75]))
    catalog.record_copy(copy, taken(taken_at=-5, rating=-1), source)
    assert record(path, copy).metadata == Metadata(taken_at=-5, taken_source="camera", rating=-1)
    assert rows(path, "SELECT twin, untagged FROM photo") == [(1, 0), (1, 0)]
    sighted = "SELECT label_id, confidence, times, kind, largest, spots FROM sighting"
    first, second = (
        rows(path, f"{sighted} WHERE photo_id = {n} ORDER BY 1") for n in (source, copy)
    )
    assert first == second != []
    assert rows(path, "SELECT DISTINCT taken_at FROM sighting ORDER BY 1") == [
        (-5,),
        (FULL.taken_at,),
    ]


def test_reading_a_photo_again_moves_its_tags_and_keywords_to_its_date(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, facts(keywords=["tram"]), analysis({"cat": 0.5}))
    catalog.record_copy(photo, replace(facts(keywords=["tram"]), metadata=FULL), photo)
    assert record(path, photo).metadata == FULL
    dates = "SELECT taken_at FROM sighting UNION ALL SELECT taken_at FROM photo_keyword"
    assert rows(path, dates) == [(FULL.taken_at,)] * 2
    assert (miscounted_labels(path), miscounted_keywords(path)) == ([], [])


@pytest.mark.parametrize("with_facts", [False, True])
def test_a_failure_takes_everything_with_it(catalog, path, with_facts):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    known = replace(facts(seconds=1000), metadata=FULL) if with_facts else None
    catalog.record_failure(photo, known, "broken", PhotoState.FAILED)
    assert rows(path, COUNTS) == []
    assert rows(path, "SELECT * FROM photo_detail") == []
    found = record(path, photo)
    assert (found.metadata, found.taken_at) == (Metadata(), wall_clock(1000))
    assert rows(path, "SELECT untagged, read_by FROM photo") == [(0, 0)]


def test_a_purge_takes_the_photos_out_of_the_counts(catalog, path):
    ids = add_photos(catalog, [b"%d.jpg" % n for n in range(3)])
    for photo in ids:
        take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    catalog.mark_missing(ids[:2])
    assert [n for _, _, n in rows(path, COUNTS)] == [3] * 5
    assert catalog.purge_missing(before=2**40) == 2
    assert [n for _, _, n in rows(path, COUNTS)] == [1] * 5
    catalog.mark_missing(ids)
    catalog.purge_missing(before=2**40)
    assert rows(path, COUNTS) == []


def test_our_own_write_leaves_a_date_that_somebody_wrote(catalog, path):
    dated, undated = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    take_in(catalog, dated, replace(facts(), metadata=FULL), analysis({"cat": 0.5}))
    take_in(catalog, undated, facts(), analysis({"cat": 0.5}))
    for photo, name in ((dated, b"a.jpg"), (undated, b"b.jpg")):
        catalog.tags.record(photo, tag_file("cat"), entry(name, seconds=1_700_000_000))
    assert record(path, dated).taken_at == FULL.taken_at
    assert record(path, undated).taken_at == wall_clock(1_700_000_000)
    assert miscounted_keywords(path) == []
    odd = "SELECT 1 FROM sighting s JOIN photo p ON p.id = photo_id WHERE s.taken_at <> p.taken_at"
    assert rows(path, odd) == []


def test_done_photos_of_an_earlier_reader_are_looked_at_again(catalog):
    first, second = add_photos(catalog, [b"a.jpg", b"b.jpg"])
    said = analysis({"cat": 0.5})
    for photo in (first, second):
        take_in(catalog, photo, facts(), said)
    assert catalog.queue.next_outdated(said.models) == ([], first)
    with catalog._transactions.begin() as connection:
        connection.exec_driver_sql("UPDATE photo SET read_by = 0 WHERE id = 1")
    found, _ = catalog.queue.next_outdated(said.models)
    assert [photo.id for photo in found] == [first]
    assert catalog.find_analyzed(b"pixels", said.models, second) == second
    assert catalog.find_analyzed(b"pixels", said.models, first) == first
    catalog.record_copy(first, facts(), first)
    assert catalog.queue.next_outdated(said.models)[0] == []


def test_damaged_counts_are_named(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    take_in(catalog, photo, replace(facts(), metadata=FULL), analysis())
    assert upkeep.check(path) == []
    with catalog._transactions.begin() as connection:
        for table in ("camera", "lens", "place"):
            connection.exec_driver_sql(f"UPDATE {table} SET n = 7")  # noqa: S608
    assert upkeep.check(path) == [
        "camera 'Apple iPhone 12' counts 7 photos, it has 1",
        "lens 'iPhone 12 back camera 4.2mm f/1.6' counts 7 photos, it has 1",
        *(f"place {name!r} counts 7 photos, it has 1" for name in ("Portugal", "Lisboa", "Lisbon")),
    ]


def test_half_a_surrogate_pair_cannot_stop_the_catalog(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    broken = {"make": "\ud800", "model": "M\udfff", "lens": "\ud800", "title": "t\ud800"}
    take_in(catalog, photo, taken(**broken), analysis())
    assert record(path, photo).metadata.title == "t?"
    assert rows(path, COUNTS) == [("camera", "? M?", 1), ("lens", "?", 1)]


def test_sightings_know_kind_largest_box_and_where_boxes_lie(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    said = analysis({"cat": 0.5}, dog=[0.75, 0.5])
    catalog.record_reading(photo, facts(), said, believe(said, "animal"), rules=RULES)
    found = rows(
        path,
        "SELECT name, kind, times, largest, spots FROM sighting"
        " JOIN label ON label.id = label_id ORDER BY name",
    )
    # The samples' boxes are 0.1, 0.2, 0.3, 0.4: 4 % of the picture, and a bit by rounding.
    assert found == [("animal", 4, 1, 0, 0), ("cat", 2, 1, 0, 0), ("dog", 1, 2, 400, 5)]
