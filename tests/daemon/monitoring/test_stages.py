"""What is measured of a photo's way: laps of a watch, and the histogram that they go into."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from phototagd.daemon.monitoring.stages import BUCKETS, StageTimes, Stopwatch

if TYPE_CHECKING:
    import pytest


def test_a_watch_gives_each_stage_the_time_since_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([10.0, 11.0, 13.0, 13.5])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    watch = Stopwatch()
    for stage in ("read", "decode", "read"):
        watch.lap(stage)

    assert watch.seconds == {"read": 1.5, "decode": 2.0}


def test_each_photo_counts_once_a_stage_and_the_longest_have_a_bucket() -> None:
    times = StageTimes()
    times.observe_all({"read": 0.001, "decode": 1e9})
    times.observe_all({"read": BUCKETS[0]})

    said = times.to_json()
    assert said["read"] == {"counts": [2] + [0] * len(BUCKETS), "sum": 0.003}
    assert said["decode"]["counts"] == [0] * len(BUCKETS) + [1]
