"""What `phototag show` says of one photo, for people."""

from __future__ import annotations

from typing import Any

import pytest
from photo_records import record

from phototagd.daemon import output
from phototagd.db.states import PhotoState

UNREAD = {"state": PhotoState.FAILED, "error": "the file is empty (0 bytes)", "attempts": 1}


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "640 x 480 JPEG, 2,400,000 bytes, done"),
        ({"format": None}, "640 x 480, 2,400,000 bytes, done"),
        ({"width": None, "height": None}, "JPEG, 2,400,000 bytes, done"),
        (UNREAD | {"width": None, "height": None, "format": None, "size": 1}, "1 byte, failed"),
    ],
)
def test_the_line_of_the_file_has_what_is_known(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], line: str
) -> None:
    output.print_photo(record(**fields))

    assert capsys.readouterr().out.splitlines()[1] == f"  {line}"
