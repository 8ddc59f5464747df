"""Whole queries, as text and as what the text means, for hypothesis to draw from."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from asked_queries import All, Bare, No, Query, Saved, Some, Thing
from hypothesis import strategies as st
from odd_library import SAVED, TODAYS
from term_strategies import (
    SORTS,
    Written,
    confidences,
    dates,
    gear,
    hours,
    keywords,
    lists,
    numbers,
    one_of_texts,
    paths,
    places,
    things,
)

if TYPE_CHECKING:
    from datetime import date

    from asked_queries import Term

BARE = st.sampled_from([Written(word, Bare(word)) for word in ("untagged", "duplicate")])
KEPT = st.sampled_from(
    [Written(f"@{name}" if name.isalpha() else f'@"{name.upper()}"', Saved(name)) for name in SAVED]
)


def _negated(pair: tuple[Written, bool]) -> Written:
    inner, is_word = pair
    text = inner.text if inner.binds == "leaf" else f"({inner.text})"
    return Written(f"NOT {text}" if is_word else f"-{text}", No(inner.term))


@st.composite
def _joined(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    terms = draw(st.lists(inner, min_size=2, max_size=3))
    is_all = draw(st.booleans())
    weak = ("some", "all") if is_all else ("some",)
    texts = [f"({one.text})" if one.binds in weak else one.text for one in terms]
    glue = draw(one_of_texts((" ", "  ", " AND ", "\t"))) if is_all else " OR "
    found = tuple(one.term for one in terms)
    return Written(
        glue.join(texts), All(found) if is_all else Some(found), "all" if is_all else "some"
    )


@cache
def terms(today: date) -> st.SearchStrategy[Written]:
    """Give the strategy of all that may be joined on a day."""
    leaves = st.one_of(
        things(), things(), things(), things(), keywords(), dates(today), numbers(), lists(),
        hours(), gear(), places(), paths(), BARE, KEPT,
    )  # fmt: skip
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.booleans()).map(_negated), _joined(inner), _joined(inner)
        ),
        max_leaves=8,
    )


@st.composite
def queries(draw: st.DrawFn, today: date = TODAYS[0]) -> tuple[str, Query]:
    """Draw a whole query that is asked on a day."""
    written = draw(terms(today)) if draw(st.integers(0, 39)) else Written("", All(()))
    parts = [written.text]
    if written.binds == "some":
        parts = [f"({written.text})"]
    conf = None
    if draw(st.integers(0, 5)) == 0 and _has_thing(written.term):
        text, number = draw(confidences())
        sign = draw(st.sampled_from((">", ">=")))
        conf = (sign, number)
        parts.insert(draw(st.integers(0, 1)), f"conf{sign}{text}")
    sort = draw(st.sampled_from((None, None, None, *SORTS)))
    if sort:
        parts.insert(draw(st.integers(0, len(parts))), f"sort:{sort}")
    text = " ".join(part for part in parts if part)
    return text, Query(written.term, conf, sort)


def _has_thing(term: Term) -> bool:
    match term:
        case Thing():
            return True
        case No(inner):
            return _has_thing(inner)
        case All(terms) | Some(terms):
            return any(map(_has_thing, terms))
    return False
