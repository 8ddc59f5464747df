"""The backups that lie beside a catalog."""

from __future__ import annotations

import os
import re


def list_backups(path: bytes) -> list[bytes]:
    """List the copies `<catalog>.bak.N` that lie beside a catalog, the newest first."""
    folder, name = os.path.split(os.path.abspath(path))
    pattern = re.compile(re.escape(name) + rb"\.bak\.(\d+)")
    try:
        found = [match for match in map(pattern.fullmatch, os.listdir(folder)) if match]
    except OSError:
        return []
    found.sort(key=lambda match: int(match[1]))
    return [os.path.join(folder, match[0]) for match in found]
