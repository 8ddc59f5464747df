"""The fault cases are numbered 1 to 75; each has a test with its number in its name."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_case_has_a_test() -> None:
    text = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    numbers = {int(number) for number in re.findall(r"^def test_case_(\d\d)_", text, re.MULTILINE)}

    assert numbers == set(range(1, 76))
