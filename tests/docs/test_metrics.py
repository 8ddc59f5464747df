"""The metrics in docs/service.md are those that the program gives."""

from __future__ import annotations

from doc_pages import ROOT, code_spans
from prometheus_client.parser import text_string_to_metric_families

from phototagd.daemon.monitoring.metrics import CatalogNumbers, render
from phototagd.daemon.monitoring.stages import StageTimes
from phototagd.db.states import PhotoState

STATUS = {
    "running": True,
    "since": 1.0,
    "rate": 0.0,
    "degraded": [],
    "errors": {"failed": 0},
    "commands": {"run": 0, "failed": 0, "waiting": 0},
    "stages": {},
    "roots": [{"path": "/photos", "watched": 1, "unwatched": 0, "last_scan": 1.0}],
}
NUMBERS = CatalogNumbers({PhotoState.DONE: 1}, 0, {"catalog": 1, "wal": 1, "disk_free": 1})


def test_the_page_names_every_metric_and_no_other() -> None:
    stages = StageTimes()
    stages.observe("whole", 0.1)
    text = render(STATUS | {"stages": stages.to_json()}, NUMBERS).decode()
    ends = {"counter": "_total"}
    given = {
        family.name + ends.get(family.type, "") for family in text_string_to_metric_families(text)
    }
    page = ROOT / "docs" / "service.md"
    assert {span for span in code_spans(page) if span.startswith("phototagd_")} == given
