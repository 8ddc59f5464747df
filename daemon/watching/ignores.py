"""What is left out of the library: by name, by the user's globs, by a marker file in a folder.

What is left out is neither walked nor watched.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pathspec import GitIgnoreSpec

# Folders that hold no photos of their owner, each with the reason. Hidden ones (`.stversions`,
# `.Trash-1000`, `.dtrash`, `.@__thumb`, `.thumbnails`, `.git` ...) are left out by their dot.
IGNORED_FOLDERS = {
    b"@eaDir": "Synology's thumbnails",
    b"#recycle": "Synology's trash",
    b"#snapshot": "Synology's snapshots: every photo again, read-only",
    b"@Recycle": "QNAP's trash",
    b"@Recently-Snapshot": "QNAP's snapshots",
    b"$RECYCLE.BIN": "Windows' trash",
    b"RECYCLER": "the trash of old Windows",
    b"System Volume Information": "Windows' own",
    b"Network Trash Folder": "the trash of Macs on a file server",
    b"Temporary Items": "what Macs write meanwhile on a file server",
    b"__MACOSX": "resource forks in archives made on a Mac",
    b"lost+found": "what fsck found",
}

# A file of this name leaves its folder out, with all below.
MARKERS = {
    b".nomedia": "Android's: no gallery shows this folder",
    b".phototagignore": "ours",
}


class IgnoreGlobError(ValueError):
    """One of the user's globs cannot be understood."""

    def __init__(self, glob: str, reason: str) -> None:
        super().__init__(f"{glob!r}: {reason}")
        self.glob, self.reason = glob, reason


class Ignores:
    """The rules. Globs are those of ``.gitignore``, relative to the root.

    ``*.tmp.jpg`` is a name anywhere, ``thumbs/`` a folder anywhere, ``/2019/raw/`` that folder,
    ``**/private/**`` a folder with all below, ``!keep.jpg`` takes back what an earlier glob said.
    Raises IgnoreGlobError.
    """

    def __init__(self, globs: Iterable[str] = ()) -> None:
        patterns = tuple(globs)
        self.has_globs = bool(patterns)
        self._spec = _compile(patterns) if patterns else None

    def is_ignored_folder(self, relpath: bytes) -> bool:
        """Tell whether a folder is left out, wherever it lies; its own folders are another call."""
        name = relpath[relpath.rfind(b"/") + 1 :]
        if name.startswith(b".") or name in IGNORED_FOLDERS:
            return True
        return self._spec is not None and _matches(self._spec, relpath + b"/")

    def is_ignored_file(self, relpath: bytes) -> bool:
        """Tell whether a file is left out, in a folder that is not."""
        if relpath.startswith(b".", relpath.rfind(b"/") + 1):
            return True
        return self._spec is not None and _matches(self._spec, relpath)

    def is_ignored_path(self, relpath: bytes) -> bool:
        """Tell whether a folder is left out, or one on the way to it; the root (empty) never is."""
        end = 0
        while relpath and end != len(relpath):
            end = relpath.find(b"/", end + 1)
            end = len(relpath) if end < 0 else end
            if self.is_ignored_folder(relpath[:end]):
                return True
        return False


def has_marker_above(root: bytes, relpath: bytes) -> bool:
    """Tell whether a folder or one on the way to it has a marker file; the root's do not count.

    A root was asked for by name: a marker that lies in it is not obeyed.
    """
    while relpath:
        if any(os.path.lexists(os.path.join(root, relpath, name)) for name in MARKERS):
            return True
        relpath = os.path.dirname(relpath)
    return False


def _compile(globs: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # 30 ms, and most have no globs

    for glob in globs:
        try:
            GitIgnoreSpec.from_lines([glob])
        except ValueError as error:
            raise IgnoreGlobError(glob, str(error)) from None
    # The folder of `private/**` itself is left out too, not only what is in it: it is not watched.
    folders = [glob.removesuffix("**") for glob in globs if glob.endswith("/**") and glob[0] != "!"]
    return GitIgnoreSpec.from_lines([*folders, *globs])


def _matches(spec: GitIgnoreSpec, relpath: bytes) -> bool:
    return spec.match_file(os.fsdecode(relpath))
