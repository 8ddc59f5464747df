"""The manual pages: one for every verb, with all that its `--help` has, and no fault of form."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from surroundings import need

from phototagd.daemon.cli import VERBS, phototag

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPTION = re.compile(r"(?<![\w-])--?[a-z0-9][\w-]*")
MOST_SECONDS = 60


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("man")
    script = ROOT / "packaging" / "man_pages.py"
    subprocess.run([sys.executable, script, folder], check=True, timeout=MOST_SECONDS)
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def rendered(pages: dict[str, Path]) -> dict[str, str]:
    """The pages as they are read, without a line break in them."""
    return {name: " ".join(render(path).split()) for name, path in pages.items()}


def render(path: Path) -> str:
    """Return a page as text; whatever groff says against it is an error."""
    groff = [
        need("groff"),
        "-K",
        "utf8",
        "-T",
        "utf8",
        "-P",
        "-cbou",
        "-rHY=0",
        "-man",
        "-ww",
        path,
    ]
    done = subprocess.run(groff, capture_output=True, text=True, check=True, timeout=MOST_SECONDS)
    assert done.stderr == "", done.stderr
    return done.stdout


def helps() -> Iterator[tuple[str, ...]]:
    """Return all verbs, and the verbs of verbs."""
    root = click.Context(phototag)
    for verb in VERBS:
        yield (verb,)
        command = phototag.get_command(root, verb)
        if isinstance(command, click.Group):
            yield from ((verb, inner) for inner in command.list_commands(root))


def test_every_verb_has_a_page_and_no_page_is_left_over(pages: dict[str, Path]) -> None:
    verbs = {"-".join(("phototag", *words)) for words in helps()}

    assert set(pages) == {"phototag", "phototagd", *verbs}


@pytest.mark.parametrize("words", [(), *helps()], ids=" ".join)
def test_a_page_says_what_its_help_says(rendered: dict[str, str], words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(phototag, [*words, "--help"], prog_name="phototag").output
    page = rendered["-".join(("phototag", *words))]
    said = shown.split("\n\n")[1].replace("`", "").split()

    assert set(OPTION.findall(shown)) <= set(OPTION.findall(page))
    assert " ".join(said) in page


def test_the_daemon_has_a_page_of_its_own(rendered: dict[str, str]) -> None:
    assert "phototagd [OPTIONS] [DIR]..." in rendered["phototagd"]
    assert "--config FILE" in rendered["phototagd"]


def test_a_page_is_found_by_its_line(pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        assert re.search(rf"(?m)^\.SH NAME\n{name} \\- \S", path.read_text("utf-8")), name


def test_examples_keep_their_lines(pages: dict[str, Path]) -> None:
    assert ".EX\nStart with:\n  phototag scan " in pages["phototag"].read_text("utf-8")


def test_no_mark_of_a_paragraph_is_taken_for_text(rendered: dict[str, str]) -> None:
    assert [name for name, text in rendered.items() if r"\b" in text] == []
