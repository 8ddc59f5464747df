"""Words and keywords as conditions on the search indexes `sighting` and `photo_keyword`."""

# The text is made of constants of this file, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..states import KIND_BITS, LARGE, MOST_COUNTED, SPOTS
from . import limits
from .facts import Fact, Slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..query import Keyword, Word
    from .facts import Values
    from .names import Known

AREA: Final = '((d."right" - d."left") * (d.bottom - d.top))'
ACROSS: Final = '((d."left" + d."right") / 2)'
DOWN: Final = "((d.top + d.bottom) / 2)"
WHERE: Final = {
    "left": f"{ACROSS} < {{third}}",
    "right": f"{ACROSS} > {{rest}}",
    "top": f"{DOWN} < {{third}}",
    "bottom": f"{DOWN} > {{rest}}",
    "center": f"{ACROSS} BETWEEN {{third}} AND {{rest}} AND {DOWN} BETWEEN {{third}} AND {{rest}}",
}


def keyword_fact(values: Values, term: Keyword, known: tuple[Known, ...]) -> Fact:
    """Make the condition that a photo has one of these keywords."""
    photos = sum(one.photos for one in known)
    listed = values.listed([one.id for one in known])
    test = f"EXISTS (SELECT 1 FROM photo_keyword x WHERE {_of_photo('keyword_id', listed, known)})"
    merged = _collected("photo_keyword", "keyword_id", listed, known)
    if len(known) > limits.MOST_WALKS:
        return Fact(term, test, photos, merged)
    slices = tuple(
        Slice("photo_keyword s", (f"s.keyword_id = {values.add(one.id)}",), one.photos)
        for one in known
    )
    return Fact(term, test, photos, slices, merged=merged)


def word_fact(values: Values, term: Word, known: tuple[Known, ...]) -> Fact:
    """Make the condition that a photo shows one of these labels, or every one of them."""
    photos = sum(one.photos for one in known)
    asked = _limits(values, term)
    listed = values.listed([one.id for one in known])
    rows = _of_photo("label_id", listed, known)
    conditions = " AND ".join([rows, *(one.replace("{row}", "x") for one in asked)])
    if term.every:
        test = f"(SELECT count(*) FROM sighting x WHERE {conditions}) = {len(known)}"
        return Fact(term, test, min((one.photos for one in known), default=0))
    test = f"EXISTS (SELECT 1 FROM sighting x WHERE {conditions})"
    kind = KIND_BITS[term.kind] if term.kind else None
    wanted = tuple((one.id, kind) for one in known)
    merged = slices = _collected("sighting", "label_id", listed, known, asked)
    if len(known) <= limits.MOST_WALKS:
        slices = tuple(one for label in known for one in _slices(values, term, label, asked))
    return Fact(term, test, photos, slices, wanted=wanted, merged=merged)


def _of_photo(column: str, listed: str, known: tuple[Known, ...]) -> str:
    """Give the condition that a row `x` is of the photo and one of the names.

    The sign keeps SQLite from looking up a thousand names where the photo has ten.
    """
    sign = "+" if len(known) > limits.MOST_SEEKS else ""
    date = "" if sign else " AND x.taken_at = {t}"
    if len(known) == 1:
        listed = listed[1:-1]
        return f"x.{column} = {listed}{date} AND x.photo_id = {{id}}"
    return f"{sign}x.{column} IN {listed}{date} AND x.photo_id = {{id}}"


def _collected(
    table: str, column: str, listed: str, known: tuple[Known, ...], asked: Sequence[str] = ()
) -> tuple[Slice, ...]:
    """Give one walk over many names, not by date."""
    conditions = (f"s.{column} IN {listed}", *(one.replace("{row}", "s") for one in asked))
    photos, repeats = sum(one.photos for one in known), len(known) > 1
    return (Slice(f"{table} s", conditions, photos, ordered=False, repeats=repeats),)


def _slices(values: Values, term: Word, label: Known, asked: list[str]) -> list[Slice]:
    """Give the walks that together cover a label.

    A count has one walk for each number of times, since the index by count is ordered by date
    only within one number.
    """
    mine = f"s.label_id = {values.add(label.id)}"
    rest = [one.replace("{row}", "s") for one in asked]
    # With a confidence most of a number's photos may fail, and one walk by date is shorter.
    if term.least < 2 or term.confidence or _has_place(term) or term.kind:
        return [Slice("sighting s", (mine, *rest), label.photos)]
    first = min(term.least, MOST_COUNTED)
    last = MOST_COUNTED if term.most is None else min(term.most, MOST_COUNTED)
    # Nothing else of the sighting is asked, or the planner leaves this index for the key.
    count = [one.replace("{row}", "s") for one in _recounted(values, term)]
    return [
        Slice("sighting s", (mine, f"s.times = {times}", *count), _some(label.photos))
        for times in range(first, last + 1)
    ]


def _some(photos: int) -> int:
    """Guess how many of a label's photos show it so many times."""
    return photos // 4 + 1


def _limits(values: Values, term: Word) -> list[str]:
    """Give what a sighting must fulfil for a word beyond being there."""
    asked = [f"{{row}}.confidence >= {values.add(term.confidence)}"] if term.confidence else []
    if term.kind:
        asked.append(f"{{row}}.kind = {KIND_BITS[term.kind]}")
    if term.spot:
        asked.append(f"({{row}}.spots & {SPOTS[term.spot]}) <> 0")
    if term.area and term.area[0] > 0:
        least = term.area[0] * 10_000
        # The condition of the index of large ones, to the letter.
        asked += [f"{{row}}.largest >= {LARGE}"] if least >= LARGE else []
        # The stored number is rounded up.
        asked.append(f"{{row}}.largest >= {values.add(least)}")
    if term.least > 1:
        asked.append(f"{{row}}.times >= {min(term.least, MOST_COUNTED)}")
    if term.most is not None and not _needs_boxes(term):
        asked.append(f"{{row}}.times <= {term.most}")
    return asked + _recounted(values, term)


def _recounted(values: Values, term: Word) -> list[str]:
    """Count the boxes themselves, where the sighting's number is not the one asked for.

    Without a place in the frame, the sighting is sure enough already, so that one box is not worth
    counting.
    """
    if not _needs_boxes(term):
        return []
    asked = [f"d.confidence >= {values.add(term.confidence)}"] if term.confidence else []
    if term.area:
        least, most = term.area
        asked += [f"{AREA} >= {values.add(least)}"] if least > 0 else []
        asked += [f"{AREA} <= {values.add(most)}"] if most < 1 else []
    if term.spot:
        asked.append(WHERE[term.spot].format(third=values.add(1 / 3), rest=values.add(2 / 3)))
    boxes = (
        "(SELECT count(*) FROM detection d WHERE d.photo_id = {row}.photo_id"
        f" AND d.label_id = {{row}}.label_id{''.join(f' AND {one}' for one in asked)})"
    )
    is_counted = term.least > 1 or _has_place(term)
    counted = [f"{boxes} >= {term.least}"] if is_counted else []
    return counted + ([] if term.most is None else [f"{boxes} <= {term.most}"])


def _has_place(term: Word) -> bool:
    return term.spot is not None or term.area is not None


def _needs_boxes(term: Word) -> bool:
    """Say whether the numbers in the index cannot answer what is asked of the boxes."""
    if _has_place(term):
        # That some box lies there is what the index knows.
        is_known = not term.area and not term.confidence and term.least == 1 and term.most is None
        return not is_known
    return bool(term.confidence and (term.least > 1 or term.most is not None)) or (
        max(term.least, (term.most or 0) + 1) > MOST_COUNTED
    )
