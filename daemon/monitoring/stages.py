"""How long the stages of a photo take: measured where they happen, counted in buckets."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper ends in seconds; one more bucket takes what is longer."""

STAGES: Final = {
    "read": "the file's bytes, from the disk",
    "fingerprint": "which picture it is, by what stands in the file",
    "decode": "to upright pixels, as large as the models need",
    "metadata": "what camera and people wrote, sidecars too",
    "classify": "the classifier on the whole picture",
    "detect": "the detectors",
    "refine": "the classifier on what the detectors have found",
    "record": "what is believed, and its place in the catalog",
    "tag": "tags in the photo's files, from the order to the end",
    "whole": "all but the tags, with the time spent waiting for its turn",
}
"""What is measured of a photo; not every photo passes through every stage."""


class Stopwatch:
    """Tells how long each stage of one photo took; for one thread at a time."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self.seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Count the time since the beginning, or since the last stage, to this one."""
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


class StageTimes:
    """Seconds by stage since the start; not for several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def observe(self, stage: str, seconds: float) -> None:
        """Count one photo's passage through a stage."""
        counts = self._counts.setdefault(stage, [0] * (len(BUCKETS) + 1))
        counts[bisect_left(BUCKETS, seconds)] += 1
        self._sums[stage] = self._sums.get(stage, 0.0) + seconds

    def observe_all(self, seconds: Mapping[str, float]) -> None:
        """Count one photo's passage through several stages."""
        for stage, duration in seconds.items():
            self.observe(stage, duration)

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return the number of photos in each bucket, and the sum of their seconds, by stage."""
        return {
            stage: {"counts": counts, "sum": round(self._sums[stage], 6)}
            for stage, counts in self._counts.items()
        }
