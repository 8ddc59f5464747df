"""Daemons for the fault cases: one that many cases share, and fresh ones."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from photo_files import REAL_PHOTOS
from stage import CAUGHT_UP, Stage, copy_all, new_program
from surroundings import Mounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from program import Program


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, program_cache: Path) -> Iterator[Stage]:
    """A daemon that the cases share, a folder each: photos lay in ``before`` at its start.

    It never rescans by itself, so that what the cases see came by events.
    """
    top = tmp_path_factory.mktemp("stage")
    program = new_program(top / "home", program_cache)
    copy_all(REAL_PHOTOS, top / "photos/before/deep/er")
    with program.watch(top / "photos") as daemon:
        daemon.wait_for(CAUGHT_UP)
        shared = Stage(program, daemon, top / "photos")
        yield shared
        agrees = program.run("status", "--check")
        assert agrees.returncode == 0, agrees.stdout
        assert shared.reasons() == ""
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


@pytest.fixture
def program(tmp_path: Path, program_cache: Path) -> Program:
    """The installed program with a home of its own; it settles quickly."""
    return new_program(tmp_path / "home", program_cache)


@pytest.fixture
def start(program: Program, tmp_path: Path) -> Callable[..., AbstractContextManager[Stage]]:
    """Return a way to run a daemon of the case's own, on ``tmp_path/photos`` if no folder is named.

    Further arguments are environment variables; an empty ``ready`` waits for nothing.
    """
    (tmp_path / "photos").mkdir()

    @contextmanager
    def run(
        *roots: Path,
        ready: str = CAUGHT_UP,
        within: Sequence[str] = (),
        faults: bool = False,
        settings: str = "",
        **variables: str,
    ) -> Iterator[Stage]:
        if faults:
            program.plant_faults()
        program.environ |= variables
        places = roots or (tmp_path / "photos",)
        arguments = places
        if settings:
            file = tmp_path / "settings.toml"
            file.write_text(settings)
            arguments = (Path("--config"), file)
        before = program.home.joinpath("watch.log")
        said = before.read_text("utf-8").count(ready) if ready and before.exists() else 0
        with program.watch(*arguments, within=within) as daemon:
            if ready:
                daemon.wait_for_count(ready, said + 1)
            yield Stage(program, daemon, places[0])

    return run


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    """Mounts that are taken away at the end."""
    with Mounts() as made:
        yield made
