"""What is said between the daemon and the scribe arrives as it was meant."""

from __future__ import annotations

from typing import Any

import pytest

from phototagd.daemon.tagging.orders import (
    Commit,
    Committed,
    Declined,
    Draft,
    Drafted,
    Forget,
    NamedBox,
    Recover,
    Recovered,
    TagPlan,
    decode,
    encode,
)
from phototagd.db.records import FileEntry, TagFile
from phototagd.models.results import Box

NAME = b"/photos/\xff\n.jpg"
ROW = TagFile(
    "sidecar", NAME, "written", 5, "it is read-only", ("cat", "Straße \ud800"), ("a",), ("b",),
    b"\x00" * 32, b"\xff" * 32, 10, 11, ("model abc",), b"\x78\x9c",
)  # fmt: skip
BARE = TagFile("exif", NAME, "refused", 5)
PLAN = TagPlan(
    ("cat",), (("animal", "cat"), ("cup",)), (NamedBox("cat", 0.5, Box(0.0, 0.25, 0.5, 1.0)),)
)
ENTRY = FileEntry(b"\xff\n.jpg", 1, -(2**63) + 1, 2**64 - 1)


@pytest.mark.parametrize(
    "message",
    [
        Draft(
            1, NAME, b"/photos", "JPEG", "exif", PLAN, (ROW, BARE), (ROW,), ("m",), True, (1, 2, 3)
        ),
        Draft(2, NAME, b"/", "", "sidecar", None),
        Draft(3, NAME, b"/", "PNG", "sidecar", TagPlan()),
        Commit(1),
        Forget(2),
        Recover(3, NAME, b"/", ROW),
        Drafted(1, True, ROW, ("cat",), ()),
        Declined(1, "busy", "it was changed", 1.5),
        Declined(1, "refused", "its folder is not writable", for_now=True),
        Committed(1, BARE, ENTRY),
        Committed(1, BARE, None),
        Recovered(1, None, None, (NAME, NAME)),
        Recovered(1, False, ENTRY),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_comes_back_as_it_went_in(message: Any) -> None:
    line = encode(message)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b'["Commit"]', b'["System", {}]', b'["Commit", {"it": 1}]', b"\xff"]
)
def test_nonsense_is_found(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(line)
