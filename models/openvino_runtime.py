"""OpenVINO on the CPU: graphs cut where the manifest says, converted once and kept in the cache.

Two things are kept. The cut graph as IR, because reading the source takes many seconds; and the
graph as compiled for this CPU, because compiling the IR takes about a second more.
"""

from __future__ import annotations

import hashlib
import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

# OpenVINO tells Google Analytics that it was imported, unless it finds this module missing: what
# None says here.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # the import system's own way
import openvino as ov  # noqa: E402
from openvino import opset8  # noqa: E402

from .errors import ModelError, WeightsError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .cache import ConversionCache
    from .manifest import Cut, InputSpec, Manifest, RuntimeSpec
    from .runtime import EngineOptions, Tensor
    from .store import Weights

SLOW_BYTES = 20_000_000  # from here on reading the source takes long enough to say so


class OpenVinoRuntime:
    """A compiled network; one object serves one thread at a time."""

    name = "openvino"

    def __init__(self, compiled: Any, output_names: tuple[str, ...]) -> None:
        self._request = compiled.create_infer_request()
        self._outputs = [compiled.output(name) for name in output_names] or list(compiled.outputs)

    def infer(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """Run the network on a tensor of the manifest's layout."""
        try:
            found = self._request.infer([tensor])
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot run the network: {_last_line(error)}") from error
        return tuple(np.asarray(found[output]) for output in self._outputs)


def load_into_openvino(
    manifest: Manifest,
    spec: RuntimeSpec,
    weights: Weights,
    options: EngineOptions,
    cache: ConversionCache,
    report: Callable[[str], None],
) -> OpenVinoRuntime:
    """Load a model, from the cache if it is there; raises `WeightsError` for bad files."""
    loader = _Loader(manifest, spec, weights, options, cache, report)
    try:
        return OpenVinoRuntime(loader.load(), spec.output_names)
    except RuntimeError as error:
        path = str(weights.paths[spec.files[0]])
        reason = f"OpenVINO cannot load it: {_last_line(error)}"
        raise WeightsError(manifest.name, path, reason) from error


class _Loader:
    def __init__(
        self,
        manifest: Manifest,
        spec: RuntimeSpec,
        weights: Weights,
        options: EngineOptions,
        cache: ConversionCache,
        report: Callable[[str], None],
    ) -> None:
        self._manifest, self._spec, self._cache, self._report = manifest, spec, cache, report
        self._source = weights.paths[spec.files[0]]
        self._core = ov.Core()
        self._config = _configure(options)
        shape = (manifest.input.width, manifest.input.height, manifest.input.dtype, spec.layout)
        sums = [weights.sums[role] for role in spec.files]
        self._graph_key = self._key("graph", sums, spec.cut, shape, ov.__version__)
        cpu = [self._core.get_property("CPU", name) for name in _CPU_TRAITS]
        self._compiled_key = self._key("compiled", self._graph_key, cpu, options)

    def load(self) -> Any:
        entry = self._cache.find(self._compiled_key)
        if entry is not None:
            try:
                return self._import(entry / "compiled.blob")
            except RuntimeError:  # whole, and yet this OpenVINO does not take it
                self._cache.drop(self._compiled_key)
        compiled = self._compile()
        self._cache.store(self._compiled_key, lambda folder: _export(compiled, folder))
        return compiled

    def _compile(self) -> Any:
        entry = self._cache.find(self._graph_key)
        if entry is None:
            graph = self._convert()
            entry = self._cache.store(self._graph_key, lambda folder: _save(graph, folder))
            if entry is None:
                return self._core.compile_model(graph, "CPU", self._config)
        try:
            return self._compile_file(entry / "graph.xml")
        except RuntimeError:  # sealed, but cut short by a full disk before the seal
            self._cache.drop(self._graph_key)
            return self._core.compile_model(self._convert(), "CPU", self._config)

    def _compile_file(self, path: Path) -> Any:
        return self._core.compile_model(self._core.read_model(path), "CPU", self._config)

    def _convert(self) -> Any:
        if self._source.stat().st_size > SLOW_BYTES:
            self._report(
                f"Preparing {self._manifest.name} for OpenVINO: this takes some seconds, once."
            )
        model = self._core.read_model(self._source)
        if self._spec.cut is not None:
            return _cut(model, self._spec.cut, self._manifest.input, self._spec.layout)
        if model.is_dynamic():
            model.reshape(_shape(self._manifest.input, self._spec.layout))
        return model

    def _import(self, path: Path) -> Any:
        blob = np.memmap(path, np.uint8, "r")
        try:
            return self._core.import_model(ov.Tensor(blob), "CPU", self._config)
        except TypeError:  # 2025.2 takes streams only
            return self._core.import_model(io.BytesIO(blob.tobytes()), "CPU", self._config)

    def _key(self, stage: str, *parts: object) -> str:
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:20]
        return f"{self._manifest.name}-{stage}-{digest}"


_CPU_TRAITS = ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")


def _configure(options: EngineOptions) -> dict[str, Any]:
    # Pinning would put the threads of several processes on the same cores.
    config: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
    if options.threads:
        config["INFERENCE_NUM_THREADS"] = options.threads
    if options.precision == "f32":
        config["INFERENCE_PRECISION_HINT"] = "f32"
    return config


def _cut(model: Any, cut: Cut, spec: InputSpec, layout: str) -> Any:
    nodes = {node.get_friendly_name(): node for node in model.get_ops()}
    for name in (cut.input_after, *cut.outputs):
        if name not in nodes:
            raise RuntimeError(f"the graph has no node {name}")  # as the engine itself would
    entry = opset8.parameter(_shape(spec, layout), np.dtype(spec.dtype).type, name="image")
    for target in list(nodes[cut.input_after].output(0).get_target_inputs()):
        target.replace_source_output(entry.output(0))
    return ov.Model([nodes[name].output(0) for name in cut.outputs], [entry], "cut")


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


def _shape(spec: InputSpec, layout: str) -> list[int]:
    size = [spec.height, spec.width]
    return [1, *size, 3] if layout == "NHWC" else [1, 3, *size]


def _save(graph: Any, folder: Path) -> None:
    # Full precision: a conversion must not change what the model says.
    ov.save_model(graph, folder / "graph.xml", compress_to_fp16=False)


def _export(compiled: Any, folder: Path) -> None:
    exported = compiled.export_model()
    data = exported if isinstance(exported, bytes) else exported.getvalue()
    (folder / "compiled.blob").write_bytes(data)
