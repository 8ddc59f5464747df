"""One vocabulary for all models: what a name is a kind of, and what other words mean it.

The tables in `labels/` are read once, when they are first asked for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Parents = tuple[str, ...]
ENDINGS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))


@dataclass(frozen=True, slots=True)
class Branch:
    """A name with the names right below it; `vocabularies` are those whose models can say it.

    They are `imagenet` and `coco`; a more general name that only sums up others has none.
    """

    name: str
    vocabularies: tuple[str, ...]
    branches: tuple[Branch, ...]


class Taxonomy:
    """Names of things below more general ones: Siberian Husky, spitz, dog, canine, mammal, animal.

    A name means one thing, whichever model says it. `parents`: of each name, specific to general.
    `shown`: the COCO name that a picture of an ImageNet class shows. `same`: model's names that are
    another name's other spelling. `words`: other words by their key. `plurals`: irregular ones.
    """

    def __init__(
        self,
        parents: dict[str, Parents],
        shown: dict[str, str],
        coco: Iterable[str],
        same: dict[str, str],
        words: dict[str, str],
        plurals: dict[str, str],
    ) -> None:
        self._parents = parents
        self._shown = shown
        self._coco = frozenset(coco)
        self._same = same
        self._words = words
        self._plurals = plurals
        self._shown_by: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._parents

    def __iter__(self) -> Iterator[str]:
        return iter(self._parents)

    def canonical(self, name: str) -> str:
        """Return the one name of what a model says; a name that is not known stays as it is.

        >>> load_taxonomy().canonical("television"), load_taxonomy().canonical("Siberian husky")
        ('tv', 'Siberian Husky')
        """
        if name in self._parents:
            return name
        key = spelling(name)
        found = self._names.get(key) or self._words.get(key)
        return found or self._only(self._synonyms.get(key, ())) or name

    def parents_of(self, name: str) -> Parents:
        """Return the more general names of a canonical name, specific to general.

        >>> load_taxonomy().parents_of("cat")
        ('feline', 'mammal', 'animal')
        """
        return self._parents.get(name, ())

    def is_parent(self, name: str) -> bool:
        """Say whether a canonical name has others below it."""
        return name in self._children

    def children_of(self, name: str) -> Parents:
        """Return the canonical names right below a name, sorted."""
        return tuple(sorted(self._children.get(name, ()), key=str.casefold))

    def coco_name_of(self, name: str) -> str | None:
        """Return the COCO name of what a picture of this shows: a cup for an espresso."""
        return name if name in self._coco else self._shown.get(name)

    def shown_by(self, name: str) -> frozenset[str]:
        """Return what a picture of this shows: itself, its parents, the cup of an espresso."""
        found = self._shown_by.get(name)
        if found is None:
            shown = self.coco_name_of(name)
            found = frozenset((name, *self.parents_of(name), *([shown] if shown else [])))
            self._shown_by[name] = found
        return found

    def kinds_of(self, coco_name: str) -> Parents:
        """Return the ImageNet classes whose pictures show what has this COCO name."""
        return tuple(name for name, shown in self._shown.items() if shown == coco_name)

    def is_coco(self, name: str) -> bool:
        """Say whether a canonical name is one of COCO's 80."""
        return name in self._coco

    def coco_ids(self) -> dict[str, int]:
        """Return COCO's 80 names with the numbers that its annotations give them, 1 to 90."""
        return {
            name: number
            for number, line in enumerate(_read_text("coco-90.txt").splitlines(), 1)
            if (name := line.strip()) in self._coco
        }

    def resolve(self, word: str) -> str | None:
        """Return the name that a word means; None if it means none, or several.

        Case, `_` and `-`, plurals, joined words and synonyms don't matter.

        >>> [load_taxonomy().resolve(word) for word in ("Motorbikes", "wine_glass", "puppies")]
        ['motorcycle', 'wine glass', 'dog']
        """
        return self._only(self.meanings(word))

    def meanings(self, word: str) -> Parents:
        """Return all names that a word means: one, none, or several where it is ambiguous.

        >>> load_taxonomy().meanings("crane")
        ('construction crane', 'crane bird')
        """
        forms = self._singulars(spelling(word))
        for form in forms:
            if found := self._names.get(form) or self._words.get(form):
                return (found,)
        for form in forms:
            if found := self._joined.get(form.replace(" ", "")):
                return (found,)
        for form in forms:
            if several := self._synonyms.get(form):
                return several
        return ()

    def tree(self) -> tuple[Branch, ...]:
        """Return the whole vocabulary below its most general names, sorted by name."""
        tops = [name for name, parents in self._parents.items() if not parents]
        return tuple(self._branch(name) for name in sorted(tops, key=str.casefold))

    def _branch(self, name: str) -> Branch:
        said = (("imagenet", name in self._classes), ("coco", name in self._coco))
        return Branch(
            name,
            tuple(vocabulary for vocabulary, says in said if says),
            tuple(self._branch(child) for child in self.children_of(name)),
        )

    def _singulars(self, key: str) -> list[str]:
        """Return a key and what it may be the plural of."""
        *before, last = key.split(" ")
        forms = [key]
        if last in self._plurals:
            forms.append(" ".join((*before, self._plurals[last])))
        for ending, instead in ENDINGS:
            if last.endswith(ending) and len(last) > len(ending) + 1:
                forms.append(" ".join((*before, last[: -len(ending)] + instead)))
        return forms

    @staticmethod
    def _only(found: Parents) -> str | None:
        return found[0] if len(found) == 1 else None

    @cached_property
    def _names(self) -> dict[str, str]:
        return {spelling(name): name for name in self._parents}

    @cached_property
    def _joined(self) -> dict[str, str]:
        return {key.replace(" ", ""): name for key, name in self._names.items() if " " in key}

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name, parents in self._parents.items():
            if parents:
                found[parents[0]].append(name)
        return dict(found)

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(self._same.get(name, name) for name, _ in _classes())

    @cached_property
    def _synonyms(self) -> dict[str, Parents]:
        """WordNet's synonyms by key; our own words and names come before them."""
        found: dict[str, set[str]] = defaultdict(set)
        lines = _read_text("imagenet-synonyms.txt").splitlines()
        for (name, _), line in zip(_classes(), lines, strict=True):
            for synonym in line.split(","):
                found[spelling(synonym)].add(self._same.get(name, name))
        return {key: tuple(sorted(names)) for key, names in found.items()}


def spelling(word: str) -> str:
    """Return what two spellings of a word have in common.

    >>> spelling("Wine_Glass"), spelling("cat (animal)")
    ('wine glass', 'cat (animal)')
    """
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """Return the taxonomy of ImageNet's and COCO's names."""
    words = _words()
    same: dict[str, str] = words["same"]
    coco: dict[str, list[str]] = words["coco"]
    changed: dict[str, list[list[str]]] = words["classes"]
    listed = _class_parents()
    parents = {name: tuple(above) for name, above in coco.items()}
    shown = {}
    for name, coco_name in _classes():
        known = same.get(name, name)
        if coco_name:
            shown[known] = coco_name
        if known not in parents:
            own = tuple(changed[name][0]) if name in changed else listed[name]
            of_kind = "" if name in words["shows"] else coco_name
            parents[known] = _with_coco(own, of_kind, coco)
    parents = _parents_of_parents(parents, words["parents"]) | parents
    keys = {spelling(word): name for word, name in (words["synonyms"] | same).items()}
    return Taxonomy(parents, shown, coco, same, keys, words["plurals"])


def _with_coco(own: Parents, coco_name: str, coco: dict[str, list[str]]) -> Parents:
    """Put the COCO name that a class is a kind of, and what stands above it, among its parents."""
    if not coco_name:
        return own
    above = (coco_name, *coco[coco_name])
    return (*(name for name in own if name not in above), *above)


def _parents_of_parents(
    parents: dict[str, Parents], fixed: dict[str, list[str]]
) -> dict[str, Parents]:
    """Return the parents of the words that stand above others, as those list them."""
    found = {name: tuple(above) for name, above in fixed.items()}
    for above in parents.values():
        for place, name in enumerate(above, 1):
            if name not in found:
                found[name] = above[place:]
    return found


@lru_cache(maxsize=1)
def _classes() -> tuple[tuple[str, str], ...]:
    """Return ImageNet's names in their order, each with its COCO name or ""."""
    changed: dict[str, str] = _words()["class_coco"]
    return tuple(
        (name, changed.get(name, coco_name or "")) for _, name, _, coco_name in _imagenet()
    )


def _class_parents() -> dict[str, Parents]:
    return {name: tuple(parents) for _, name, parents, _ in _imagenet()}


@lru_cache(maxsize=1)
def _imagenet() -> list[list[Any]]:
    rows: list[list[Any]] = json.loads(_read_text("imagenet-taxonomy.json"))["classes"]
    return rows


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    words: dict[str, Any] = json.loads(_read_text("words.json"))
    return words


def _read_text(name: str) -> str:
    return Path(__file__).with_name("labels").joinpath(name).read_text(encoding="utf-8")
