"""Who owns which item of a field: what we wrote, what the owner took out of it, what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...db.states import TagState, label_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...db.records import TagFile
    from .orders import Draft


@dataclass(frozen=True, slots=True)
class Share:
    """Our share in one field, as the file has it now.

    ``ours`` and ``copied`` (the owner's keywords that we brought into the field) are still there;
    ``removed`` are tags of ours that the owner took out: they are never added again.
    """

    ours: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def find_record(order: Draft, sha256: bytes | None) -> TagFile | None:
    """Return what the ledger says of the file that is to be written.

    An intention counts if the file is what it intended: then only its record is missing.
    """
    for intent in order.intents:
        if intent.target == order.target and intent.after is not None and intent.after == sha256:
            return intent
    return next((file for file in order.files if file.target == order.target), None)


def find_share(record: TagFile | None, present: Iterable[str]) -> Share:
    """Compare what was recorded with the items that the field has now."""
    if record is None:
        return Share()
    there = keys(present)
    taken = tuple(item for item in record.items if label_key(item) not in there)
    if record.state != TagState.WRITTEN:
        taken = ()
    return Share(
        ours=tuple(item for item in record.items if label_key(item) in there),
        copied=tuple(item for item in record.copied if label_key(item) in there),
        removed=merge(record.removed, taken),
    )


def keys(items: Iterable[str]) -> set[str]:
    """Return what items are compared by: keywords differ by more than case."""
    return {label_key(item) for item in items}


def merge(*lists: Iterable[str]) -> tuple[str, ...]:
    """Join lists, each item once, in the order of its first place."""
    joined: dict[str, str] = {}
    for items in lists:
        for item in items:
            joined.setdefault(label_key(item), item)
    return tuple(joined.values())


def without(items: Iterable[str], *others: Iterable[str]) -> tuple[str, ...]:
    """Return the items that none of the other lists has."""
    unwanted = set().union(*(keys(other) for other in others))
    return tuple(item for item in items if label_key(item) not in unwanted)
