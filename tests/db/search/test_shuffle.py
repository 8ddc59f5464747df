"""The random order of ids: each of them has one turn, and is found again by it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from phototagd.db.search.sort import Shuffle


@pytest.mark.parametrize("last", [1, 2, 3, 255, 256, 1000])
@pytest.mark.parametrize("start", [0, 1, 77, 2**64 - 1])
def test_every_id_has_a_turn_of_its_own_by_which_it_is_found(last, start):
    shuffle = Shuffle.of(last, start)
    ids = range(shuffle.mask + 1)
    turns = [shuffle.turn_of(one) for one in ids]
    assert last <= shuffle.mask
    assert sorted(turns) == list(ids)
    assert [shuffle.id_at(turn) for turn in turns] == list(ids)


def test_the_first_turns_come_from_everywhere():
    shuffle = Shuffle.of(1_000_000, 12345)
    first = sorted(shuffle.id_at(turn) for turn in range(100))
    gaps = [after - before for before, after in pairwise(first)]
    assert max(gaps) < 4 * shuffle.mask / 100


def test_the_numbers_stay_below_what_sqlite_multiplies_exactly():
    shuffle = Shuffle.of(2**31 - 1, 2**64 - 1)
    assert shuffle.mask * max(shuffle.step, 2 * shuffle.stride) + shuffle.start < 2**63
