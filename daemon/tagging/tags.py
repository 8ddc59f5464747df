"""Which tags a photo should carry: pure rules from what is known of it to text for others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...db.states import label_key
from .orders import NamedBox, TagPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...db.records import PhotoRecord
    from ...models.results import Tag

MOST_BOXES: Final = 50


@dataclass(frozen=True, slots=True)
class TagRules:
    """What the owner wants written.

    `min_confidence` 0..1, `most` tags a photo; `allow` (empty: all) and `deny` are names as labels
    show them; `rename` maps names to what is written; `prefix` goes before every tag, `parent` is
    one more level above all paths; `with_parents` writes paths, `with_boxes` boxes. `recognized`
    is the recognition's own `rename`, by which the photo's tags have their names already.
    """

    min_confidence: float = 0.5
    most: int = 10
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    parent: str = ""
    with_parents: bool = True
    with_boxes: bool = True
    recognized: Mapping[str, str] = field(default_factory=dict)


def choose_tags(
    photo: PhotoRecord,
    rules: TagRules,
    parents_of: Callable[[str], tuple[str, ...]] = lambda _name: (),
) -> TagPlan:
    """Choose the tags for a photo; `parents_of` gives what is above a name, general first.

    Those are the names that are shown; what is above them comes with the paths.
    """
    chosen = [tag.name for tag in photo.tags if tag.shown and _is_wanted(tag, rules)]
    chosen = chosen[: rules.most]
    written = {label_key(name): _written(name, rules) for name in chosen}
    return TagPlan(
        flat=tuple(dict.fromkeys(written.values())),
        paths=tuple(_path(name, rules, parents_of) for name in chosen),
        boxes=tuple(
            NamedBox(written[label_key(found.name)], found.confidence, found.box)
            for found in photo.detections[:MOST_BOXES]
            if rules.with_boxes
            and found.confidence >= rules.min_confidence
            and label_key(found.name) in written
        ),
    )


def _is_wanted(tag: Tag, rules: TagRules) -> bool:
    key = label_key(tag.name)
    if tag.confidence < rules.min_confidence or key in map(label_key, rules.deny):
        return False
    return not rules.allow or key in map(label_key, rules.allow)


def _written(name: str, rules: TagRules) -> str:
    renames = {label_key(old): new for old, new in rules.rename.items()}
    return rules.prefix + renames.get(label_key(name), name)


def _path(
    name: str, rules: TagRules, parents_of: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    above = parents_of(name) if rules.with_parents else ()
    levels = (*above, _written(name, rules))
    return (rules.parent, *levels) if rules.parent else levels
