"""What other models would change, summed up by name."""

from __future__ import annotations

from phototagd.daemon.retagging import sum_up
from phototagd.db.records import PhotoRecord
from phototagd.db.states import PhotoState


def photo(path: bytes) -> PhotoRecord:
    return PhotoRecord(path, 1, 1, "JPEG", PhotoState.DONE, None, 0, 1, 1, 1, 1)


def test_changes_are_summed_up_by_name_the_most_changed_first() -> None:
    found = sum_up(
        [
            (photo(b"/a"), {"dog"}, {"cat", "bed"}),
            (photo(b"/b"), {"dog", "cat"}, set()),
            (photo(b"/c"), {"dog"}, set()),
            (photo(b"/d"), set(), set()),
        ]
    )

    assert list(found) == ["dog", "cat", "bed"]
    assert (found["dog"].gained, found["dog"].lost) == ([b"/a", b"/b", b"/c"], [])
    assert (found["cat"].gained, found["cat"].lost) == ([b"/b"], [b"/a"])
