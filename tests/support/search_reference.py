"""What a search must find, in plain Python from the rules of the language; no SQL, no index."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import search_values as values
from asked_queries import All, Asked, Bare, No, Query, Saved, Some, Thing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from asked_queries import Term
    from known_photos import Frame, Library, Photo


NAMED = ("camera", "lens", "model", "place")


def find(
    query: Query,
    library: Library,
    *,
    sort: str = "-date",
    raw: bool = False,
    among: Collection[int] | None = None,
) -> list[Photo]:
    """Give all photos that a query finds, in its order; ties that no rule orders by id."""
    whole = expand(query, library)
    holds = _Judge(library).holds
    asks_state = _asks(whole.term, {"state"})
    shows_raw = raw or _asks(whole.term, {"state", "format", "ext"})
    by_id = {photo.id: photo for photo in library.photos}
    found = [
        photo
        for photo in library.photos
        if (asks_state or photo.state == "done")
        and (shows_raw or not _is_second_half(photo, by_id))
        and (among is None or photo.id in among)
        and holds(whole.term, photo)
    ]
    return sorted(found, key=order(whole, whole.sort or sort))


def asks_unknown(query: Query, library: Library) -> bool:
    """Say whether a query names a camera, lens, model or place that no photo has: an error."""
    return any(
        not any(
            values.fits(one.field, one.sign, one.value, photo, library) for photo in library.photos
        )
        for one in _leaves(expand(query, library).term)
        if isinstance(one, Asked) and one.field in NAMED and (one.sign, one.value) != (":", "none")
    )


def order(query: Query, sort: str) -> Callable[[Photo], tuple[object, ...]]:
    """Give the key by which photos are sorted; `random` has none but the id."""
    wanted = tuple(_wanted(_folded(query.term)))
    keys: dict[str, Callable[[Photo], tuple[object, ...]]] = {
        "date": lambda photo: (photo.taken_at, photo.id),
        "-date": lambda photo: (-photo.taken_at, -photo.id),
        "conf": lambda photo: (-_surest(wanted, photo), -photo.taken_at, -photo.id),
        "size": lambda photo: (photo.size, photo.taken_at, photo.id),
        "-size": lambda photo: (-photo.size, -photo.taken_at, -photo.id),
        "path": lambda photo: (photo.root, photo.folder, photo.name),
        "-path": lambda photo: tuple(
            _Reversed(part) for part in (photo.root, photo.folder, photo.name)
        ),
        "random": lambda _photo: (),
    }
    return keys[sort]


def expand(query: Query, library: Library) -> Query:
    """Put saved searches in their places, and hand `conf` to the words without a confidence.

    The first sort of a saved search holds if the query has none.
    """
    sorts = [query.sort] if query.sort else []

    def unfolded(term: Term) -> Term:
        if not isinstance(term, Saved):
            return _rebuilt(term, unfolded)
        inner = expand(library.saved[values.name_key(term.name)], library)
        sorts.extend([inner.sort] if inner.sort else [])
        return inner.term

    def sure(term: Term) -> Term:
        if isinstance(term, Thing) and term.confidence is None and query.conf is not None:
            sign, least = query.conf
            return replace(term, confidence=math.nextafter(least, 2) if sign == ">" else least)
        return _rebuilt(term, sure)

    term = sure(unfolded(query.term))
    return Query(term, None, sorts[0] if sorts else None)


def _rebuilt(term: Term, change: Callable[[Term], Term]) -> Term:
    match term:
        case No(inner):
            return No(change(inner))
        case All(terms):
            return All(tuple(map(change, terms)))
        case Some(terms):
            return Some(tuple(map(change, terms)))
    return term


class _Judge:
    """Says of one photo after the other whether a term holds."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._done = [photo for photo in library.photos if photo.state == "done"]

    def holds(self, term: Term, photo: Photo) -> bool:
        """Say whether a term without saved searches holds for a photo."""
        match term:
            case No(inner):
                return not self.holds(inner, photo)
            case All(terms):
                return all(self.holds(one, photo) for one in terms)
            case Some(terms):
                return any(self.holds(one, photo) for one in terms)
        return self._holds_alone(term, photo)

    def _holds_alone(self, term: Term, photo: Photo) -> bool:
        match term:
            case Thing():
                return self._is_seen(term, photo)
            case Asked("keyword", sign, word):
                starts = sign == "*"
                return any(values.is_called(one, word, starts=starts) for one in photo.keywords)
            case Asked():
                return values.fits(term.field, term.sign, term.value, photo, self._library)
            case Bare("untagged"):
                return photo.state == "done" and not photo.tags
            case Bare("duplicate"):
                return self._has_double(photo)
        raise TypeError(f"no term: {term!r}")

    def _has_double(self, photo: Photo) -> bool:
        return photo.fingerprint is not None and any(
            other.fingerprint == photo.fingerprint and other.id != photo.id for other in self._done
        )

    def _is_seen(self, thing: Thing, photo: Photo) -> bool:
        if not thing.starts:
            return self._counts(thing, values.name_key(thing.name), photo)
        start = values.name_key(thing.name)
        keys = {values.name_key(name) for name in self._library.names}
        return any(self._counts(thing, key, photo) for key in keys if key.startswith(start))

    def _counts(self, thing: Thing, key: str, photo: Photo) -> bool:
        number = self._number(thing, key, photo)
        if thing.count is None:
            return number >= 1
        return values.compares(number, *thing.count)

    def _number(self, thing: Thing, key: str, photo: Photo) -> int:
        tag = next((tag for tag in photo.tags if values.name_key(tag.name) == key), None)
        if tag is None or (thing.kind or tag.kind) != tag.kind:
            return 0
        least = thing.confidence or 0.0
        if tag.confidence < least:
            return 0
        frames = [one for one in tag.frames if one.confidence >= least]
        if thing.area is None and thing.spot is None:
            return max(1, len(frames))
        return sum(_lies(thing, one) for one in frames)


def _lies(thing: Thing, frame: Frame) -> bool:
    share = (frame.right - frame.left) * (frame.bottom - frame.top)
    across, down = (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2
    third, two_thirds = 1 / 3, 2 / 3
    spots = {
        None: True,
        "left": across < third,
        "right": across > two_thirds,
        "top": down < third,
        "bottom": down > two_thirds,
        "center": third <= across <= two_thirds and third <= down <= two_thirds,
    }
    return spots[thing.spot] and (thing.area is None or values.compares(share, *thing.area))


def _is_second_half(photo: Photo, by_id: Mapping[int, Photo]) -> bool:
    """Say whether a photo is the RAW half of a pair whose other half can be shown."""
    return photo.pair is not None and by_id[photo.pair].state == "done"


def _asks(term: Term, fields: Collection[str]) -> bool:
    return any(isinstance(one, Asked) and one.field in fields for one in _leaves(term))


def _leaves(term: Term) -> Iterator[Term]:
    match term:
        case No(inner):
            yield from _leaves(inner)
        case All(terms) | Some(terms):
            for one in terms:
                yield from _leaves(one)
        case _:
            yield term


def _wanted(term: Term | bool, *, negated: bool = False) -> Iterator[Thing]:
    """Give the things that a query wants to see: those that zero of would not do for."""
    match term:
        case Thing(count=count, starts=starts):
            allows_none = count is not None and values.compares(0, *count)
            if allows_none is negated and not (starts and negated):
                yield term
        case No(inner):
            yield from _wanted(inner, negated=not negated)
        case All(terms) | Some(terms):
            for one in terms:
                yield from _wanted(one, negated=negated)


def _folded(term: Term) -> Term | bool:
    """Take out what holds for every photo or for none, and with it what it makes idle."""
    match term:
        case Thing(count=(">=", 0)):
            return True
        case No(inner):
            folded = _folded(inner)
            return not folded if isinstance(folded, bool) else No(folded)
        case All(terms) | Some(terms):
            idle = isinstance(term, All)
            parts = [part for one in terms if (part := _folded(one)) is not idle]
            decided = [part for part in parts if isinstance(part, bool)]
            return not idle if decided else type(term)(tuple(parts)) if parts else idle  # type: ignore[arg-type]  # none is a bool
    return term


def _surest(wanted: Collection[Thing], photo: Photo) -> float:
    """Give the highest confidence of a photo's tags that the query wants; 0 without one."""
    return max(
        (
            tag.confidence
            for tag in photo.tags
            for thing in wanted
            if values.is_called(tag.name, thing.name, starts=thing.starts)
            and (thing.kind or tag.kind) == tag.kind
        ),
        default=0.0,
    )


@dataclass(frozen=True, slots=True)
class _Reversed:
    """Bytes that sort the other way round."""

    value: bytes

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value
