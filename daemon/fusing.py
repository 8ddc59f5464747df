"""From evidence to what is believed of a photo: the settings' rules and the owner's verdicts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..models.fusion import fuse, leave_out, mark_shown
from ..models.fusion_rules import Wishes, make_rules
from ..models.manifest import find_manifests
from ..models.results import Evidence, Reading, Tag
from ..models.settings import choose_manifests
from ..models.taxonomy import load_taxonomy
from .worker import model_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..db.records import Verdict
    from ..models.fusion_rules import FusionRules
    from ..models.manifest import Manifest
    from ..models.results import Analysis
    from ..models.settings import ModelSettings
    from ..models.taxonomy import Taxonomy
    from .config import Config

OWNER: Final = "owner"
"""Who speaks for a tag that the owner has added or confirmed."""


@dataclass(frozen=True, slots=True)
class Fuser:
    """Makes readings; `digest` changes with whatever changes them."""

    taxonomy: Taxonomy
    rules: FusionRules
    digest: str

    def read(self, analysis: Analysis, verdicts: Iterable[Verdict] = ()) -> Reading:
        """Return what is believed of a photo: what is rejected speaks for nothing."""
        said = {verdict.name: verdict.kind for verdict in verdicts}
        rejected = frozenset(name for name, kind in said.items() if kind == "reject")
        heard = leave_out(analysis, rejected, self.taxonomy)
        reading = fuse(heard, self.taxonomy, replace(self.rules, rejected=rejected))
        for name, kind in said.items():
            if kind != "reject":
                reading = self._with_owners(reading, name)
        return reading

    def vocabulary(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return every name that a reading may have where models say these."""
        known = {self.taxonomy.canonical(name) for name in names}
        known |= {above for name in known for above in self.taxonomy.parents_of(name)}
        known |= set(self.rules.rename.values())
        return tuple(sorted(known))

    def _with_owners(self, reading: Reading, name: str) -> Reading:
        """Return a reading in which the owner's word stands, for the name and all above it."""
        tags = {tag.name: tag for tag in reading.tags}
        above = self.taxonomy.parents_of(name)
        for one in (name, *above):
            called = self._called(one)
            known = tags.get(called)
            if known is None:
                kind = "label" if one == name else "parent"
                parents = map(self._called, self.taxonomy.parents_of(one)[::-1])
                known = Tag(called, 1.0, kind, OWNER, 0.0, tuple(dict.fromkeys(parents)))
            evidence = (*known.evidence, Evidence(OWNER, OWNER, name, 1.0, None))
            tags[called] = replace(known, confidence=1.0, rule=OWNER, evidence=evidence)
        ordered = sorted(tags.values(), key=lambda tag: (-tag.confidence, tag.name))
        return Reading(tuple(mark_shown(ordered)), reading.detections)

    def _called(self, name: str) -> str:
        return self.rules.rename.get(name, name)


def make_fuser(config: Config) -> Fuser:
    """Build the rules of the settings. Raises ModelError for unknown models and words."""
    taxonomy = load_taxonomy()
    wanted = config.recognition
    wishes = Wishes(
        level=wanted.tags,
        labels=wanted.thresholds,
        allow=wanted.allow,
        deny=wanted.deny,
        rename=wanted.rename,
    )
    rules = make_rules(_manifests(model_settings(config)), taxonomy, wishes)
    return Fuser(taxonomy, rules, _digest(rules))


def _manifests(settings: ModelSettings) -> tuple[Manifest, ...]:
    """Return the chosen models, then the others, whose evidence may be there from earlier."""
    chosen = choose_manifests(settings)
    known = {one.name: one for one in chosen} | find_manifests(*settings.manifest_directories)
    return tuple(known.values())


def _digest(rules: FusionRules) -> str:
    """Return a short name of these rules and of the taxonomy behind them."""
    order = list(rules.voters)  # the first one's scale is the common one
    text = json.dumps([RULES_VERSION, repr_of(rules), order], sort_keys=True, default=repr_of)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


RULES_VERSION: Final = 2
"""Raised whenever fusion or the taxonomy says something else of the same evidence."""


def repr_of(value: Any) -> Any:
    """Return what JSON can order of rules: sets sorted, records as their fields."""
    if isinstance(value, frozenset | set):
        return sorted(value)
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None:
        return {name: getattr(value, name) for name in fields}
    return repr(value)
