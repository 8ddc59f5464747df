"""Generations of models: readings by other models are made aside, switched to, and taken back."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, text, tuple_, update

from .evidence import names_in
from .evidenced import analyses
from .exchange import switch_back, switch_to
from .names import intern_set, model_sets, models_of
from .paths import join
from .reading_rows import insert_aside, names_read, to_rows
from .recording import delete_aside, pack_all, put_evidence
from .records import PendingPhoto, Pruned, RetagPhoto
from .states import SERVED_ROOTS, PhotoState
from .tables import (
    DetectionAsideRow,
    EvidenceRow,
    FolderRow,
    ModelSetRow,
    PhotoRow,
    ReadingAsideRow,
    RootRow,
    TagAsideRow,
)
from .transaction import CHUNK, chunks
from .verdicts import verdicts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection, Row

    from ..models.results import Analysis, ModelVersion, Reading
    from .names import Names
    from .records import Verdict
    from .transaction import Transactions

SERVED: Final = ", ".join(f"'{state}'" for state in SERVED_ROOTS)
# As text and with a hidden state, so that the walk follows the ids.
UNREAD: Final = (
    "SELECT p.id, p.name, p.size, p.mtime_ns, p.inode, p.attempts, p.fingerprint, f.relpath, r.path"
    " FROM photo p CROSS JOIN folder f CROSS JOIN root r"
    f" WHERE p.id > :after{{more}} AND p.state || '' = '{PhotoState.DONE}'"
    " AND p.fingerprint IS NOT NULL AND (p.set_id IS NULL OR p.set_id <> :set)"
    " AND NOT EXISTS (SELECT 1 FROM reading_aside a WHERE a.photo_id = p.id AND a.set_id = :set)"
    f" AND f.id = p.folder_id AND r.id = f.root_id AND r.state IN ({SERVED})"
    " ORDER BY p.id LIMIT :limit"
)
COLUMNS: Final = (
    PhotoRow.id,
    PhotoRow.name,
    PhotoRow.size,
    PhotoRow.mtime_ns,
    PhotoRow.inode,
    PhotoRow.attempts,
    PhotoRow.fingerprint,
    FolderRow.relpath,
    RootRow.path,
)
ALL_UNREAD = text(UNREAD.format(more="")).columns(*COLUMNS)
SOME_UNREAD = (
    text(UNREAD.format(more=" AND p.id IN :ids"))
    .bindparams(bindparam("ids", expanding=True))
    .columns(*COLUMNS)
)
CONTENT = select(PhotoRow.fingerprint, PhotoRow.set_id).where(PhotoRow.id == bindparam("photo"))
INSERT_ASIDE = insert(ReadingAsideRow)
LAST_SWITCH = (
    select(ModelSetRow.id)
    .where(
        ModelSetRow.switched_at.is_not(None),
        select(ReadingAsideRow.photo_id)
        .where(ReadingAsideRow.replaced_by == ModelSetRow.id)
        .exists(),
    )
    .order_by(ModelSetRow.switched_at.desc())
    .limit(1)
)
MOST_REPLACED = (
    select(ReadingAsideRow.set_id)
    .where(ReadingAsideRow.replaced_by == bindparam("set"))
    .group_by(ReadingAsideRow.set_id)
    .order_by(func.count().desc(), ReadingAsideRow.set_id)
    .limit(1)
)
SWITCHED = (
    update(ModelSetRow)
    .where(ModelSetRow.id == bindparam("set"))
    .values(switched_at=bindparam("when"))
)


UNUSED_SETS = delete(ModelSetRow).where(
    *(
        ~select(column).where(column == ModelSetRow.id).exists()
        for column in (PhotoRow.set_id, ReadingAsideRow.set_id, ReadingAsideRow.replaced_by)
    )
)


class ModelSets:
    """Changes of the models behind a catalog's readings; belongs to its `Catalog`."""

    def __init__(self, transactions: Transactions, names: Names, now: Callable[[], int]) -> None:
        self._transactions = transactions
        self._names = names
        self._now = now

    def next_to_retag(
        self,
        models: Collection[ModelVersion],
        after: int = 0,
        limit: int = 100,
        ids: Collection[int] | None = None,
    ) -> list[RetagPhoto]:
        """Give done photos that have no reading by exactly these models yet, by their ids.

        They have an id behind `after`, are in `ids` if that is not None, and their root can be
        read. What is given up or interrupted goes on where it was.
        """
        with self._transactions.begin() as connection:
            known = self._names.models(connection, models)
            set_id = intern_set(connection, known.values())
            asked = {"after": after, "limit": limit, "set": set_id}
            return _retag_photos(connection, _unread(connection, asked, ids), known)

    def stage(
        self,
        photo_id: int,
        fingerprint: bytes,
        analysis: Analysis,
        reading: Reading,
        *,
        rules: str,
        verdicts: tuple[Verdict, ...] | None = None,
    ) -> bool:
        """Put a reading aside, made of the evidence of the models that `analysis` names.

        Where the verdicts that it obeys are given, and there are others by now, it is to be made
        again after the switch.

        False, and nothing is stored, where the photo's pixels are not those of the fingerprint any
        more or its reading by these models is in force. Raises ValueError as `record_reading`.
        """
        with self._transactions.begin() as connection:
            row = connection.execute(CONTENT, {"photo": photo_id}).one_or_none()
            if row is None or row.set_id is None or row.fingerprint != fingerprint:
                return False
            models = self._names.models(connection, analysis.models)
            set_id = intern_set(connection, models.values())
            if set_id == row.set_id:
                return False
            ids = self._names.labels(connection, [*names_read(reading), *names_in(analysis)])
            by_name = {version.name: key for version, key in models.items()}
            rows = to_rows(connection, self._names, reading, ids, by_name)
            put_evidence(connection, photo_id, pack_all(analysis, ids, models))
            delete_aside(connection, photo_id, set_id)
            place = {"photo_id": photo_id, "set_id": set_id}
            now_said = verdicts_of(connection, [fingerprint]).get(fingerprint, ())
            is_stale = verdicts is not None and verdicts != now_said
            made = {"rules": None if is_stale else rules, "replaced_by": None}
            connection.execute(INSERT_ASIDE, place | made)
            insert_aside(connection, photo_id, set_id, rows)
            return True

    def switch(self, models: Collection[ModelVersion], *, queue_tags: bool = False) -> int:
        """Put the readings by these models in force, in one transaction; count the photos.

        What was in force for these photos lies aside then. Questions are answered meanwhile, other
        changes wait. With `queue_tags` the photos' tags wait to be written.
        """
        now = self._now()
        with self._transactions.begin() as connection:
            known = self._names.models(connection, models)
            set_id = intern_set(connection, known.values())
            # Never before an earlier switch, whatever the clock says.
            last = connection.scalar(select(func.max(ModelSetRow.switched_at))) or 0
            connection.execute(SWITCHED, {"set": set_id, "when": max(now, last + 1)})
            return switch_to(connection, set_id, queue_tags_at=now if queue_tags else None)

    def rollback(self, *, queue_tags: bool = False) -> tuple[ModelVersion, ...] | None:
        """Undo the last switch, in one transaction; None where there is none to undo.

        Gives the models by which most of the readings are that came back. What they replace is
        staged then. Photos that only the later models have read stay as they are.
        """
        now = self._now()
        with self._transactions.begin() as connection:
            last: int | None = connection.scalar(LAST_SWITCH)
            if last is None:
                return None
            former = connection.execute(MOST_REPLACED, {"set": last}).scalar_one()
            connection.execute(SWITCHED, {"set": last, "when": None})
            switch_back(connection, last, queue_tags_at=now if queue_tags else None)
            return tuple(models_of(connection, former))

    def prune(self, *, staged: bool = False) -> Pruned:
        """Give up former readings, and evidence that none in force or staged is made of.

        With `staged` the staged ones go, too. Works in many short transactions.
        """
        readings = self._prune_readings(staged=staged)
        with self._transactions.begin() as connection:
            kept = _models_kept(connection)
            last = connection.scalar(select(func.max(PhotoRow.id))) or 0
        pruned = [self._prune_evidence(start, kept) for start in range(0, last + 1, CHUNK)]
        with self._transactions.begin() as connection:
            connection.execute(UNUSED_SETS)
        return Pruned(readings, sum(n for n, _ in pruned), sum(size for _, size in pruned))

    def _prune_readings(self, *, staged: bool) -> int:
        some = select(ReadingAsideRow.photo_id, ReadingAsideRow.set_id).limit(CHUNK)
        if not staged:
            some = some.where(ReadingAsideRow.replaced_by.is_not(None))
        number = 0
        while True:
            with self._transactions.begin() as connection:
                doomed = [tuple(row) for row in connection.execute(some)]
                for table in (TagAsideRow, DetectionAsideRow, ReadingAsideRow):
                    place = tuple_(table.photo_id, table.set_id)
                    connection.execute(delete(table).where(place.in_(doomed)))
            number += len(doomed)
            if len(doomed) < CHUNK:
                return number

    def _prune_evidence(self, start: int, kept: Collection[int]) -> tuple[int, int]:
        these = (
            EvidenceRow.photo_id >= start,
            EvidenceRow.photo_id < start + CHUNK,
            EvidenceRow.model_id.not_in(kept),
        )
        size = select(func.count(), func.coalesce(func.sum(func.length(EvidenceRow.data)), 0))
        with self._transactions.begin() as connection:
            number, size_bytes = connection.execute(size.where(*these)).one()
            if number:
                connection.execute(delete(EvidenceRow).where(*these))
        return number, int(size_bytes)


def _unread(
    connection: Connection, asked: dict[str, int], ids: Collection[int] | None
) -> Sequence[Row[Any]]:
    if ids is None:
        return connection.execute(ALL_UNREAD, asked).all()
    wanted = sorted(photo_id for photo_id in ids if photo_id > asked["after"])
    found: list[Row[Any]] = []
    for some in chunks(wanted):
        left = {"limit": asked["limit"] - len(found), "ids": some}
        found += connection.execute(SOME_UNREAD, asked | left)
        if len(found) == asked["limit"]:
            break
    return found


def _retag_photos(
    connection: Connection, rows: Sequence[Row[Any]], models: dict[ModelVersion, int]
) -> list[RetagPhoto]:
    said = analyses(connection, {row.id: models for row in rows})
    verdicts = verdicts_of(connection, {row.fingerprint for row in rows})
    return [
        RetagPhoto(
            photo=PendingPhoto(
                id=row.id,
                path=join(row.path, row.relpath, row.name),
                size=row.size,
                mtime_ns=row.mtime_ns,
                inode=row.inode,
                attempts=row.attempts,
            ),
            fingerprint=row.fingerprint,
            missing=tuple(model for model in models if model not in said[row.id].models),
            analysis=said[row.id],
            verdicts=verdicts.get(row.fingerprint, ()),
        )
        for row in rows
    ]


def _models_kept(connection: Connection) -> set[int]:
    """Give the models of the sets that readings are made by, in force or aside."""
    set_ids = select(PhotoRow.set_id).where(PhotoRow.set_id.is_not(None))
    used = set(connection.scalars(set_ids.distinct()))
    used |= set(connection.scalars(select(ReadingAsideRow.set_id).distinct()))
    sets = model_sets(connection)
    return set().union(*(models for key, models in sets.items() if key in used))
