from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from photo_records import HOSTILE, detection, record

from phototagd.daemon.output.coco import write_coco
from phototagd.models.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from pathlib import Path

    from phototagd.db.records import PhotoRecord

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
PHOTOS = [
    record(
        id=3,
        detections=(
            detection("cat", 0.25, 0.5, 0.75, 1.0, confidence=0.8125),
            detection("fox", 0.0, 0.0, 0.5, 0.5),
            detection("toothbrush", 0.0, 0.0, 0.1, 0.1),
        ),
    ),
    record(HOSTILE, id=9, detections=(detection("fox"), detection("otter"))),
    record(b"/photos/unread.jpg", id=10, width=None, height=None, detections=()),
]


def written(photos: list[PhotoRecord], path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        write_coco(photos, file, query="fox", now=NOW)
    return path


def test_pycocotools_loads_boxes_in_pixels_with_cocos_own_numbers(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    with contextlib.redirect_stdout(io.StringIO()):
        found = coco.COCO(written(PHOTOS, tmp_path / "boxes.json"))

    assert found.getImgIds() == [3, 9]
    assert found.getCatIds(["cat", "toothbrush", "person", "fox", "otter"]) == [
        1,
        17,
        90,
        1001,
        1002,
    ]
    (cat,) = found.loadAnns(found.getAnnIds(imgIds=[3], catIds=[17]))
    assert cat["bbox"] == [160.0, 240.0, 320.0, 240.0]
    assert cat["area"] == 320 * 240
    assert cat["iscrowd"] == 0
    assert cat["score"] == 0.8125
    assert len(found.getAnnIds(catIds=[1001])) == 2


def test_the_document_has_every_part_and_exact_paths(tmp_path: Path) -> None:
    found = json.loads(written(PHOTOS, tmp_path / "boxes.json").read_text("utf-8"))

    assert set(found) == {"info", "licenses", "images", "annotations", "categories"}
    assert found["info"]["year"] == 2024
    assert found["images"][0]["file_name"] == "/photos/a.jpg"
    assert {image["license"] for image in found["images"]} <= {
        one["id"] for one in found["licenses"]
    }
    assert [one["id"] for one in found["annotations"]] == [1, 2, 3, 4, 5]
    assert len({one["id"] for one in found["categories"]}) == 82


def test_an_export_of_nothing_is_still_coco(tmp_path: Path) -> None:
    found = json.loads(written([], tmp_path / "boxes.json").read_text("utf-8"))

    assert found["images"] == found["annotations"] == []


def test_coco_numbers_its_names_with_gaps() -> None:
    ids = load_taxonomy().coco_ids()

    assert len(ids) == 80
    assert (ids["person"], ids["stop sign"], ids["wine glass"], ids["book"]) == (1, 13, 46, 84)
