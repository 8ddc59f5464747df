"""Several detectors' boxes become one list: weighted boxes fusion over what each of them said.

Solovyev, Wang, Gabruseva, "Weighted boxes fusion: ensembling boxes from different object detection
models", Image and Vision Computing 107 (2021). Plain Python over `Detection` tuples, so that it can
be done again from stored evidence, without any model or engine.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .results import Box, Detection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

LEAST_IOU = 0.55  # as in the paper: from here on two boxes of a name are the same thing
JOIN = "+"  # between the models' names of a merged detection


@dataclass(frozen=True, slots=True)
class Voter:
    """What merging must know of a detector: how its scores are to be read, and its names.

    `threshold`: the confidence from which its word is taken, which makes detectors comparable;
    `floor`: the least that it reports; `names`: all that it can say.
    """

    threshold: float
    floor: float
    names: frozenset[str]


def merge(detections: Iterable[Detection], voters: Mapping[str, Voter]) -> tuple[Detection, ...]:
    """Return one detection a thing, surest first, its box the weighted mean of its sources' boxes.

    The confidence is the mean over the detectors that know the name, each moved to the scale of the
    first voter, so that the first voter's thresholds hold; one that is silent has said less than
    its floor and counts with half of that. The model is the sources' names joined by `+`. One
    voter's detections are returned as they are; those of models that are no voters are left out.
    """
    found = [one for one in detections if one.model in voters]
    if len(voters) > 1:
        found = _merge([_rescale(one, voters) for one in found], voters)
    return tuple(sorted(found, key=lambda one: -one.confidence))


def overlap(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(first.right, second.right) - max(first.left, second.left)
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(first) + _area(second) - shared)


def mean_box(cluster: Collection[Detection]) -> Box:
    """Return the mean of the boxes, weighted by confidence; no side lies beyond all of theirs."""
    weights = [max(one.confidence, 1e-6) for one in cluster]
    means = []
    for sides in zip(*(_sides(one.box) for one in cluster), strict=True):
        mean = sum(map(operator.mul, weights, sides)) / sum(weights)
        means.append(min(max(mean, min(sides)), max(sides)))  # which rounding would break
    return Box(*means)


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _merge(found: list[Detection], voters: Mapping[str, Voter]) -> list[Detection]:
    clusters: list[list[Detection]] = []
    for one in sorted(found, key=lambda one: -one.confidence):
        home = _home_of(one, clusters)
        if home is None:
            clusters.append([one])
        else:
            home.append(one)
    return [_fuse(cluster, voters) for cluster in clusters]


def _rescale(one: Detection, voters: Mapping[str, Voter]) -> Detection:
    return replace(one, confidence=_to_common(one.confidence, voters[one.model], voters))


def _to_common(confidence: float, voter: Voter, voters: Mapping[str, Voter]) -> float:
    """Shift a confidence so that the voter's own threshold becomes the first voter's."""
    common = next(iter(voters.values())).threshold
    if voter.threshold == common:
        return confidence
    return _logistic(_logit(confidence) - _logit(voter.threshold) + _logit(common))


def _home_of(one: Detection, clusters: list[list[Detection]]) -> list[Detection] | None:
    """Return the cluster whose first, surest box this one is a twin of."""
    best, home = LEAST_IOU, None
    for cluster in clusters:
        if cluster[0].name == one.name and all(other.model != one.model for other in cluster):
            found = overlap(cluster[0].box, one.box)
            if found > best:
                best, home = found, cluster
    return home


def _fuse(cluster: list[Detection], voters: Mapping[str, Voter]) -> Detection:
    name, models = cluster[0].name, {one.model for one in cluster}
    silent = [
        _to_common(voter.floor / 2, voter, voters)
        for model, voter in voters.items()
        if model not in models and name in voter.names
    ]
    said = [one.confidence for one in cluster]
    confidence = (sum(said) + sum(silent)) / (len(said) + len(silent))
    joined = JOIN.join(model for model in voters if model in models)
    return Detection(name, confidence, mean_box(cluster), joined)


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _logit(share: float) -> float:
    bounded = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
