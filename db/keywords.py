"""The words that people gave a photo: written with its results, less the tags that are ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from .states import TagState, label_key
from .tables import KeywordRow, PhotoKeywordRow, TagFileRow, TagIntentRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

MOST_AT_ONCE: Final = 100

HELD = select(PhotoKeywordRow.keyword_id, PhotoKeywordRow.taken_at).where(
    PhotoKeywordRow.photo_id == bindparam("photo")
)
DELETION = delete(PhotoKeywordRow).where(PhotoKeywordRow.photo_id == bindparam("photo"))
INSERTION = insert(PhotoKeywordRow)
IDS = select(KeywordRow.key, KeywordRow.id).where(
    KeywordRow.key.in_(bindparam("keys", expanding=True))
)
COUNT = (
    update(KeywordRow)
    .where(KeywordRow.id.in_(bindparam("keywords", expanding=True)))
    .values(n=KeywordRow.n + bindparam("step"))
)
UNUSED = delete(KeywordRow).where(
    KeywordRow.id.in_(bindparam("keywords", expanding=True)), KeywordRow.n <= 0
)
# An intent counts, too: the write may have happened just before a crash.
OURS = (
    select(TagFileRow.items)
    .where(TagFileRow.photo_id == bindparam("photo"), TagFileRow.state != TagState.UNDONE.value)
    .union_all(select(TagIntentRow.items).where(TagIntentRow.photo_id == bindparam("photo")))
)


def replace_keywords(
    connection: Connection, photo_id: int, taken_at: int, names: Iterable[str]
) -> None:
    """Make these a photo's keywords, but for the tags of ours that its files hold.

    Moves the keywords' counts along; a keyword that no photo has any more goes.
    """
    wanted = _without_ours(connection, photo_id, _by_key(names))
    held = {row.keyword_id: row.taken_at for row in connection.execute(HELD, {"photo": photo_id})}
    if not wanted and not held:
        return
    ids = set(_intern(connection, wanted).values())
    if ids != held.keys() or set(held.values()) != {taken_at}:
        connection.execute(DELETION, {"photo": photo_id})
        _insert(connection, photo_id, taken_at, ids)
    _count(connection, ids - held.keys(), 1)
    _count(connection, held.keys() - ids, -1)


def discount_photos(connection: Connection, ids: Sequence[int]) -> None:
    """Take photos that are about to be forgotten out of the keywords' counts."""
    counts = select(PhotoKeywordRow.keyword_id, func.count().label("number")).where(
        PhotoKeywordRow.photo_id.in_(ids)
    )
    rows = connection.execute(counts.group_by(PhotoKeywordRow.keyword_id)).all()
    connection.execute(delete(PhotoKeywordRow).where(PhotoKeywordRow.photo_id.in_(ids)))
    for keyword_id, number in rows:
        _count(connection, {keyword_id}, -number)


def _by_key(names: Iterable[str]) -> dict[str, str]:
    """Give one spelling for each key, with single spaces as in a query.

    Half a surrogate pair, which the catalog's text cannot hold, becomes a question mark.
    """
    found: dict[str, str] = {}
    for name in names:
        text = " ".join(name.encode("utf-8", "replace").decode("utf-8").split())
        found.setdefault(label_key(text), text)
    found.pop("", None)
    return found


def _without_ours(connection: Connection, photo_id: int, wanted: dict[str, str]) -> dict[str, str]:
    if not wanted:
        return wanted
    lists = connection.scalars(OURS, {"photo": photo_id})
    ours = _by_key(item for items in lists for item in json.loads(items))
    return {key: name for key, name in wanted.items() if key not in ours}


def _intern(connection: Connection, wanted: dict[str, str]) -> dict[str, int]:
    """Make sure that every keyword has a row and give the ids by key."""
    known = _ids(connection, wanted)
    fresh = [{"key": key, "name": name} for key, name in wanted.items() if key not in known]
    if fresh:
        connection.execute(insert(KeywordRow), fresh)
        known |= _ids(connection, [row["key"] for row in fresh])
    return known


def _ids(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    ordered = sorted(keys)
    ids: dict[str, int] = {}
    for start in range(0, len(ordered), MOST_AT_ONCE):
        rows = connection.execute(IDS, {"keys": ordered[start : start + MOST_AT_ONCE]})
        ids.update((row.key, row.id) for row in rows)
    return ids


def _insert(connection: Connection, photo_id: int, taken_at: int, ids: Collection[int]) -> None:
    rows = [{"keyword_id": key, "taken_at": taken_at, "photo_id": photo_id} for key in sorted(ids)]
    if rows:
        connection.execute(INSERTION, rows)


def _count(connection: Connection, ids: Collection[int], step: int) -> None:
    ordered = sorted(ids)
    for start in range(0, len(ordered), MOST_AT_ONCE):
        some = ordered[start : start + MOST_AT_ONCE]
        connection.execute(COUNT, {"keywords": some, "step": step})
        if step < 0:
            connection.execute(UNUSED, {"keywords": some})
