"""The daemon in numbers, read back by Prometheus's own parser."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from phototagd.daemon.monitoring.metrics import CatalogNumbers, render, write_textfile
from phototagd.daemon.monitoring.stages import BUCKETS, StageTimes
from phototagd.daemon.monitoring.textfile import MetricsFile
from phototagd.db.catalog import Catalog
from phototagd.db.states import PhotoState

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = {PhotoState.DONE: 7, PhotoState.PENDING: 2}


def running() -> dict[str, object]:
    stages = StageTimes()
    for seconds in (0.001, 0.03, 0.03, 100.0):
        stages.observe("whole", seconds)
    return {
        "running": True,
        "since": 1000.0,
        "rate": 2.5,
        "degraded": [{"reason": "x", "remedy": ""}],
        "errors": {"failed": 3},
        "stages": stages.to_json(),
        "roots": [{"path": 'odd "name"\n', "watched": 4, "unwatched": 0, "last_scan": None}],
    }


@pytest.fixture
def samples() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = render(running(), CatalogNumbers(COUNTS, 2, {"catalog": 4096})).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_photos_errors_and_folders_are_told(
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float],
) -> None:
    assert samples["phototagd_photos", (("state", "done"),)] == 7
    assert samples["phototagd_queue", (("of", "tags"),)] == 2
    assert samples["phototagd_errors_total", (("kind", "failed"),)] == 3
    assert samples["phototagd_watched_folders", (("folder", 'odd "name"\n'),)] == 4
    assert samples["phototagd_degraded", ()] == 1
    assert samples["phototagd_catalog_bytes", ()] == 4096


def test_the_histogram_counts_upwards_to_all(
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float],
) -> None:
    def bucket(bound: str) -> float:
        return samples["phototagd_stage_seconds_bucket", (("le", bound), ("stage", "whole"))]

    assert bucket(str(BUCKETS[0])) == 1
    assert bucket("0.05") == 3
    assert bucket("+Inf") == 4
    assert samples["phototagd_stage_seconds_sum", (("stage", "whole"),)] == pytest.approx(100.061)


def test_the_time_of_the_numbers_is_told() -> None:
    before = int(time.time())
    text = render({}, CatalogNumbers(COUNTS, 0, {})).decode()

    (said,) = re.findall(r"^phototagd_updated_timestamp_seconds (.+)$", text, re.M)
    assert before <= float(said) <= time.time()


def test_of_a_daemon_that_does_not_run_only_the_catalog_is_told() -> None:
    text = render({}, CatalogNumbers(COUNTS, 0, {})).decode()

    assert "phototagd_up 0.0" in text
    assert 'phototagd_photos{state="done"} 7.0' in text
    assert "phototagd_stage" not in text


def test_the_textfile_is_whole_and_readable_by_all(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "x.prom")
    write_textfile(path, b"one\n")
    write_textfile(path, b"two\n")

    assert (tmp_path / "x.prom").read_bytes() == b"two\n"
    assert (tmp_path / "x.prom").stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["x.prom"]


def test_a_folder_that_is_gone_is_a_trouble_and_no_more(tmp_path: Path) -> None:
    path = bytes(tmp_path / "catalog.db")
    file = MetricsFile(path, os.fsencode(tmp_path / "gone" / "x.prom"))
    with Catalog.open(path) as catalog:
        file.tick(running(), catalog)
        (trouble,) = file.troubles

        assert "metrics.textfile" in trouble.reason
        file.use(os.fsencode(tmp_path / "x.prom"))
        file.tick(running(), catalog)
    assert file.troubles == []
    assert (tmp_path / "x.prom").exists()


def test_the_end_of_the_daemon_is_told_even_without_its_catalog(tmp_path: Path) -> None:
    path = bytes(tmp_path / "catalog.db")
    file = MetricsFile(path, os.fsencode(tmp_path / "x.prom"))
    with Catalog.open(path) as catalog:
        file.tick(running(), catalog)
        assert "phototagd_up 1.0" in (tmp_path / "x.prom").read_text()
        with sqlite3.connect(path) as connection:
            connection.execute("ALTER TABLE photo RENAME TO lost")
        file.write_end(catalog)
    said = (tmp_path / "x.prom").read_text()
    assert "phototagd_up 0.0" in said
    assert 'phototagd_queue{of="photos"} 0.0' in said
    assert "phototagd_degraded" not in said
