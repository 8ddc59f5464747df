"""The self-test passes for the models as they are and fails for each planted fault."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from phototagd.models.analyzer import load_analyzer
from phototagd.models.cache import ConversionCache
from phototagd.models.classifier import Classifier
from phototagd.models.detector import Detector
from phototagd.models.errors import SelfTestError
from phototagd.models.manifest import find_manifests
from phototagd.models.runtime import EngineOptions, open_runtime
from phototagd.models.self_test import check_model, read_picture
from phototagd.models.store import WeightsStore

DETECTOR = find_manifests()["ssd-mobilenet-v2-coco"]
CLASSIFIER = find_manifests()["efficientnet-lite3-imagenet"]
ENGINES = ["openvino", "opencv"]


@pytest.fixture(scope="session")
def engines(openvino, cache_directory):  # noqa: ARG001  (loaded first, to fill the cache)
    """The default models' runtimes by model and engine."""
    cache = ConversionCache(cache_directory, print)
    store = WeightsStore(None, cache_directory)
    return {
        (manifest.name, spec.engine): (
            spec,
            open_runtime(
                manifest, spec, store.resolve(manifest), EngineOptions(2, "f32"), cache, print
            ),
        )
        for manifest in (DETECTOR, CLASSIFIER)
        for spec in manifest.runtimes
    }


def check(engines, manifest, engine):
    spec, runtime = engines[manifest.name, engine]
    make = Detector if manifest.kind == "detector" else Classifier
    check_model(make(manifest, spec, runtime))


def with_input(manifest, **changes):
    return replace(manifest, input=replace(manifest.input, **changes))


def shifted(manifest, step):
    names = manifest.labels.names
    return replace(manifest, labels=replace(manifest.labels, names=names[step:] + names[:step]))


def test_the_models_as_they_are_pass(openvino, opencv):
    openvino.self_test()
    opencv.self_test()


def test_the_default_precision_of_this_machine_passes(settings):
    load_analyzer(replace(settings, precision="auto"), print).self_test()


DETECTOR_FAULTS = {
    "mean 64 too high": with_input(DETECTOR, mean=(64.0,) * 3),
    "mean 64 too low": with_input(DETECTOR, mean=(-64.0,) * 3),
    "mean subtracted twice": with_input(DETECTOR, mean=(127.5,) * 3, std=(127.5,) * 3),
    "swapped colours": with_input(DETECTOR, colour="BGR"),
    "labels one up": shifted(DETECTOR, 1),
    "labels one down": shifted(DETECTOR, -1),
    "dense ids": replace(DETECTOR, labels=find_manifests()["ssd-vgg-coco-300"].labels),
}

CLASSIFIER_FAULTS = {
    "raw bytes": with_input(CLASSIFIER, mean=(130.0,) * 3, std=(1 / 0.012667336501181126,) * 3),
    "mean 64 too high": with_input(CLASSIFIER, mean=(191.0,) * 3),
    "mean 64 too low": with_input(CLASSIFIER, mean=(63.0,) * 3),
    "ImageNet's mean": with_input(
        CLASSIFIER, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
    ),
    "swapped colours": with_input(CLASSIFIER, colour="BGR"),
    "labels one up": shifted(CLASSIFIER, 1),
    "labels one down": shifted(CLASSIFIER, -1),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fault", DETECTOR_FAULTS)
def test_the_detectors_self_test_catches(engines, fault, engine):
    with pytest.raises(SelfTestError, match="ssd-mobilenet-v2-coco: self-test failed on"):
        check(engines, DETECTOR_FAULTS[fault], engine)


@pytest.mark.parametrize("fault", CLASSIFIER_FAULTS)
def test_the_classifiers_self_test_catches(engines, fault):
    with pytest.raises(SelfTestError, match="efficientnet-lite3-imagenet: self-test failed on"):
        check(engines, CLASSIFIER_FAULTS[fault], "openvino")


@pytest.mark.parametrize("manifest", [DETECTOR, CLASSIFIER], ids=lambda manifest: manifest.kind)
def test_noise_as_small_as_rounding_passes(engines, manifest):
    """Grey levels off by one: more than decoders differ, about what bf16 does to the scores."""
    spec, runtime = engines[manifest.name, "openvino"]
    noise = np.random.default_rng(5)

    class Noisy:
        name = "openvino"

        def infer(self, tensor):
            shaken = np.clip(tensor + noise.integers(-1, 2, tensor.shape), 0, 255)
            return runtime.infer(shaken.astype(tensor.dtype))

    make = Detector if manifest.kind == "detector" else Classifier
    check_model(make(manifest, spec, Noisy()))


def test_a_failure_says_what_was_expected_and_what_found(engines):
    with pytest.raises(SelfTestError) as caught:
        check(engines, shifted(DETECTOR, 1), "opencv")
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  (made two words before)
    assert error.picture == "coffee.jpg"
    assert "cup 0.91 ± 0.12" in error.expected
    assert "fork" in error.found
    assert "\n" not in str(error)


def test_the_pictures_are_small():
    for test in (*DETECTOR.selftests, *CLASSIFIER.selftests):
        assert read_picture(test.picture).shape == (300, 300, 3)
