"""Saved searches in the catalog: names, what is found and lost, and whose command waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_samples import add_photos, analysis, entry, facts, take_in
from sqlalchemy import event

from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.states import RootState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from phototagd.db.records import MatchRun


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(str(tmp_path / "c.db")) as found:
        found.intern_labels(["cat", "dog"])
        yield found


@pytest.fixture
def reader(catalog: Catalog, tmp_path: Path) -> Iterator[CatalogReader]:
    assert catalog.is_in_place()
    with CatalogReader.open(str(tmp_path / "c.db")) as found:
        yield found


def add_cats(catalog: Catalog, *names: bytes) -> list[int]:
    ids = add_photos(catalog, list(names), folder=b"with " + names[0])
    for photo, name in zip(ids, names, strict=True):
        take_in(catalog, photo, facts(fingerprint=name), analysis({}, cat=[0.9]))
    return ids


def note_all(
    catalog: Catalog, reader: CatalogReader, *, has_command: bool = True, most: int = 100
) -> tuple[int, int]:
    """Write down all differences of the search "cats"; give how many came and went."""
    found = lost = 0
    while True:
        search = reader.saved_search("cats")
        assert search is not None
        change = reader.match_change(search, most)
        catalog.saved.note(change, has_command=has_command)
        found, lost = found + len(change.found), lost + len(change.lost)
        if change.is_whole:
            return found, lost


def match_a_photo(catalog: Catalog, reader: CatalogReader) -> None:
    """Let a photo come that a saved search with a command finds."""
    catalog.saved.save("cats", "cat")
    note_all(catalog, reader)
    add_cats(catalog, b"a.jpg")
    note_all(catalog, reader)


def take_runs(catalog: Catalog) -> list[MatchRun]:
    runs = []
    while (run := catalog.saved.begin_run(["Cats"])) is not None:
        catalog.saved.end_run(run)
        runs.append(run)
    return runs


def test_a_name_is_taken_however_it_is_spelt_and_may_be_replaced(
    catalog: Catalog, reader: CatalogReader
) -> None:
    assert catalog.saved.save("cats", "cat")
    assert not catalog.saved.save("CATS", "dog")
    assert catalog.saved.save("CATS", "dog", b"/links", replace=True)

    (search,) = reader.saved_searches()
    assert (search.name, search.query, search.link_dir) == ("CATS", "dog", b"/links")
    assert catalog.saved.forget("cats")
    assert not catalog.saved.forget("cats")
    assert reader.saved_searches() == ()


def test_what_is_there_at_first_has_no_command_and_each_later_match_one(
    catalog: Catalog, reader: CatalogReader
) -> None:
    add_cats(catalog, b"a.jpg", b"b.jpg", b"c.jpg")
    catalog.saved.save("cats", "cat")
    assert note_all(catalog, reader, most=2) == (3, 0)
    assert take_runs(catalog) == []

    (new,) = add_cats(catalog, b"d.jpg")
    assert note_all(catalog, reader) == (1, 0)
    assert [run.photo_id for run in take_runs(catalog)] == [new]
    assert note_all(catalog, reader) == (0, 0)
    assert take_runs(catalog) == []


def test_a_photo_that_went_and_came_back_is_found_but_not_new(
    catalog: Catalog, reader: CatalogReader
) -> None:
    catalog.saved.save("cats", "cat")
    note_all(catalog, reader)
    (photo,) = add_cats(catalog, b"a.jpg")
    note_all(catalog, reader)
    assert len(take_runs(catalog)) == 1
    search = reader.saved_search("cats")
    assert search is not None
    assert list(reader.match_paths(search)) == [b"/photos/with a.jpg/a.jpg"]

    catalog.mark_missing([photo])
    assert note_all(catalog, reader) == (0, 1)
    assert list(reader.match_paths(search)) == []

    place = catalog.add_root(b"/photos")
    catalog.reconcile_folder(place.id, b"with a.jpg", [entry(b"a.jpg", seconds=1000)])
    assert note_all(catalog, reader) == (1, 0)
    assert take_runs(catalog) == []


def test_a_command_that_was_begun_is_known_and_not_given_again(
    catalog: Catalog, reader: CatalogReader
) -> None:
    match_a_photo(catalog, reader)

    run = catalog.saved.begin_run(["cats"])

    assert run is not None
    assert catalog.saved.begun_runs() == [run]
    assert catalog.saved.begin_run(["cats"]) is None


def test_without_a_command_nothing_waits_and_what_came_meanwhile_is_not_new(
    catalog: Catalog, reader: CatalogReader
) -> None:
    match_a_photo(catalog, reader)
    note_all(catalog, reader, has_command=False)
    add_cats(catalog, b"b.jpg")
    note_all(catalog, reader, has_command=True)

    assert take_runs(catalog) == []


def test_a_search_that_was_replaced_meanwhile_is_left_alone(
    catalog: Catalog, reader: CatalogReader
) -> None:
    add_cats(catalog, b"a.jpg")
    catalog.saved.save("cats", "cat")
    former = reader.saved_search("cats")
    assert former is not None
    change = reader.match_change(former, 10)
    catalog.saved.save("cats", "cat OR dog", replace=True)

    catalog.saved.note(change, has_command=True)

    search = reader.saved_search("cats")
    assert search is not None
    assert list(reader.match_paths(search)) == []


def test_purged_photos_take_their_matches_along(catalog: Catalog, reader: CatalogReader) -> None:
    (photo,) = add_cats(catalog, b"a.jpg")
    catalog.saved.save("cats", "cat")
    note_all(catalog, reader)
    catalog.mark_missing([photo])
    catalog.purge_missing(1 << 40)

    assert note_all(catalog, reader) == (0, 0)


def test_a_photo_whose_root_is_away_is_passed_over_until_it_is_back(
    catalog: Catalog, reader: CatalogReader
) -> None:
    match_a_photo(catalog, reader)
    root = catalog.add_root(b"/photos").id

    for state in (RootState.OFFLINE, RootState.MISSING):
        catalog.set_root_state(root, state)
        assert catalog.saved.begin_run(["cats"]) is None
    catalog.set_root_state(root, RootState.SUSPECT)
    assert len(take_runs(catalog)) == 1


def test_what_is_put_back_does_not_wait_for_a_search_that_was_replaced_meanwhile(
    catalog: Catalog, reader: CatalogReader
) -> None:
    match_a_photo(catalog, reader)
    run = catalog.saved.begin_run(["cats"])
    assert run is not None
    catalog.saved.save("cats", "cat", replace=True)
    note_all(catalog, reader)

    catalog.saved.put_back(run)

    assert catalog.saved.begin_run(["cats"]) is None


def test_a_begin_waits_for_the_disk_and_what_follows_does_not(
    catalog: Catalog, reader: CatalogReader
) -> None:
    match_a_photo(catalog, reader)
    levels: list[int] = []

    def note_level(connection: Connection) -> None:
        levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    event.listen(catalog._transactions.engine, "commit", note_level)
    take_runs(catalog)

    full, normal = 2, 1
    assert levels == [full, normal, full]  # a begin, its end, and a look for the next
