"""The daemon in numbers, as Prometheus's own parser reads them from the real program."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, TypeAlias

import pytest
from photo_files import CAT, COFFEE, jpeg_bytes, open_rgb
from program import Program, wait_until
from prometheus_client.parser import text_string_to_metric_families
from stage import CAUGHT_UP

if TYPE_CHECKING:
    from pathlib import Path

Samples: TypeAlias = dict[tuple[str, tuple[tuple[str, str], ...]], float]
IN_THE_CHILD = {"read", "fingerprint", "decode", "metadata", "classify", "detect"}


def parse(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def stages(samples: Samples, what: str) -> dict[str, float]:
    """Return the counts or sums of the stages."""
    name = f"phototagd_stage_seconds_{what}"
    return {dict(key[1])["stage"]: value for key, value in samples.items() if key[0] == name}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(COFFEE, folder / "coffee.png")
    (folder / "cat.jpg").write_bytes(jpeg_bytes(open_rgb(CAT)))
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def test_a_running_daemon_tells_what_each_stage_costs(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    file = tmp_path / "metrics" / "phototagd.prom"
    file.parent.mkdir()
    program.environ |= {"PHOTOTAG_METRICS_TEXTFILE": str(file), "PHOTOTAG_TAGS_WRITE": "sidecar"}
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        (photos / "copy.jpg").write_bytes((photos / "cat.jpg").read_bytes())
        wait_until(lambda: stages(metrics(program), "count").get("tag") == 3)
        samples = metrics(program)
        assert file.read_text("utf-8").startswith("# HELP phototagd_build_info")
        assert daemon.stop() == 0

    counts, sums = stages(samples, "count"), stages(samples, "sum")
    assert counts.keys() >= IN_THE_CHILD | {"record", "tag", "whole"}
    assert counts["whole"] == 4
    assert counts["record"] == counts["read"] == counts["metadata"] == 3
    assert counts["classify"] == counts["detect"] == counts["decode"] == 2  # a copy is known
    assert min(sums.values()) > 0
    assert sum(sums[stage] for stage in IN_THE_CHILD | {"record"}) <= sums["whole"]
    assert samples["phototagd_photos", (("state", "done"),)] == 3
    assert samples["phototagd_photos", (("state", "failed"),)] == 1
    assert samples["phototagd_errors_total", (("kind", "failed"),)] == 1
    assert samples["phototagd_queue", (("of", "photos"),)] == 0
    assert samples["phototagd_queue", (("of", "commands"),)] == 0
    assert samples["phototagd_queue", (("of", "tags"),)] == 0
    assert samples["phototagd_degraded", ()] == 0
    assert samples["phototagd_last_scan_timestamp_seconds", (("folder", str(photos)),)] > 1e9
    at_the_end = parse(file.read_text("utf-8"))
    assert at_the_end["phototagd_up", ()] == metrics(program)["phototagd_up", ()] == 0
    assert at_the_end["phototagd_photos", (("state", "done"),)] == 3
    assert ("phototagd_degraded", ()) not in at_the_end


def metrics(program: Program) -> Samples:
    done = program.run("metrics")
    assert done.returncode == 0, done.stderr
    return parse(done.stdout)
