"""Commands of [on_match]: what is refused, and how a photo's values are put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from phototagd.daemon.config import ConfigError, load_config
from phototagd.daemon.saved.templates import CommandError, check_commands, fill

if TYPE_CHECKING:
    from pathlib import Path


def test_values_are_put_in_as_bytes_and_not_read_again() -> None:
    values = {"path": b"/a/{name} \xff.jpg", "name": b"x", "search": b"cats"}

    filled = fill(("cp", "{path}", "to-{search}-{name}", "{}"), values)

    assert filled == (b"cp", b"/a/{name} \xff.jpg", b"to-cats-x", b"{}")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ([], "NAME ="),
        ({"a b": ["x"]}, "letters"),
        ({"cats": "cp {path}"}, "list of texts"),
        ({"cats": ["cp", 1]}, "list of texts"),
        ({"cats": []}, "no program"),
        ({"cats": ["{path}"]}, "program itself"),
        ({"cats": ["bin/x"]}, "whole path"),
        ({"cats": ["cp", "{paht}"]}, r"no \{paht\}"),
        ({"cats": ["cp", "a\0b"]}, "NUL"),
        ({"cats": ["sh", "-c", "echo {path}"]}, "shell's commands"),
        ({"cats": ["/bin/bash", "-e", "-c", "echo {name}"]}, "shell's commands"),
    ],
)
def test_what_cannot_be_run_safely_is_refused(table: Any, text: str) -> None:
    with pytest.raises(CommandError, match=text):
        check_commands(table)


def test_a_shell_may_get_a_path_as_an_argument() -> None:
    command = ["sh", "-c", 'echo "$1"', "sh", "{path}"]

    assert check_commands({"cats": command}) == {"cats": tuple(command)}


def test_settings_name_file_and_key_of_a_wrong_command(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[on_match]\ncats = "cp"\n')

    with pytest.raises(ConfigError) as caught:
        load_config(file, {})

    assert str(file) in str(caught.value)
    assert "on_match.cats" in str(caught.value)


def test_no_variable_sets_a_command(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("")

    with pytest.raises(ConfigError, match="PHOTOTAG_ON_MATCH"):
        load_config(file, {"PHOTOTAG_ON_MATCH": "cats=rm"})
