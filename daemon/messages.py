"""What the daemon and its child process say to each other: one JSON line a message.

JSON and not pickle: the child reads hostile bytes, and nothing it sends may run code here.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..db.records import Metadata, PhotoFacts, Place
from ..models.results import Analysis, Box, Crop, Detection, Label, ModelVersion
from .monitoring.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Identify:
    """To the child: read this photo and say what it is; every request has a number of its own."""

    id: int
    path: bytes


@dataclass(frozen=True, slots=True)
class Analyze:
    """To the child: this identified photo is unknown; run the models on it."""

    id: int
    is_thorough: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """To the child: this identified photo is known; forget it."""

    id: int


@dataclass(frozen=True, slots=True)
class Report:
    """From the child: a sentence for the person who waits."""

    text: str


@dataclass(frozen=True, slots=True)
class Ready:
    """From the child: the models are loaded and have passed their test.

    ``thorough_models`` are their versions in a thorough pass; empty where none is wished.
    """

    models: tuple[ModelVersion, ...]
    thorough_models: tuple[ModelVersion, ...]
    vocabulary: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """From the child: it cannot work, and why; starting it again would not help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Identified:
    """From the child: which version of the file it read, which picture it is, seconds by stage."""

    id: int
    facts: PhotoFacts
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Analyzed:
    """From the child: what the models say, and the seconds by stage.

    ``is_current`` is False if the file changed since.
    """

    id: int
    analysis: Analysis
    is_current: bool
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """From the child: this photo cannot be analysed; ``state`` is the catalog's word for it.

    ``is_counted`` is False where the file may be fine and the disk is to blame.
    """

    id: int
    state: str
    reason: str
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class Died:
    """The child has ended by itself or was killed; made by the parent."""

    reason: str


Request = Identify | Analyze | Drop
Reply = Report | Ready | Refused | Identified | Analyzed | Failed | Died

_TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Identify, Analyze, Drop, Report, Ready, Refused, Identified, Analyzed, Failed)
}


def encode(message: Request | Reply) -> bytes:
    """Write a message as one line."""
    return json.dumps([type(message).__name__, asdict(message)], default=_text).encode() + b"\n"


def decode_request(line: bytes) -> Request:
    """Read what the parent wrote."""
    name, fields = json.loads(line)
    if name == "Identify":
        fields["path"] = _bytes(fields["path"])
    request: Request = _TYPES[name](**fields)
    return request


def decode_reply(line: bytes) -> Reply:
    """Read what the child wrote. Raises ValueError, KeyError or TypeError if it is nonsense."""
    try:
        name, fields = json.loads(line)
    except RecursionError:
        raise ValueError("lists in lists without end") from None
    if not isinstance(fields, dict):
        raise TypeError("fields without names")
    if "seconds" in fields:
        _check_seconds(fields["seconds"])
    if name == "Identified":
        facts = fields["facts"]
        facts |= {
            "fingerprint": _bytes(facts["fingerprint"]),
            "keywords": tuple(facts["keywords"]),
            "metadata": _metadata(facts["metadata"]),
        }
        fields["facts"] = PhotoFacts(**facts)
    elif name == "Analyzed":
        fields["analysis"] = _analysis(fields["analysis"])
    elif name == "Ready":
        fields = {key: tuple(value) for key, value in fields.items()}
        for key in ("models", "thorough_models"):
            fields[key] = tuple(ModelVersion(**model) for model in fields[key])
    reply: Reply = _TYPES[name](**fields)
    return reply


def _check_seconds(seconds: Any) -> None:
    """Refuse what would become a stage, or a number, that nobody knows."""
    if not isinstance(seconds, dict):
        raise TypeError("seconds by stage are not by stage")
    for stage, duration in seconds.items():
        if stage not in STAGES or not (duration >= 0 and math.isfinite(duration)):
            raise ValueError(f"{stage} took {duration} seconds")


def _metadata(fields: dict[str, Any]) -> Metadata:
    place = fields["place"]
    fields |= {
        "place": None if place is None else Place(**place),
        "dropped": tuple(fields["dropped"]),
    }
    return Metadata(**fields)


def _analysis(fields: dict[str, Any]) -> Analysis:
    return Analysis(
        labels=tuple(Label(**label) for label in fields["labels"]),
        detections=tuple(
            Detection(**detection | {"box": Box(**detection["box"])})
            for detection in fields["detections"]
        ),
        models=tuple(ModelVersion(**model) for model in fields["models"]),
        crops=tuple(
            Crop(
                crop["name"], Box(**crop["box"]), tuple(Label(**label) for label in crop["labels"])
            )
            for crop in fields["crops"]
        ),
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"{text!r:.20} is no text")
    return text.encode("utf-8", "surrogateescape")
