"""What the models say of one picture (evidence), and what is believed of it (a reading)."""

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
class Crop:
    """What the classifier says of one detected thing alone; name and box are the detection's."""

    name: str
    box: Box
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """Which model looked: its manifest's name and a digest of its weights and settings."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that the models say of one picture, best first, and which models were asked.

    It is evidence as it came, below the thresholds too; `fusion` makes a `Reading` of it.
    """

    labels: tuple[Label, ...]
    detections: tuple[Detection, ...]
    models: tuple[ModelVersion, ...]
    crops: tuple[Crop, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a model said for a tag: the model's own word and its raw confidence.

    `source` is `detection`, `label` (of the whole picture) or `crop` (of what lies in `box`).
    """

    source: str
    model: str
    name: str
    confidence: float
    box: Box | None


@dataclass(frozen=True, slots=True)
class Tag:
    """A name that is, or is not, believed of a picture, and why.

    `kind`: `object` (a detector saw it), `label` (the classifier's most special name) or `parent`
    (a more general one, by the sum of what is below it). `rule` is the name of the rule that made
    it, `threshold` the confidence that it needs. `parents` run from general to specific. `refines`
    is the detected name that this one is a kind of: the dog that is a Siberian Husky. `shown` is
    False for a parent of another believed tag. `dropped` says why it is not believed, or is empty.
    """

    name: str
    confidence: float
    kind: str
    rule: str
    threshold: float
    parents: tuple[str, ...] = ()
    refines: str | None = None
    shown: bool = True
    evidence: tuple[Evidence, ...] = ()
    dropped: str = ""

    @property
    def models(self) -> tuple[str, ...]:
        """The models that spoke for it."""
        return tuple(dict.fromkeys(one.model for one in self.evidence))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is believed of one picture, best first: tags, and the boxes of what was detected."""

    tags: tuple[Tag, ...]
    detections: tuple[Detection, ...]
