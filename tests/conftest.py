"""What tests of several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from program import BIN, Program
from shared_folders import converted_models

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def program_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The converted models of the programs that tests start, made once for all of a run."""
    return converted_models(tmp_path_factory)


@pytest.fixture
def program(tmp_path: Path, program_cache: Path) -> Program:
    """The installed program with a home of its own."""
    if not (BIN / "phototag").exists():
        pytest.skip("phototag is not installed beside this Python")
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, program_cache)
