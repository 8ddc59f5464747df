"""Names and numbers as they are shown."""

from __future__ import annotations

import pytest

from phototagd.daemon.printable import count, printable


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 photos"), (1, "1 photo"), (2, "2 photos"), (2000, "2,000 photos")]
)
def test_one_thing_is_no_plural(number: int, text: str) -> None:
    assert count(number, "photo") == text


def test_a_name_cannot_command_a_terminal() -> None:
    assert printable(b"a\x1b[31m\xff.jpg") == r"a\x1b[31m\xff.jpg"
