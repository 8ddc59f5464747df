"""exiftool as a judge who knows nothing of us."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest


def exiftool(data: bytes, *options: str) -> bytes:
    """Run exiftool over a file's bytes and return what it prints."""
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is not installed")
    done = subprocess.run([program, *options, "-"], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tags_of(data: bytes) -> dict[str, Any]:
    """Return every tag that metadata has, with its group."""
    printed = exiftool(data, "-j", "-G1", "-a", "-u", "-struct", "-n", "-api", "LargeFileSupport=1")
    tags = json.loads(printed)[0]
    dropped = ("SourceFile", "ExifTool:", "System:", "File:")
    return {name: value for name, value in tags.items() if not name.startswith(dropped)}


def complaints_of(data: bytes) -> list[str]:
    """Return what exiftool has against a file."""
    printed = exiftool(data, "-validate", "-warning", "-error", "-a", "-s3")
    return printed.decode().splitlines()
