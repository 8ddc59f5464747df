"""What a JPEG's keywords should become."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from . import exif
from .errors import Refused
from .keywords import read_keywords
from .ledger import Share, find_record, find_share, without
from .work import NewShare, Work, plan_work

if TYPE_CHECKING:
    from ...db.records import TagFile
    from .files import Original
    from .orders import Draft


def draft_exif(order: Draft, photo: Original) -> Work:
    """Work out the JPEG with our keywords, or without them. Raises Refused."""
    if photo.data[:2] != b"\xff\xd8":
        raise Refused("only JPEG files are written to")
    field = exif.read_field(photo.data)
    record = find_record(order, photo.sha256)
    share = _share(record, field)
    theirs = without(field.items, share.ours, share.copied)
    if order.plan is None:
        return _without_ours(order, photo, record, share, theirs)
    removed = () if order.again else share.removed
    # A list that we start must not hide what the photo's other fields say.
    copied = () if theirs else without(read_keywords(photo.data, order.format), removed)
    ours = without(order.plan.flat, theirs, copied, removed)
    if not ours:
        return _without_ours(order, photo, record, share, theirs)
    data = exif.write_field(photo.data, (*theirs, *copied, *ours))
    new = NewShare(ours, copied, before=_before(photo, record))
    return plan_work(order, photo.path, photo, data, share, new)


def _share(record: TagFile | None, field: exif.KeywordField) -> Share:
    """Return what of ours is in the field; where the ledger knows nothing our mark tells."""
    if record is None and field.mark == "whole":
        return Share(ours=without(field.items, field.before))
    return find_share(record, field.items)


def _without_ours(
    order: Draft, photo: Original, record: TagFile | None, share: Share, theirs: tuple[str, ...]
) -> Work:
    """Take the old block back if it is still there, else only our items out of the field."""
    data = exif.restore(photo.data)
    if data is None:
        is_untouched = not share.ours and not share.copied
        data = photo.data if is_untouched else exif.write_field(photo.data, theirs)
    elif _before(photo, record) != hashlib.sha256(data).digest():
        raise Refused("what would be restored is not what was there before")
    return plan_work(order, photo.path, photo, data, share)


def _before(photo: Original, record: TagFile | None) -> bytes | None:
    """Return the SHA-256 of the photo without our keywords."""
    if record is not None and record.items and record.after == photo.sha256:
        return record.before
    restored = exif.restore(photo.data)
    return None if restored is None else hashlib.sha256(restored).digest()
