"""Writing what is known of a photo: evidence, its reading, keywords, and the search indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, case, delete, func, insert, select, text, update

from . import tag_queue
from .errors import PhotoUnknown
from .evidence import names_in, pack, split
from .keywords import replace_keywords
from .metadata_rows import (
    COLUMNS,
    FOUND,
    FOUND_AMONG,
    THINGS,
    drop_metadata,
    file_columns,
    metadata_columns,
    move_counts,
    replace_detail,
    thing_keys,
)
from .names import SET_OF, add_set, count_labels, key_of_set, models_of
from .prepared import Prepared
from .reading_rows import delete_reading, insert_reading, labels_of, names_read, to_rows
from .records import Evidenced, PhotoFacts
from .states import PhotoState
from .tables import (
    DetectionAsideRow,
    EvidenceRow,
    PhotoRow,
    ReadingAsideRow,
    SightingRow,
    TagAsideRow,
)
from .verdicts import verdicts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from ..models.results import Analysis, ModelVersion, Reading
    from .names import Names
    from .reading_rows import ReadingRows
    from .records import Verdict

# These statements run for every photo. Building one costs SQLAlchemy more than running it costs
# SQLite, so they are built once, with parameters.
PHOTO: BindParameter[int] = bindparam("photo")
FACTS = (*file_columns(PhotoFacts(0, 0, 0)), *COLUMNS)
HELD = ("fingerprint", "set_id", "rules", "taken_at", "untagged", "read_by", *THINGS)
STANDING = select(*(getattr(PhotoRow, name) for name in HELD)).where(PhotoRow.id == PHOTO)
# One question for what is known, and for what is to be known: it is asked for every photo.
BESIDE = Prepared(
    text(
        f"SELECT {', '.join(f'p.{name}' for name in HELD)}, {FOUND},"  # noqa: S608
        " (SELECT id FROM model_set WHERE models = :models) AS now_set,"
        " EXISTS (SELECT 1 FROM photo o WHERE o.fingerprint = :mark AND o.id <> p.id) AS has_twin,"
        " EXISTS (SELECT 1 FROM verdict v WHERE v.fingerprint = :mark) AS is_judged,"
        " EXISTS (SELECT 1 FROM photo_keyword k WHERE k.photo_id = p.id) AS has_keywords"
        f" FROM photo p {FOUND_AMONG} WHERE p.id = :photo"
    )
)
# A photo that vanished while it was analysed is not brought back.
DONE = Prepared(
    update(PhotoRow)
    .where(PhotoRow.id == PHOTO)
    .values(
        **{name: bindparam(name) for name in (*FACTS, "set_id", "rules", "untagged")},
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
READ = (
    update(PhotoRow)
    .where(PhotoRow.id == PHOTO)
    .values(rules=bindparam("rules"), untagged=bindparam("untagged"))
)
UNREAD = update(PhotoRow).where(PhotoRow.id == PHOTO).values(set_id=None, rules=None, untagged=0)
TWINS = (
    update(PhotoRow)
    .where(PhotoRow.fingerprint == bindparam("mark"), PhotoRow.twin == 0)
    .values(twin=1)
)
RENEWED = update(SightingRow).where(SightingRow.photo_id == PHOTO).values(taken_at=bindparam("at"))
ANALYZED = (
    select(PhotoRow.id)
    .where(
        PhotoRow.fingerprint == bindparam("mark"),
        PhotoRow.analyzed_at.is_not(None),
        # The set is hidden: its index would lead to all photos that it has seen.
        func.coalesce(PhotoRow.set_id, 0) == SET_OF.scalar_subquery(),
    )
    .order_by(PhotoRow.id != PHOTO)
    .limit(1)
)
INSERT_EVIDENCE = Prepared(insert(EvidenceRow))
DELETE_EVIDENCE = delete(EvidenceRow).where(
    EvidenceRow.photo_id == PHOTO, EvidenceRow.model_id == bindparam("model")
)
ASIDE = (ReadingAsideRow, TagAsideRow, DetectionAsideRow)
FORGET = tuple(delete(table).where(table.photo_id == PHOTO) for table in (EvidenceRow, *ASIDE))
DELETE_ASIDE = tuple(
    delete(table).where(table.photo_id == PHOTO, table.set_id == bindparam("set"))
    for table in ASIDE
)
TAG = "kind, confidence, rule, threshold, shown, refines_id"
BOX = 'label_id, model_id, confidence, "left", top, "right", bottom'
COPIES = tuple(
    text(
        f"INSERT INTO {table} (photo_id, {columns})"  # noqa: S608
        f" SELECT CAST(:photo AS BIGINT), {columns} FROM {table} WHERE photo_id = :source"
    )
    for table, columns in (
        ("evidence", "model_id, data"),
        ("reading_aside", "set_id, rules, replaced_by"),
        ("tag_aside", f"set_id, label_id, {TAG}"),
        ("detection_aside", f"set_id, n, {BOX}"),
        ("photo_tag", f"label_id, {TAG}"),
        ("detection", f"n, {BOX}"),
    )
)
COPY_SIGHTINGS = text(
    "INSERT INTO sighting"
    " (label_id, taken_at, photo_id, confidence, times, kind, largest, spots)"
    " SELECT label_id, CAST(:at AS BIGINT), CAST(:photo AS BIGINT),"
    " confidence, times, kind, largest, spots FROM sighting WHERE photo_id = :source"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """By which rules a reading is made, as a digest, when, and which verdicts it obeys.

    None: those that there are.
    """

    rules: str
    now: int
    verdicts: tuple[Verdict, ...] | None = None


def find_analyzed(
    connection: Connection,
    names: Names,
    fingerprint: bytes,
    models: Collection[ModelVersion],
    photo_id: int,
) -> int | None:
    """Find a photo of the same pixels that exactly these models have analysed, best this one."""
    known = names.find_models(connection, models)
    if known is None:
        return None
    asked = {"mark": fingerprint, "models": key_of_set(known), "photo": photo_id}
    return connection.scalar(ANALYZED, asked)


def record_reading(
    connection: Connection,
    names: Names,
    photo_id: int,
    facts: PhotoFacts,
    analysis: Analysis,
    reading: Reading,
    stamp: Stamp,
) -> bool:
    """Store what the models say, and what is believed, in place of what was before.

    False where people say something else of the picture than the reading obeys.
    """
    models = names.models(connection, analysis.models)
    key = key_of_set(models.values())
    was = _beside(connection, photo_id, facts, key)
    if stamp.verdicts is not None and not _obeys(connection, was, facts, stamp.verdicts):
        return False
    set_id = add_set(connection, key) if was.now_set is None else was.now_set
    rows, packed = _to_rows(connection, names, analysis, reading, models)
    made = {"set_id": set_id, "rules": stamp.rules, "untagged": int(not rows.tags)}
    taken_at = _set_done(connection, photo_id, was, facts, made | {"now": stamp.now})
    before: set[int] = set()
    if was.set_id is not None:
        before = labels_of(connection, photo_id)
        delete_reading(connection, photo_id)
        _make_room(connection, photo_id, set_id, packed, is_same=_is_same(was, facts))
    _insert_evidence(connection, photo_id, packed)
    insert_reading(connection, photo_id, taken_at, rows)
    _move_counts(connection, before, rows.label_ids)
    return True


def record_copy(
    connection: Connection, photo_id: int, facts: PhotoFacts, source_id: int, now: int
) -> None:
    """Store another photo's results as this one's; the source may be the photo itself."""
    was, source = _beside(connection, photo_id, facts), _standing(connection, source_id)
    made = {"set_id": source.set_id, "rules": source.rules, "untagged": source.untagged}
    taken_at = _set_done(connection, photo_id, was, facts, made | {"now": now})
    if photo_id != source_id:
        before: set[int] = set()
        if was.set_id is not None:
            before = labels_of(connection, photo_id)
            _forget(connection, photo_id)
        _copy(connection, photo_id, source_id, taken_at)
        _move_counts(connection, before, labels_of(connection, photo_id))
    elif was.taken_at != taken_at:
        connection.execute(RENEWED, {"photo": photo_id, "at": taken_at})


def replace_reading(
    connection: Connection, names: Names, photo: Evidenced, reading: Reading, *, rules: str
) -> bool:
    """Store what is believed of this evidence; False where the photo has other evidence now."""
    photo_id = photo.photo_id
    was = _standing(connection, photo_id)
    if was.set_id is None or was.fingerprint != photo.fingerprint:
        return False
    models = models_of(connection, was.set_id)
    mark = photo.fingerprint
    verdicts = verdicts_of(connection, [mark] if mark else []).get(mark or b"", ())
    if models.keys() != set(photo.analysis.models) or verdicts != photo.verdicts:
        return False
    ids = names.labels(connection, names_read(reading))
    by_name = {version.name: model_id for version, model_id in models.items()}
    rows = to_rows(connection, names, reading, ids, by_name)
    before = labels_of(connection, photo_id)
    delete_reading(connection, photo_id)
    insert_reading(connection, photo_id, was.taken_at, rows)
    _move_counts(connection, before, rows.label_ids)
    made = {"rules": rules, "untagged": int(not rows.tags)}
    connection.execute(READ, made | {"photo": photo_id})
    return True


def drop_results(connection: Connection, photo_id: int) -> None:
    """Forget what the models and the file say of a photo, and that it waits for tags."""
    before = labels_of(connection, photo_id)
    _forget(connection, photo_id)
    _move_counts(connection, before, set())
    connection.execute(UNREAD, {"photo": photo_id})
    drop_metadata(connection, photo_id)
    replace_keywords(connection, photo_id, 0, ())
    tag_queue.finish(connection, photo_id)


def put_evidence(connection: Connection, photo_id: int, packed: Mapping[int, bytes]) -> None:
    """Store what models said of a photo in place of what they said before."""
    for model_id in packed:
        connection.execute(DELETE_EVIDENCE, {"photo": photo_id, "model": model_id})
    _insert_evidence(connection, photo_id, packed)


def delete_aside(connection: Connection, photo_id: int, set_id: int) -> None:
    """Forget a photo's reading by a set of models that is not in force."""
    for deletion in DELETE_ASIDE:
        connection.execute(deletion, {"photo": photo_id, "set": set_id})


def pack_all(
    analysis: Analysis, ids: Mapping[str, int], models: Mapping[ModelVersion, int]
) -> dict[int, bytes]:
    """Pack what each model said, by the models' ids."""
    return {models[part.models[0]]: pack(part, ids) for part in split(analysis)}


def _standing(connection: Connection, photo_id: int) -> Any:
    """Give what is known of a photo now; raise PhotoUnknown where there is none."""
    row: Any = connection.execute(STANDING, {"photo": photo_id}).one_or_none()
    if row is None:
        raise PhotoUnknown(photo_id)
    return row


def _beside(connection: Connection, photo_id: int, facts: PhotoFacts, models: str = "") -> Any:
    """Give also which of a photo's new things have rows, and what there is of its pixels."""
    asked = {"photo": photo_id, "mark": facts.fingerprint, "models": models}
    row: Any = BESIDE.run(connection, asked | thing_keys(facts.metadata)).one_or_none()
    if row is None:
        raise PhotoUnknown(photo_id)
    return row


def _obeys(
    connection: Connection, was: Any, facts: PhotoFacts, verdicts: tuple[Verdict, ...]
) -> bool:
    """Say whether these are the verdicts on a photo's picture."""
    mark = facts.fingerprint or b""
    said = verdicts_of(connection, [mark]).get(mark, ()) if was.is_judged else ()
    return said == verdicts


def _set_done(
    connection: Connection, photo_id: int, was: Any, facts: PhotoFacts, made: dict[str, Any]
) -> int:
    """Write that a photo is done, and all that its file says; give its date."""
    metadata = metadata_columns(connection, facts, was)
    columns = file_columns(facts) | metadata | made
    DONE.run(connection, columns | {"photo": photo_id})
    if was.has_twin:
        connection.execute(TWINS, {"mark": facts.fingerprint})
    before = {name: getattr(was, name) for name in THINGS}
    move_counts(connection, before, metadata)
    replace_detail(connection, photo_id, facts.metadata, has_row=was.read_by > 0)
    taken_at: int = metadata["taken_at"]
    if facts.keywords or was.has_keywords:
        replace_keywords(connection, photo_id, taken_at, facts.keywords)
    return taken_at


def _is_same(was: Any, facts: PhotoFacts) -> bool:
    """Say whether a photo's pixels are those that were analysed before."""
    return facts.fingerprint is not None and was.fingerprint == facts.fingerprint


def _to_rows(
    connection: Connection,
    names: Names,
    analysis: Analysis,
    reading: Reading,
    models: Mapping[ModelVersion, int],
) -> tuple[ReadingRows, dict[int, bytes]]:
    ids = names.labels(connection, [*names_read(reading), *names_in(analysis)])
    by_name = {version.name: model_id for version, model_id in models.items()}
    rows = to_rows(connection, names, reading, ids, by_name)
    return rows, pack_all(analysis, ids, models)


def _make_room(
    connection: Connection,
    photo_id: int,
    set_id: int,
    packed: Iterable[int],
    *,
    is_same: bool,
) -> None:
    """Drop the evidence that new one replaces, or all of it where it is of other pixels."""
    if not is_same:
        _forget_evidence(connection, photo_id)
        return
    for model_id in packed:
        connection.execute(DELETE_EVIDENCE, {"photo": photo_id, "model": model_id})
    delete_aside(connection, photo_id, set_id)


def _insert_evidence(connection: Connection, photo_id: int, packed: Mapping[int, bytes]) -> None:
    rows = [
        {"photo_id": photo_id, "model_id": model_id, "data": data}
        for model_id, data in packed.items()
    ]
    if rows:
        INSERT_EVIDENCE.run(connection, rows)


def _forget(connection: Connection, photo_id: int) -> None:
    delete_reading(connection, photo_id)
    _forget_evidence(connection, photo_id)


def _forget_evidence(connection: Connection, photo_id: int) -> None:
    for deletion in FORGET:
        connection.execute(deletion, {"photo": photo_id})


def _copy(connection: Connection, photo_id: int, source_id: int, taken_at: int) -> None:
    asked = {"photo": photo_id, "source": source_id}
    for copy in COPIES:
        connection.execute(copy, asked)
    connection.execute(COPY_SIGHTINGS, asked | {"at": taken_at})


def _move_counts(connection: Connection, before: set[int], after: set[int]) -> None:
    count_labels(connection, after - before, 1)
    count_labels(connection, before - after, -1)
