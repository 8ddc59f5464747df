"""From the detectors' raw boxes to the things that are seen: the first half of the fusion.

Plain Python over stored evidence; every rule is a function of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .merge import Voter, merge, overlap
from .results import Analysis, Crop, Detection, Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .fusion_rules import FusionRules
    from .taxonomy import Taxonomy

HALF = 0.5  # the weight of the classifier beside a detector, measured on 281 photos
USUAL_COMPANY = 1.8  # boxes, at which the odds stay as they are
SAME_PLACE = 0.7  # overlap of two boxes that hold one thing; measured alike from 0.6 to 0.9
SAME_BOX = 0.9  # overlap of a crop's box and its detection's, should storing have rounded them


def canonical(analysis: Analysis, taxonomy: Taxonomy) -> Analysis:
    """Return the same evidence under canonical names, a name's labels summed up."""
    name = taxonomy.canonical
    return Analysis(
        _sum_labels(analysis.labels, taxonomy),
        tuple(
            one if name(one.name) == one.name else replace(one, name=name(one.name))
            for one in analysis.detections
        ),
        analysis.models,
        tuple(
            Crop(name(crop.name), crop.box, _sum_labels(crop.labels, taxonomy))
            for crop in analysis.crops
        ),
    )


def see(analysis: Analysis, rules: FusionRules, taxonomy: Taxonomy) -> tuple[Detection, ...]:
    """Return what the detectors see together in canonical evidence, surest first."""
    found = analysis.detections
    if rules.uses("verified"):
        found = verify(found, analysis.crops, taxonomy)
    found = merge(found, voters_of(analysis, rules))  # surest first
    return settle_rivals(found) if rules.uses("rivals") else found


def voters_of(analysis: Analysis, rules: FusionRules) -> dict[str, Voter]:
    """Return the detectors that were asked; what they see together is on the first one's scale."""
    asked = [model.name for model in analysis.models]
    voters = {model: voter for model, voter in rules.voters.items() if model in asked}
    for one in analysis.detections:
        voters.setdefault(one.model, Voter(rules.threshold("", one.model), 0.0, frozenset()))
    return voters


def verify(
    detections: Iterable[Detection], crops: tuple[Crop, ...], taxonomy: Taxonomy
) -> tuple[Detection, ...]:
    """Raise each detection whose crop the classifier takes for a kind of the same thing."""
    return tuple(_verify(one, crops, taxonomy) for one in detections)


def settle_rivals(detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """Halve the confidence of a box in whose place a surer one has another name; surest first.

    One thing is one thing: of a couch and a bed in the same place at most one is right, and the
    surer one more often. Halved, not dropped: a pizza may fill its table.
    """
    settled = [
        replace(one, confidence=one.confidence / 2) if _has_rival(one, detections) else one
        for one in detections
    ]
    return tuple(sorted(settled, key=lambda one: -one.confidence))


def lift(confidence: float, mass: float) -> float:
    """Return a detector's confidence, raised by the classifier's for the same name; never lowered.

    It is a noisy-or with the classifier at half weight: 1 - (1 - d) (1 - m / 2).

    >>> lift(0.2, 0.5)
    0.4
    """
    return confidence + (1 - confidence) * HALF * mass


def in_company(confidence: float, boxes: int) -> float:
    """Return how sure a name's best box is, given how many boxes have the name at all.

    A thing is seldom wrongly seen twice: of boxes of 0.25 to 0.35 that stood alone a fifth was
    right, of those with company nine tenths (128 photos). Whoever stands alone loses a little.

    >>> [round(in_company(0.3, boxes), 2) for boxes in (1, 2, 6)]
    [0.22, 0.32, 0.5]
    """
    bounded = min(max(confidence, 1e-6), 1 - 1e-6)
    odds = bounded / (1 - bounded) * math.pow(boxes / USUAL_COMPANY, 0.7)
    return odds / (1 + odds)


def mass_of(name: str, labels: Iterable[Label], taxonomy: Taxonomy) -> float:
    """Return the summed probability of the classes whose pictures show a name's thing."""
    return math.fsum(one.confidence for one in labels if shows(one.name, name, taxonomy))


def shows(leaf: str, name: str, taxonomy: Taxonomy) -> bool:
    """Say whether a picture of `leaf` shows a `name`: itself, a kind of it, an espresso's cup."""
    return name in taxonomy.shown_by(leaf)


def crop_of(detection: Detection, crops: Iterable[Crop], least: float = SAME_BOX) -> Crop | None:
    """Return the crop that was made of a detection, or of one that overlaps it this much."""
    for crop in crops:
        if crop.name == detection.name and overlap(crop.box, detection.box) >= least:
            return crop
    return None


def _verify(one: Detection, crops: tuple[Crop, ...], taxonomy: Taxonomy) -> Detection:
    crop = crop_of(one, crops)
    if crop is None:
        return one
    return replace(one, confidence=lift(one.confidence, mass_of(one.name, crop.labels, taxonomy)))


def _has_rival(one: Detection, detections: tuple[Detection, ...]) -> bool:
    width = one.box.right - one.box.left
    for other in detections:
        if other.confidence <= one.confidence:
            return False
        wide = other.box.right - other.box.left
        alike = SAME_PLACE * wide <= width <= wide / SAME_PLACE  # else they cannot overlap so much
        if alike and other.name != one.name and overlap(other.box, one.box) >= SAME_PLACE:
            return True
    return False


def _sum_labels(labels: Iterable[Label], taxonomy: Taxonomy) -> tuple[Label, ...]:
    found: dict[tuple[str, str], float] = {}
    for one in labels:
        key = taxonomy.canonical(one.name), one.model
        found[key] = found.get(key, 0.0) + one.confidence
    summed = (Label(name, min(sure, 1.0), model) for (name, model), sure in found.items())
    return tuple(sorted(summed, key=lambda one: -one.confidence))
