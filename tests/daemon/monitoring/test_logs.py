"""Log lines: no warning floods, and any file name can be shown."""

from __future__ import annotations

import logging

import pytest

from phototagd.daemon.monitoring.logs import MOST_A_WINDOW, Burst
from phototagd.daemon.printable import printable


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(text: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("x", level, "x.py", 1, "%s", (text,), None)


def test_the_same_warning_comes_once_a_minute_with_its_number() -> None:
    clock = Clock()
    once = Burst(clock)
    passed = [once.filter(record("limit reached")) for _ in range(1000)]
    clock.now = 60.0
    later = record("limit reached")

    assert passed.count(True) == 1
    assert once.filter(later)
    assert later.getMessage() == "limit reached (999 more like this since)"


def test_of_one_kind_only_a_few_texts_pass_a_minute() -> None:
    clock = Clock()
    burst = Burst(clock)
    passed = sum(burst.filter(record(f"{number}.jpg: broken")) for number in range(100_000))

    assert passed == MOST_A_WINDOW


def test_information_is_never_held_back() -> None:
    burst = Burst(Clock())

    assert all(burst.filter(record("a.jpg: cat", logging.INFO)) for _ in range(50))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a/ü 😀.jpg".encode(), "/a/ü 😀.jpg"),
        (b"/a/caf\xe9.jpg", "/a/caf\\xe9.jpg"),
        (b"/a/two\nlines\x1b[31m.jpg", "/a/two\\nlines\\x1b[31m.jpg"),
    ],
)
def test_any_name_becomes_one_harmless_line(path: bytes, shown: str) -> None:
    assert printable(path) == shown
