"""How a query is understood and answered, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..printable import count, printable_text

if TYPE_CHECKING:
    from ...db.search.asking import Explanation


def print_explanation(found: Explanation) -> None:
    """Print the tree, what leads to the photos, the SQL with its values, and the plan."""
    print("Understood as")
    _print_block(found.tree)
    print("Led by")
    for driver in found.drivers:
        _print_block(f"{driver.term}: about {count(driver.photos, 'photo')}")
    if not found.drivers:
        _print_block("nothing: all photos are walked in the order that is asked for")
    print("SQL")
    _print_block(found.sql)
    for name, value in found.parameters.items():
        _print_block(f"  :{name} = {value!r}")
    print("Plan of the database")
    _print_block("\n".join(found.plan))


def _print_block(text: str) -> None:
    for line in text.splitlines():
        print(f"  {printable_text(line)}")
