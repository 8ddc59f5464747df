"""What a model is: a manifest in TOML, complete enough that a new one needs no code.

The built-in manifests lie in `manifests/`; a user's own directories override and extend them.
"""

from __future__ import annotations

import re
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ManifestError
from .manifest_types import (
    GAP,
    Archive,
    Cut,
    Expectation,
    InputSpec,
    LabelNames,
    Manifest,
    Quantization,
    RuntimeSpec,
    SelfTest,
    Source,
    Thresholds,
    Twin,
    WeightsFile,
)
from .strict_toml import Table, read_table

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = [
    "Archive",
    "Cut",
    "Expectation",
    "InputSpec",
    "LabelNames",
    "Manifest",
    "Quantization",
    "RuntimeSpec",
    "SelfTest",
    "Source",
    "Thresholds",
    "Twin",
    "WeightsFile",
    "find_manifests",
    "is_safe_url",
    "load_manifest",
    "read_names",
]

OUTPUTS = {
    "classifier": ("classifier-probabilities", "classifier-logits"),
    "detector": (
        "ssd-7-columns",
        "ssd-boxes-scores",
        "decoded-6-columns",
        "yolox-grid",
        "yolov8",
        "nanodet",
    ),
}
BOX_UNITS = ("pixels", "relative")
RESIZES = ("squash", "crop", "letterbox", "pad")


def load_manifest(path: Path | Traversable) -> Manifest:
    """Read one manifest; raises `ManifestError` that names the file and the key."""
    table = read_table(path)
    kind = table.choice("kind", tuple(OUTPUTS))
    source = _read_source(table.table("source"))
    files = tuple(_read_file(entry, source) for entry in table.tables("files"))
    manifest = Manifest(
        name=_read_name(table),
        kind=kind,
        description=table.text("description"),
        licence=table.text("licence"),
        homepage=table.text("homepage"),
        floor=(floor := table.number("floor", 0, 1)),
        limit=table.integer("limit", 1, 10_000),
        thresholds=_read_thresholds(table.table("thresholds"), kind, floor),
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


def _read_thresholds(table: Table, kind: str, floor: float) -> Thresholds:
    found = Thresholds(
        few=table.number("few", 0, 1),
        normal=table.number("normal", 0, 1),
        many=table.number("many", 0, 1),
        parent=table.number("parent", 0, 1) if kind == "classifier" else 1.0,
    )
    table.end()
    if not found.few >= found.normal >= found.many >= floor:
        raise table.error("few", "few must be at least normal, that many, and that the floor")
    return found


def _read_source(table: Table) -> Source:
    kind = table.choice("kind", ("wheel", "url", "hand"))
    source = Source(
        kind=kind,
        package=table.text("package") if kind == "wheel" else "",
        requirement=table.text("requirement") if kind == "wheel" else "",
        where=table.text("where") if kind == "hand" else "",
        archive=_read_archive(table.optional_table("archive")) if kind == "url" else None,
    )
    if "." in source.package:  # looking up a sub-package would import its parent
        raise table.error("package", "must be a top-level package")
    table.end()
    return source


def _read_archive(table: Table | None) -> Archive | None:
    if table is None:
        return None
    archive = Archive(_read_url(table), _read_sum(table), table.integer("bytes", 0, 2**40, 0))
    table.end()
    return archive


def _read_file(table: Table, source: Source) -> WeightsFile:
    by_hand, in_archive = source.kind == "hand", source.archive is not None
    file = WeightsFile(
        role=table.text("role"),
        path=table.text("path"),
        sha256=_read_sum(table, "" if by_hand else None),
        size=table.integer("bytes", 0, 2**40, 0 if by_hand or in_archive else None),
        url=_read_url(table) if source.kind == "url" and not in_archive else "",
        member=table.text("member", None if in_archive else "") if source.kind != "wheel" else "",
        twins=tuple(_read_twin(entry) for entry in table.tables("twins")),
    )
    if file.path.startswith("/") or "\\" in file.path or ".." in file.path.split("/"):
        raise table.error("path", f"must lie below the model's folder, not {file.path!r}")
    table.end()
    return file


def _read_twin(table: Table) -> Twin:
    twin = Twin(_read_sum(table), table.integer("bytes", 0, 2**40))
    table.end()
    return twin


def _read_sum(table: Table, default: str | None = None) -> str:
    found = table.text("sha256", default).lower()
    if not re.fullmatch(r"([0-9a-f]{64})?", found):
        raise table.error("sha256", "must be 64 hexadecimal digits")
    return found


def _read_url(table: Table) -> str:
    url = table.text("url")
    if not is_safe_url(url):
        raise table.error("url", f"must begin with https://, not {url!r}")
    return url


def is_safe_url(url: str) -> bool:
    """Say whether files may come from there: over HTTPS, or over HTTP from this very machine."""
    own = r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/"
    return re.match(rf"https://[^/]|{own}", url) is not None


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
        box_units=table.choice("box_units", BOX_UNITS, "pixels"),
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
    first_id = table.integer("first_id", 0, 10_000, 0)
    if table.has("labels_role"):
        role, gap = table.text("labels_role"), table.text("labels_gap", GAP)
        meant = table.optional_table("labels_meant")
        clean = meant.all_texts() if meant else {}
        return LabelNames("", first_id, (), role, gap, tuple(clean.items()))
    name = table.text("labels")
    if "/" in name or "\\" in name:
        raise table.error("labels", "must be the plain name of a file beside the manifest")
    try:
        return LabelNames(name, first_id, read_names(_find_labels(table, name), GAP))
    except ValueError as error:
        raise table.error("labels", f"{name} {error}") from error


def read_names(text: str, gap: str) -> tuple[str, ...]:
    """Read a name a line, "" for a line that is `gap`; raises ValueError at an empty line."""
    lines = [line.strip() for line in text.rstrip("\r\n").split("\n")]
    if not all(lines):
        raise ValueError(f"has an empty line; an id without a name is {gap!r}")
    return tuple("" if line == gap else line for line in lines)


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
    if manifest.labels.role and manifest.labels.role not in roles:
        raise table.error("labels_role", f"no file is {manifest.labels.role!r}")
