"""Photos with the evidence of their models, to make readings of it again without any model."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text

from .evidence import join, unpack
from .names import label_names, models_of
from .records import Evidenced
from .states import PhotoState
from .tables import EvidenceRow, PhotoRow
from .verdicts import verdicts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from ..models.results import Analysis, ModelVersion

# As text and with a hidden state, so that the walk follows the ids. Photos from before evidence was
# stored have none: only their models can help them.
IS_OUTDATED: Final = (
    f"p.state || '' = '{PhotoState.DONE}' AND p.set_id IS NOT NULL"
    " AND (p.rules IS NULL OR p.rules <> :rules)"
    " AND EXISTS (SELECT 1 FROM evidence e WHERE e.photo_id = p.id)"
)
NUMBER = text(f"SELECT count(*) FROM photo p WHERE {IS_OUTDATED}")
OUTDATED = text(
    "SELECT p.id, p.fingerprint, p.set_id FROM photo p"
    f" WHERE p.id > :after AND {IS_OUTDATED} ORDER BY p.id LIMIT :limit"
).columns(PhotoRow.id, PhotoRow.fingerprint, PhotoRow.set_id)
NAMED = (
    select(PhotoRow.id, PhotoRow.fingerprint, PhotoRow.set_id)
    .where(PhotoRow.id.in_(bindparam("ids", expanding=True)), PhotoRow.set_id.is_not(None))
    .order_by(PhotoRow.id)
)
EVIDENCE = select(EvidenceRow.photo_id, EvidenceRow.model_id, EvidenceRow.data).where(
    EvidenceRow.photo_id.in_(bindparam("ids", expanding=True))
)


def next_to_refuse(connection: Connection, rules: str, after: int, limit: int) -> list[Evidenced]:
    """Give done photos in the order of their ids whose reading was made by other rules."""
    while True:
        asked = {"rules": rules, "after": after, "limit": limit}
        rows = connection.execute(OUTDATED, asked).all()
        found = _evidenced(connection, rows)
        if found or not rows:
            return found
        after = rows[-1].id  # all of these have evidence of other models only


def count_to_refuse(connection: Connection, rules: str) -> int:
    """Count the photos that `next_to_refuse` gives."""
    return int(connection.execute(NUMBER, {"rules": rules}).scalar_one())


def evidenced(connection: Connection, ids: Collection[int]) -> list[Evidenced]:
    """Give those of these photos that have evidence, in the order of their ids."""
    return _evidenced(connection, connection.execute(NAMED, {"ids": list(ids)}).all())


def analyses(
    connection: Connection, asked: Mapping[int, Mapping[ModelVersion, int]]
) -> dict[int, Analysis]:
    """Give what models said of photos; `asked` are the models and their ids for each photo."""
    data = {
        (row.photo_id, row.model_id): row.data
        for row in connection.execute(EVIDENCE, {"ids": list(asked)})
    }
    names = label_names(connection) if data else {}
    return {
        photo_id: join(
            unpack(data[photo_id, key], version, names)
            for version, key in models.items()
            if (photo_id, key) in data
        )
        for photo_id, models in asked.items()
    }


def _evidenced(connection: Connection, rows: Iterable[Any]) -> list[Evidenced]:
    photos = list(rows)
    sets = {key: models_of(connection, key) for key in {row.set_id for row in photos}}
    found = analyses(connection, {row.id: sets[row.set_id] for row in photos})
    marks = {row.fingerprint for row in photos if row.fingerprint is not None}
    verdicts = verdicts_of(connection, marks)
    return [
        Evidenced(row.id, row.fingerprint, found[row.id], verdicts.get(row.fingerprint, ()))
        for row in photos
        if found[row.id].models
    ]
