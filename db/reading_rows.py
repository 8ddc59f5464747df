"""The rows of a reading: its tags, its boxes, and a sighting a tag for the search."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from .names import intern_joint_model
from .prepared import Prepared
from .states import KIND_BITS, MOST_COUNTED, area_of, label_key, spots_of
from .tables import DetectionAsideRow, DetectionRow, PhotoTagRow, SightingRow, TagAsideRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from ..models.results import Detection, Reading, Tag
    from .names import Names

# Built once, since they run for every photo.
IN_FORCE = (PhotoTagRow, DetectionRow, SightingRow)
INSERTIONS = {
    table: Prepared(insert(table)) for table in (*IN_FORCE, TagAsideRow, DetectionAsideRow)
}
DELETIONS = tuple(delete(table).where(table.photo_id == bindparam("photo")) for table in IN_FORCE)
LABELS = select(PhotoTagRow.label_id).where(PhotoTagRow.photo_id == bindparam("photo"))


@dataclass(frozen=True, slots=True)
class ReadingRows:
    """A reading with ids instead of names, ready for any photo."""

    tags: tuple[dict[str, Any], ...]
    boxes: tuple[dict[str, Any], ...]

    @property
    def label_ids(self) -> set[int]:
        """The labels that the search finds the photo by."""
        return {row["label_id"] for row in self.tags}

    def sightings(self, taken_at: int) -> list[dict[str, Any]]:
        """Give a row of the search index for each tag, with what its boxes come to."""
        boxes: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for box in self.boxes:
            boxes[box["label_id"]].append(box)
        return [
            {
                "label_id": row["label_id"],
                "taken_at": taken_at,
                "confidence": row["confidence"],
                "kind": KIND_BITS[row["kind"]],
                **_box_columns(boxes.get(row["label_id"], ())),
            }
            for row in self.tags
        ]


def _box_columns(boxes: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Give the columns of a sighting that its boxes fill; `times` is 1 without any."""
    spots, largest = 0, 0.0
    for box in boxes:
        sides = box["left"], box["top"], box["right"], box["bottom"]
        spots |= spots_of(*sides)
        largest = max(largest, area_of(*sides))
    times = min(max(len(boxes), 1), MOST_COUNTED)
    return {"times": times, "largest": math.ceil(largest * 10_000), "spots": spots}


def names_read(reading: Reading) -> list[str]:
    """Give all names that a reading's rows refer to; some may come twice."""
    refined = [tag.refines for tag in reading.tags if tag.refines is not None]
    return [tag.name for tag in reading.tags] + refined + [one.name for one in reading.detections]


def to_rows(
    connection: Connection,
    names: Names,
    reading: Reading,
    ids: dict[str, int],
    models: Mapping[str, int],
) -> ReadingRows:
    """Replace names by ids; of two tags that are spelled alike the first, which is surer, counts.

    `models` are those that were asked, by name; of others there may be one that is several joined.
    """
    names.note_kinds(connection, reading.tags, ids)
    tags: dict[int, dict[str, Any]] = {}
    for tag in reading.tags:
        label_id = ids[label_key(tag.name)]
        tags.setdefault(label_id, {"label_id": label_id, **_tag_columns(tag, ids)})
    spoke = dict.fromkeys(one.model for one in reading.detections)
    model_ids = {
        name: models[name] if name in models else intern_joint_model(connection, name)
        for name in spoke
    }
    boxes = (_box_row(n, one, ids, model_ids) for n, one in enumerate(reading.detections))
    return ReadingRows(tuple(tags.values()), tuple(boxes))


def labels_of(connection: Connection, photo_id: int) -> set[int]:
    """Give the labels of a photo's tags."""
    return set(connection.scalars(LABELS, {"photo": photo_id}))


def delete_reading(connection: Connection, photo_id: int) -> None:
    """Delete the reading of a photo that is in force."""
    for deletion in DELETIONS:
        connection.execute(deletion, {"photo": photo_id})


def insert_reading(connection: Connection, photo_id: int, taken_at: int, rows: ReadingRows) -> None:
    """Put a reading in force, for a photo that has none."""
    photo = {"photo_id": photo_id}
    _insert(connection, PhotoTagRow, rows.tags, photo)
    _insert(connection, DetectionRow, rows.boxes, photo)
    _insert(connection, SightingRow, rows.sightings(taken_at), photo)


def insert_aside(connection: Connection, photo_id: int, set_id: int, rows: ReadingRows) -> None:
    """Put a reading aside, where there is none by this set of models."""
    place = {"photo_id": photo_id, "set_id": set_id}
    _insert(connection, TagAsideRow, rows.tags, place)
    _insert(connection, DetectionAsideRow, rows.boxes, place)


def _tag_columns(tag: Tag, ids: Mapping[str, int]) -> dict[str, Any]:
    return {
        "kind": tag.kind,
        "confidence": tag.confidence,
        "rule": tag.rule,
        "threshold": tag.threshold,
        "shown": int(tag.shown),
        "refines_id": None if tag.refines is None else ids[label_key(tag.refines)],
    }


def _box_row(
    n: int, thing: Detection, ids: Mapping[str, int], models: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "n": n,
        "label_id": ids[label_key(thing.name)],
        "model_id": models[thing.model],
        "confidence": thing.confidence,
        "left": thing.box.left,
        "top": thing.box.top,
        "right": thing.box.right,
        "bottom": thing.box.bottom,
    }


def _insert(
    connection: Connection, table: Any, rows: Iterable[dict[str, Any]], place: dict[str, int]
) -> None:
    filled = [place | row for row in rows]
    if filled:
        INSERTIONS[table].run(connection, filled)
