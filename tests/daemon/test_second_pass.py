"""Which photos are looked at once more: newest first, none twice, none that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_samples import MODELS, add_photos, analysis, facts, take_in

from phototagd.daemon import second_pass
from phototagd.daemon.second_pass import SecondPass
from phototagd.db.catalog import Catalog
from phototagd.db.records import PendingPhoto
from phototagd.models.results import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BETTER = (MODELS[0], ModelVersion(MODELS[1].name, "thorough"))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(bytes(tmp_path / "catalog.db")) as found:
        yield found


def done(catalog: Catalog, number: int) -> list[int]:
    ids = add_photos(catalog, [b"%d.jpg" % index for index in range(number)])
    for photo_id in ids:
        take_in(catalog, photo_id, facts(), analysis({"tabby": 0.9}))
    return ids


def photo(photo_id: int) -> PendingPhoto:
    return PendingPhoto(photo_id, b"/a.jpg", 1, 2, 3, 0)


def taken(second: SecondPass, number: int = 100) -> list[int]:
    return [found.id for found in second.take(number, ())]


def test_all_photos_come_once_the_newest_first(catalog: Catalog) -> None:
    ids = done(catalog, 5)
    second = SecondPass(catalog)
    second.want(BETTER)

    assert taken(second, 2) == [ids[4], ids[3]]
    assert taken(second) == [ids[2], ids[1], ids[0]]
    assert taken(second) == []


def test_a_photo_that_was_just_seen_goes_before_the_others(catalog: Catalog) -> None:
    ids = done(catalog, 2)
    second = SecondPass(catalog)
    second.want(BETTER)
    second.add(photo(77), MODELS)

    assert taken(second) == [77, ids[1], ids[0]]


def test_nothing_is_looked_at_again_that_the_wanted_models_have_seen(catalog: Catalog) -> None:
    done(catalog, 3)
    second = SecondPass(catalog)
    second.want(MODELS)
    second.add(photo(77), MODELS)

    assert taken(second) == []


def test_a_photo_that_fails_is_left_alone_also_in_the_next_walk(catalog: Catalog) -> None:
    ids = done(catalog, 2)
    second = SecondPass(catalog)
    second.want(BETTER)
    second.leave(ids[1])

    assert taken(second) == [ids[0]]
    second.walk_again()
    assert taken(second) == [ids[0]]


def test_more_new_photos_than_are_remembered_are_found_by_another_walk(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_pass, "MOST_WAITING", 3)
    second = SecondPass(catalog)
    second.want(BETTER)
    assert taken(second) == []
    ids = done(catalog, 4)

    for photo_id in ids:
        second.add(photo(photo_id), MODELS)

    assert set(taken(second)) == set(ids)
