"""What decides which evidence is believed: thresholds by model, and the user's own wishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import ModelError
from .manifest import Thresholds
from .merge import Voter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .manifest import Manifest
    from .results import Tag
    from .taxonomy import Taxonomy

LEVELS = ("few", "normal", "many")
# Rules that can be left out, each alone, to measure what it brings.
RULES = (
    "verified",
    "rivals",
    "company",
    "lifted",
    "leaves",
    "refined",
    "contradicted",
    "sums",
    "implied",
)
UNKNOWN = Thresholds(0.6, 0.45, 0.3, 0.5)  # of a model whose manifest is gone


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks of the tags, in any words that the taxonomy resolves.

    `level`: one of `LEVELS`; `labels`: a name's own threshold; `allow`: if there are any, only
    these and what is below them; `deny`: exactly these never; `rename`: what a name is called
    instead; `without`: some of `RULES`.
    """

    level: str = "normal"
    labels: Mapping[str, float] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FusionRules:
    """How to fuse: `Wishes` in canonical names, and what the manifests say.

    `thresholds`: by model; `voters`: the detectors, the first one's scale is the common one;
    `most_leaves`: special names of the whole picture; `rejected`: never these nor what is
    below them, whatever else shows them.
    """

    thresholds: Mapping[str, Thresholds]
    voters: Mapping[str, Voter]
    level: str = "normal"
    labels: Mapping[str, float] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=dict)
    most_leaves: int = 3
    without: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()

    def uses(self, rule: str) -> bool:
        """Say whether a rule is in force."""
        return rule not in self.without

    def threshold(self, name: str, model: str) -> float:
        """Return the confidence that a name needs when this model says it."""
        return self.labels.get(name, level_of(self._of(model), self.level))

    def parent_threshold(self, name: str, model: str) -> float:
        """Return the sum that a more general name needs."""
        return self.labels.get(name, self._of(model).parent)

    def objection(self, tag: Tag) -> str:
        """Say why the user does not want a tag; empty when nothing speaks against it."""
        if not self.rejected.isdisjoint((tag.name, *tag.parents)):
            return "rejected"
        if tag.name in self.deny:
            return "denied"
        if self.allow and self.allow.isdisjoint((tag.name, *tag.parents)):
            return "not allowed"
        return ""

    def _of(self, model: str) -> Thresholds:
        return self.thresholds.get(model, UNKNOWN)


def level_of(thresholds: Thresholds, level: str) -> float:
    """Return the threshold of a level."""
    return {"few": thresholds.few, "normal": thresholds.normal, "many": thresholds.many}[level]


def make_rules(
    manifests: Iterable[Manifest], taxonomy: Taxonomy, wishes: Wishes | None = None
) -> FusionRules:
    """Return the rules for these models, detectors in the order in which they are asked.

    Models that may have been asked earlier come last: their evidence has their thresholds.
    Raises `ModelError` for a level or a rule that there is not, and for a word that means several
    things; a word that the taxonomy does not know is taken as it is.
    """
    wanted = wishes or Wishes()
    known = tuple(manifests)
    _check("level", wanted.level, LEVELS)
    for rule in wanted.without:
        _check("rule", rule, RULES)

    def name(word: str) -> str:
        meanings = taxonomy.meanings(word)
        if len(meanings) > 1:
            raise ModelError(f"{word!r} means {' or '.join(meanings)}", remedy="name one of them")
        return meanings[0] if meanings else word

    return FusionRules(
        thresholds={manifest.name: manifest.thresholds for manifest in known},
        voters={
            manifest.name: Voter(
                manifest.thresholds.normal,
                manifest.floor,
                frozenset(taxonomy.canonical(one) for one in manifest.labels.names if one),
            )
            for manifest in known
            if manifest.kind == "detector"
        },
        level=wanted.level,
        labels={name(word): least for word, least in wanted.labels.items()},
        allow=frozenset(map(name, wanted.allow)),
        deny=frozenset(map(name, wanted.deny)),
        rename={name(word): new for word, new in wanted.rename.items()},
        without=frozenset(wanted.without),
    )


def _check(what: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise ModelError(f"no {what} is called {value!r}", remedy=f"there is {', '.join(options)}")
