"""Classifier and detectors on one picture. Importing this module loads OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cache import ConversionCache
from .classifier import Classifier
from .detector import Detector
from .errors import ModelError, RuntimeMissing
from .refine import Refiner, widen
from .results import Analysis, Crop, ModelVersion
from .runtime import TITLES, EngineOptions, open_runtime, require_installed
from .self_test import check_model
from .settings import (
    ModelSettings,
    choose_manifests,
    choose_runtimes,
    has_thorough_pass,
    version_of,
)
from .store import WeightsStore, with_labels
from .thorough import SIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .manifest import InputSpec, Manifest, RuntimeSpec
    from .preprocess import Picture
    from .results import Detection, Label

__all__ = ["Analyzer", "ModelSettings", "load_analyzer"]


class Analyzer:
    """The loaded models; serves one thread at a time.

    `notices` are sentences on what is missing and how to get it. `models` are the versions of the
    models that run, `thorough_models` those of a thorough pass: empty where there is none.
    """

    def __init__(
        self,
        classifier: Classifier | None,
        detectors: tuple[Detector, ...],
        versions: tuple[ModelVersion, ...],
        notices: tuple[str, ...],
        refiner: Refiner | None = None,
        thorough_versions: tuple[ModelVersion, ...] = (),
    ) -> None:
        self._classifier = classifier
        self._detectors = detectors
        self._refiner = refiner
        self.models = versions
        self.thorough_models = thorough_versions
        self.notices = notices

    @property
    def engines(self) -> dict[str, str]:
        """The engine that runs each model, by the model's name."""
        return {model.manifest.name: model.engine for model in self._loaded()}

    @property
    def min_side(self) -> int:
        """The short side in pixels that a picture must keep when decoded at a reduced scale."""
        least = [_least_side(model.manifest.input) for model in self._loaded()]
        if self.thorough_models:  # a tile has to be as large
            least += [round(_least_side(one.manifest.input) / SIDE) for one in self._detectors]
        return max(least)

    def analyze(
        self,
        picture: Picture,
        *,
        thorough: bool = False,
        on_step: Callable[[str], None] = lambda _step: None,
    ) -> Analysis:
        """Ask all models about an upright BGR picture (HxWx3 uint8).

        A thorough pass takes the detectors six times as long; where `thorough_models` is empty it
        is like any other. `on_step` hears of the end of `classify`, `detect` and `refine`, as far
        as there are models for them. Raises ValueError when the array is not such a picture.
        """
        closely = thorough and bool(self.thorough_models)
        labels: tuple[Label, ...] = ()
        if self._classifier is not None:
            labels = self._classifier.classify(picture)
            on_step("classify")
        found: list[Detection] = []
        for detector in self._detectors:
            look = detector.detect_thoroughly if closely else detector.detect
            found += look(picture)
        if self._detectors:
            on_step("detect")
        detections = tuple(sorted(found, key=lambda one: -one.confidence))
        crops = self._look_again(picture, detections)
        if crops:
            on_step("refine")
        return Analysis(labels, detections, self.thorough_models if closely else self.models, crops)

    def vocabulary(self) -> tuple[str, ...]:
        """Return every name that the models can say, sorted."""
        names = {name for model in self._loaded() for name in model.manifest.labels.names}
        return tuple(sorted(names - {""}))

    def self_test(self) -> None:
        """Show the models pictures with known answers; raises `SelfTestError` at a wrong one."""
        for model in self._loaded():
            check_model(model)

    def _look_again(self, picture: Picture, detections: tuple[Detection, ...]) -> tuple[Crop, ...]:
        if self._refiner is None or self._classifier is None:
            return ()
        rows, columns = picture.shape[:2]
        crops = []
        for one in self._refiner.choose(detections):
            part = picture[widen(one.box, columns, rows)]
            crops.append(Crop(one.name, one.box, self._classifier.classify_part(part)))
        return tuple(crops)

    def _loaded(self) -> list[Classifier | Detector]:
        return [*([self._classifier] if self._classifier else []), *self._detectors]


def load_analyzer(settings: ModelSettings, report: Callable[[str], None]) -> Analyzer:
    """Load the chosen models into the best engines that are there.

    `report` gets a sentence before a step that takes seconds, and when nothing can be cached. A
    model without an engine is left out with a notice; raises `ModelError` when none is left, when
    a name is unknown, when weights are absent or wrong, when a chosen engine is missing.
    """
    return _Loading(settings, report).load()


def _least_side(spec: InputSpec) -> int:
    return round(max(spec.width, spec.height) / spec.crop)


class _Loading:
    def __init__(self, settings: ModelSettings, report: Callable[[str], None]) -> None:
        self._settings = settings
        self._report = report
        self._store = WeightsStore(settings.weights_directory, settings.cache_directory)
        self._cache = ConversionCache(settings.cache_directory, report)
        self._options = EngineOptions(settings.threads, settings.precision)
        self._versions: list[tuple[ModelVersion, ModelVersion]] = []  # normal, thorough
        self._notices: list[str] = []

    def load(self) -> Analyzer:
        models = [self._load_model(manifest) for manifest in choose_manifests(self._settings)]
        if not any(models):
            raise ModelError("no model can run", remedy=" ".join(self._notices))
        classifier = next((model for model in models if isinstance(model, Classifier)), None)
        detectors = tuple(model for model in models if isinstance(model, Detector))
        refines = self._settings.refine and self._settings.effort != "quick"
        closely = has_thorough_pass(self._settings, [one.manifest for one in detectors])
        return Analyzer(
            classifier,
            detectors,
            tuple(normal for normal, _ in self._versions),
            tuple(self._notices),
            _refiner_of(classifier, detectors) if refines else None,
            tuple(thorough for _, thorough in self._versions) if closely else (),
        )

    def _load_model(self, manifest: Manifest) -> Classifier | Detector | None:
        missing: list[RuntimeMissing] = []
        for spec in choose_runtimes(manifest, self._settings.engine):
            try:
                model = self._open(manifest, spec)
            except RuntimeMissing as error:
                if self._settings.engine == error.engine == "openvino":
                    raise  # it was asked for by name
                missing.append(error)
            else:
                self._notices += _notices_of(model, missing)
                return model
        self._notices.append(_say_left_out(manifest, missing, self._settings.engine))
        return None

    def _open(self, manifest: Manifest, spec: RuntimeSpec) -> Classifier | Detector:
        require_installed(spec.engine)
        weights = self._store.resolve(manifest)
        runtime = open_runtime(manifest, spec, weights, self._options, self._cache, self._report)
        self._versions.append(
            (version_of(manifest, weights), version_of(manifest, weights, thorough=True))
        )
        manifest = with_labels(manifest, weights)
        if manifest.kind == "classifier":
            return Classifier(manifest, spec, runtime)
        return Detector(manifest, spec, runtime)


def _refiner_of(classifier: Classifier | None, detectors: tuple[Detector, ...]) -> Refiner | None:
    if classifier is None or not detectors:
        return None
    believed = {model.manifest.name: model.manifest.thresholds for model in detectors}
    doubtful = {name: (one.many, one.few) for name, one in believed.items()}
    return Refiner(filter(None, classifier.manifest.labels.names), doubtful)


def _notices_of(model: Classifier | Detector, missing: list[RuntimeMissing]) -> list[str]:
    name = model.manifest.name
    notices = [
        f"{name} runs in {TITLES[model.engine]}, which is slower: {error}" for error in missing
    ]
    if not model.manifest.selftests:
        notices.append(f"{name} has no self-test: nothing proves its labels and input settings.")
    return notices


def _say_left_out(manifest: Manifest, missing: list[RuntimeMissing], engine: str) -> str:
    lost = {
        "classifier": "pictures get no labels as a whole",
        "detector": "nothing is found within pictures",
    }[manifest.kind]
    because = " ".join(map(str, missing)) or f"it cannot run in {TITLES[engine]}"
    return f"{manifest.name} is left out, so {lost}: {because}"
