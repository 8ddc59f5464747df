"""Putting the readings by another set of models in force, as statements for a million photos."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from .states import KIND_BITS, MOST_COUNTED, SPOTS

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

TAG: Final = "label_id, kind, confidence, rule, threshold, shown, refines_id"
BOX: Final = 'n, label_id, model_id, confidence, "left", top, "right", bottom'
ASIDES: Final = {"photo_tag": "tag_aside", "detection": "detection_aside"}


def _steps(chosen: str, displaced_by: str) -> tuple[TextClause, ...]:
    """Write the statements that put the readings aside of which `chosen` holds in force.

    What was in force for these photos lies aside then, as replaced by `displaced_by`. Only CROSS
    JOIN keeps the planner from beginning with the tables of all photos.
    """
    these = f"(SELECT a.photo_id FROM reading_aside a WHERE {chosen})"
    changing = (
        f"FROM reading_aside a CROSS JOIN photo p{{more}} WHERE {chosen}"
        " AND p.id = a.photo_id AND p.set_id IS NOT NULL AND p.set_id <> a.set_id"
    )
    displaced = (
        "INSERT INTO reading_aside (photo_id, set_id, rules, replaced_by)"
        f" SELECT p.id, p.set_id, p.rules, {displaced_by} {changing.format(more='')}"
    )
    in_force = (
        "UPDATE photo SET (set_id, rules) = (SELECT a.set_id, a.rules FROM reading_aside a"
        f" WHERE a.photo_id = photo.id AND {chosen}), untagged = CASE WHEN EXISTS"
        " (SELECT 1 FROM photo_tag t WHERE t.photo_id = photo.id) THEN 0 ELSE 1 END"
        f" WHERE id IN {these}"
    )
    return tuple(
        map(
            text,
            (
                _keep("photo_tag", TAG, changing),
                _keep("detection", BOX, changing),
                *(f"DELETE FROM {name} WHERE photo_id IN {these}" for name in IN_FORCE),
                _bring("photo_tag", TAG, chosen),
                _bring("detection", BOX, chosen),
                SIGHTINGS.format(chosen=chosen),
                *(_delete_brought(name, chosen) for name in ASIDES.values()),
                displaced,
                in_force,
                f"DELETE FROM reading_aside AS a WHERE {chosen}",
                COUNTS,
            ),
        )
    )


def _keep(table: str, columns: str, changing: str) -> str:
    """Copy rows that are in force aside, under the set that made them."""
    listed = ", ".join(f"t.{name}" for name in columns.split(", "))
    return (
        f"INSERT INTO {ASIDES[table]} (photo_id, set_id, {columns})"
        f" SELECT t.photo_id, p.set_id, {listed} {changing.format(more=f' CROSS JOIN {table} t')}"
        " AND t.photo_id = p.id"
    )


def _bring(table: str, columns: str, chosen: str) -> str:
    """Copy rows from aside into force."""
    listed = ", ".join(f"t.{name}" for name in columns.split(", "))
    return (
        f"INSERT INTO {table} (photo_id, {columns}) SELECT t.photo_id, {listed}"
        f" FROM reading_aside a CROSS JOIN {ASIDES[table]} t"
        f" WHERE {chosen} AND t.photo_id = a.photo_id AND t.set_id = a.set_id"
    )


def _delete_brought(table: str, chosen: str) -> str:
    brought = f"SELECT a.photo_id, a.set_id FROM reading_aside a WHERE {chosen}"
    return f"DELETE FROM {table} WHERE (photo_id, set_id) IN ({brought})"


IN_FORCE: Final = (*ASIDES, "sighting")
KIND: Final = " ".join(f"WHEN '{kind}' THEN {bit}" for kind, bit in KIND_BITS.items())
X, Y = '(d."left" + d."right") / 2.0', "(d.top + d.bottom) / 2.0"
MIDDLE: Final = "BETWEEN 1.0 / 3 AND 2.0 / 3"
WHERE: Final = {
    "left": f"{X} < 1.0 / 3",
    "right": f"{X} > 2.0 / 3",
    "top": f"{Y} < 1.0 / 3",
    "bottom": f"{Y} > 2.0 / 3",
    "center": f"{X} {MIDDLE} AND {Y} {MIDDLE}",
}
# As `states.spots_of` and `states.area_of` have it, for all boxes of a tag.
FRAMED: Final = " + ".join(
    f"max(CASE WHEN {where} THEN {SPOTS[spot]} ELSE 0 END)" for spot, where in WHERE.items()
)
AREA: Final = 'max((d."right" - d."left") * (d.bottom - d.top)) * 10000.0'
# In the order of its key: a million photos' rows in any other order are slow.
SIGHTINGS: Final = (
    "INSERT INTO sighting"
    " (label_id, taken_at, photo_id, confidence, times, kind, largest, spots)"
    f" SELECT t.label_id, p.taken_at, t.photo_id, t.confidence, CASE WHEN b.number IS NULL THEN 1"
    f" WHEN b.number > {MOST_COUNTED} THEN {MOST_COUNTED} ELSE b.number END,"
    f" CASE t.kind {KIND} END,"
    " coalesce(CAST(b.area AS BIGINT)"
    " + CASE WHEN b.area > CAST(b.area AS BIGINT) THEN 1 ELSE 0 END, 0), coalesce(b.spots, 0)"
    " FROM reading_aside a CROSS JOIN photo p CROSS JOIN photo_tag t LEFT JOIN"
    f" (SELECT d.photo_id, d.label_id, count(*) AS number, {AREA} AS area, {FRAMED} AS spots"
    " FROM reading_aside a CROSS JOIN detection d WHERE {chosen} AND d.photo_id = a.photo_id"
    " GROUP BY d.photo_id, d.label_id) AS b"
    " ON b.photo_id = t.photo_id AND b.label_id = t.label_id"
    " WHERE {chosen} AND p.id = a.photo_id AND t.photo_id = a.photo_id"
    " ORDER BY t.label_id, p.taken_at, t.photo_id"
)
COUNTS: Final = "UPDATE label SET n = (SELECT count(*) FROM sighting s WHERE s.label_id = label.id)"
OF_SET: Final = "a.set_id = :set"
BEFORE_SET: Final = "a.replaced_by = :set"
FORGET_ORDER: Final = text("UPDATE reading_aside SET replaced_by = NULL WHERE replaced_by = :set")
TO: Final = _steps(OF_SET, "CAST(:set AS BIGINT)")
BACK: Final = _steps(BEFORE_SET, "NULL")


def switch_to(connection: Connection, set_id: int, *, queue_tags_at: int | None) -> int:
    """Put all readings by a set of models in force and those before them aside; count the photos.

    With a time their tags wait to be written, behind all that waits already.
    """
    # What gave way to this set in an earlier switch is not what this switch goes back to.
    connection.execute(FORGET_ORDER, {"set": set_id})
    return _exchange(connection, set_id, TO, OF_SET, queue_tags_at)


def switch_back(connection: Connection, set_id: int, *, queue_tags_at: int | None) -> int:
    """Put all readings in force that gave way to a set of models; count the photos."""
    return _exchange(connection, set_id, BACK, BEFORE_SET, queue_tags_at)


def _exchange(
    connection: Connection,
    set_id: int,
    steps: tuple[TextClause, ...],
    chosen: str,
    queue_tags_at: int | None,
) -> int:
    asked: dict[str, int] = {"set": set_id}
    these = f"FROM reading_aside a WHERE {chosen}"
    number: int = connection.execute(text(f"SELECT count(*) {these}"), asked).scalar_one()
    if number and queue_tags_at is not None:
        queued = f"SELECT a.photo_id, CAST(:now AS BIGINT), 0 {these}"
        fill = f"INSERT INTO tag_job (photo_id, not_before, attempts) {queued}"
        gone = f"DELETE FROM tag_job WHERE photo_id IN (SELECT a.photo_id {these})"
        connection.execute(text(gone), asked)
        connection.execute(text(fill), asked | {"now": queue_tags_at})
    for step in steps if number else ():
        connection.execute(step, asked if ":set" in step.text else {})
    return number
