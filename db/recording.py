"""Writing what the models say of a photo, with the search index and the labels' counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, func, insert, select, update

from .errors import PhotoUnknown
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
    from .records import PhotoFacts

NANOSECONDS = 1_000_000_000
RESULT_TABLES = (PhotoModelRow, PhotoLabelRow, DetectionRow, SightingRow)


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
    mine = PhotoModelRow.photo_id == PhotoRow.id
    asked = select(func.count()).select_from(PhotoModelRow).where(mine)
    found = select(PhotoRow.id).where(
        PhotoRow.fingerprint == fingerprint,
        PhotoRow.analyzed_at.is_not(None),
        asked.scalar_subquery() == len(ids),
        asked.where(PhotoModelRow.model_id.in_(ids - {None})).scalar_subquery() == len(ids),
    )
    return connection.scalar(found.limit(1))


def record_analysis(
    connection: Connection, photo_id: int, facts: PhotoFacts, analysis: Analysis, now: int
) -> None:
    """Store what the models say in place of what they said before."""
    results = _to_results(connection, analysis)
    _update_done(connection, photo_id, facts, now)
    _replace_results(connection, photo_id, facts.mtime_ns // NANOSECONDS, results)


def record_copy(
    connection: Connection, photo_id: int, facts: PhotoFacts, source_id: int, now: int
) -> None:
    """Store another photo's results as this one's; the source may be the photo itself."""
    results = _load_results(connection, source_id)
    _update_done(connection, photo_id, facts, now)
    _replace_results(connection, photo_id, facts.mtime_ns // NANOSECONDS, results)


def record_failure(
    connection: Connection,
    photo_id: int,
    facts: PhotoFacts | None,
    reason: str,
    state: PhotoState,
) -> None:
    """Store why there are no results, and drop those of an earlier content."""
    columns = _fact_columns(facts) if facts is not None else {"fingerprint": None}
    columns |= {
        "state": _unless_missing(state),
        "error": reason,
        "attempts": PhotoRow.attempts + 1,
        "analyzed_at": None,
    }
    _update_photo(connection, photo_id, columns)
    _replace_results(connection, photo_id, 0, Results())


def _label_ids(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    # Expanded into the statement's text, a whole vocabulary could pass the parameter limit of a
    # database; a hundred at a time never does.
    ordered = sorted(keys)
    ids: dict[str, int] = {}
    for start in range(0, len(ordered), 100):
        some = LabelRow.key.in_(ordered[start : start + 100])
        rows = connection.execute(select(LabelRow.key, LabelRow.id).where(some))
        ids.update((row.key, row.id) for row in rows)
    return ids


def _model_id(connection: Connection, model: ModelVersion) -> int | None:
    same = and_(ModelRow.name == model.name, ModelRow.digest == model.digest)
    return connection.scalar(select(ModelRow.id).where(same))


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
    models = select(PhotoModelRow.model_id).where(PhotoModelRow.photo_id == photo_id)
    return Results(
        models=tuple(connection.scalars(models)),
        labels=_as_dicts(connection, labels.where(PhotoLabelRow.photo_id == photo_id)),
        detections=_as_dicts(connection, detections.where(DetectionRow.photo_id == photo_id)),
    )


def _as_dicts(connection: Connection, statement: Any) -> tuple[dict[str, Any], ...]:
    return tuple(dict(row) for row in connection.execute(statement).mappings())


def _replace_results(
    connection: Connection, photo_id: int, taken_at: int, results: Results
) -> None:
    """Put rows in place of a photo's present ones and move the labels' counts along."""
    mine = SightingRow.photo_id == photo_id
    before = set(connection.scalars(select(SightingRow.label_id).where(mine)))
    for table in RESULT_TABLES:
        connection.execute(delete(table).where(table.photo_id == photo_id))
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
        connection.execute(insert(table), filled)


def _count(connection: Connection, label_ids: set[int], step: int) -> None:
    if label_ids:
        labels = update(LabelRow).where(LabelRow.id.in_(sorted(label_ids)))
        connection.execute(labels.values(n=LabelRow.n + step))


def _fact_columns(facts: PhotoFacts) -> dict[str, Any]:
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


def _unless_missing(state: PhotoState) -> Any:
    """Give a state that does not bring back a photo which vanished while it was analysed."""
    missing = PhotoRow.state == PhotoState.MISSING
    return case((missing, PhotoState.MISSING.value), else_=state.value)


def _update_done(connection: Connection, photo_id: int, facts: PhotoFacts, now: int) -> None:
    columns = _fact_columns(facts) | {
        "state": _unless_missing(PhotoState.DONE),
        "error": None,
        "attempts": 0,
        "analyzed_at": now,
    }
    _update_photo(connection, photo_id, columns)


def _update_photo(connection: Connection, photo_id: int, columns: dict[str, Any]) -> None:
    change = update(PhotoRow).where(PhotoRow.id == photo_id).values(**columns)
    if connection.execute(change).rowcount == 0:
        raise PhotoUnknown(photo_id)
