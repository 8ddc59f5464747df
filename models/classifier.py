"""From a classification network's output to labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import WeightsError
from .preprocess import Preparer
from .results import Label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import Manifest, Quantization, RuntimeSpec
    from .preprocess import Picture
    from .runtime import Runtime, Tensor

MOST_OF_PART = 10  # labels of a part that are kept


class Classifier:
    """A classification network with its manifest; serves one thread at a time."""

    def __init__(self, manifest: Manifest, spec: RuntimeSpec, runtime: Runtime) -> None:
        self.manifest = manifest
        self.engine = runtime.name
        self._spec = spec
        self._runtime = runtime
        self._preparer = Preparer(manifest.input, spec.layout)
        self._part_preparer = Preparer(replace(manifest.input, resize="squash"), spec.layout)

    def classify(self, picture: Picture) -> tuple[Label, ...]:
        """Return the labels of an upright BGR picture (HxWx3 uint8), surest first.

        Classes of one name are one label, their probabilities summed up.
        """
        return self._label(self.probabilities(picture), self.manifest.limit)

    def classify_part(self, part: Picture) -> tuple[Label, ...]:
        """Return the labels of a thing that fills a BGR picture to its sides, surest first."""
        return self._label(self._ask(self._part_preparer, part), MOST_OF_PART)

    def _label(self, scores: NDArray[np.float64], most: int) -> tuple[Label, ...]:
        found: dict[str, float] = {}
        for index in np.flatnonzero(scores >= self.manifest.floor):
            if name := self.manifest.labels.name_of(int(index)):
                found[name] = min(1.0, found.get(name, 0.0) + float(scores[index]))
        best = sorted(found.items(), key=lambda label: -label[1])[:most]
        return tuple(Label(name, sure, self.manifest.name) for name, sure in best)

    def probabilities(self, picture: Picture) -> NDArray[np.float64]:
        """Return one probability a class id.

        Raises `WeightsError` when the network has fewer classes than the labels file has names.
        """
        return self._ask(self._preparer, picture)

    def _ask(self, preparer: Preparer, picture: Picture) -> NDArray[np.float64]:
        tensor, _ = preparer.prepare(picture)
        output = self._runtime.infer(tensor)[0]
        scores = read_scores(output, self._spec.outputs, self._spec.quantization)
        labels = self.manifest.labels
        if len(scores) < labels.first_id + len(labels.names):
            reason = f"it has {len(scores)} classes, too few for {labels.file}"
            raise WeightsError(self.manifest.name, "", reason)
        return scores


def read_scores(
    output: Tensor, layout: str, quantization: Quantization | None
) -> NDArray[np.float64]:
    """Read probabilities from a 1xC output, through a softmax if they are logits."""
    values = np.asarray(output, np.float64).reshape(-1)
    if quantization is not None:
        values = (values - quantization.zero_point) * quantization.scale
    if layout == "classifier-probabilities":
        return values
    powers: NDArray[np.float64] = np.exp(values - values.max())
    return powers / float(powers.sum())
