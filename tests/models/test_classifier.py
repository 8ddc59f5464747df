"""Outputs of classification networks become the right labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phototagd.models.classifier import Classifier, read_scores
from phototagd.models.errors import WeightsError
from phototagd.models.manifest import Quantization, find_manifests

LITE3 = find_manifests()["efficientnet-lite3-imagenet"]
PICTURE = np.zeros((9, 9, 3), np.uint8)


class Answering:
    """An engine that gives an output made by hand: what comes after the network is under test."""

    name = "by hand"

    def __init__(self, output):
        self.output = output

    def infer(self, _tensor):
        return (self.output,)


def classify(output, manifest=LITE3):
    return Classifier(manifest, manifest.runtimes[0], Answering(output)).classify(PICTURE)


def stored(**values):
    output = np.zeros((1, 1000), np.uint8)
    for key, value in values.items():
        output[0, int(key[1:])] = value
    return output


def test_quantized_probabilities_are_read_and_named():
    (label,) = classify(stored(_967=192))
    assert (label.name, label.confidence, label.model) == ("espresso", 0.75, LITE3.name)


def test_labels_are_sorted_and_the_floor_and_the_limit_hold():
    low = replace(LITE3, floor=0.1, limit=2)
    found = classify(stored(_1=60, _2=70, _3=80, _4=10), low)
    assert [one.name for one in found] == ["tiger shark", "great white shark"]
    assert [one.name for one in classify(stored(_1=24, _2=26), low)] == ["great white shark"]


def test_what_is_far_below_every_threshold_is_kept_as_evidence():
    assert LITE3.thresholds.many > 10 * LITE3.floor
    assert [one.confidence for one in classify(stored(_1=2, _2=1))] == [2 / 256]


def test_two_classes_of_one_name_are_one_label():
    assert LITE3.labels.names[836] == LITE3.labels.names[837] == "sunglasses"
    (label,) = classify(stored(_836=64, _837=96))
    assert (label.name, label.confidence) == ("sunglasses", 0.625)


def test_a_part_is_squashed_where_a_whole_photo_is_cropped():
    """Only the left quarter is bright: the square in the middle does not reach it."""

    class Watching(Answering):
        def infer(self, tensor):
            self.seen = tensor[0, :, :, 0] > 128
            return super().infer(tensor)

    engine = Watching(stored(_1=200))
    classifier = Classifier(LITE3, LITE3.runtimes[0], engine)
    photo = np.zeros((10, 40, 3), np.uint8)
    photo[:, :10] = 255
    classifier.classify(photo)
    assert not engine.seen[:, 10:].any()
    assert [one.name for one in classifier.classify_part(photo)] == ["goldfish"]
    assert engine.seen[:, :60].all()
    assert not engine.seen[:, 80:].any()


def test_logits_go_through_a_softmax_that_does_not_overflow():
    scores = read_scores(np.array([[1000.0, 999.0, 0.0]]), "classifier-logits", None)
    assert scores == pytest.approx([0.7310586, 0.2689414, 0.0])


def test_a_zero_point_is_subtracted():
    scores = read_scores(
        np.array([[28, 128]], np.uint8), "classifier-probabilities", Quantization(0.01, 28)
    )
    assert scores == pytest.approx([0.0, 1.0])


def test_a_network_with_fewer_classes_than_labels_is_refused_by_name():
    with pytest.raises(WeightsError, match="efficientnet-lite3-imagenet: it has 10 classes"):
        classify(np.zeros((1, 10), np.uint8))


def test_labels_with_a_background_class_first_are_shifted():
    shifted = replace(LITE3, labels=replace(LITE3.labels, first_id=1))
    output = np.zeros((1, 1001), np.uint8)
    output[0, 1] = 200
    output[0, 0] = 255
    assert [one.name for one in classify(output, shifted)] == ["tench"]
