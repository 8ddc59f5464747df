"""Classifier and detector on one picture. Importing this module loads OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cache import ConversionCache
from .classifier import Classifier
from .detector import Detector
from .errors import ModelError, RuntimeMissing
from .results import Analysis, ModelVersion
from .runtime import TITLES, EngineOptions, open_runtime, require_installed
from .self_test import check_model
from .settings import ModelSettings, choose_manifests, choose_runtimes, version_of
from .store import WeightsStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from .manifest import Manifest, RuntimeSpec
    from .preprocess import Picture

__all__ = ["Analyzer", "ModelSettings", "load_analyzer"]


class Analyzer:
    """The loaded models; serves one thread at a time.

    `notices` are sentences on what is missing and how to get it.
    """

    def __init__(
        self,
        classifier: Classifier | None,
        detector: Detector | None,
        versions: tuple[ModelVersion, ...],
        notices: tuple[str, ...],
    ) -> None:
        self._classifier = classifier
        self._detector = detector
        self._versions = versions
        self.notices = notices

    @property
    def models(self) -> tuple[ModelVersion, ...]:
        """The versions of the models that run."""
        return self._versions

    @property
    def engines(self) -> dict[str, str]:
        """The engine that runs each model, by the model's name."""
        return {model.manifest.name: model.engine for model in self._loaded()}

    @property
    def min_side(self) -> int:
        """The short side in pixels that a picture must keep when decoded at a reduced scale."""
        inputs = [model.manifest.input for model in self._loaded()]
        return max(round(max(spec.width, spec.height) / spec.crop) for spec in inputs)

    def analyze(self, picture: Picture) -> Analysis:
        """Ask all models about an upright BGR picture (HxWx3 uint8).

        Raises ValueError when the array is not such a picture.
        """
        labels = self._classifier.classify(picture) if self._classifier else ()
        detections = self._detector.detect(picture) if self._detector else ()
        return Analysis(labels, detections, self._versions)

    def vocabulary(self) -> tuple[str, ...]:
        """Return every name that the models can say, sorted."""
        names = {name for model in self._loaded() for name in model.manifest.labels.names}
        return tuple(sorted(names - {""}))

    def self_test(self) -> None:
        """Show the models pictures with known answers; raises `SelfTestError` at a wrong one."""
        for model in self._loaded():
            check_model(model)

    def _loaded(self) -> list[Classifier | Detector]:
        return [model for model in (self._classifier, self._detector) if model is not None]


def load_analyzer(settings: ModelSettings, report: Callable[[str], None]) -> Analyzer:
    """Load the chosen models into the best engines that are there.

    `report` gets a sentence before a step that takes seconds, and when nothing can be cached. A
    model without an engine is left out with a notice; raises `ModelError` when none is left, when
    a name is unknown, when weights are absent or wrong, when a chosen engine is missing.
    """
    return _Loading(settings, report).load()


class _Loading:
    def __init__(self, settings: ModelSettings, report: Callable[[str], None]) -> None:
        self._settings = settings
        self._report = report
        self._store = WeightsStore(settings.weights_directory, settings.cache_directory)
        self._cache = ConversionCache(settings.cache_directory, report)
        self._options = EngineOptions(settings.threads, settings.precision)
        self._versions: list[ModelVersion] = []
        self._notices: list[str] = []

    def load(self) -> Analyzer:
        models = [self._load_model(manifest) for manifest in choose_manifests(self._settings)]
        if not any(models):
            raise ModelError("no model can run", remedy=" ".join(self._notices))
        return Analyzer(
            next((model for model in models if isinstance(model, Classifier)), None),
            next((model for model in models if isinstance(model, Detector)), None),
            tuple(self._versions),
            tuple(self._notices),
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
        self._versions.append(version_of(manifest, weights))
        if manifest.kind == "classifier":
            return Classifier(manifest, spec, runtime)
        return Detector(manifest, spec, runtime)


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
