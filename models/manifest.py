"""What a model is: a manifest in TOML, complete enough that a new one needs no code.

The built-in manifests lie in `manifests/`; a user's own directories override and extend them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ManifestError
from .strict_toml import Table, read_table

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

OUTPUTS = {
    "classifier": ("classifier-probabilities", "classifier-logits"),
    "detector": ("ssd-7-columns", "ssd-boxes-scores"),
}
RESIZES = ("squash", "crop", "letterbox", "pad")
GAP = "-"  # the line of a labels file whose id nothing has


@dataclass(frozen=True, slots=True)
class Quantization:
    """Of a uint8 tensor: real = scale * (stored - zero_point)."""

    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a picture becomes the network's input: width, height in pixels, real = (p - mean) / std.

    `resize`: `squash` forgets the aspect; `crop` takes the centre, `crop` times as large as it can
    be; `letterbox` fits the whole picture into the middle and `pad` into the top left corner, the
    rest is `pad_colour`. `mean` and `std` stand in the order of `colour`, `pad_colour` is RGB.
    """

    width: int
    height: int
    colour: str
    dtype: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: str
    crop: float
    pad_colour: tuple[float, ...]
    quantization: Quantization | None


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of a graph to run: a new input in place of one node's output, and its outputs."""

    input_after: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """One engine that can run the model, and what goes in and comes out there.

    `layout` is NHWC or NCHW; `outputs` one of `OUTPUTS`; `output_names` chooses outputs by name,
    empty means all in the graph's order; `files` are the roles of the files that the engine reads.
    """

    engine: str
    layout: str
    outputs: str
    output_names: tuple[str, ...]
    files: tuple[str, ...]
    cut: Cut | None
    quantization: Quantization | None


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of a model; an empty sha256 (and 0 bytes) means that its sum is not known."""

    role: str
    path: str
    sha256: str
    size: int
    url: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the files come from.

    `wheel`: inside the installed import package `package`, that pip installs by `requirement`;
    `url`: each file has one; `hand`: `where` is a sentence that says where to get them.
    """

    kind: str
    package: str
    requirement: str
    where: str


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The names of a model's class ids: `names[0]` belongs to `first_id`, "" marks a gap."""

    file: str
    first_id: int
    names: tuple[str, ...]

    def name_of(self, class_id: int) -> str:
        """Return the name of a class id, "" when nothing has it."""
        index = class_id - self.first_id
        return self.names[index] if 0 <= index < len(self.names) else ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A known answer: a name, its confidence give or take `tolerance`, for a detector its box.

    `box` is left, top, right, bottom in 0..1; the found one must have an IoU of 0.8 with it.
    """

    name: str
    confidence: float
    tolerance: float
    box: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A picture in `selftest/` and what the model must say of it."""

    picture: str
    expected: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is known of a model; `runtimes` stand in order of preference.

    `threshold` is the least confidence of a result, `limit` the most results a picture,
    `nms_iou` the overlap from which the weaker of two boxes of a class is dropped.
    """

    name: str
    kind: str
    description: str
    licence: str
    homepage: str
    threshold: float
    limit: int
    nms_iou: float
    source: Source
    files: tuple[WeightsFile, ...]
    input: InputSpec
    runtimes: tuple[RuntimeSpec, ...]
    labels: LabelNames
    selftests: tuple[SelfTest, ...]
    path: str


def load_manifest(path: Path | Traversable) -> Manifest:
    """Read one manifest; raises `ManifestError` that names the file and the key."""
    table = read_table(path)
    kind = table.choice("kind", tuple(OUTPUTS))
    source = _read_source(table.table("source"))
    files = tuple(_read_file(entry, source.kind) for entry in table.tables("files"))
    manifest = Manifest(
        name=_read_name(table),
        kind=kind,
        description=table.text("description"),
        licence=table.text("licence"),
        homepage=table.text("homepage"),
        threshold=table.number("threshold", 0, 1),
        limit=table.integer("limit", 1, 10_000),
        nms_iou=table.number("nms_iou", 0, 1, None if kind == "detector" else 1),
        source=source,
        files=files,
        input=_read_input(table.table("input")),
        runtimes=tuple(_read_runtime(entry, kind) for entry in table.tables("runtimes")),
        labels=_read_labels(table),
        selftests=tuple(_read_selftest(entry) for entry in table.tables("selftest")),
        path=str(path),
    )
    table.end()
    _check_files(manifest, table)
    return manifest


def find_manifests(*extra_dirs: Path) -> dict[str, Manifest]:
    """Read the built-in manifests, then those of the directories, a later one of a name winning.

    A directory that is not there holds none. Raises `ManifestError`.
    """
    found = _read_directory(package_files(__package__) / "manifests")
    for directory in extra_dirs:
        found |= _read_directory(directory)
    return found


def _read_directory(directory: Path | Traversable) -> dict[str, Manifest]:
    if not directory.is_dir():
        return {}
    found: dict[str, Manifest] = {}
    for path in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".toml"):
            manifest = load_manifest(path)
            if manifest.name in found:
                raise ManifestError(
                    manifest.path, "name", f"{found[manifest.name].path} has it too"
                )
            found[manifest.name] = manifest
    return found


def _read_name(table: Table) -> str:
    name = table.text("name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):  # it also names a folder
        raise table.error("name", f"must be small letters, digits, dots and dashes, not {name!r}")
    return name


def _read_source(table: Table) -> Source:
    kind = table.choice("kind", ("wheel", "url", "hand"))
    source = Source(
        kind=kind,
        package=table.text("package") if kind == "wheel" else "",
        requirement=table.text("requirement") if kind == "wheel" else "",
        where=table.text("where") if kind == "hand" else "",
    )
    if "." in source.package:  # looking up a sub-package would import its parent
        raise table.error("package", "must be a top-level package")
    table.end()
    return source


def _read_file(table: Table, source: str) -> WeightsFile:
    sum_default = "" if source == "hand" else None
    file = WeightsFile(
        role=table.text("role"),
        path=table.text("path"),
        sha256=table.text("sha256", sum_default).lower(),
        size=table.integer("bytes", 0, 2**40, 0 if source == "hand" else None),
        url=table.text("url") if source == "url" else "",
    )
    if file.path.startswith("/") or "\\" in file.path or ".." in file.path.split("/"):
        raise table.error("path", f"must lie below the model's folder, not {file.path!r}")
    if not re.fullmatch(r"([0-9a-f]{64})?", file.sha256):
        raise table.error("sha256", "must be 64 hexadecimal digits")
    table.end()
    return file


def _read_input(table: Table) -> InputSpec:
    quantization = _read_quantization(table.optional_table("quantization"))
    dtype = table.choice("dtype", ("float32", "uint8"))
    spec = InputSpec(
        width=table.integer("width", 1, 10_000),
        height=table.integer("height", 1, 10_000),
        colour=table.choice("colour", ("RGB", "BGR")),
        dtype=dtype,
        mean=table.numbers("mean", 3),
        std=table.numbers("std", 3),
        resize=table.choice("resize", RESIZES),
        crop=table.number("crop", 0.05, 1, 1.0),
        pad_colour=table.numbers("pad_colour", 3, (0.0, 0.0, 0.0)),
        quantization=quantization,
    )
    if 0 in spec.std:
        raise table.error("std", "must not hold 0: the pixels are divided by it")
    if (dtype == "uint8") != (quantization is not None):
        raise table.error("quantization", "belongs to dtype uint8, and to no other")
    table.end()
    return spec


def _read_runtime(table: Table, kind: str) -> RuntimeSpec:
    cut = table.optional_table("cut")
    spec = RuntimeSpec(
        engine=table.choice("engine", ("openvino", "opencv")),
        layout=table.choice("layout", ("NHWC", "NCHW")),
        outputs=table.choice("outputs", OUTPUTS[kind]),
        output_names=table.texts("output_names", ()),
        files=table.texts("files"),
        cut=None if cut is None else _read_cut(cut),
        quantization=_read_quantization(table.optional_table("quantization")),
    )
    table.end()
    return spec


def _read_cut(table: Table) -> Cut:
    cut = Cut(table.text("input_after"), table.texts("outputs"))
    table.end()
    return cut


def _read_quantization(table: Table | None) -> Quantization | None:
    if table is None:
        return None
    found = Quantization(table.number("scale", 1e-9, 1e9), table.integer("zero_point", 0, 255))
    table.end()
    return found


def _read_labels(table: Table) -> LabelNames:
    name, first_id = table.text("labels"), table.integer("first_id", 0, 10_000, 0)
    if "/" in name or "\\" in name:
        raise table.error("labels", "must be the plain name of a file beside the manifest")
    text = _find_labels(table, name)
    lines = [line.strip() for line in text.rstrip("\n").split("\n")]
    if not all(lines):
        raise table.error("labels", f"{name} has an empty line; an id without a name is {GAP!r}")
    return LabelNames(name, first_id, tuple("" if line == GAP else line for line in lines))


def _find_labels(table: Table, name: str) -> str:
    builtin = package_files(__package__) / "labels" / name
    for candidate in (Path(table.file).parent / name, builtin):
        if candidate.is_file():
            try:
                return candidate.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise table.error("labels", f"{candidate} cannot be read: {error}") from error
    raise table.error("labels", f"no file {name!r} beside the manifest or among the built-in ones")


def _read_selftest(table: Table) -> SelfTest:
    picture = table.text("picture")
    expected = tuple(_read_expectation(entry) for entry in table.tables("expected"))
    table.end()
    return SelfTest(picture, expected)


def _read_expectation(table: Table) -> Expectation:
    found = Expectation(
        name=table.text("name"),
        confidence=table.number("confidence", 0, 1),
        tolerance=table.number("tolerance", 0, 1),
        box=table.numbers("box", 4, ()) if table.has("box") else (),
    )
    table.end()
    return found


def _check_files(manifest: Manifest, table: Table) -> None:
    if not manifest.runtimes:
        raise table.error("runtimes", "is missing: at least one engine must run the model")
    roles = [file.role for file in manifest.files]
    if len(set(roles)) != len(roles):
        raise table.error("files", "two files have the same role")
    for spec in manifest.runtimes:
        if not spec.files:
            raise table.error("runtimes", f"{spec.engine} must read at least one file")
        for role in set(spec.files) - set(roles):
            raise table.error("runtimes", f"{spec.engine} reads {role!r}, which no file is")
