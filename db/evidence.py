"""What one model said of one photo, as a few hundred bytes.

The layout, little-endian and without padding; a name is the 32-bit id of its label, a confidence or
a side of a box a 16-bit fraction of one:

    version 1 (8 bits), number of labels, of detections, of crops (16 bits each)
    each label: name, confidence
    each detection: name, confidence, left, top, right, bottom
    each crop: name, left, top, right, bottom, number of labels (16 bits), these labels

What is over the threshold of a name is not written down here: that is for the reading.
"""

from __future__ import annotations

from dataclasses import replace
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from ..models.results import Analysis, Box, Crop, Detection, Label
from .states import label_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..models.results import ModelVersion

VERSION: Final = 1
WHOLE: Final = 65535
HEAD: Final = Struct("<BHHH")
LABEL: Final = Struct("<IH")
DETECTION: Final = Struct("<IHHHHH")
CROP: Final = Struct("<IHHHHH")


def split(analysis: Analysis) -> tuple[Analysis, ...]:
    """Give what each model said alone, in the order in which they are named.

    Raises ValueError for something whose model `analysis.models` does not name.
    """
    asked = [version.name for version in analysis.models]
    said: list[Label | Detection] = [*analysis.labels, *analysis.detections]
    said += [label for crop in analysis.crops for label in crop.labels]
    if strangers := {thing.model for thing in said} - set(asked):
        raise ValueError(f"results of models that were not asked: {sorted(strangers)}")
    return tuple(
        _part(analysis, version, is_first=not n) for n, version in enumerate(analysis.models)
    )


def join(parts: Iterable[Analysis]) -> Analysis:
    """Put together what models said alone, best first; the opposite of `split`."""
    ordered = sorted(parts, key=lambda part: [version.name for version in part.models])
    return Analysis(
        labels=_best_first(label for part in ordered for label in part.labels),
        detections=_best_first(one for part in ordered for one in part.detections),
        models=tuple(version for part in ordered for version in part.models),
        crops=tuple(crop for part in ordered for crop in part.crops),
    )


def as_stored(analysis: Analysis) -> Analysis:
    """Round what was said as the catalog does, so that a reading can be made again exactly."""
    return join(
        replace(
            part,
            labels=_rounded_labels(part.labels),
            detections=tuple(
                replace(one, confidence=_rounded(one.confidence), box=_rounded_box(one.box))
                for one in part.detections
            ),
            crops=tuple(
                Crop(crop.name, _rounded_box(crop.box), _rounded_labels(crop.labels))
                for crop in part.crops
            ),
        )
        for part in split(analysis)
    )


def names_in(analysis: Analysis) -> list[str]:
    """Give all names that an analysis says; some may come twice."""
    things: list[Label | Detection | Crop] = [*analysis.labels, *analysis.detections]
    for crop in analysis.crops:
        things += [crop, *crop.labels]
    return [thing.name for thing in things]


def pack(part: Analysis, ids: Mapping[str, int]) -> bytes:
    """Pack what one model said; `ids` gives the labels' ids by `label_key`."""
    packed = [HEAD.pack(VERSION, len(part.labels), len(part.detections), len(part.crops))]
    packed += _pack_labels(part.labels, ids)
    for one in part.detections:
        sides = _sides(one.box)
        packed.append(DETECTION.pack(ids[label_key(one.name)], _fraction(one.confidence), *sides))
    for crop in part.crops:
        name = ids[label_key(crop.name)]
        packed.append(CROP.pack(name, *_sides(crop.box), len(crop.labels)))
        packed += _pack_labels(crop.labels, ids)
    return b"".join(packed)


def unpack(data: bytes, version: ModelVersion, names: Mapping[int, str]) -> Analysis:
    """Undo `pack`; `names` gives the labels' names by their ids.

    Raises ValueError for data that this program cannot read.
    """
    if data[:1] != bytes([VERSION]):
        raise ValueError(f"evidence of an unknown layout: {data[:1].hex() or 'empty'}")
    _, labels, detections, crops = HEAD.unpack_from(data)
    place = HEAD.size
    heard = _unpack_labels(data, place, labels, version.name, names)
    place += labels * LABEL.size
    seen = []
    for offset in range(place, place + detections * DETECTION.size, DETECTION.size):
        name, sure, *sides = DETECTION.unpack_from(data, offset)
        seen.append(Detection(names[name], sure / WHOLE, _box(sides), version.name))
    place += detections * DETECTION.size
    parts = []
    for _ in range(crops):
        name, *sides, number = CROP.unpack_from(data, place)
        place += CROP.size
        of_part = _unpack_labels(data, place, number, version.name, names)
        parts.append(Crop(names[name], _box(sides), of_part))
        place += number * LABEL.size
    return Analysis(heard, tuple(seen), (version,), tuple(parts))


def _part(analysis: Analysis, version: ModelVersion, *, is_first: bool) -> Analysis:
    """Give what one model said; a crop of which nobody said anything goes to the first model."""
    model = version.name
    crops = [
        Crop(crop.name, crop.box, tuple(label for label in crop.labels if label.model == model))
        for crop in analysis.crops
        if any(label.model == model for label in crop.labels) or (is_first and not crop.labels)
    ]
    return Analysis(
        labels=tuple(label for label in analysis.labels if label.model == model),
        detections=tuple(one for one in analysis.detections if one.model == model),
        models=(version,),
        crops=tuple(crops),
    )


def _best_first(things: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(things, key=lambda thing: -thing.confidence))


def _pack_labels(labels: Iterable[Label], ids: Mapping[str, int]) -> list[bytes]:
    return [LABEL.pack(ids[label_key(one.name)], _fraction(one.confidence)) for one in labels]


def _unpack_labels(
    data: bytes, place: int, number: int, model: str, names: Mapping[int, str]
) -> tuple[Label, ...]:
    rows = LABEL.iter_unpack(data[place : place + number * LABEL.size])
    return tuple(Label(names[name], sure / WHOLE, model) for name, sure in rows)


def _fraction(value: float) -> int:
    return round(min(max(value, 0.0), 1.0) * WHOLE)


def _sides(box: Box) -> tuple[int, int, int, int]:
    return (
        _fraction(box.left),
        _fraction(box.top),
        _fraction(box.right),
        _fraction(box.bottom),
    )


def _box(sides: Iterable[int]) -> Box:
    return Box(*(side / WHOLE for side in sides))


def _rounded(value: float) -> float:
    return _fraction(value) / WHOLE


def _rounded_box(box: Box) -> Box:
    return _box(_sides(box))


def _rounded_labels(labels: Iterable[Label]) -> tuple[Label, ...]:
    return tuple(replace(label, confidence=_rounded(label.confidence)) for label in labels)
