"""What a JPEG's keywords should become."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ..metadata.keywords import read_keywords
from . import exif, jpeg
from .errors import Refused
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
    file = jpeg.parse(photo.data)
    field = exif.read_field(file)
    record = find_record(order, photo.sha256)
    share = _share(record, field)
    theirs = without(field.items, share.ours, share.copied)
    before = _before(photo, file, record)
    if order.plan is None:
        return _without_ours(order, photo, share, field, before)
    removed = () if order.again else share.removed
    # A list that we start must not hide what the photo's other fields say.
    others = () if theirs else read_keywords(photo.data, order.format)
    copied = without(others, share.ours, removed)
    ours = without(order.plan.flat, theirs, copied, removed)
    if not ours:
        return _without_ours(order, photo, share, field, before)
    data = exif.write_field(file, (*theirs, *copied, *ours))
    new = NewShare(ours, copied, before=before)
    return plan_work(order, photo.path, photo, data, share, new)


def _share(record: TagFile | None, field: exif.KeywordField) -> Share:
    """Return what of ours is in the field.

    Under a whole mark that is all that was not there before us, whatever the ledger knows.
    """
    share = find_share(record, field.items)
    if field.mark != "whole":
        return share
    unknown = without(field.items, field.before, share.ours, share.copied)
    return replace(share, ours=(*share.ours, *unknown))


def _without_ours(
    order: Draft, photo: Original, share: Share, field: exif.KeywordField, before: bytes | None
) -> Work:
    """Take the old block back, or our items out of the field.

    The old block may have some of them, too: if another program wrote it anew with our tags in it.
    """
    theirs = without(field.items, share.ours, share.copied)
    if field.mark == "whole" and not without(field.before, theirs):
        data = exif.restore(photo.data)
        if data is None or before != hashlib.sha256(data).digest():
            raise Refused("what would be restored is not what was there before")
    elif share.ours or share.copied:
        data = exif.write_field(photo.data, theirs)
    else:
        data = photo.data
    return plan_work(order, photo.path, photo, data, share)


def _before(photo: Original, file: jpeg.JpegFile, record: TagFile | None) -> bytes | None:
    """Return the SHA-256 of the photo without our keywords."""
    if record is not None and record.items and record.after == photo.sha256:
        return record.before
    restored = exif.restore(file)
    return None if restored is None else hashlib.sha256(restored).digest()
