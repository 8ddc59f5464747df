"""A child as its parent sees it, whatever the child says."""

from __future__ import annotations

import os
import queue
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon import worker
from phototagd.daemon.config import load_config
from phototagd.daemon.messages import Died, Refused, decode_reply, encode
from phototagd.daemon.worker import ChildProgram, Worker, plan_worker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def refusing(tmp_path: Path) -> ChildProgram:
    """A real child that can only say that it knows no such model."""
    settings = {"PHOTOTAG_MODELS_CLASSIFIER": "oracle", "PHOTOTAG_MODELS_CACHE": str(tmp_path)}
    plan = plan_worker(load_config(None, settings))
    return ChildProgram("recognizer", plan.to_json(), encode, decode_reply)


def first_reply(program: ChildProgram, number: int = 0) -> object:
    """Start a child, send it a signal at once if there is a number, and hear what comes first."""
    replies: queue.Queue[object] = queue.Queue()
    child = Worker(program, replies.put)
    child.start()
    try:
        if number:
            os.kill(child.pid or 0, number)
        return replies.get(timeout=60)
    finally:
        child.stop()


def test_what_a_child_says_arrives(refusing: ChildProgram) -> None:
    said = first_reply(refusing)

    assert isinstance(said, Refused)
    assert "oracle" in said.reason


def test_a_child_that_talks_without_end_is_ended(
    refusing: ChildProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONGEST_REPLY", 8)

    assert first_reply(refusing) == Died("it sent nonsense (a line without end)")


def test_a_signal_without_a_name_ends_a_child_as_any_other(refusing: ChildProgram) -> None:
    number = signal.SIGRTMIN + 6

    assert first_reply(refusing, number) == Died(f"it crashed (signal {number})")


def test_a_complaint_without_end_is_taken_in_pieces(
    refusing: ChildProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONGEST_COMPLAINT", 8)
    died = first_reply(replace(refusing, first_line=b"no settings\n"))

    assert isinstance(died, Died)
    assert "it ended with status 1: " in died.reason
    assert len(died.reason) <= len("it ended with status 1: ") + 8
