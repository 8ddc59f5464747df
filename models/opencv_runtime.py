"""OpenCV's own inference engine: TensorFlow graphs with their .pbtxt, Caffe and ONNX models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from .errors import ModelError, RuntimeMissing, WeightsError
from .pip import pip_install

if TYPE_CHECKING:
    from .manifest import Manifest, RuntimeSpec
    from .runtime import EngineOptions, Tensor
    from .store import Weights


class OpenCvRuntime:
    """A network in OpenCV's dnn module; one object serves one thread at a time."""

    name = "opencv"

    def __init__(self, net: cv2.dnn.Net, output_names: tuple[str, ...]) -> None:
        self._net = net
        self._outputs = output_names or tuple(net.getUnconnectedOutLayersNames())

    def infer(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """Run the network on an NCHW tensor."""
        try:
            self._net.setInput(tensor)
            found: Any = self._net.forward(list(self._outputs))
        except cv2.error as error:
            raise ModelError(f"OpenCV cannot run the network: {error.err or error}") from error
        return tuple(np.asarray(output) for output in found)


def load_into_opencv(
    manifest: Manifest, spec: RuntimeSpec, weights: Weights, options: EngineOptions
) -> OpenCvRuntime:
    """Read a model; raises `RuntimeMissing` for Caffe on OpenCV 5, `WeightsError` for bad files.

    The number of threads is OpenCV's own, so it holds for the whole process.
    """
    paths = [str(weights.paths[role]) for role in spec.files]
    if paths[0].endswith(".caffemodel") and not hasattr(cv2.dnn, "readNetFromCaffe"):
        raise RuntimeMissing(
            "opencv",
            f"{manifest.name} is a Caffe model, which OpenCV {cv2.__version__} cannot read",
            f"install one that can: {pip_install('opencv-python-headless<5')}",
        )
    if options.threads:
        cv2.setNumThreads(options.threads)
    try:
        net = cv2.dnn.readNet(*paths)
    except cv2.error as error:
        reason = f"OpenCV cannot read it: {error.err or error}"
        raise WeightsError(manifest.name, paths[0], reason) from error
    return OpenCvRuntime(net, spec.output_names)
