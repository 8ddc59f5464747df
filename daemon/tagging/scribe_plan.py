"""What the process that writes tags is told at its start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class ScribePlan:
    """The settings that hold for every file."""

    settle_seconds: float
    keep_mtime: bool
    merge_sidecars: bool
    use_exiftool: bool

    def to_json(self) -> bytes:
        """Write it as the scribe's first line."""
        return json.dumps(asdict(self)).encode() + b"\n"
