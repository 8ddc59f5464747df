"""The page of settings is the one that the program's own list makes."""

from __future__ import annotations

import runpy
import tomllib
from typing import TYPE_CHECKING

from doc_pages import PAGES, ROOT, blocks

from phototagd.daemon.config import default_text, load_config
from phototagd.daemon.config.rules import CHOICES, MINIMUM

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR = ROOT / "docs" / "make_configuration.py"
PAGE = ROOT / "docs" / "configuration.md"


def test_the_page_is_as_its_generator_makes_it():
    made = runpy.run_path(str(GENERATOR))["page"]()
    assert PAGE.read_text("utf-8") == made, f"run: python {GENERATOR}"


def test_the_page_has_every_setting_with_its_default_and_its_values():
    text = PAGE.read_text("utf-8")
    for section, keys in tomllib.loads(default_text()).items():
        (part,) = [part for part in text.split("\n## ") if part.startswith(f"[{section}]\n")]
        for key in keys:
            (row,) = [line for line in part.splitlines() if line.startswith(f"| `{key}` |")]
            _, _, default, allowed, words, _ = row.replace(r"\|", "/").split("|")
            assert default.strip()
            assert words.strip()
            for choice in CHOICES.get((section, key), ()):
                assert f'`"{choice}"`' in allowed
            if (section, key) in MINIMUM:
                assert f"at least {MINIMUM[section, key]:g}" in allowed


def test_every_toml_example_of_the_documentation_is_a_settings_file_that_loads(tmp_path: Path):
    examples = [block for page in PAGES for block in blocks(page) if block.language == "toml"]
    assert len(examples) > 5
    file = tmp_path / "config.toml"
    for block in examples:
        if "[[files]]" in block.text:
            continue  # a model's manifest
        file.write_text(block.text, "utf-8")
        load_config(file, {})
