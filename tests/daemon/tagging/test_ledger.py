"""What is ours in a field, by what was recorded and what is there now."""

from __future__ import annotations

from dataclasses import replace

from phototagd.daemon.tagging.ledger import Share, find_record, find_share, keys, merge, without
from phototagd.daemon.tagging.orders import Draft
from phototagd.db.records import TagFile

ROW = TagFile(
    "exif", b"/a.jpg", "written", 1, items=("cat", "dog"), copied=("beach",), removed=("cup",),
    before=b"old", after=b"new",
)  # fmt: skip


def order(*files: TagFile, intents: tuple[TagFile, ...] = ()) -> Draft:
    return Draft(1, b"/a.jpg", b"/", "JPEG", "exif", None, files=files, intents=intents)


def test_what_was_recorded_and_is_gone_was_taken_out() -> None:
    assert find_share(ROW, ["Cat", "beach", "mine"]) == Share(("cat",), ("beach",), ("cup", "dog"))
    assert find_share(ROW, []) == Share((), (), ("cup", "cat", "dog"))


def test_without_a_record_nothing_is_ours() -> None:
    assert find_share(None, ["cat"]) == Share()


def test_what_we_took_back_ourselves_was_not_taken_out_by_the_owner() -> None:
    assert find_share(replace(ROW, state="undone"), []).removed == ("cup",)


def test_an_intention_counts_only_if_the_file_is_what_it_intended() -> None:
    intent = replace(ROW, items=("hen",), after=b"newer")

    assert find_record(order(ROW, intents=(intent,)), b"newer") is intent
    assert find_record(order(ROW, intents=(intent,)), b"new") is ROW
    assert find_record(order(intents=(intent,)), b"new") is None


def test_an_intended_deletion_does_not_count_for_a_file_that_is_not_there() -> None:
    assert find_record(order(ROW, intents=(replace(ROW, after=None),)), None) is ROW


def test_the_rows_of_other_targets_do_not_count() -> None:
    other = replace(ROW, target="sidecar")

    assert find_record(order(other, intents=(other,)), b"new") is None


def test_items_are_compared_as_names_are() -> None:
    assert keys(["Straße", "STRASSE"]) == keys(["strasse"])
    assert merge(("Cat", "dog"), ("cat", "Hen"), ("hen",)) == ("Cat", "dog", "Hen")
    assert without(("Cat", "dog", "hen"), ("CAT",), ("hen",)) == ("dog",)
    assert without(("cat",)) == ("cat",)
