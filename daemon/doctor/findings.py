"""What a check says: one sentence each, with what to do where something is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Config


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing, or to be done some day; it works all the same."""

    PROBLEM = "problem"
    """Something does not work, or will not for long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``remedy`` says what to do about it."""

    level: Level
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What is examined: the settings, or why they cannot be read; then ``config`` has the defaults.

    ``is_quick`` leaves out what reads or computes for long; ``say`` tells what takes long.
    """

    config: Config
    config_error: str
    is_quick: bool
    say: Callable[[str], None]


def ok(text: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(Level.OK, text)


def note(text: str, remedy: str = "") -> Finding:
    """Say something worth knowing."""
    return Finding(Level.NOTE, text, remedy)


def problem(text: str, remedy: str = "") -> Finding:
    """Say that something does not work."""
    return Finding(Level.PROBLEM, text, remedy)
