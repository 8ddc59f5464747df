"""Settings: layers, types, and errors that name file and key."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.config import ConfigError, default_text, load_config

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_without_file_and_variables_the_defaults_hold(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    config = load_config(None, {})

    assert config.watch.settle_seconds == 2.0
    assert config.catalog.path == os.fsencode(tmp_path / "data/phototagd/catalog.db")
    assert config.roots == ()
    assert set(config.origins.values()) == {"default"}


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = write(tmp_path / "c.toml", "[watch]\nsettle_seconds = 5\nrescan_seconds = 60\n")

    config = load_config(file, {"PHOTOTAG_WATCH_SETTLE_SECONDS": "7.5"})

    assert (config.watch.settle_seconds, config.watch.rescan_seconds) == (7.5, 60.0)
    assert config.origins["watch.settle_seconds"] == "PHOTOTAG_WATCH_SETTLE_SECONDS"
    assert config.origins["watch.rescan_seconds"] == str(file)
    assert config.origins["log.level"] == "default"


def test_relative_paths_belong_to_the_file_and_a_tilde_to_the_user(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    file = write(
        tmp_path / "c.toml",
        '[catalog]\npath = "my.db"\n[[roots]]\npath = "photos"\n[[roots]]\npath = "~/Pictures"\n',
    )

    config = load_config(file, {})

    assert config.catalog.path == os.fsencode(tmp_path / "my.db")
    assert [root.path for root in config.roots] == [
        os.fsencode(tmp_path / "photos"),
        b"/home/somebody/Pictures",
    ]


def test_roots_may_come_from_the_environment(tmp_path: Path) -> None:
    config = load_config(write(tmp_path / "c.toml", ""), {"PHOTOTAG_ROOTS": "/a:/b c"})

    assert [root.path for root in config.roots] == [b"/a", b"/b c"]
    assert config.origins["roots"] == "PHOTOTAG_ROOTS"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[wach]\nx = 1", "wach"),
        ("[watch]\nsettle = 1", "watch.settle"),
        ("[watch]\nsettle_seconds = '2'", "watch.settle_seconds"),
        ("[watch]\nsettle_seconds = true", "watch.settle_seconds"),
        ("[watch]\nsettle_seconds = -1", "watch.settle_seconds"),
        ("[watch]\nsettle_seconds = nan", "watch.settle_seconds"),
        ("[worker]\nthreads = 1.5", "worker.threads"),
        ("[models]\nengine = 'tpu'", "models.engine"),
        ("catalog = 'x.db'", "catalog"),
        ("[roots]\npath = '/a'", "roots"),
        ("[[roots]]\nfolder = '/a'", "roots"),
        ("[[roots]]\npath = '/a'\nwatch = 'poll'", "roots.watch"),
        ("[watch]\nignore = 'x'", "watch.ignore"),
        ("[watch]\nignore = [1]", "watch.ignore"),
        ("[catalog]\nallow_network = 1", "catalog.allow_network"),
        ("[watch", "TOML"),
    ],
)
def test_what_cannot_be_used_names_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    file = write(tmp_path / "c.toml", text)

    with pytest.raises(ConfigError) as caught:
        load_config(file, {})

    assert str(file) in str(caught.value)
    assert key in str(caught.value)


def test_lists_and_switches_may_come_from_the_environment(tmp_path: Path) -> None:
    variables = {"PHOTOTAG_WATCH_IGNORE": "a/:*.tmp", "PHOTOTAG_CATALOG_ALLOW_NETWORK": "true"}

    config = load_config(write(tmp_path / "c.toml", ""), variables)

    assert config.watch.ignore == ("a/", "*.tmp")
    assert config.catalog.allow_network


@pytest.mark.parametrize(
    ("name", "value"),
    [("PHOTOTAG_WATCH_SETTEL", "1"), ("PHOTOTAG_WORKER_THREADS", "two")],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_config(write(tmp_path / "c.toml", ""), {name: value})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "no.toml", {})


def test_every_default_has_a_comment_and_the_file_loads_as_a_config(tmp_path: Path) -> None:
    text = default_text()
    lines = text.splitlines()
    for section, keys in tomllib.loads(text).items():
        start = lines.index(f"[{section}]")
        assert lines[start + 1].startswith("#"), section
        assert keys

    load_config(write(tmp_path / "c.toml", text), {})
