"""What speaks for each name: a rule a function, each makes tags out of the evidence.

A tag that a rule does not believe is made all the same and says why in `dropped`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .merge import LEAST_IOU
from .results import Analysis, Crop, Detection, Evidence, Label, Tag
from .seeing import canonical, crop_of, in_company, lift, mass_of, see, shows, voters_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .fusion_rules import FusionRules
    from .taxonomy import Taxonomy

HEARD = 0.4  # of a threshold, from which a box counts as company
SURE = 0.5  # a detection from here on can be refined, and speaks against others
OVERRULES = 0.8  # the classifier against a sure detection
CROP_MASS = 0.3  # of a crop under the detected name, and
CROP_SHARE = 0.6  # of one kind in that mass, from which the kind is believed
KINDS_THAT_COVER = 4
GROUPS = ("animal", "vehicle")  # a picture seldom shows two of these that look alike


@dataclass(frozen=True, slots=True)
class Picture:
    """Canonical evidence of one picture, what is `seen` in it, by which detector's `measure`."""

    raw: Analysis
    seen: tuple[Detection, ...]
    measure: str
    taxonomy: Taxonomy
    rules: FusionRules

    @classmethod
    def of(cls, analysis: Analysis, taxonomy: Taxonomy, rules: FusionRules) -> Picture:
        """Bring the evidence into canonical names and see what is in it."""
        raw = canonical(analysis, taxonomy)
        measure = next(iter(voters_of(raw, rules)), "")
        return cls(raw, see(raw, rules, taxonomy), measure, taxonomy, rules)

    def threshold_of_object(self, name: str) -> float:
        """Return the confidence that a seen thing needs."""
        return self.rules.threshold(name, self.measure)

    def sure_things(self) -> dict[str, Detection]:
        """Return the surest detection of each name that is seen for sure."""
        sure = [one for one in reversed(self.seen) if one.confidence >= SURE]
        return {one.name: one for one in sure}


def claim_objects(picture: Picture) -> list[Tag]:
    """Return a tag a detected name: its best box, lifted by the classifier's word for the whole."""
    seen: dict[str, list[Detection]] = defaultdict(list)
    for one in picture.seen:
        seen[one.name].append(one)
    return [_object(name, boxes, picture) for name, boxes in seen.items()]


def _object(name: str, boxes: list[Detection], picture: Picture) -> Tag:
    rules, best = picture.rules, boxes[0]
    threshold = picture.threshold_of_object(name)
    sure, rule = best.confidence, "detected"
    if rules.uses("company"):
        least = HEARD * rules.threshold("", picture.measure)
        sure = in_company(sure, max(1, sum(one.confidence >= least for one in boxes)))
    if rules.uses("lifted"):
        lifted = lift(sure, mass_of(name, picture.raw.labels, picture.taxonomy))
        sure, rule = lifted, "lifted" if lifted > sure else rule
    above = picture.taxonomy.parents_of(name)[::-1]
    evidence = _evidence_of(best, picture)
    return _below_threshold(Tag(name, sure, "object", rule, threshold, above, evidence=evidence))


def claim_leaves(picture: Picture, special: list[Tag]) -> list[Tag]:
    """Return a tag a label of the whole picture, as a refinement where its like is detected."""
    objects = {tag.name for tag in special if tag.kind == "object" and not tag.dropped}
    taxonomy = picture.taxonomy
    found = []
    for label in picture.raw.labels:
        above = taxonomy.parents_of(label.name)
        like = (*above, taxonomy.coco_name_of(label.name) or "")
        refines = next((name for name in like if name in objects and name != label.name), None)
        tag = Tag(
            label.name,
            label.confidence,
            "label",
            "leaf",
            picture.rules.threshold(label.name, label.model),
            above[::-1],
            refines,
            evidence=(_from_label(label),),
        )
        found.append(_other_kind(_below_threshold(tag), special, picture))
    return found


def claim_kinds(picture: Picture) -> list[Tag]:
    """Return a tag a crop of a sure detection: the kind of thing that it is."""
    found: list[Tag] = []
    for one in picture.seen if picture.rules.uses("refined") else ():
        crop = crop_of(one, picture.raw.crops, LEAST_IOU)
        if crop is None or one.confidence < SURE:
            continue
        kinds = [label for label in crop.labels if _is_kind(label.name, one.name, picture.taxonomy)]
        mass = mass_of(one.name, crop.labels, picture.taxonomy)
        if kinds and mass >= CROP_MASS:
            found.append(_refine(one, crop, kinds[0], mass, picture))
    return found


def _refine(one: Detection, crop: Crop, kind: Label, mass: float, picture: Picture) -> Tag:
    """Return the tag of a detected thing's kind.

    Where the classifier has enough kinds to cover the name, their shares in the mass count: it is
    a dog, so which one? Where it knows but one or two (an airliner for all airplanes), its own
    word does.
    """
    covered = len(picture.taxonomy.kinds_of(one.name)) >= KINDS_THAT_COVER
    share = kind.confidence / (mass if covered else 1.0)
    tag = Tag(
        kind.name,
        one.confidence * share,
        "label",
        "refined",
        picture.rules.labels.get(kind.name, SURE * CROP_SHARE),
        picture.taxonomy.parents_of(kind.name)[::-1],
        one.name,
        evidence=(_from_crop(crop, kind), *_evidence_of(one, picture)[:1]),
    )
    if share < CROP_SHARE:
        return replace(tag, dropped=f"only {share:.2f} of what {one.name} may be")
    return _below_threshold(tag)


def claim_sums(picture: Picture) -> list[Tag]:
    """Return a tag a more general name: the summed probability of the labels below it."""
    below: dict[str, list[Label]] = defaultdict(list)
    for label in picture.raw.labels:
        for name in picture.taxonomy.shown_by(label.name):
            if name != label.name or picture.taxonomy.is_parent(name):
                below[name].append(label)
    found = []
    for name, labels in below.items():
        tag = Tag(
            name,
            min(1.0, sum(label.confidence for label in labels)),
            "parent",
            "sum",
            picture.rules.parent_threshold(name, labels[0].model),
            picture.taxonomy.parents_of(name)[::-1],
            evidence=tuple(map(_from_label, labels)),
        )
        found.append(_below_threshold(tag))
    return found


def claim_implied(tags: Iterable[Tag], taxonomy: Taxonomy) -> list[Tag]:
    """Return the more general names of believed tags, each as sure as the surest of them."""
    surest: dict[str, Tag] = {}
    for tag in sorted(tags, key=rank):
        for name in tag.parents:
            surest.setdefault(name, tag)
    return [
        Tag(
            name,
            tag.confidence,
            "parent",
            "implied",
            tag.threshold,
            taxonomy.parents_of(name)[::-1],
            evidence=tag.evidence,
        )
        for name, tag in surest.items()
    ]


def contradict(tags: list[Tag], picture: Picture) -> list[Tag]:
    """Drop what nothing but the classifier says against a sure detection of its group."""
    if not picture.rules.uses("contradicted"):
        return tags
    sure = picture.sure_things()
    return [_judge(tag, sure, picture.taxonomy) for tag in tags]


def _judge(tag: Tag, sure: dict[str, Detection], taxonomy: Taxonomy) -> Tag:
    if tag.dropped or tag.confidence >= OVERRULES or tag.rule == "refined":
        return tag
    for group in GROUPS:
        rivals = [name for name in sure if group in taxonomy.parents_of(name)]
        if group in tag.parents and rivals and not _any_akin(tag.name, rivals, taxonomy):
            against = f"{rivals[0]} {sure[rivals[0]].confidence:.2f}"
            return replace(tag, dropped=f"contradicted by {against}")
    return tag


def _any_akin(name: str, others: list[str], taxonomy: Taxonomy) -> bool:
    return any(shows(name, other, taxonomy) or shows(other, name, taxonomy) for other in others)


def _other_kind(tag: Tag, special: list[Tag], picture: Picture) -> Tag:
    """Drop a label of the whole picture where a crop of the one such thing has another kind."""
    for other in special:
        kin = other.rule == "refined" and not other.dropped and other.refines == tag.refines
        if kin and not tag.dropped and tag.refines and other.name != tag.name:
            least = picture.threshold_of_object(tag.refines)
            if sum(o.name == tag.refines and o.confidence >= least for o in picture.seen) == 1:
                return replace(tag, dropped=f"its crop is a {other.name}")
    return tag


def _is_kind(leaf: str, name: str, taxonomy: Taxonomy) -> bool:
    return leaf != name and name in taxonomy.parents_of(leaf)


def _below_threshold(tag: Tag) -> Tag:
    if tag.confidence >= tag.threshold:
        return tag
    return replace(tag, dropped=f"under the threshold of {tag.threshold:.2f}")


def _evidence_of(thing: Detection, picture: Picture) -> tuple[Evidence, ...]:
    """Return each detector's best word for a thing, then what its crop and the whole add."""
    raw = [one for one in picture.raw.detections if one.name == thing.name]
    best = {one.model: one for one in sorted(raw, key=sureness)}
    found = [
        Evidence("detection", one.model, one.name, one.confidence, one.box) for one in best.values()
    ]
    crop = next(filter(None, (crop_of(one, picture.raw.crops) for one in best.values())), None)
    if crop:
        found += [_from_crop(crop, label) for label in _showing(thing.name, crop.labels, picture)]
    return (*found, *map(_from_label, _showing(thing.name, picture.raw.labels, picture)))


def _showing(name: str, labels: Iterable[Label], picture: Picture) -> list[Label]:
    return [label for label in labels if shows(label.name, name, picture.taxonomy)]


def _from_label(label: Label) -> Evidence:
    return Evidence("label", label.model, label.name, label.confidence, None)


def _from_crop(crop: Crop, label: Label) -> Evidence:
    return Evidence("crop", label.model, label.name, label.confidence, crop.box)


def sureness(one: Tag | Detection) -> float:
    """Return the confidence."""
    return one.confidence


def rank(tag: Tag) -> tuple[bool, float, int, str]:
    """Return where a tag stands: believed ones first, then sure ones, then special ones."""
    return bool(tag.dropped), -tag.confidence, -len(tag.parents), tag.name
