"""How long the stages of a photo take, counted in buckets."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper ends in seconds; one more bucket takes what is longer."""


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

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return the number of photos in each bucket, and the sum of their seconds, by stage."""
        return {
            stage: {"counts": counts, "sum": round(self._sums[stage], 6)}
            for stage, counts in self._counts.items()
        }
