"""What a file should become: its new content with the ledger's row for it, nothing written yet."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...db.records import TagFile
from ...db.states import TagState
from .ledger import without

if TYPE_CHECKING:
    from .files import Original
    from .ledger import Share
    from .orders import Draft


@dataclass(frozen=True, slots=True)
class Work:
    """A file and what it should become; no ``original``: there is none, no ``data``: it goes."""

    path: bytes
    original: Original | None
    data: bytes | None
    file: TagFile
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def is_change(self) -> bool:
        """Tell whether anything is to be done on the disk."""
        return self.data != (None if self.original is None else self.original.data)


@dataclass(frozen=True, slots=True)
class NewShare:
    """Our share in a file after the work: tags, and the owner's keywords that came with them.

    ``before`` is the SHA-256 of the file without anything of ours where that is not the original;
    ``foreign`` another program's file, compressed, as it was before we added to it.
    """

    ours: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    before: bytes | None = None
    foreign: bytes | None = None


NOTHING: Final = NewShare()


def plan_work(
    order: Draft,
    path: bytes,
    original: Original | None,
    data: bytes | None,
    share: Share,
    new: NewShare = NOTHING,
) -> Work:
    """Put a file's new content and our share in it, now and then, together."""
    before = new.before
    if before is None and original is not None:
        before = original.sha256
    file = TagFile(
        target=order.target,
        path=path,
        state=TagState.UNDONE if order.plan is None else TagState.WRITTEN,
        written_at=int(time.time()),
        items=new.ours,
        copied=new.copied,
        removed=() if order.again else share.removed,
        before=before,
        after=None if data is None else hashlib.sha256(data).digest(),
        size=None if data is None else len(data),
        models=order.models,
        original=new.foreign,
    )
    return Work(
        path, original, data, file, without(new.ours, share.ours), without(share.ours, new.ours)
    )
