"""Paths as bytes: whole components, never a text that would have to be decoded."""

from __future__ import annotations


def is_real_absolute(path: bytes) -> bool:
    """Say whether a path is absolute and has no empty, `.` or `..` component.

    >>> is_real_absolute(b"/photos/2024"), is_real_absolute(b"/photos/../x"), is_real_absolute(b"p")
    (True, False, False)
    """
    parts = path.split(b"/")[1:]
    tidy = path == b"/" or not any(part in (b"", b".", b"..") for part in parts)
    return path.startswith(b"/") and tidy and b"\0" not in path


def join(*parts: bytes) -> bytes:
    """Join folder parts, leaving out the empty ones.

    >>> join(b"/photos", b"", b"a.jpg"), join(b"/", b"x", b"a.jpg"), join(b"", b"x")
    (b'/photos/a.jpg', b'/x/a.jpg', b'x')
    """
    filled = [part for part in parts if part]
    if filled and filled[0] == b"/":
        return b"/" + b"/".join(filled[1:])
    return b"/".join(filled)


def relative_to(path: bytes, folder: bytes) -> bytes | None:
    """Give the way from a folder to a path below it, b"" for the folder itself, else None.

    >>> relative_to(b"/a/b/c", b"/a"), relative_to(b"/a", b"/a"), relative_to(b"/ab", b"/a")
    (b'b/c', b'', None)
    """
    if path == folder:
        return b""
    start = folder if folder == b"/" else folder + b"/"
    return path[len(start) :] if path.startswith(start) else None


def below(folder: bytes) -> tuple[bytes, bytes]:
    """Give the bounds that the relative paths strictly below a non-empty folder lie between."""
    return folder + b"/", folder + bytes([ord("/") + 1])
