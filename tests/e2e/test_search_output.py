"""All ways in which a search can be answered, by the installed program and in a real shell."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from catalog_samples import analysis, entry, take_in
from photo_files import CAT, COFFEE
from program import BIN

from phototagd.db.catalog import Catalog
from phototagd.db.query.fields import FIELDS, NAMES, SEASONS, SHAPES, SORTS, STATES
from phototagd.db.records import Metadata, PhotoFacts

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program

HOSTILE = b"<script>\n\x1b[31m\xff.jpg"
NAMED = (b"a.png", b"b.png", HOSTILE)


@pytest.fixture
def folder(program: Program, tmp_path: Path) -> Path:
    """Three photos of a dog, the last the newest, that the catalog knows without any model."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, source in zip(NAMED, (CAT, COFFEE, CAT), strict=True):
        (folder / os.fsdecode(name)).write_bytes(source.read_bytes())
    with Catalog.open(os.fsencode(program.catalog)) as catalog:
        place = catalog.add_root(os.fsencode(folder))
        catalog.reconcile_folder(place.id, b"", [entry(name) for name in NAMED])
        pending = {os.path.basename(one.path): one for one in catalog.queue.next_pending(9, [])}
        for n, photo in enumerate(pending[name] for name in NAMED):
            metadata = Metadata(
                taken_at=1_688_212_800 + n, taken_source="camera", make="Apple", model="iPhone 12"
            )
            known = PhotoFacts(
                10, 1000 * 10**9, 1, b"%d" % n,
                "PNG", 451, 300, ("sea side",), metadata,
            )  # fmt: skip
            boxes = {"dog": [0.9, 0.8]} | ({} if n else {"person": [0.9]})
            take_in(catalog, photo.id, known, analysis({"Siberian husky": 0.7}, **boxes))
    return folder


def out(program: Program, *arguments: str | bytes | Path) -> str:
    done = program.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def paths(program: Program, *arguments: str) -> list[bytes]:
    found = out(program, "search", *arguments, "-0").split("\0")[:-1]
    return [os.path.basename(os.fsencode(path)) for path in found]


def test_every_shape_tells_of_the_same_photos(program: Program, folder: Path) -> None:
    exact = {base64.b64encode(os.fsencode(folder) + b"/" + name).decode() for name in NAMED}
    lines = out(program, "search", "dog", "--ndjson").splitlines()
    rows = csv.DictReader(io.StringIO(out(program, "search", "dog", "--csv"), newline=""))

    assert {one["path_b64"] for one in program.json("search", "dog")} == exact
    assert {json.loads(line)["path_b64"] for line in lines} == exact
    assert {row["path_b64"] for row in rows} == exact
    assert set(paths(program, "dog")) == set(NAMED)
    assert out(program, "search", "dog", "--count") == "3\n"
    assert len(out(program, "search", "dog", "--long").splitlines()) == 4
    assert out(program, "search", "dog", "--format", r"{camera}\t{labels}\n").count("\n\n") == 3


@pytest.mark.usefixtures("folder")
def test_a_format_ends_its_lines_with_nul_for_xargs(program: Program) -> None:
    found = out(program, "search", "dog", "--format", "{name}", "-0").split("\0")

    assert {os.fsencode(name) for name in found[:-1]} == set(NAMED)


def test_pages_follow_each_other_in_every_order(program: Program, folder: Path) -> None:
    for sort in (
        "newest",
        "oldest",
        "path",
        "-path",
        "confidence",
        "size",
        "-size",
        "date",
        "-date",
    ):
        whole = paths(program, "dog", "--sort", sort)
        first = paths(program, "dog", "--sort", sort, "-n", "2")
        place = os.fsdecode(os.fsencode(folder) + b"/" + first[-1])
        assert first + paths(program, "dog", "--sort", sort, "-n2", "--after", place) == whole, sort
    seeds = [paths(program, "dog", "--sort", "random", "--seed", "5") for _ in range(2)]
    assert seeds[0] == seeds[1]
    out(program, "save", "any", "dog sort: random")
    assert paths(program, "@any", "--seed", "5") == seeds[0]
    place = os.fsdecode(os.fsencode(folder) + b"/" + seeds[0][0])
    rest = paths(program, "@any", "--seed", "5", "--after", place)
    assert [seeds[0][0], *rest] == seeds[0]


@pytest.mark.usefixtures("folder")
def test_a_minus_before_a_word_is_no_bundle_of_options(program: Program) -> None:
    """`-person` holds an n and `-long_legs` begins with l, which are options."""
    assert paths(program, "dog", "-person") == [HOSTILE, b"b.png"]
    assert paths(program, "-person", "-n", "1") == [HOSTILE]
    assert out(program, "search", "dog", "-siberian_husky", "OR", "-person", "--count") == "2\n"


@pytest.mark.usefixtures("folder")
def test_what_no_photo_has_is_no_error_under_a_not_and_may_be_misspelt(program: Program) -> None:
    done = program.run("search", "-keyword:private", "-ext:heic", "-giraffe", "--count")
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")
    done = program.run("facets", "dog", "-keyword:sea_sida")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "3 photos")
    assert done.stderr == (
        "phototag: no photo has the keyword 'sea sida'; did you mean sea side?\n"
    )
    done = program.run("export", "dog -siberian_huski", "--csv", "-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean Siberian husky?" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--json", "--csv"), "--json and --csv exclude each other"),
        (("--count", "--format", "{path}"), "--count and --format exclude each other"),
        (("--json", "-0"), "--json has neither"),
        (("--thumb-size", "200"), "--thumb-size is for --sheet"),
        (("--count", "--limit", "3"), "--limit means nothing to --count"),
        (("--explain", "--after", "/x"), "--after means nothing to --explain"),
        (("--seed", "3"), "--seed is for --sort random"),
        (("sort:random", "--after", "/x"), "--after takes the --seed of the page before"),
        (("--sotr", "path"), "--sort"),
        (("--sort", "colour"), "newest"),
        (("--format", "{pth}"), "did you mean path"),
        (("--sheet", "out.png"), "--sheet writes FILE.html or FILE.jpg"),
        (("--after", "/nowhere/a.jpg"), "not in the catalog"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_makes_no_sense_is_told(
    program: Program, arguments: tuple[str, ...], message: str
) -> None:
    done = program.run("search", "dog", *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.usefixtures("folder")
def test_a_query_is_explained(program: Program) -> None:
    found = out(program, "search", "dog -person", "--explain")

    for text in ("Word(name='dog')", "about 3 photos", "SELECT", "SEARCH"):
        assert text in found


@pytest.mark.usefixtures("folder")
def test_facets_count_what_photos_have_in_common(program: Program) -> None:
    found = program.json("facets", "dog")

    assert found["photos"] == 3
    assert {"name": "dog", "photos": 3} in found["labels"]
    assert found["years"] == [{"name": "2023", "photos": 3}]
    assert found["cameras"] == [{"name": "Apple iPhone 12", "photos": 3}]
    assert len(program.json("facets", "--most", "1")["labels"]) == 1
    assert "3  Apple iPhone 12" in out(program, "facets")


def test_an_export_loads_as_coco_and_takes_no_photos_place(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    path = tmp_path / "boxes.json"
    done = program.run("export", "dog", "--coco", path)
    assert done.returncode == 0, done.stderr
    found = coco.COCO(path)
    refused = program.run("export", "--csv", folder / "a.png")

    assert len(found.getImgIds()) == 3
    assert len(found.getAnnIds(catIds=found.getCatIds(["dog"]))) == 6
    assert found.getCatIds(["dog"]) == [18]
    assert out(program, "export", "--ndjson", "-").count("\n") == 3
    assert (refused.returncode, "is a photo of the library" in refused.stderr) == (2, True)
    assert (folder / "a.png").read_bytes() == CAT.read_bytes()
    assert program.run("export", "dog").returncode == 2


def test_a_contact_sheet_is_written_whole_and_over_no_photo(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    (folder / "b.png").unlink()
    for name in ("sheet.html", "sheet.jpg"):
        done = program.run("search", "dog", "--sheet", tmp_path / name, "--thumb-size", "100")
        assert done.returncode == 0, done.stderr
        assert "3 photos on" in done.stderr
    page = (tmp_path / "sheet.html").read_text("utf-8")
    (folder / "a.html").write_bytes(b"")
    target = folder / "a.jpg"
    target.symlink_to(folder / "a.png")

    assert page.count("data:image/jpeg") == 2
    assert "the file is not there any more" in page
    assert "<script>\n" not in page.replace(page[page.rindex("<script>") :], "")
    assert program.run("search", "dog", "--sheet", target).returncode == 2
    assert (folder / "a.png").read_bytes() == CAT.read_bytes()
    (tmp_path / "strange.jpg").write_bytes(CAT.read_bytes())
    assert program.run("search", "dog", "--sheet", tmp_path / "strange.jpg").returncode == 2
    assert (tmp_path / "strange.jpg").read_bytes() == CAT.read_bytes()
    assert program.run("search", "dog", "--sheet", tmp_path / "sheet.jpg").returncode == 0
    assert program.run("search", "dog@0.99", "--sheet", tmp_path / "none.html").returncode == 1
    assert not (tmp_path / "none.html").exists()


def on_terminal(
    program: Program, command: list[str], typed: tuple[bytes, ...] = (), until: bytes | None = None
) -> bytes:
    """Run a command on a terminal of 90 columns and return all that it shows."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", "90", "rows", "50"], stdin=theirs, check=True)
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
        start_new_session=True, env=program.environ | {"TERM": "dumb", "COLUMNS": "90"},
    ) as process:  # fmt: skip
        os.close(theirs)
        for keys in typed:
            os.write(ours, keys)
        shown = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                told = os.read(ours, 65536)
            except OSError:  # the last program of the terminal has ended
                break
            shown += told
            if not told or (until is not None and until in shown):
                break
        os.close(ours)
        process.kill()
    return shown


@pytest.mark.parametrize(
    "shape", [(), ("--long",), ("--format", "{path}"), ("--csv",), ("--json",)]
)
@pytest.mark.usefixtures("folder")
def test_no_name_commands_a_terminal(program: Program, shape: tuple[str, ...]) -> None:
    shown = on_terminal(program, [str(BIN / "phototag"), "search", "dog", "-n", "1", *shape])

    assert b"script" in shown
    assert b"\x1b[31m" not in shown
    assert not set(shown) & {0x1B, 0x9B, 0xFF}


@pytest.mark.usefixtures("folder")
def test_a_full_page_on_a_terminal_tells_how_to_go_on(program: Program) -> None:
    out(program, "save", "any", "dog sort:random")
    shown = on_terminal(program, [str(BIN / "phototag"), "search", "@any", "-n", "1"])
    assert re.search(rb"next: phototag search @any -n 1 --seed \d+ --after ", shown)
    shown = on_terminal(program, [str(BIN / "phototag"), "search", "dog", "-n", "1", "--raw"])
    assert b"--seed" not in shown
    command = shown.decode().partition("next: phototag ")[2].strip()
    again = subprocess.run(
        ["bash", "-c", f"{BIN / 'phototag'} {command} -0"],
        env=program.environ, capture_output=True, check=True,
    )  # fmt: skip

    assert os.path.basename(again.stdout.rstrip(b"\0")) == b"b.png"


def test_completion_knows_every_field_and_value() -> None:
    from phototagd.daemon.cli.completing import VALUES

    assert set(VALUES) == {*FIELDS, *NAMES, "sort"}
    assert set(VALUES["season"]) == set(SEASONS)
    assert set(VALUES["orientation"]) == set(SHAPES)
    assert set(VALUES["state"]) == set(STATES)
    assert VALUES["sort"] == SORTS


def offered(program: Program, line: str) -> list[str]:
    """Return what bash is offered behind a line."""
    done = subprocess.run(
        [BIN / "phototag"], capture_output=True, text=True, check=True,
        env=program.environ | {"COMP_LINE": line, "_PHOTOTAG_COMPLETE": "bash_complete"},
    )  # fmt: skip
    assert done.stderr == ""
    return [entry.partition(",")[2] for entry in done.stdout.split("\n") if entry]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("phototag fac", ["facets"]),
        ("phototag search seas", ["season:"]),
        ("phototag search season:su", ["summer"]),
        ("phototag search 'dog season:su", ["dog season:summer"]),
        ("phototag search dog (cat OR -season:su", ["summer"]),
        ("phototag search weekday:sat,su", ["sat,sun"]),
        ("phototag search do", ["dog"]),
        ("phototag search Sib", ["Siberian_husky"]),
        ("phototag search keyword:sea", ["sea_side"]),
        ("phototag search camera:ip", ["iphone_12"]),
        ("phototag search camera:apple_i", ["apple_iphone_12"]),
        ("phototag search -camera:ip", ["iphone_12"]),
        ("phototag search --form", ["--format"]),
        ("phototag search @nothing", []),
        ("phototag facets do", ["dog"]),
        ("phototag write do", ["dog"]),
        ('phototag search "\\"wine gl', []),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bash_is_offered_what_a_query_may_go_on_with(
    program: Program, line: str, wanted: list[str]
) -> None:
    assert offered(program, line) == wanted


def test_without_a_catalog_the_shell_hears_of_fields_and_of_no_error(program: Program) -> None:
    assert offered(program, "phototag search seas") == ["season:"]
    program.catalog.write_bytes(b"no catalog at all, only some bytes" * 99)
    assert offered(program, "phototag search season:su") == ["summer"]
    assert offered(program, "phototag search do") == []


@pytest.mark.usefixtures("folder")
def test_a_real_bash_completes_words_with_colons_and_open_quotes(program: Program) -> None:
    setup = b'PS1=; PATH="%s:$PATH"; eval "$(phototag completion bash)"\n' % os.fsencode(BIN)
    line = b'phototag search "dog season:su\t --count; echo "e"nd\n'
    shown = on_terminal(
        program, ["bash", "--norc", "--noprofile", "-i"], (setup, line), until=b"\nend"
    )

    assert b'phototag search "dog season:summer"' in shown
    assert b"\n3\r\n" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_takes_its_script(program: Program, shell: str) -> None:
    script = out(program, "completion", shell)
    assert "_PHOTOTAG_COMPLETE" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
