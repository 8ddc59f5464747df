"""What a photo's XMP sidecar should become."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from ...db.records import TagFile
from ...db.states import TagState
from ..formats import PILLOW_NAMES
from ..metadata.keywords import read_keywords
from ..orientation import PILLOW_ERRORS, orientation_of, to_stored
from . import xmp
from .errors import Refused
from .ledger import Share, find_record, find_share, keys, merge, without
from .orders import EXIF, SIDECAR
from .work import NewShare, Work, plan_work

if TYPE_CHECKING:
    from ...models.results import Box
    from .files import Original
    from .orders import Draft, NamedBox, TagPlan


@dataclass(frozen=True, slots=True)
class _Found:
    """A sidecar as it lies there.

    ``base`` is what it is without us, to the byte if nobody has changed it since; None for one that
    is all ours, or for none.
    """

    path: bytes
    sidecar: Original | None
    base: bytes | None
    share: Share


def draft_sidecar(
    order: Draft, photo: Original, path: bytes, sidecar: Original | None, *, may_merge: bool
) -> Work:
    """Work out the sidecar with our tags, or without them; ``sidecar`` None: there is none.

    Raises Refused for another program's sidecar unless ``may_merge``.
    """
    found = _find(order, path, sidecar)
    if order.plan is None:
        return _without_ours(order, found)
    removed = () if order.again else found.share.removed
    present = () if found.base is None else _subjects(found.base, found.share)
    theirs = without(merge(present, _keywords(order, photo)), removed)
    ours = without(order.plan.flat, theirs, removed)
    if not ours:
        return _without_ours(order, found)
    if found.base is not None and not may_merge:
        raise Refused("another program's sidecar is there; tags.merge_sidecars = true adds to it")
    content = _content(order.plan, theirs, ours, photo)
    data = xmp.build(content) if found.base is None else xmp.merge(found.base, content)
    copied = without(theirs, present)
    foreign = None if found.base is None else zlib.compress(found.base)
    new = NewShare(ours, copied, foreign=foreign)
    return plan_work(order, path, sidecar, data, found.share, new)


def _find(order: Draft, path: bytes, sidecar: Original | None) -> _Found:
    """Tell whose sidecar it is and what of ours is in it."""
    record = find_record(order, None if sidecar is None else sidecar.sha256)
    if sidecar is None:
        # Gone from where we left it, its owner did not want it; elsewhere the photo has moved.
        is_deleted = record is not None and record.path == path
        share = find_share(record, ()) if is_deleted else Share()
        return _Found(path, None, None, share)
    known = xmp.read(sidecar.data)
    if record is None and known.added:
        record = TagFile(SIDECAR, path, TagState.WRITTEN, 0, items=known.added)
    share = find_share(record, known.subjects)
    if record is not None and record.original is not None and record.after == sidecar.sha256:
        return _Found(path, sidecar, zlib.decompress(record.original), share)
    # Only what can be seen in a sidecar makes it ours, not the ledger: ours may be deleted.
    return _Found(path, sidecar, _strip(sidecar.data) if known.added else sidecar.data, share)


def _strip(data: bytes) -> bytes | None:
    """Return a sidecar without anything of ours, or None if nothing is left. Raises Refused."""
    stripped = xmp.remove_ours(data)
    if stripped is None:
        return data
    return None if xmp.is_bare(stripped) else stripped


def _without_ours(order: Draft, found: _Found) -> Work:
    """Delete a sidecar of ours, give another program's back, or take our items out of it."""
    return plan_work(order, found.path, found.sidecar, found.base, found.share)


def _keywords(order: Draft, photo: Original) -> tuple[str, ...]:
    """Return the owner's keywords in the photo; our mark may have been lost from it."""
    rows = (*order.files, *order.intents)
    ours = [item for row in rows if row.target == EXIF for item in row.items]
    return without(read_keywords(photo.data, order.format), ours)


def _subjects(base: bytes, share: Share) -> tuple[str, ...]:
    """Return the keywords of a sidecar that are not ours."""
    return without(xmp.read(base).subjects, share.ours)


def _content(
    plan: TagPlan, theirs: tuple[str, ...], ours: tuple[str, ...], photo: Original
) -> xmp.SidecarContent:
    wanted = keys(ours)
    orientation = _orientation(photo.data)
    return xmp.SidecarContent(
        subjects=(*theirs, *ours),
        hierarchy=(
            *((item,) for item in theirs),
            *(path for path in plan.paths if keys(path[-1:]) <= wanted),
        ),
        regions=tuple(
            _region(named, to_stored(named.box, orientation))
            for named in plan.boxes
            if keys([named.name]) <= wanted
        ),
        added=ours,
    )


def _region(named: NamedBox, box: Box) -> xmp.Region:
    return xmp.Region(
        name=named.name,
        left=box.left,
        top=box.top,
        width=box.right - box.left,
        height=box.bottom - box.top,
        confidence=named.confidence,
    )


def _orientation(data: bytes) -> int:
    try:
        with Image.open(io.BytesIO(data), formats=PILLOW_NAMES) as image:
            return orientation_of(image)
    except PILLOW_ERRORS:
        return 1
