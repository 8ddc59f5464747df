"""From the settings to the parts that write tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...db.paths import relative_to
from ...models.taxonomy import load_taxonomy
from ..worker import ChildProgram
from .orders import EXIF, SIDECAR, decode, encode
from .scribe_plan import ScribePlan
from .tagger import TagJob
from .tags import TagRules, choose_tags

if TYPE_CHECKING:
    from ...db.reader import CatalogReader
    from ...db.records import PhotoRecord
    from ..config import Config, TagsSettings

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


def tag_rules(tags: TagsSettings) -> TagRules:
    """Return the rules by which tags are chosen."""
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
    )


def find_root(reader: CatalogReader, path: bytes) -> bytes:
    """Return the root that a photo lies in."""
    roots = (root.path for root in reader.roots())
    return next((root for root in roots if relative_to(path, root) is not None), b"/")


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
    return TagJob(
        photo=photo,
        root=find_root(reader, photo.path),
        targets=targets,
        plan=None if undo else choose_tags(photo, rules, _parents_of),
        files=files,
        intents=intents,
        again=again,
        is_dry=is_dry,
    )


def _parents_of(name: str) -> tuple[str, ...]:
    """Return what is above a name, general first."""
    return load_taxonomy().parents_of(name)[::-1]
