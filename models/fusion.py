"""From the evidence of one picture to what is believed of it: a pure function, without any engine.

Nothing here is stored alone: evidence is, and fusing it again after a change of rules costs no
inference. The steps: what detectors see together (`seeing`), what speaks for each name (`claims`):
detections, the classifier's most special names, kinds that the crops tell, and the more general
names by summed probability ("hedging your bets": Deng et al., CVPR 2012); then one tag a name.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from .claims import (
    Picture,
    claim_implied,
    claim_kinds,
    claim_leaves,
    claim_objects,
    claim_sums,
    contradict,
    rank,
    sureness,
)
from .results import Analysis, Crop, Detection, Label, Reading, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .fusion_rules import FusionRules
    from .taxonomy import Taxonomy

KINDS = ("object", "label", "parent")


def fuse(analysis: Analysis, taxonomy: Taxonomy, rules: FusionRules) -> Reading:
    """Return what is believed of a picture: tags, best first, and the boxes behind them."""
    picture = Picture.of(analysis, taxonomy, rules)
    objects = claim_objects(picture)
    tags = tuple(tag for tag in _weigh(picture, objects) if not tag.dropped)
    names = {tag.name for tag in tags}
    kept = [tag for tag in objects if not tag.dropped and _renamed(tag.name, rules) in names]
    seen = [replace(one, name=_renamed(one.name, rules)) for one in _counted(picture, kept)]
    return Reading(tags, tuple(seen))


def weigh(analysis: Analysis, taxonomy: Taxonomy, rules: FusionRules) -> tuple[Tag, ...]:
    """Return every name that anything speaks for, believed or not, best first.

    A name that is not believed says why in `dropped`.
    """
    picture = Picture.of(analysis, taxonomy, rules)
    return _weigh(picture, claim_objects(picture))


def explain(
    analysis: Analysis, name: str, taxonomy: Taxonomy, rules: FusionRules
) -> tuple[Tag, ...]:
    """Return what speaks for a canonical name and for all that is below it, best first."""
    return tuple(
        tag for tag in weigh(analysis, taxonomy, rules) if name == tag.name or name in tag.parents
    )


def leave_out(analysis: Analysis, rejected: Iterable[str], taxonomy: Taxonomy) -> Analysis:
    """Return the evidence without what speaks for these canonical names or names below them.

    An espresso is no kind of cup and stays, and still shows one: fuse with `rejected` rules, too.
    """
    names = frozenset(rejected)
    if not names:
        return analysis

    def stays(one: Label | Detection | Crop) -> bool:
        name = taxonomy.canonical(one.name)
        return names.isdisjoint((name, *taxonomy.parents_of(name)))

    return replace(
        analysis,
        labels=tuple(filter(stays, analysis.labels)),
        detections=tuple(filter(stays, analysis.detections)),
        crops=tuple(
            replace(crop, labels=tuple(filter(stays, crop.labels)))
            for crop in filter(stays, analysis.crops)
        ),
    )


def _weigh(picture: Picture, objects: list[Tag]) -> tuple[Tag, ...]:
    rules = picture.rules
    special = [*objects, *contradict(claim_kinds(picture), picture)]
    if rules.uses("leaves"):
        leaves = contradict(claim_leaves(picture, special), picture)
        special += _most_only(leaves, rules.most_leaves)
    general = [tag for tag in special if not tag.dropped] if rules.uses("implied") else []
    parents = claim_implied(general, picture.taxonomy)
    if rules.uses("sums"):
        parents += contradict(claim_sums(picture), picture)
    tags = [_wished(tag, rules) for tag in _join_same([*special, *parents])]
    if rules.rename:
        tags = _join_same([_rename(tag, rules) for tag in tags])
    return tuple(sorted(mark_shown(tags), key=rank))


def _most_only(tags: list[Tag], most: int) -> list[Tag]:
    """Keep the surest labels: a picture of everything is a picture of nothing."""
    left, kept = most, []
    for tag in sorted(tags, key=rank):
        kept.append(tag if tag.dropped or left else replace(tag, dropped=f"{most} are surer"))
        left -= bool(left and not tag.dropped)
    return kept


def _join_same(tags: list[Tag]) -> list[Tag]:
    """Make one tag of those with one name: the best believed one, with the evidence of all."""
    same: dict[str, list[Tag]] = defaultdict(list)
    for tag in sorted(tags, key=lambda tag: (bool(tag.dropped), KINDS.index(tag.kind))):
        same[tag.name].append(tag)
    return [_joined(alike) for alike in same.values()]


def _joined(alike: list[Tag]) -> Tag:
    first, *others = alike
    if not others:
        return first
    surest = max((tag for tag in alike if bool(tag.dropped) == bool(first.dropped)), key=sureness)
    return replace(
        first,
        confidence=surest.confidence,
        rule=surest.rule,
        threshold=surest.threshold,
        refines=next((tag.refines for tag in alike if tag.refines and not tag.dropped), None),
        evidence=tuple(dict.fromkeys(one for tag in alike for one in tag.evidence)),
    )


def _wished(tag: Tag, rules: FusionRules) -> Tag:
    objection = "" if tag.dropped else rules.objection(tag)
    return replace(tag, dropped=objection) if objection else tag


def _rename(tag: Tag, rules: FusionRules) -> Tag:
    def new(name: str) -> str:
        return _renamed(name, rules)

    refines = new(tag.refines) if tag.refines else None
    parents = tuple(dict.fromkeys(map(new, tag.parents)))
    return replace(tag, name=new(tag.name), parents=parents, refines=refines)


def _renamed(name: str, rules: FusionRules) -> str:
    return rules.rename.get(name, name)


def mark_shown(tags: list[Tag]) -> list[Tag]:
    """Hide what is not believed, and each more general name with a believed one below it."""
    above = {parent for tag in tags if not tag.dropped for parent in tag.parents}
    return [
        replace(tag, shown=False)
        if tag.dropped or (tag.kind == "parent" and tag.name in above)
        else tag
        for tag in tags
    ]


def _counted(picture: Picture, objects: list[Tag]) -> list[Detection]:
    """Return the boxes of believed things: those that are sure enough, and each name's best one."""
    found = []
    for tag in objects:
        best, *others = [one for one in picture.seen if one.name == tag.name]
        found.append(replace(best, confidence=tag.confidence))
        found += [one for one in others if one.confidence >= tag.threshold]
    return sorted(found, key=lambda one: -one.confidence)
