"""What docs/troubleshooting.md quotes is what the program prints.

The page quotes a message as a block quote; `...` stands for what differs. It must be one text of
the source, with values only where the page has `...`.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from doc_pages import ROOT, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "troubleshooting.md"
QUOTED = re.findall(r"^> `(.+)`$", prose(PAGE), re.M)
VALUE = "\0"


def written_texts() -> Iterator[str]:
    """Give the texts of the source, with a mark where a value is put in."""
    for folder in ("daemon", "db", "models"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_bytes())
            described = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if node in described:
                    continue
                if isinstance(node, ast.JoinedStr):
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else VALUE
                        for part in node.values
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield re.sub(r"%[sdr]", VALUE, node.value)


@pytest.fixture(scope="module")
def texts() -> frozenset[str]:
    return frozenset(written_texts())


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_of_the_programs(texts: frozenset[str], message: str) -> None:
    pattern = re.compile(re.escape(message).replace(r"\.\.\.", r".*"))
    assert any(pattern.search(text) for text in texts), message


def test_the_page_quotes_messages() -> None:
    assert len(QUOTED) > 20
