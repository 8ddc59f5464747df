"""The image: its build is given all that an installation is made of, and its settings exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from phototagd.daemon.config import load_config

ROOT = Path(__file__).parents[2]


def test_the_build_is_given_all_that_an_installation_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]
    needed = {name.split(".")[1] for name in packages}
    needed |= {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    lines = (ROOT / ".containerignore").read_text("utf-8").splitlines()

    assert {line[1:] for line in lines if line.startswith("!")} == needed


def test_its_daemon_watches_the_photos_and_keeps_everything_in_the_volume(tmp_path: Path) -> None:
    text = (ROOT / "Containerfile").read_text("utf-8")
    environ = dict(re.findall(r"\b((?:XDG|PHOTOTAG)_\w+)=(\S+)", text))
    settings = tmp_path / "config.toml"
    settings.touch()
    config = load_config(settings, {k: v for k, v in environ.items() if k.startswith("PHOTOTAG_")})

    assert [root.path for root in config.roots] == [b"/photos"]
    assert {environ["XDG_DATA_HOME"], environ["XDG_CONFIG_HOME"]} == {"/data"}
    assert environ["XDG_CACHE_HOME"].startswith("/data/")
