"""Photos and their boxes as COCO annotations (https://cocodataset.org/#format-data)."""

from __future__ import annotations

import json
import shutil
import tempfile
from typing import TYPE_CHECKING, Any, TextIO

from ...models.taxonomy import load_taxonomy
from .documents import path_b64, path_text
from .moments import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from ...db.records import PhotoRecord

FIRST_OWN_ID = 1001
IN_MEMORY = 8 << 20  # annotations beyond this wait in a file for the images to be written
LICENSES = [{"id": 1, "name": "as the owner of the photos decides", "url": ""}]


class Categories:
    """COCO's own numbers for its 80 names; others count from 1001 as they come."""

    def __init__(self, coco: Mapping[str, int]) -> None:
        self._ids = dict(coco)
        self._next = FIRST_OWN_ID

    def id_of(self, name: str) -> int:
        """Return a name's number."""
        if name not in self._ids:
            self._ids[name] = self._next
            self._next += 1
        return self._ids[name]

    def documents(self) -> list[dict[str, Any]]:
        """Return all categories, COCO's whether used or not."""
        taxonomy = load_taxonomy()
        return [
            {"id": key, "name": name, "supercategory": (taxonomy.parents_of(name) or ("",))[-1]}
            for name, key in self._ids.items()
        ]


def write_coco(photos: Iterable[PhotoRecord], out: TextIO, *, query: str, now: datetime) -> int:
    """Write one COCO document and return its number of images; a photo without size is left out.

    A box is [x, y, width, height] in pixels of the upright picture. Beyond COCO's schema an image
    has the exact bytes of its path (`path_b64`), an annotation its `score`.
    """
    categories = Categories(load_taxonomy().coco_ids())
    images = annotations = 0
    with tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8") as aside:
        out.write(
            f'{{"info": {json.dumps(_info(query, now))},\n"licenses": {json.dumps(LICENSES)},'
        )
        out.write('\n"images": [')
        for photo in photos:
            if not photo.width or not photo.height:
                continue
            out.write(f"{',' if images else ''}\n{json.dumps(_image(photo))}")
            images += 1
            for annotation in _annotations(photo, categories):
                comma = "," if annotations else ""
                annotations += 1
                aside.write(f"{comma}\n{json.dumps({'id': annotations} | annotation)}")
        out.write('\n],\n"annotations": [')
        aside.seek(0)
        shutil.copyfileobj(aside, out)
        out.write(f'\n],\n"categories": {json.dumps(categories.documents())}}}\n')
    return images


def _info(query: str, now: datetime) -> dict[str, Any]:
    return {
        "year": now.year,
        "version": "1.0",
        "description": f"phototag export {query}".rstrip(),
        "contributor": "",
        "url": "",
        "date_created": now.isoformat(timespec="seconds"),
    }


def _image(photo: PhotoRecord) -> dict[str, Any]:
    moment = wall_clock(photo.taken_at)
    return {
        "id": photo.id,
        "file_name": path_text(photo.path),
        "path_b64": path_b64(photo.path),
        "width": photo.width,
        "height": photo.height,
        "license": 1,
        "flickr_url": "",
        "coco_url": "",
        "date_captured": moment.isoformat(sep=" ", timespec="seconds") if moment else "",
    }


def _annotations(photo: PhotoRecord, categories: Categories) -> Iterator[dict[str, Any]]:
    width, height = photo.width or 0, photo.height or 0
    for found in photo.detections:
        box = found.box
        x, y = round(box.left * width, 2), round(box.top * height, 2)
        wide, high = round(box.right * width - x, 2), round(box.bottom * height - y, 2)
        yield {
            "image_id": photo.id,
            "category_id": categories.id_of(found.name),
            "bbox": [x, y, wide, high],
            "area": round(wide * high, 2),
            "iscrowd": 0,
            "segmentation": [],
            "score": round(found.confidence, 4),
        }
