"""Models are found, fetched, chosen and removed from the command line."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from file_server import serve
from tiny_networks import onnx_grid_head

if TYPE_CHECKING:
    from pathlib import Path

    from program import Program

HEAD = onnx_grid_head(416, np.zeros((85, 3)), np.zeros(85))


def write_manifest(folder: Path, url: str, data: bytes = HEAD) -> Path:
    """Write a manifest of one's own for a YOLOX-like file at this address."""
    text = (files("phototagd.models") / "manifests" / "yolox-nano-coco.toml").read_text("utf-8")
    head, _, rest = text.partition("[[files]]")
    rest = rest.partition("[input]")[2].partition("\n# Swapped")[0]
    lines = (
        '[[files]]\nrole = "graph"\npath = "mine.onnx"\n'
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"\nbytes = {len(data)}\nurl = "{url}"\n'
    )
    path = folder / "mine.toml"
    path.write_text(
        head.replace("yolox-nano-coco", "my-yolox").replace("coco-80.txt", "mine.txt")
        + lines + "\n[input]" + rest,
        encoding="utf-8",
    )  # fmt: skip
    (folder / "mine.txt").write_text("".join(f"thing {i}\n" for i in range(80)), encoding="utf-8")
    return path


def states(program: Program) -> dict[str, Any]:
    return {one["name"]: (one["state"], one["in_use"]) for one in program.json("models", "list")}


def test_every_published_model_is_listed_with_where_it_comes_from(program: Program) -> None:
    found = {one["name"]: one for one in program.json("models", "list")}

    assert {"inception5h", "ssd-vgg-coco-300", "yolox-nano-coco", "yolox-s-coco"} <= found.keys()
    assert {"nanodet-m-coco", "mobilenet-v2-imagenet"} <= found.keys()
    assert found["inception5h"]["source"].startswith("https://")
    assert found["yolox-nano-coco"]["state"] == "absent"
    assert found["ssd-mobilenet-v2-coco"]["in_use"]


def test_a_model_of_ones_own_from_manifest_to_use_and_away(
    program: Program, tmp_path: Path
) -> None:
    with serve(HEAD) as line:
        line.cuts = [1000]
        done = program.run("models", "add", write_manifest(tmp_path, line.url))
        assert (done.returncode, done.stderr) == (0, "")
        assert states(program)["my-yolox"] == ("absent", False)
        assert "phototag models install my-yolox" in program.run("models", "use", "my-").stderr

        done = program.run("models", "install", "my-yolox")
        assert done.returncode == 0, done.stderr
        assert "installed  my-yolox" in done.stdout
        assert "already" in program.run("models", "install", "my-yolox").stdout
    assert program.run("models", "verify", "my-yolox").stdout.startswith("verified")

    done = program.run("models", "use", "my-yolox")
    assert done.returncode == 0, done.stderr
    assert "restart the daemon" in done.stdout
    assert states(program)["my-yolox"][1]
    assert not states(program)["ssd-mobilenet-v2-coco"][1]

    asked = program.run("models", "remove", "my-yolox")  # nobody answers
    assert asked.returncode != 0
    assert states(program)["my-yolox"][0] == "verified"
    assert "removed" in program.run("models", "remove", "my-yolox", "--yes").stdout
    assert states(program)["my-yolox"][0] == "absent"


def test_the_choice_leaves_the_rest_of_the_settings_as_it_is(program: Program) -> None:
    file = program.home / "my.toml"
    old = "# mine\n[models]\ndetectors = ['nothing']  # why\n\n[log]\nlevel = 'debug' # and so\n"
    file.write_text(old, encoding="utf-8")

    done = program.run("--config", file, "models", "use", "ssd-mobilenet-v2-coco")
    assert done.returncode == 0, done.stderr
    assert file.read_text("utf-8") == old.replace("'nothing'", '"ssd-mobilenet-v2-coco"')


def test_two_detectors_are_chosen_in_their_order(program: Program, tmp_path: Path) -> None:
    program.run("models", "add", write_manifest(tmp_path, "https://nowhere.invalid/mine.onnx"))
    (tmp_path / "head.onnx").write_bytes(HEAD)
    program.run("models", "install", "my-yolox", "--from", tmp_path / "head.onnx")

    done = program.run("models", "use", "ssd-mobilenet-v2-coco", "my-yolox")
    assert done.returncode == 0, done.stderr
    assert 'models.detectors = ["ssd-mobilenet-v2-coco", "my-yolox"]' in (
        program.run("config").stdout
    )
    both = program.run("models", "use", "efficientnet-lite3-imagenet", "inception5h")
    assert (both.returncode, "name one classifier" in both.stderr) == (2, True)


def test_a_choice_that_a_variable_overrides_is_refused_by_its_name(program: Program) -> None:
    program.environ["PHOTOTAG_MODELS_DETECTORS"] = "ssd-mobilenet-v2-coco"
    done = program.run("models", "use", "ssd-mobilenet-v2-coco")
    assert done.returncode == 2
    assert "PHOTOTAG_MODELS_DETECTORS" in done.stderr


def test_two_models_keep_their_own_labels(program: Program, tmp_path: Path) -> None:
    first = write_manifest(tmp_path, "https://nowhere.invalid/mine.onnx")
    assert program.run("models", "add", first).returncode == 0
    again = program.run("models", "add", first)
    assert (again.returncode, "known already" in again.stderr) == (2, True)
    assert program.run("models", "add", first, "--replace").returncode == 0

    other = tmp_path / "other"
    other.mkdir()
    second = write_manifest(other, "https://nowhere.invalid/mine.onnx")
    second.write_text(second.read_text("utf-8").replace('"my-yolox"', '"my-second"'), "utf-8")
    (other / "mine.txt").write_text("one\n" * 80, encoding="utf-8")
    done = program.run("models", "add", second)
    assert (done.returncode, "another model's labels" in done.stderr) == (2, True)
    assert "my-second" not in states(program)


def test_a_model_can_be_brought_as_a_file(program: Program, tmp_path: Path) -> None:
    program.run("models", "add", write_manifest(tmp_path, "https://nowhere.invalid/mine.onnx"))
    (tmp_path / "stick.bin").write_bytes(HEAD)

    wrong = program.run("models", "install", "my-yolox", "--from", tmp_path / "mine.txt")
    assert wrong.returncode == 2
    assert "its sha256 is" in wrong.stderr
    done = program.run("models", "install", "my-yolox", "--from", tmp_path / "stick.bin")
    assert done.returncode == 0, done.stderr
    assert states(program)["my-yolox"][0] in {"present", "verified"}


def test_a_wrong_download_is_one_line_and_no_file(program: Program, tmp_path: Path) -> None:
    with serve(HEAD[:-1] + b"?") as line:
        program.run("models", "add", write_manifest(tmp_path, line.url))
        done = program.run("models", "install", "my-yolox")
    assert done.returncode == 2
    assert "its sha256 is" in done.stderr
    assert "Traceback" not in done.stderr
    assert states(program)["my-yolox"][0] == "absent"


def test_a_model_is_shown_with_its_places(program: Program) -> None:
    shown = program.json("models", "show", "inception")
    assert shown["name"] == "inception5h"
    assert shown["files"][0]["path"].endswith("inception5h/tensorflow_inception_graph.pb")
    assert "224x224 RGB" in program.run("models", "show", "inception5h").stdout


@pytest.mark.parametrize("name", ["yolox", "nonsense"])
def test_an_unknown_or_ambiguous_name_suggests(program: Program, name: str) -> None:
    done = program.run("models", "show", name)
    assert done.returncode == 2
    assert "there is " in done.stderr


def test_the_default_models_are_not_ours_to_remove(program: Program) -> None:
    done = program.run("models", "remove", "ssd-mobilenet", "--yes")
    assert done.returncode == 2
    assert "pip uninstall" in done.stderr
