"""Inference engines behind one Protocol, chosen by name and imported late."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .errors import RuntimeMissing
from .pip import pip_install

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .cache import ConversionCache
    from .manifest import Manifest, RuntimeSpec
    from .store import Weights

    Tensor = NDArray[Any]

TITLES = {"openvino": "OpenVINO", "opencv": "OpenCV"}


class Runtime(Protocol):
    """A network loaded into an engine.

    One object serves one thread at a time. `infer` lets other threads run (the engines release the
    interpreter's lock), so several objects may work side by side.
    """

    @property
    def name(self) -> str:
        """The engine's name as manifests write it."""

    def infer(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """Run the network on one contiguous tensor; outputs stand in the manifest's order.

        Raises `ModelError` when the tensor does not fit the network.
        """


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is to run.

    `threads`: 0 leaves the number to it; `precision`: `auto` (bf16 where the CPU has it) or `f32`.
    """

    threads: int
    precision: str


def is_installed(engine: str) -> bool:
    """Say whether an engine can be found, without importing it."""
    return engine == "opencv" or importlib.util.find_spec(engine) is not None


def require_installed(engine: str) -> None:
    """Raise `RuntimeMissing` when an engine cannot be found."""
    if not is_installed(engine):
        raise RuntimeMissing(
            engine, f"{TITLES[engine]} is not installed", f"install it: {pip_install(engine)}"
        )


def open_runtime(
    manifest: Manifest,
    spec: RuntimeSpec,
    weights: Weights,
    options: EngineOptions,
    cache: ConversionCache,
    report: Callable[[str], None],
) -> Runtime:
    """Load a model into the engine of `spec`.

    `report` gets a sentence before a step that takes seconds. Raises `RuntimeMissing` when the
    engine is not there or cannot do it, `WeightsError` when it cannot read the files.
    """
    if spec.engine == "opencv":
        from .opencv_runtime import load_into_opencv

        return load_into_opencv(manifest, spec, weights, options)
    try:
        from .openvino_runtime import load_into_openvino
    except ImportError as error:
        raise RuntimeMissing(
            "openvino",
            f"OpenVINO cannot be imported ({error})",
            f"install it anew: {pip_install('--force-reinstall', 'openvino')}",
        ) from error
    return load_into_openvino(manifest, spec, weights, options, cache, report)
