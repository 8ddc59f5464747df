"""Every command of the documentation is run as it stands there, and prints what is shown.

A page is read from its top to its end: its commands run one after the other in a home of their own,
with five real photos in `~/Pictures` that were scanned before. What cannot be run inside of a test
is claimed: by a stand-in for a part of it (`STAND_INS`), or by the test or script that runs it
(`ELSEWHERE`).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import numpy as np
import piexif
import pytest
from doc_pages import PAGES, ROOT, Command, blocks, code_spans, commands
from photo_files import ASTRONAUT, CAT, COFFEE, MOTORCYCLE, ROCKET, open_rgb
from program import BIN
from service_manager import ServiceManager, reason_without
from tiny_networks import onnx_grid_head

from phototagd.daemon.cli import VERBS, phototag

if TYPE_CHECKING:
    from pathlib import Path

HOME = "/home/me"
"""What the pages show as the reader's home."""

RUN = re.compile(
    r"(\.venv/bin/)?phototag (?!service (un)?install)|phototag service (un)?install(?!.*--system)"
    r"|sudo phototag .*--dry-run|make watch |systemctl --user re(load|start) phototagd$"
    r"|cd |uname |getconf "
)
"""What is run here, by its beginning; everything else must be claimed."""

STAND_INS = (
    (r"^sudo (?=phototag )", ""),
    (r"(?<![\w/])\.venv/bin/", ""),  # the program under test is on the PATH
    # What `make watch` does at last; it goes on in the background until the page ends.
    (r"^make watch DIR=(\S+)$", r"watch_in_background \1"),
    # For root the system's service would be meant.
    (r"^(phototag service \w+)(?!.*--system)", r"\1 --user"),
    (r"/srv/photos\b", "~/Pictures"),
    (r"--run-as anna\b", "--run-as $(id -un)"),
)
DEB = "tests/packaging/test_deb.py"
TOOLS = "tests/packaging/test_tools.py"
ELSEWHERE = {
    "make test": (".ci/run", "make test"),
    "make lint": (".ci/run", "make lint"),
    "make deb": ("Makefile", "test-packages: $(VENV)/linted deb"),
    "python3 -m venv .venv": ("Makefile", "$(PYTHON) -m venv $(VENV)"),
    ".venv/bin/pip install -e '.[dev]' -C editable_mode=strict": (
        "tests/docs/test_editable.py",
        "editable_mode=strict",
    ),
    ".venv/bin/pytest tests/models": ("Makefile", "$(VENV)/bin/pytest"),
    "pipx install .": (TOOLS, '"pipx", "install"'),
    "uv tool install .": (TOOLS, '"uv", "tool", "install"'),
    "pipx install '.[places,jxl]'": ("pyproject.toml", "phototagd[jxl,places]"),
    "sudo apt install ./dist/phototagd_*.deb": (DEB, "-i phototagd.deb"),
    "sudo phototag service install --system --enable /srv/photos": (
        DEB,
        "phototag service install --system --enable /srv/photos",
    ),
    "sudo phototag service install /srv/photos --system --enable --run-as anna": (
        "tests/e2e/test_system_service.py",  # --run-as: docs/nas-and-raspberry-pi.md
        "phototag service install --system photos --enable",
    ),
    "phototag doctor": ("tests/e2e/test_doctor.py", 'program.run("doctor")'),
    # No container engine is at hand in the tests: these are the words of the linted recipe.
    "podman build -t phototagd .": ("Containerfile", "podman build -t phototagd ."),
    "podman run -d --name phototagd --init --network none -v ~/Pictures:/photos:ro"
    " -v phototagd:/data phototagd": ("Containerfile", "podman run -d --name phototagd --init"),
    "podman exec phototagd phototag search cat": ("Containerfile", "podman exec phototagd"),
}
"""Commands that other tests or scripts run: the file, and the words in it that do."""

ENDS = {
    "phototag status": (0, 4),  # 4: no daemon runs beside most pages
    "phototag status --json": (4,),
    "phototag list --state failed": (1,),  # there is none
    "phototag doctor --quick": (0, 1),  # the machine of the tests may have a problem
}
"""Commands that may end with another status than 0, as docs/commands.md says."""

MANAGED = {"service.md"}
"""Pages about the service of systemd: run beside a real manager."""

SECONDS = 600.0
"""The longest that a page may take on a machine that does much else."""

START = """
PATH="{bin}:$PATH"
watch_in_background() {{
  phototag watch "$@" > watch.log 2>&1 &
  watching=$!
  echo $watching > watch.pid
  until grep -q "Caught up" watch.log; do
    kill -0 $watching || {{ cat watch.log; return 1; }}
    read -t 0.1 <> <(:) || :
  done
}}
export -f watch_in_background
step() {{
  echo "<<< $1"
  bash -eo pipefail -c "$2" 2>&1
  echo ">>> $?"
}}
cd "$HOME"
"""
END = """
[ ! -e watch.pid ] || kill $(cat watch.pid)
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """What the camera is to have written into one of the photos."""

    date: str
    make: str
    model: str
    place: tuple[float, float] | None = None


PHOTOS = {
    "cat.jpg": (CAT, Shot("2023:07:01 09:30:00", "Apple", "iPhone 12", (38.71, -9.14))),
    "coffee.jpg": (COFFEE, Shot("2023:07:02 08:10:00", "Apple", "iPhone 12", (38.71, -9.14))),
    "motorcycle.jpg": (MOTORCYCLE, Shot("2014:06:05 15:00:00", "Canon", "Canon EOS 5D Mark III")),
    "rocket.jpg": (ROCKET, Shot("2015:02:11 18:03:00", "Canon", "Canon EOS 5D Mark III")),
    "astronaut.jpg": (ASTRONAUT, Shot("1993:05:14 12:00:00", "NASA", "Studio")),
}


def exif(shot: Shot) -> bytes:
    first = {piexif.ImageIFD.Make: shot.make, piexif.ImageIFD.Model: shot.model}
    camera = {
        piexif.ExifIFD.DateTimeOriginal: shot.date,
        piexif.ExifIFD.ISOSpeedRatings: 400,
        piexif.ExifIFD.FNumber: (18, 10),
    }
    blocks = {"0th": first, "Exif": camera}
    if shot.place is not None:
        north, east = (
            ((int(abs(value)), 1), (round(abs(value) % 1 * 60_000), 1000), (0, 1))
            for value in shot.place
        )
        blocks["GPS"] = {1: "N", 2: north, 3: "W", 4: east}
    data: bytes = piexif.dump(blocks)
    return data


@pytest.fixture(scope="session")
def scanned_home(tmp_path_factory: pytest.TempPathFactory, program_cache: Path) -> Path:
    """A home with photos and a catalog, at the place where each page's home will be."""
    home = tmp_path_factory.mktemp("docs") / "me"
    pictures = home / "Pictures"
    pictures.mkdir(parents=True)
    for name, (source, shot) in PHOTOS.items():
        open_rgb(source).save(pictures / name, quality=90, exif=exif(shot))
    settings = home / ".config" / "phototagd" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[models]\ncache = "{program_cache}"\nprecision = "f32"\n')
    said = subprocess.run(
        [BIN / "phototag", "scan", pictures], env=environ(home), capture_output=True, check=False
    )
    assert said.returncode == 0, said.stderr
    return home


@pytest.fixture
def home(scanned_home: Path) -> Path:
    """It, as it was after the scan.

    The photos stay where they are: the catalog knows their inodes.
    """
    kept = scanned_home.with_name("kept")
    if not kept.exists():
        shutil.copytree(scanned_home, kept)
    for entry in scanned_home.iterdir():
        if entry.name == "Pictures":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.copytree(
        kept, scanned_home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("Pictures")
    )
    return scanned_home


def environ(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",  # both outputs stand in the order in which a terminal shows them
    }


def put_model_there(home: Path) -> None:
    """Write what docs/adding-a-model.md says one has: a real network that finds nothing."""
    texts = {block.language: block.text for block in blocks(ROOT / "docs" / "adding-a-model.md")}
    (home / "garden.txt").write_text(texts["text"], "utf-8")
    (home / "garden.toml").write_text(texts["toml"], "utf-8")
    network = onnx_grid_head(416, np.zeros((8, 3)), np.zeros(8))
    (home / "garden.onnx").write_bytes(network)


def in_test(text: str) -> str | None:
    """Return what is run in place of a command of the pages; None if something else runs it."""
    if text in ELSEWHERE:
        return None
    assert RUN.match(text), f"nothing runs this: {text}"
    for pattern, stand_in in STAND_INS:
        text = re.sub(pattern, stand_in, text, flags=re.M)
    return text


def run_page(page: Path, home: Path) -> list[tuple[Command, int, str]]:
    """Run the commands of a page; return each with its exit status and what it printed."""
    if page.stem == "adding-a-model":
        put_model_there(home)
    there = commands(page)
    lines = [
        f"step {number} {shlex.quote(text)}\n"
        for number, command in enumerate(there)
        if (text := in_test(command.text)) is not None
    ]
    script = START.format(bin=BIN) + "".join(lines) + END
    if page.name in MANAGED:
        said = ServiceManager(home).run(script, SECONDS)
    else:
        said = subprocess.run(
            ["bash", "-c", script], env=environ(home), stdout=subprocess.PIPE, text=True,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False, timeout=SECONDS,
        ).stdout  # fmt: skip
    ran = re.findall(r"^<<< (\d+)\n(.*?)^>>> (\d+)$", said, re.M | re.S)
    assert len(ran) == len(lines), said
    return [
        (there[int(number)], int(status), text.replace(str(home), HOME))
        for number, text, status in ran
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_do_what_it_says(page: Path, home: Path) -> None:
    if page.name in MANAGED and (reason := reason_without()):
        pytest.skip(reason)
    wrong = [
        f"{page.name}:{command.line}: {command.text}\nexit status {status}\n{said}"
        for command, status, said in run_page(page, home)
        if status not in ENDS.get(command.text, (0,)) or not command.has_printed(said)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_command_that_is_run_elsewhere_is_shown_and_is_run_there(text: str) -> None:
    assert text in {command.text for page in PAGES for command in commands(page)}
    file, words = ELSEWHERE[text]
    assert words in (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_verbs_and_options_that_are_mentioned_exist(page: Path) -> None:
    for span in code_spans(page):
        if span.startswith("phototag ") and not span.startswith("phototag -"):
            verb, *words = re.split(r"[ =]", span.removeprefix("phototag "))
            assert verb in VERBS, span
            missing = {w for w in words if re.fullmatch(r"--[a-z]+(-[a-z]+)*", w)} - options(
                verb, words
            )
            assert not missing, f"{span}: {missing}"


def test_make_watch_ends_with_the_program_that_stands_in_for_it() -> None:
    said = subprocess.run(
        ["make", "-n", "--no-print-directory", "watch", "DIR=x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines()[-1] == '.venv/bin/phototag watch "$DIR"'


def options(verb: str, words: list[str]) -> set[str]:
    """Return the options of a verb, or of the verb below it that the words name."""
    context = click.Context(phototag)
    command = phototag.get_command(context, verb)
    if isinstance(command, click.Group) and words:
        command = command.get_command(context, words[0])
    assert command is not None, (verb, words)
    return {
        name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)
    }


def test_the_table_of_verbs_is_complete() -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert [
        verb for verb in VERBS if f"`phototag {verb}" not in text and f"`{verb}`" not in text
    ] == []


def test_the_printed_text_must_be_the_shown_one() -> None:
    shown = Command(ROOT, 1, "x", "one\n...\nfive ... seven\n")
    assert shown.has_printed("one\ntwo\nthree\nfive six seven\n")
    assert shown.has_printed("one\nfive  seven\n")
    assert not shown.has_printed("one\nfive six seven\neight\n")
    assert not shown.has_printed("two\nfive six seven\n")
