"""Places near a point: a flat map around it, and the cells that it touches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..query import Near
    from .facts import Values

KM_IN_A_DEGREE: Final = 111.195
ROWS: Final = 1800
COLUMNS: Final = 3600
MARGIN: Final = 1e-6  # degrees, that rounding may not cost a photo


def near_test(term: Near, values: Values) -> str:
    """Give the condition that a photo lies within the radius, on a map that is flat there."""
    across = f"({{p}}.longitude - {values.add(term.longitude)})"
    wrapped = (
        f"CASE WHEN {across} > 180 THEN {across} - 360"
        f" WHEN {across} < -180 THEN {across} + 360 ELSE {across} END"
    )
    east = f"(({wrapped}) * {values.add(_narrowing(term))})"
    north = f"({{p}}.latitude - {values.add(term.latitude)})"
    radius = term.kilometres / KM_IN_A_DEGREE
    return f"({north} * {north} + {east} * {east}) <= {values.add(radius * radius)}"


def rows_of_cells(term: Near) -> list[tuple[int, int]]:
    """Give the cells that may hold such photos: for each row of them the first and the last."""
    radius = term.kilometres / KM_IN_A_DEGREE + MARGIN
    south = max(math.floor((term.latitude - radius + 90) * 10), 0)
    north = min(math.floor((term.latitude + radius + 90) * 10), ROWS)
    return [
        (row * COLUMNS + first, row * COLUMNS + last)
        for row in range(south, north + 1)
        for first, last in _columns(term, radius)
    ]


def _columns(term: Near, radius: float) -> list[tuple[int, int]]:
    """Give the columns of cells: two stretches where they go over the end of the map."""
    half = radius / max(_narrowing(term), 1e-9) + MARGIN
    first = math.floor((term.longitude - half + 180) * 10)
    last = math.floor((term.longitude + half + 180) * 10)
    if last - first >= COLUMNS:
        return [(0, COLUMNS - 1)]
    first, last = first % COLUMNS, last % COLUMNS
    return [(first, last)] if first <= last else [(0, last), (first, COLUMNS - 1)]


def _narrowing(term: Near) -> float:
    return math.cos(math.radians(term.latitude))
