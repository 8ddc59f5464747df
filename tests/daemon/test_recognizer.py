"""The child's desk: what lies on it, and that nothing stays on it for ever."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT
from program import wait_until

from phototagd.daemon import decode, recognizer
from phototagd.daemon.messages import Analyze, Analyzed, Drop, Failed, Identified, Identify, Reply
from phototagd.daemon.recognizer import Recognizer
from phototagd.models.results import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMITS = decode.Limits(max_pixels=10_000_000, max_bytes=10_000_000)


class Blind:
    """Stands for the models: sees nothing on any picture."""

    min_side = 300

    def analyze(self, *_: object, **__: object) -> Analysis:
        return Analysis(labels=(), detections=(), models=())


class Desk:
    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.recognizer = Recognizer(Blind(), LIMITS, 1, self.replies.append)  # type: ignore[arg-type]

    def answers(self, number: int) -> list[Reply]:
        wait_until(lambda: len(self.replies) >= number)
        return self.replies

    @property
    def is_clear(self) -> bool:
        return not self.recognizer._held


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let reading wait until this is called."""
    going_on, read = threading.Event(), decode.read_photo

    def read_late(path: bytes, limits: decode.Limits) -> decode.PhotoFile:
        assert going_on.wait(10)
        return read(path, limits)

    monkeypatch.setattr(recognizer.decode, "read_photo", read_late)
    return going_on.set


def test_a_photo_is_held_between_its_two_passes(desk: Desk) -> None:
    desk.recognizer.handle(Identify(1, os.fsencode(CAT)))
    assert isinstance(desk.answers(1)[0], Identified)
    assert not desk.is_clear

    desk.recognizer.handle(Analyze(1))
    assert isinstance(desk.answers(2)[1], Analyzed)
    assert desk.is_clear


def test_a_known_photo_is_dropped(desk: Desk) -> None:
    desk.recognizer.handle(Identify(1, os.fsencode(CAT)))
    desk.answers(1)
    desk.recognizer.handle(Drop(1))

    assert desk.is_clear


def test_photos_given_up_while_they_are_read_are_neither_kept_nor_answered(
    desk: Desk, held_up: Callable[[], None]
) -> None:
    for number in (1, 2, 3):
        desk.recognizer.handle(Identify(number, os.fsencode(CAT)))
    for number in (1, 2):
        desk.recognizer.handle(Drop(number))
    held_up()

    assert [reply.id for reply in desk.answers(1) if isinstance(reply, Identified)] == [3]
    desk.recognizer.handle(Drop(3))
    assert desk.is_clear


def test_a_photo_that_fails_is_not_kept(desk: Desk, tmp_path: Path) -> None:
    desk.recognizer.handle(Identify(1, bytes(tmp_path / "gone.jpg")))

    assert isinstance(desk.answers(1)[0], Failed)
    assert desk.is_clear


def test_a_photo_whose_metadata_cannot_be_told_is_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("planted")

    monkeypatch.setattr(recognizer, "read_metadata", fail)
    desk.recognizer.handle(Identify(1, os.fsencode(CAT)))

    (failed,) = desk.answers(1)
    assert isinstance(failed, Failed)
    assert failed.reason == "ValueError: planted"
    assert desk.is_clear
