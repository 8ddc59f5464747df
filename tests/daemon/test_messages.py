"""What parent and child say to each other survives the pipe unchanged."""

from __future__ import annotations

import pytest

from phototagd.daemon import messages as m
from phototagd.db.records import Metadata, PhotoFacts, Place
from phototagd.models.results import Analysis, Box, Detection, Label, ModelVersion

METADATA = Metadata(
    taken_at=-1, taken_us=1, taken_offset=-570, taken_source="camera", make="Äpple", iso=64,
    exposure=1 / 3, latitude=-33.856784, longitude=151.215297, altitude=-0.5,
    place=Place("AU", "Australia", "New South Wales", None), rating=-1, caption="a\nb \u2028",
    dropped=("FNumber 0: too small to be true",),
)  # fmt: skip
MODELS = (ModelVersion("classifier", "c1"), ModelVersion("detector", "d1"))


@pytest.mark.parametrize(
    "request_",
    [m.Identify(7, b"/photos/caf\xe9 \xff\n.jpg"), m.Analyze(7), m.Drop(7)],
)
def test_requests_survive(request_: m.Request) -> None:
    line = m.encode(request_)

    assert line.count(b"\n") == 1
    assert m.decode_request(line) == request_


@pytest.mark.parametrize(
    "reply",
    [
        m.Report("Preparing: once."),
        m.Ready(MODELS, MODELS[:1], ("cat", "dog"), ("no classifier",)),
        m.Refused("weights are wrong"),
        m.Identified(7, PhotoFacts(1, 2, 3, bytes(range(16)), "JPEG", 640, 480)),
        m.Identified(8, PhotoFacts(1, 2, 3, bytes(range(240, 256)), "PNG", 1, 1), {"read": 0.5}),
        m.Identified(
            9, PhotoFacts(1, 2, 3, bytes(16), "RAW", 1, 1, ("dog",), METADATA, sidecar=2**63 - 1)
        ),
        m.Identified(10, PhotoFacts(1, 2, 3, bytes(16), metadata=Metadata(latitude=1.0))),
        m.Analyzed(
            7,
            Analysis(
                (Label("tabby", 0.5, "classifier"),),
                (Detection("cat", 0.9, Box(0.1, 0.2, 0.3, 0.4), "detector"),),
                MODELS,
            ),
            is_current=True,
            seconds={"decode": 0.02, "classify": 0.03},
        ),
        m.Failed(7, "failed", "broken", is_counted=False),
    ],
)
def test_replies_survive(reply: m.Reply) -> None:
    assert m.decode_reply(m.encode(reply)) == reply


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Corrupt JPEG data\n",
        b"[1]\n",
        b'["Nothing", {}]\n',
        b'["Failed", {"x": 1}]\n',
        b'["Ready", []]\n',
        b'["Identified", {"id": 1, "facts": {"fingerprint": null}}]\n',
        b"[" * 100_000,
        *(
            b'["Failed", {"id": 1, "state": "failed", "reason": "", "seconds": %s}]\n' % seconds
            for seconds in (b"[1]", b'{"lunch": 1}', b'{"read": -1}', b'{"read": Infinity}')
        ),
    ],
)
def test_nonsense_is_an_error_that_the_parent_expects(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        m.decode_reply(line)
