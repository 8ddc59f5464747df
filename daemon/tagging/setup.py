"""From the settings to the parts that write tags."""

from __future__ import annotations

import os
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ...db.paths import relative_to
from ...models.taxonomy import load_taxonomy
from ..worker import ChildProgram
from .orders import EXIF, SIDECAR, decode, encode
from .scribe_plan import ScribePlan
from .tagger import TagJob
from .tags import TagRules, choose_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...db.reader import CatalogReader
    from ...db.records import PhotoRecord
    from ..config import Config

UNCHANGED: Final[Mapping[str, str]] = MappingProxyType({})

# glibc would give the memory of each photo back and fault it in anew: a seventh of a write's cost.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "67108864", "MALLOC_TRIM_THRESHOLD_": "134217728"}
TARGETS = {"off": (), "exif": (EXIF,), "sidecar": (SIDECAR,), "both": (EXIF, SIDECAR)}


def scribe_program(config: Config) -> ChildProgram:
    """Return how the scribe is started."""
    tags = config.tags
    plan = ScribePlan(
        settle_seconds=config.watch.settle_seconds,
        keep_mtime=tags.keep_mtime,
        merge_sidecars=tags.merge_sidecars,
        use_exiftool=tags.verify == "exiftool",
    )
    return ChildProgram("tagging.scribe", plan.to_json(), encode, decode, KEEP_MEMORY)


def tag_rules(config: Config) -> TagRules:
    """Return the rules by which tags are chosen."""
    tags = config.tags
    return TagRules(
        min_confidence=tags.min_confidence,
        most=tags.most,
        allow=tags.allow,
        deny=tags.deny,
        rename=tags.rename,
        prefix=tags.prefix,
        parent=tags.parent,
        with_parents=tags.parents,
        with_boxes=tags.boxes,
        recognized=config.recognition.rename,
    )


def find_root(reader: CatalogReader, path: bytes) -> bytes:
    """Return the root that a photo lies in; the folder of one that lies in none."""
    roots = (root.path for root in reader.roots())
    return next(
        (root for root in roots if relative_to(path, root) is not None), os.path.dirname(path)
    )


def make_job(
    reader: CatalogReader,
    photo: PhotoRecord,
    rules: TagRules,
    targets: tuple[str, ...],
    *,
    undo: bool = False,
    again: bool = False,
    is_dry: bool = False,
) -> TagJob:
    """Put together all that the tagger needs for a photo; the record must have its details."""
    files, intents = reader.ledger(photo.id)
    above = partial(parents_of, rename=rules.recognized)
    return TagJob(
        photo=photo,
        root=find_root(reader, photo.path),
        targets=targets,
        plan=None if undo else choose_tags(photo, rules, above),
        files=files,
        intents=intents,
        again=again,
        is_dry=is_dry,
    )


def parents_of(name: str, rename: Mapping[str, str] = UNCHANGED) -> tuple[str, ...]:
    """Return what is above a tag's name, general first, all as the recognition's `rename` has them.

    >>> parents_of("Hund", {"dogs": "Hund", "animal": "Tier"})
    ('Tier', 'mammal', 'canine')
    """
    taxonomy = load_taxonomy()
    new_names = {taxonomy.resolve(old) or old: new for old, new in rename.items()}
    known = next((old for old, new in new_names.items() if new == name), name)
    above = (new_names.get(one, one) for one in taxonomy.parents_of(known)[::-1])
    return tuple(one for one in dict.fromkeys(above) if one != name)
