"""The check at start that a known picture gives the known answer.

It catches what sums cannot: labels shifted by one, a wrong mean, swapped colours, an erring engine.
"""

from __future__ import annotations

from importlib.resources import files as package_files
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .classifier import Classifier
from .errors import SelfTestError
from .raw_boxes import overlaps

if TYPE_CHECKING:
    from .detector import Detector
    from .manifest import Expectation, SelfTest
    from .preprocess import Picture
    from .results import Detection

LEAST_IOU = 0.8  # engines and precisions move a box by less, a wrong box order by more


def check_model(model: Classifier | Detector) -> None:
    """Show a model its manifest's pictures; raises `SelfTestError` at the first wrong answer."""
    for test in model.manifest.selftests:
        if isinstance(model, Classifier):
            _check_classifier(model, test)
        else:
            _check_detector(model, test)


def read_picture(name: str) -> Picture:
    """Return one of the pictures in `selftest/` as BGR."""
    data = (package_files(__package__) / "selftest" / name).read_bytes()
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"selftest/{name} is not a picture")
    return picture.astype(np.uint8, copy=False)


def _check_classifier(model: Classifier, test: SelfTest) -> None:
    scores = model.probabilities(read_picture(test.picture))
    labels = model.manifest.labels
    best = int(np.argmax(scores))
    for expected in test.expected:
        ids = [labels.first_id + i for i, name in enumerate(labels.names) if name == expected.name]
        found = max((float(scores[class_id]) for class_id in ids), default=0.0)
        if abs(found - expected.confidence) > expected.tolerance:
            shown = (
                f"{expected.name} {found:.2f} (surest: {labels.name_of(best)} {scores[best]:.2f})"
            )
            raise SelfTestError(model.manifest.name, test.picture, _say(expected), shown)


def _check_detector(model: Detector, test: SelfTest) -> None:
    found = model.detect(read_picture(test.picture))
    for expected in test.expected:
        if not any(_agrees(detection, expected) for detection in found):
            shown = ", ".join(_say_detection(detection) for detection in found[:3]) or "nothing"
            raise SelfTestError(model.manifest.name, test.picture, _say(expected), shown)


def _agrees(found: Detection, expected: Expectation) -> bool:
    if found.name != expected.name:
        return False
    if abs(found.confidence - expected.confidence) > expected.tolerance:
        return False
    return not expected.box or _overlap(found, expected) >= LEAST_IOU


def _overlap(found: Detection, expected: Expectation) -> float:
    box = found.box
    sides = np.array([[box.left, box.top, box.right, box.bottom]])
    return float(overlaps(sides, np.array([expected.box]))[0, 0])


def _say(expected: Expectation) -> str:
    where = f" at {' '.join(f'{side:.2f}' for side in expected.box)}" if expected.box else ""
    return f"{expected.name} {expected.confidence:.2f} ± {expected.tolerance:.2f}{where}"


def _say_detection(found: Detection) -> str:
    box = found.box
    sides = " ".join(f"{side:.2f}" for side in (box.left, box.top, box.right, box.bottom))
    return f"{found.name} {found.confidence:.2f} at {sides}"
