"""pipx and uv: what they install out of what is published runs, and finds itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from photo_files import CAT

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MOST_SECONDS = 300


def run(command: list[str | Path], **variables: str) -> str:
    """Run a program and return what it printed; fails if it fails."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PHOTOTAG_", "PYTHONPATH"))}
    done = subprocess.run(
        command, env=kept | variables, capture_output=True, text=True, check=False,
        timeout=MOST_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive, and the wheel that was made out of it."""
    if not (BIN / "uv").exists() or not (BIN / "pipx").exists():
        pytest.skip("uv and pipx are not installed beside this Python: pip install '.[dev]'")
    folder = tmp_path_factory.mktemp("published")
    run([BIN / "uv", "build", "--quiet", "--out-dir", folder, ROOT])
    return folder


@pytest.fixture(scope="module", params=["uv", "pipx"])
def home(
    request: pytest.FixtureRequest, published: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home in whose ~/.local/bin one of the tools has put the programs."""
    home = tmp_path_factory.mktemp(request.param)
    bin_folder = str(home / ".local" / "bin")
    if request.param == "uv":
        [wheel] = published.glob("*.whl")
        command = [BIN / "uv", "tool", "install", "--python", sys.executable, wheel]
        places = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": bin_folder}
    else:
        [archive] = published.glob("*.tar.gz")
        command = [BIN / "pipx", "install", "--python", sys.executable, archive]
        places = {"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": bin_folder}
    run(command, **places)
    return home


def at_home(home: Path) -> Mapping[str, str]:
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PHOTOTAG_MODELS_DETECTORS": "",  # the classifier alone is prepared at once
    }


def test_the_source_archive_has_all_that_the_checkout_builds_with(published: Path) -> None:
    [archive] = published.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}

    assert {
        "Makefile", "Containerfile", ".containerignore", "LICENSE", "README.md", "CHANGELOG.md",
        "CONTRIBUTING.md", "docs/installing.md",
        "packaging/build_deb.sh", "packaging/man_pages.py", "packaging/debian/control",
        "systemd/phototagd@.service", "systemd/user/phototagd.service",
    } <= names  # fmt: skip


def test_the_installed_program_tags_a_photo_and_finds_it(home: Path) -> None:
    photos = home / "photos"
    photos.mkdir()
    (photos / "cat.png").write_bytes(CAT.read_bytes())
    program = home / ".local" / "bin" / "phototag"
    run([program, "scan", photos], **at_home(home))

    assert run([program, "search", "cat"], **at_home(home)) == f"{photos / 'cat.png'}\n"


def test_its_service_starts_the_program_by_its_lasting_place(home: Path) -> None:
    program = home / ".local" / "bin" / "phototag"
    command = [program, "service", "install", "--user", "--dry-run", home]

    assert f"ExecStart={home}/.local/bin/phototagd\n" in run(command, **at_home(home))
