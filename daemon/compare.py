"""Does the catalog say what the disk holds? An independent walk, for people and for tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..db.paths import join, relative_to
from ..db.reader import CatalogReader
from ..db.states import PhotoState
from .indexer import make_ignores
from .printable import printable
from .watching.scan import Walk

if TYPE_CHECKING:
    from .config import Config


def compare_with_disk(config: Config) -> list[str]:
    """Return a line for each photo of which catalog and disk say different things.

    Covers the settings' roots, or all roots of the catalog where the settings name none. What
    cannot be read is told, and nothing is said of the photos below it.
    """
    with CatalogReader.open(config.catalog.path) as reader:
        known = {photo.path: (photo.size, photo.mtime_ns, photo.state) for photo in reader.photos()}
        tops = [os.path.realpath(root.path) for root in config.roots]
        tops = tops or [root.path for root in reader.roots()]
    ignores = make_ignores(config)
    differences: list[str] = []
    for top in tops:
        there: dict[bytes, tuple[int, int]] = {}
        blind = _walk(Walk(top, ignores=ignores), top, there)
        differences += [f"cannot be listed: {printable(path)}" for path in blind]
        differences += _compare(top, there, known, blind)
    return differences


def _walk(walk: Walk, top: bytes, there: dict[bytes, tuple[int, int]]) -> list[bytes]:
    """Collect size and mtime of each photo; return the folders that say nothing."""
    blind = []
    for listing in walk.listings():
        if listing.error is not None or listing.is_absent_mount:
            blind.append(join(top, listing.relpath))
        for file in listing.files:
            there[join(top, listing.relpath, file.name)] = (file.size, file.mtime_ns)
    return blind


def _compare(
    top: bytes,
    there: dict[bytes, tuple[int, int]],
    known: dict[bytes, tuple[int, int, PhotoState]],
    blind: list[bytes],
) -> list[str]:
    lines = []
    for path, version in there.items():
        if path not in known:
            lines.append(f"not in the catalog: {printable(path)}")
        elif known[path][2] is PhotoState.MISSING:
            lines.append(f"called missing, but there: {printable(path)}")
        elif known[path][:2] != version:
            lines.append(f"changed since it was read: {printable(path)}")
        elif known[path][2] is PhotoState.PENDING:
            lines.append(f"not analysed yet: {printable(path)}")
    for path, (_, _, state) in known.items():
        is_here = relative_to(path, top) is not None
        is_hidden = any(relative_to(path, folder) is not None for folder in blind)
        if is_here and not is_hidden and path not in there and state is not PhotoState.MISSING:
            lines.append(f"in the catalog, but gone: {printable(path)}")
    return lines
