"""One setting of the user's file is changed and not a word more."""

from __future__ import annotations

import os
import tomllib

import pytest

from phototagd.daemon.config import ConfigError, default_text
from phototagd.daemon.config.editing import set_value, write_setting


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", '[models]\ndetector = "new"\n'),
        ("[log]\nlevel = 'info'", "[log]\nlevel = 'info'\n\n[models]\ndetector = \"new\"\n"),
        ("[models]\ndetector = 'old'\n", '[models]\ndetector = "new"\n'),
        ("[models]\n  detector='old'   # why\n", '[models]\n  detector="new"   # why\n'),
        (
            "[ models ] # mine\nengine = 'auto'\n[log]\nlevel = 'info'\n",
            "[ models ] # mine\ndetector = \"new\"\nengine = 'auto'\n[log]\nlevel = 'info'\n",
        ),
        ("[models]\n# detector = 'x'\n", "[models]\ndetector = \"new\"\n# detector = 'x'\n"),
        ("[models]", '[models]\ndetector = "new"\n'),
        ("[models]\ndetector = 'a # b' # c\n", '[models]\ndetector = "new" # c\n'),
        (
            "[[roots]]\npath = 'x'\n[models]\ndetector = 'y'",
            "[[roots]]\npath = 'x'\n[models]\ndetector = \"new\"\n",
        ),
    ],
)
def test_only_the_one_value_changes(old, new):
    assert set_value(old, "models", "detector", "new") == new


def test_a_list_over_several_lines_is_replaced_whole():
    old = "[models]\ndetectors = [\n  'a',  # first\n  'b',\n]\nengine = 'auto'  # kept\n"
    new = '[models]\ndetectors = ["c", "d"]\nengine = \'auto\'  # kept\n'
    assert set_value(old, "models", "detectors", ["c", "d"]) == new


def test_a_list_on_one_line_keeps_its_comment():
    old = "[models]\ndetectors = ['a # 1', \"b\"]  # both\n"
    new = '[models]\ndetectors = ["c"]  # both\n'
    assert set_value(old, "models", "detectors", ["c"]) == new


@pytest.mark.parametrize("value", ['a"b', "a\\b", "Ä", "tab\there"])
def test_any_text_is_written_as_toml(value):
    new = set_value("", "models", "detector", value)
    assert tomllib.loads(new) == {"models": {"detector": value}}


@pytest.mark.parametrize(
    "old", ["models = {detector = 'a'}\n", "models.detector = 'a'\n", "models = 3\n"]
)
def test_a_file_written_in_another_way_is_left_alone(old):
    assert set_value(old, "models", "detector", "new") is None


def test_the_documented_file_keeps_every_comment():
    old = default_text()
    new = set_value(old, "models", "engine", "opencv")
    assert new is not None
    changed = [pair for pair in zip(old.splitlines(), new.splitlines(), strict=True)
               if pair[0] != pair[1]]  # fmt: skip
    assert changed == [('engine = "auto"', 'engine = "opencv"')]


def test_a_file_is_made_where_there_is_none(tmp_path):
    write_setting(tmp_path / "new" / "config.toml", "models", "detector", "x")
    assert (tmp_path / "new" / "config.toml").read_text("utf-8") == '[models]\ndetector = "x"\n'


def test_the_mode_and_the_link_of_the_file_stay(tmp_path):
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text("[models]\n", encoding="utf-8")
    real.chmod(0o600)
    link.symlink_to(real)
    write_setting(link, "models", "detector", "x")
    assert link.is_symlink()
    assert "detector" in real.read_text("utf-8")
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["config.toml", "real.toml"]


@pytest.mark.parametrize("text", ["models = {detector = 'a'}\n", "[models\n"])
def test_what_cannot_be_changed_is_an_error_and_stays(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        write_setting(file, "models", "detector", "x")
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", '[recognition]\nthresholds = { dog = 0.6, "wine glass" = 0.7 }\n'),
        (
            "[recognition]\nthresholds = { dog = 0.9 }  # mine\ntags = 'few'\n",
            '[recognition]\nthresholds = { dog = 0.6, "wine glass" = 0.7 }  # mine\n'
            "tags = 'few'\n",
        ),
        (
            '[recognition.thresholds]\n"wine glass" = 0.2\ndog = 0.6  # kept\n[log]\n',
            '[recognition.thresholds]\n"wine glass" = 0.7\ndog = 0.6  # kept\n[log]\n',
        ),
    ],
)
def test_a_table_of_numbers_is_set_where_it_stands(old, new):
    numbers = {"dog": 0.6, "wine glass": 0.7}
    assert set_value(old, "recognition", "thresholds", numbers) == new


def test_a_table_under_its_own_header_loses_no_number():
    old = "[recognition.thresholds]\nbench = 0.9\n"
    assert set_value(old, "recognition", "thresholds", {"dog": 0.6}) is None
