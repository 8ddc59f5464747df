"""Names near a word that no label has: its singular or plural, longer names, misspellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .states import label_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST: Final = 5
OPERATORS: Final = ("and", "or", "not")


def near_names(word: str, names: Sequence[str]) -> tuple[str, ...]:
    """Give up to five of the names that someone who typed `word` may have meant, nearest first.

    >>> near_names("dogs", ["cat", "dog", "hot dog"])
    ('dog', 'hot dog')
    >>> near_names("table", ["dining table", "cat"])
    ('dining table',)
    >>> near_names("zebar", ["zebra", "cat"])
    ('zebra',)
    """
    by_key = {label_key(name): name for name in names}
    key = label_key(word)
    found = [
        *_operators(key),
        *(by_key[form] for form in _other_numbers(key) if form in by_key),
        *_longer((key, *_other_numbers(key)), by_key),
        *(by_key[near] for near in _close(key, by_key)),
    ]
    return tuple(dict.fromkeys(found))[:MOST]


def _operators(key: str) -> list[str]:
    return [key.upper()] if key in OPERATORS else []


def _other_numbers(key: str) -> Iterator[str]:
    """Give what may be the word's singulars and plurals."""
    for ending, other in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")):
        if key.endswith(ending) and len(key) > len(ending) + 1:
            yield key[: -len(ending)] + other
    irregular = {"people": "person", "men": "person", "women": "person", "mice": "mouse"}
    if key in irregular:
        yield irregular[key]
    yield key + "s"
    yield key + "es"


def _longer(forms: Iterable[str], by_key: dict[str, str]) -> list[str]:
    """Give the names of several words of which one is the word, shortest first."""
    wanted = set(forms)
    found = [key for key in by_key if wanted & set(_parts(key))]
    return [by_key[key] for key in sorted(found, key=lambda key: (len(key), key))]


def _parts(key: str) -> list[str]:
    return key.replace("-", " ").replace(",", " ").split()


def _close(key: str, keys: Iterable[str]) -> list[str]:
    # Only a word that is not found pays for the import.
    from difflib import get_close_matches

    return get_close_matches(key, list(keys), n=MOST, cutoff=0.6)
