"""What the models say of one picture: labels, boxes, detections, an analysis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle relative to the upright picture; every side lies in 0..1."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Label:
    """A name that a classifier gives to the whole picture; confidence lies in 0..1."""

    name: str
    confidence: float
    model: str


@dataclass(frozen=True, slots=True)
class Detection:
    """A name that a detector gives to a part of the picture; confidence lies in 0..1."""

    name: str
    confidence: float
    box: Box
    model: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """Which model looked: its manifest's name and a digest of its weights and settings."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the models say of one picture, best first, and which models were asked."""

    labels: tuple[Label, ...]
    detections: tuple[Detection, ...]
    models: tuple[ModelVersion, ...]
