"""Who may know whom, and whether what is installed is what lies here."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("daemon", "db", "models")
ALLOWED = {
    "daemon": {"daemon", "db", "models"},
    "db": {"db", "models.results"},
    "models": {"models"},
}


def modules(room: str) -> list[Path]:
    return [path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts]


def imported(path: Path) -> set[str]:
    """Return the absolute names (without ``phototagd.``) of our modules that a file imports."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join(package[: len(package) - node.level + 1])
            names.add(".".join(filter(None, (base, node.module or node.names[0].name))))
        elif isinstance(node, ast.Import):
            names |= {alias.name.removeprefix("phototagd.") for alias in node.names
                      if alias.name.startswith("phototagd.")}  # fmt: skip
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_point_only_where_the_design_allows(room: str) -> None:
    for path in modules(room):
        for name in imported(path):
            allowed = any(name == ok or name.startswith(f"{ok}.") for ok in ALLOWED[room])
            assert allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_runtimes_know_their_engines() -> None:
    for path in (file for room in ROOMS for file in modules(room)):
        text = path.read_text("utf-8")
        if path.name != "openvino_runtime.py":
            assert "import openvino" not in text, path
        if path.name != "opencv_runtime.py":
            assert "cv2.dnn" not in text, path


def test_every_folder_with_modules_is_named_in_the_packaging() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = set(project["tool"]["setuptools"]["packages"])
    there = {
        "phototagd." + ".".join(path.parent.relative_to(ROOT).parts)
        for room in ROOMS
        for path in modules(room)
    }

    units = {"phototagd.systemd", "phototagd.systemd.user"}
    assert there | units == named


def test_what_is_installed_is_what_lies_here() -> None:
    """A folder missing from the packages is silently not shipped; a stale build ships too much."""
    spec = importlib.util.find_spec("phototagd.daemon")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parents[1].resolve()
    if installed == ROOT.resolve():
        pytest.skip("phototagd runs from this checkout, nothing is installed")

    def files(top: Path) -> set[str]:
        return {
            str(path.relative_to(top))
            for room in ROOMS
            for path in (top / room).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    assert files(installed) == files(ROOT)


@pytest.mark.parametrize("module", ["phototagd.models", "phototagd.daemon.service"])
def test_the_parent_loads_neither_opencv_nor_an_engine_nor_pillow(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'cv2', 'openvino', 'PIL'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
