"""The daemon in numbers, as Prometheus reads them; the numbers come from status file and catalog.

See the text format of prometheus.io/docs/instrumenting/exposition_formats.
"""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from ...db.states import PhotoState
from ..atomic import written_whole
from .stages import BUCKETS, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

ROOT_FIELDS: Final = {
    "watched": ("watched_folders", "Folders that file events come from."),
    "unwatched": ("unwatched_folders", "Folders whose changes only walks find."),
    "last_scan": ("last_scan_timestamp_seconds", "When the last whole walk ended."),
}


@dataclass(frozen=True, slots=True)
class CatalogNumbers:
    """What the catalog adds: photos by state, photos whose tags wait, bytes by name."""

    photos: Mapping[PhotoState, int]
    tags_waiting: int
    sizes: Mapping[str, int]


class DaemonMetrics(Collector):
    """Turns what the daemon says of itself, and the catalog's numbers, into metrics."""

    def __init__(self, status: Mapping[str, Any], numbers: CatalogNumbers) -> None:
        self._status = status
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        """Give all metrics; those of a daemon that does not run are left out."""
        yield InfoMetricFamily(
            "phototagd_build",
            "The program, and the Python that it runs in.",
            value={"version": version("phototagd"), "python": platform.python_version()},
        )
        is_up = bool(self._status.get("running"))
        yield GaugeMetricFamily("phototagd_up", "Whether the daemon runs.", value=is_up)
        yield GaugeMetricFamily(
            "phototagd_updated_timestamp_seconds",
            "When these numbers were made: a daemon that was killed makes none.",
            value=time.time(),
        )
        yield _by_label(
            GaugeMetricFamily("phototagd_photos", "Photos by state.", labels=["state"]),
            {str(state): number for state, number in self._numbers.photos.items()},
        )
        yield _by_label(
            GaugeMetricFamily("phototagd_queue", "What waits to be done.", labels=["of"]),
            {
                "photos": self._numbers.photos.get(PhotoState.PENDING, 0),
                "tags": self._numbers.tags_waiting,
                "commands": self._status.get("commands", {}).get("waiting"),
            },
        )
        for name, size in self._numbers.sizes.items():
            yield GaugeMetricFamily(f"phototagd_{name}_bytes", f"Bytes: {name}.", value=size)
        if is_up:
            yield from self._running()

    def _running(self) -> Iterator[Metric]:
        status = self._status
        yield GaugeMetricFamily(
            "phototagd_start_timestamp_seconds", "When it was started.", value=status["since"]
        )
        yield GaugeMetricFamily(
            "phototagd_degraded", "Troubles that it has now.", value=len(status["degraded"])
        )
        yield GaugeMetricFamily(
            "phototagd_photos_per_second", "How quickly photos get done now.", value=status["rate"]
        )
        yield _by_label(
            CounterMetricFamily("phototagd_errors", "What went wrong, by kind.", labels=["kind"]),
            status.get("errors", {}),
        )
        yield self._stages()
        for field, (name, text) in ROOT_FIELDS.items():
            values = {root["path"]: root[field] for root in status["roots"]}
            yield _by_label(GaugeMetricFamily(f"phototagd_{name}", text, labels=["folder"]), values)

    def _stages(self) -> Metric:
        family = HistogramMetricFamily("phototagd_stage_seconds", _stages_help(), labels=["stage"])
        bounds = [*map(str, BUCKETS), "+Inf"]
        for stage, seen in self._status.get("stages", {}).items():
            buckets = list(zip(bounds, accumulate(seen["counts"]), strict=True))
            family.add_metric([stage], buckets=buckets, sum_value=seen["sum"])
        return family


def render(status: Mapping[str, Any], numbers: CatalogNumbers) -> bytes:
    """Return all metrics in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(DaemonMetrics(status, numbers))
    return generate_latest(registry)


def write_textfile(path: bytes, text: bytes) -> None:
    """Replace a file in one step, readable by all: a collector may read it at any time.

    Raises OSError.
    """
    with written_whole(path, mode=0o644, is_durable=False) as file:
        file.write(text)


def _stages_help() -> str:
    stages = "; ".join(f"{stage}: {text}" for stage, text in STAGES.items())
    return f"What a photo costs, by stage. {stages}."


def _by_label(family: Any, values: Mapping[str, float | None]) -> Metric:
    for label, value in values.items():
        if value is not None:
            family.add_metric([label], value)
    metric: Metric = family
    return metric
