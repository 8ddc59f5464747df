"""Writing what is known of a photo: results, keywords, search indexes and their counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, case, delete, func, insert, select, update

from . import tag_queue
from .errors import PhotoUnknown
from .keywords import replace_keywords
from .records import PhotoFacts
from .states import MOST_COUNTED, PhotoState, label_key
from .tables import (
    DetectionRow,
    LabelRow,
    ModelRow,
    PhotoLabelRow,
    PhotoModelRow,
    PhotoRow,
    SightingRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

    from ..models.results import Analysis, Detection, Label, ModelVersion

NANOSECONDS = 1_000_000_000
RESULT_TABLES = (PhotoModelRow, PhotoLabelRow, DetectionRow, SightingRow)

# These statements run for every photo. Building one costs SQLAlchemy more than running it costs
# SQLite, so they are built once, with parameters.
PHOTO: BindParameter[int] = bindparam("photo")
SEEN_LABELS = select(SightingRow.label_id).where(SightingRow.photo_id == PHOTO)
ASKED_MODELS = select(PhotoModelRow.model_id).where(PhotoModelRow.photo_id == PHOTO)
INSERTIONS = {table: insert(table) for table in RESULT_TABLES}
DELETIONS = tuple(delete(table).where(table.photo_id == PHOTO) for table in RESULT_TABLES)
LABEL_IDS = select(LabelRow.key, LabelRow.id).where(
    LabelRow.key.in_(bindparam("keys", expanding=True))
)
COUNT_LABELS = (
    update(LabelRow)
    .where(LabelRow.id.in_(bindparam("labels", expanding=True)))
    .values(n=LabelRow.n + bindparam("step"))
)
FACTS = tuple(name for name in PhotoFacts.__dataclass_fields__ if name != "keywords")
MODEL_ID = select(ModelRow.id).where(
    ModelRow.name == bindparam("model"), ModelRow.digest == bindparam("version")
)
# A photo that vanished while it was analysed is not brought back.
DONE = (
    update(PhotoRow)
    .where(PhotoRow.id == PHOTO)
    .values(
        **{name: bindparam(name) for name in FACTS},
        taken_at=bindparam("taken_at"),
        state=case(
            (PhotoRow.state == PhotoState.MISSING.value, PhotoState.MISSING.value),
            else_=PhotoState.DONE.value,
        ),
        error=None,
        attempts=0,
        analyzed_at=bindparam("now"),
        next_try_at=None,
        urgent=0,
    )
)
MODEL_IS_ASKED = PhotoModelRow.photo_id == PhotoRow.id
NUMBER_ASKED = select(func.count()).select_from(PhotoModelRow).where(MODEL_IS_ASKED)
ANALYZED = (
    select(PhotoRow.id)
    .where(
        PhotoRow.fingerprint == bindparam("mark"),
        PhotoRow.analyzed_at.is_not(None),
        NUMBER_ASKED.scalar_subquery() == bindparam("number"),
        NUMBER_ASKED.where(
            PhotoModelRow.model_id.in_(bindparam("models", expanding=True))
        ).scalar_subquery()
        == bindparam("number"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Results:
    """One photo's result rows with ids instead of names, ready for any photo."""

    models: tuple[int, ...] = ()
    labels: tuple[dict[str, Any], ...] = ()
    detections: tuple[dict[str, Any], ...] = ()

    def sightings(self) -> dict[int, tuple[float, int]]:
        """Give each label's best confidence and the number of its boxes, at least 1."""
        best: dict[int, float] = {}
        boxes: dict[int, int] = {}
        for row in (*self.labels, *self.detections):
            label_id = row["label_id"]
            best[label_id] = max(best.get(label_id, 0.0), row["confidence"])
        for row in self.detections:
            boxes[row["label_id"]] = boxes.get(row["label_id"], 0) + 1
        return {key: (best[key], min(boxes.get(key, 1), MOST_COUNTED)) for key in best}


def intern_labels(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Make sure that every name has a row and give the ids by key; existing spellings stay."""
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(label_key(name), name)
    known = _label_ids(connection, wanted)
    fresh = [{"key": key, "name": name} for key, name in wanted.items() if key not in known]
    if fresh:
        connection.execute(insert(LabelRow), fresh)
        known |= _label_ids(connection, [row["key"] for row in fresh])
    return known


def intern_models(
    connection: Connection, models: Iterable[ModelVersion]
) -> dict[ModelVersion, int]:
    """Make sure that every model version has a row and give the ids."""
    ids = {}
    for model in models:
        known = _model_id(connection, model)
        if known is None:
            row = insert(ModelRow).values(name=model.name, digest=model.digest)
            known = connection.execute(row.returning(ModelRow.id)).scalar_one()
        ids[model] = known
    return ids


def find_analyzed(
    connection: Connection, fingerprint: bytes, models: Collection[ModelVersion]
) -> int | None:
    """Find a photo of the same pixels that exactly these models have analysed."""
    ids = {_model_id(connection, model) for model in models}
    asked = {
        "mark": fingerprint,
        "number": len(ids),
        "models": [key for key in ids if key is not None],
    }
    return connection.scalar(ANALYZED, asked)


def record_analysis(
    connection: Connection,
    photo_id: int,
    facts: PhotoFacts,
    analysis: Analysis,
    now: int,
    *,
    queue_tags: bool,
) -> None:
    """Store what the models say in place of what they said before."""
    results = _to_results(connection, analysis)
    _record(connection, photo_id, facts, results, now, queue_tags=queue_tags)


def record_copy(
    connection: Connection,
    photo_id: int,
    facts: PhotoFacts,
    source_id: int,
    now: int,
    *,
    queue_tags: bool,
) -> None:
    """Store another photo's results as this one's; the source may be the photo itself."""
    results = _load_results(connection, source_id)
    _record(connection, photo_id, facts, results, now, queue_tags=queue_tags)


def drop_results(connection: Connection, photo_id: int) -> None:
    """Forget what the models said of a photo, its keywords, and that it waits for tags."""
    _replace_results(connection, photo_id, 0, Results())
    replace_keywords(connection, photo_id, 0, ())
    tag_queue.finish(connection, photo_id)


def fact_columns(facts: PhotoFacts) -> dict[str, Any]:
    """Give the columns of a photo that reading a file fills."""
    return {
        "size": facts.size,
        "mtime_ns": facts.mtime_ns,
        "inode": facts.inode,
        "fingerprint": facts.fingerprint,
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "taken_at": facts.mtime_ns // NANOSECONDS,
    }


def _record(
    connection: Connection,
    photo_id: int,
    facts: PhotoFacts,
    results: Results,
    now: int,
    *,
    queue_tags: bool,
) -> None:
    columns = fact_columns(facts)
    if connection.execute(DONE, columns | {"photo": photo_id, "now": now}).rowcount == 0:
        raise PhotoUnknown(photo_id)
    _replace_results(connection, photo_id, columns["taken_at"], results)
    replace_keywords(connection, photo_id, columns["taken_at"], facts.keywords)
    if queue_tags:
        tag_queue.queue_one(connection, photo_id)


def _label_ids(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    # Expanded into the statement's text, a whole vocabulary could pass the parameter limit of a
    # database; a hundred at a time never does.
    ordered = sorted(keys)
    ids: dict[str, int] = {}
    for start in range(0, len(ordered), 100):
        rows = connection.execute(LABEL_IDS, {"keys": ordered[start : start + 100]})
        ids.update((row.key, row.id) for row in rows)
    return ids


def _model_id(connection: Connection, model: ModelVersion) -> int | None:
    return connection.scalar(MODEL_ID, {"model": model.name, "version": model.digest})


def _to_results(connection: Connection, analysis: Analysis) -> Results:
    """Replace names by ids; models are told apart by name within one analysis.

    Raises ValueError for a label whose model is not among the analysis's models.
    """
    said: tuple[Label | Detection, ...] = (*analysis.labels, *analysis.detections)
    labels = intern_labels(connection, [thing.name for thing in said])
    versions = intern_models(connection, analysis.models)
    models = {version.name: model_id for version, model_id in versions.items()}
    strangers = {thing.model for thing in said} - set(models)
    if strangers:
        raise ValueError(f"results of models that were not asked: {sorted(strangers)}")
    return Results(
        models=tuple(versions.values()),
        labels=_label_rows(analysis.labels, labels, models),
        detections=tuple(
            _detection_row(n, thing, labels, models) for n, thing in enumerate(analysis.detections)
        ),
    )


def _label_rows(
    said: Iterable[Label], labels: dict[str, int], models: dict[str, int]
) -> tuple[dict[str, Any], ...]:
    """Make one row for each model and name: ImageNet has two classes called `crane`."""
    best: dict[tuple[int, int], float] = {}
    for label in said:
        key = (models[label.model], labels[label_key(label.name)])
        best[key] = max(best.get(key, 0.0), label.confidence)
    return tuple(
        {"model_id": model_id, "label_id": label_id, "confidence": confidence}
        for (model_id, label_id), confidence in best.items()
    )


def _detection_row(
    n: int, thing: Detection, labels: dict[str, int], models: dict[str, int]
) -> dict[str, Any]:
    return {
        "n": n,
        "label_id": labels[label_key(thing.name)],
        "model_id": models[thing.model],
        "confidence": thing.confidence,
        "left": thing.box.left,
        "top": thing.box.top,
        "right": thing.box.right,
        "bottom": thing.box.bottom,
    }


def _load_results(connection: Connection, photo_id: int) -> Results:
    labels = select(PhotoLabelRow.model_id, PhotoLabelRow.label_id, PhotoLabelRow.confidence)
    detections = select(
        DetectionRow.n,
        DetectionRow.label_id,
        DetectionRow.model_id,
        DetectionRow.confidence,
        DetectionRow.left,
        DetectionRow.top,
        DetectionRow.right,
        DetectionRow.bottom,
    )
    return Results(
        models=tuple(connection.scalars(ASKED_MODELS, {"photo": photo_id})),
        labels=_as_dicts(connection, labels.where(PhotoLabelRow.photo_id == photo_id)),
        detections=_as_dicts(connection, detections.where(DetectionRow.photo_id == photo_id)),
    )


def _as_dicts(connection: Connection, statement: Any) -> tuple[dict[str, Any], ...]:
    return tuple(dict(row) for row in connection.execute(statement).mappings())


def _replace_results(
    connection: Connection, photo_id: int, taken_at: int, results: Results
) -> None:
    """Put rows in place of a photo's present ones and move the labels' counts along."""
    photo = {"photo": photo_id}
    before = set(connection.scalars(SEEN_LABELS, photo))
    if before or connection.scalars(ASKED_MODELS, photo).first() is not None:
        for deletion in DELETIONS:
            connection.execute(deletion, photo)
    sightings = results.sightings()
    _insert(connection, PhotoModelRow, photo_id, [{"model_id": key} for key in results.models])
    _insert(connection, PhotoLabelRow, photo_id, results.labels)
    _insert(connection, DetectionRow, photo_id, results.detections)
    _insert(
        connection,
        SightingRow,
        photo_id,
        [
            {"label_id": key, "taken_at": taken_at, "confidence": confidence, "times": times}
            for key, (confidence, times) in sightings.items()
        ],
    )
    _count(connection, set(sightings) - before, 1)
    _count(connection, before - set(sightings), -1)


def _insert(
    connection: Connection, table: Any, photo_id: int, rows: Iterable[dict[str, Any]]
) -> None:
    filled = [{"photo_id": photo_id, **row} for row in rows]
    if filled:
        connection.execute(INSERTIONS[table], filled)


def _count(connection: Connection, label_ids: set[int], step: int) -> None:
    if label_ids:
        connection.execute(COUNT_LABELS, {"labels": sorted(label_ids), "step": step})
