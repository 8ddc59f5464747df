"""Nothing leaves the computer: the engine reports to nobody, and keeps no number of its user."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("openvino", reason="OpenVINO has no wheel for this machine")

TRIAL = """
import sys

def refuse(event, _arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        print("reached for the network:", _arguments)

sys.addaudithook(refuse)
import {module}
"""


def imported(module: str, home: Path) -> str:
    """Import a module in a fresh program; return which hosts it reached for."""
    environ = {k: v for k, v in os.environ.items() if k not in ("CI", "TF_BUILD", "JENKINS_URL")}
    done = subprocess.run(
        [sys.executable, "-c", TRIAL.format(module=module)],
        env=environ | {"HOME": str(home)}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout


def test_loading_the_engine_reaches_for_no_network_and_leaves_no_file(tmp_path: Path) -> None:
    assert imported("phototagd.models.openvino_runtime", tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
