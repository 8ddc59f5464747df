"""The rows that names have: labels, models, and sets of models that were asked together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from ..models.results import ModelVersion
from .prepared import Prepared
from .states import KIND_BITS, label_key
from .tables import LabelRow, ModelRow, ModelSetRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from ..models.results import Tag

# Expanded into the statement's text, a whole vocabulary could pass the parameter limit of a
# database; a hundred at a time never does.
MOST_AT_ONCE = 100

LABELS = select(LabelRow.key, LabelRow.id, LabelRow.kinds).where(
    LabelRow.key.in_(bindparam("keys", expanding=True))
)
LABEL_NAMES = select(LabelRow.id, LabelRow.name)
ADD_KIND = (
    update(LabelRow)
    .where(LabelRow.id == bindparam("label"), LabelRow.kinds.op("&")(bindparam("bit")) == 0)
    .values(kinds=LabelRow.kinds + bindparam("bit"))
)
COUNT_LABEL = Prepared(
    update(LabelRow)
    .where(LabelRow.id == bindparam("label"))
    .values(n=LabelRow.n + bindparam("step"))
)
MODEL_ID = select(ModelRow.id).where(
    ModelRow.name == bindparam("model"), ModelRow.digest == bindparam("version")
)
SET_OF = select(ModelSetRow.id).where(ModelSetRow.models == bindparam("models"))
MODELS_OF = select(ModelSetRow.models).where(ModelSetRow.id == bindparam("set"))
MODELS = (
    select(ModelRow.id, ModelRow.name, ModelRow.digest)
    .where(ModelRow.id.in_(bindparam("models", expanding=True)))
    .order_by(ModelRow.name, ModelRow.id)
)


@dataclass(frozen=True, slots=True)
class Known:
    """A label's id, and the kinds of tags that it is known to have been."""

    id: int
    kinds: int


class Names:
    """The labels and models that there are; remembers what it has once seen committed.

    They never go and never change their ids. In one transaction each may run only once: what it
    finds must not be what an earlier call has put there, since that may be taken back.
    """

    def __init__(self) -> None:
        self._labels: dict[str, Known] = {}
        self._models: dict[ModelVersion, int] = {}

    def labels(self, connection: Connection, names: Iterable[str]) -> dict[str, int]:
        """Make sure that every name has a row, give the ids by key; existing spellings stay."""
        wanted: dict[str, str] = {}
        for name in names:
            wanted.setdefault(label_key(name), name)
        self._labels |= _find(connection, wanted.keys() - self._labels.keys())
        ids = {key: self._labels[key].id for key in wanted if key in self._labels}
        fresh = [{"key": key, "name": name} for key, name in wanted.items() if key not in ids]
        if fresh:
            connection.execute(insert(LabelRow), fresh)
            made = _find(connection, [row["key"] for row in fresh])
            ids |= {key: known.id for key, known in made.items()}
        return ids

    def note_kinds(self, connection: Connection, tags: Iterable[Tag], ids: dict[str, int]) -> None:
        """Remember with the labels which kinds of tags they have been."""
        fresh = []
        for tag in tags:
            key, bit = label_key(tag.name), KIND_BITS[tag.kind]
            known = self._labels.get(key)
            if known is None or not known.kinds & bit:
                fresh.append({"label": ids[key], "bit": bit})
                self._labels.pop(key, None)  # and be looked for again, when this is committed
        if fresh:
            connection.execute(ADD_KIND, fresh)

    def models(
        self, connection: Connection, models: Iterable[ModelVersion]
    ) -> dict[ModelVersion, int]:
        """Make sure that every model version has a row and give the ids."""
        ids = {}
        for model in models:
            known = self._models.get(model) or _model_id(connection, model)
            if known is not None:
                ids[model] = self._models[model] = known
            else:
                ids[model] = _insert_model(connection, model.name, model.digest)
        return ids

    def find_models(
        self, connection: Connection, models: Iterable[ModelVersion]
    ) -> list[int] | None:
        """Give the ids of models; None where one of them never looked at a photo."""
        ids = []
        for model in models:
            known = self._models.get(model) or _model_id(connection, model)
            if known is None:
                return None
            ids.append(known)
        return ids


def count_labels(connection: Connection, label_ids: Collection[int], step: int) -> None:
    """Move the labels' numbers of photos along."""
    if label_ids:
        rows = [{"label": label_id, "step": step} for label_id in sorted(label_ids)]
        COUNT_LABEL.run(connection, rows)


def label_names(connection: Connection) -> dict[int, str]:
    """Give all labels' names by their ids."""
    return {row.id: row.name for row in connection.execute(LABEL_NAMES)}


def intern_joint_model(connection: Connection, name: str) -> int:
    """Make sure that there is a row for several models that saw a thing together."""
    known = _model_id(connection, ModelVersion(name, ""))
    return _insert_model(connection, name, "") if known is None else known


def key_of_set(model_ids: Iterable[int]) -> str:
    """Give what the row of a set of models is found by."""
    return json.dumps(sorted(model_ids))


def intern_set(connection: Connection, model_ids: Iterable[int]) -> int:
    """Make sure that a set of models has a row and give its id."""
    key = key_of_set(model_ids)
    known: int | None = connection.scalar(SET_OF, {"models": key})
    return add_set(connection, key) if known is None else known


def add_set(connection: Connection, key: str) -> int:
    """Make the row of a set of models and give its id."""
    row = insert(ModelSetRow).values(models=key)
    return connection.execute(row.returning(ModelSetRow.id)).scalar_one()


def model_sets(connection: Connection) -> dict[int, frozenset[int]]:
    """Give the ids of all sets' models by the sets' ids."""
    rows = connection.execute(select(ModelSetRow.id, ModelSetRow.models))
    return {row.id: frozenset(json.loads(row.models)) for row in rows}


def models_of(connection: Connection, set_id: int) -> dict[ModelVersion, int]:
    """Give the models of a set with their ids, by name."""
    ids = json.loads(connection.execute(MODELS_OF, {"set": set_id}).scalar_one())
    rows = connection.execute(MODELS, {"models": ids}).all()
    return {ModelVersion(row.name, row.digest): row.id for row in rows}


def _find(connection: Connection, keys: Collection[str]) -> dict[str, Known]:
    ordered: Sequence[str] = sorted(keys)
    found: dict[str, Known] = {}
    for start in range(0, len(ordered), MOST_AT_ONCE):
        rows = connection.execute(LABELS, {"keys": ordered[start : start + MOST_AT_ONCE]})
        found.update((row.key, Known(row.id, row.kinds)) for row in rows)
    return found


def _model_id(connection: Connection, model: ModelVersion) -> int | None:
    return connection.scalar(MODEL_ID, {"model": model.name, "version": model.digest})


def _insert_model(connection: Connection, name: str, digest: str) -> int:
    row = insert(ModelRow).values(name=name, digest=digest)
    return connection.execute(row.returning(ModelRow.id)).scalar_one()
