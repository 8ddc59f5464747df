"""A second opinion: exiftool must read the same of both files, but for our field."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from .errors import Refused

SECONDS: Final = 30.0
# What belongs to the file and not to the picture, or to the one field that we write.
OTHER: Final = ("SourceFile", "File:", "System:", "ExifTool:ExifToolVersion", "IFD0:XPKeywords")


def verify_with_exiftool(old: bytes, new: bytes) -> None:
    """Raise Refused unless both files have the same tags and no message is new."""
    if shutil.which("exiftool") is None:
        raise Refused('tags.verify = "exiftool", but there is no exiftool command')
    with tempfile.TemporaryDirectory(prefix="phototag-") as folder:
        tags = [_read_tags(Path(folder, name), data) for name, data in (("a", old), ("b", new))]
    before, after = tags
    changed = sorted(
        key
        for key in before.keys() | after.keys()
        if not key.startswith(OTHER) and before.get(key) != after.get(key)
    )
    if changed:
        raise Refused(f"exiftool reads another {changed[0]} from the new file")


def _read_tags(path: Path, data: bytes) -> dict[str, Any]:
    path.write_bytes(data)
    command = ["exiftool", "-json", "-a", "-G1:4", "-U", "-n", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Refused("exiftool does not understand it") from None
    return found[0]
