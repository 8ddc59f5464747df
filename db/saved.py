"""Searches that are kept: their names, what they have found, and for which photos commands wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, literal, select, update

from .records import MatchRun
from .states import SERVED_ROOTS, PhotoState, RunState, label_key
from .tables import FolderRow, PhotoRow, RootRow, SavedMatchRow, SavedSearchRow
from .transaction import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from .records import MatchChange, SavedSearch
    from .transaction import Transactions

OF_PHOTOS: Final = update(SavedMatchRow).where(
    SavedMatchRow.search_id == bindparam("search"),
    SavedMatchRow.photo_id.in_(bindparam("ids", expanding=True)),
)
# The first condition is that of the partial index, to the letter.
RUNS: Final = (
    select(SavedMatchRow.search_id, SavedMatchRow.photo_id, SavedSearchRow.name)
    .where(
        SavedMatchRow.run != 0,
        SavedMatchRow.run == bindparam("run"),
        SavedSearchRow.id == SavedMatchRow.search_id,
    )
    .order_by(SavedMatchRow.at, SavedMatchRow.search_id, SavedMatchRow.photo_id)
)
NEXT_RUN: Final = RUNS.where(
    SavedMatchRow.is_current == 1,
    SavedSearchRow.key.in_(bindparam("keys", expanding=True)),
    exists().where(
        PhotoRow.id == SavedMatchRow.photo_id,
        PhotoRow.state != PhotoState.MISSING,
        FolderRow.id == PhotoRow.folder_id,
        RootRow.id == FolderRow.root_id,
        RootRow.state.in_([state.value for state in SERVED_ROOTS]),
    ),
).limit(1)
WAITING: Final = select(func.count()).where(
    SavedMatchRow.run != 0, SavedMatchRow.run == RunState.WAITING, SavedMatchRow.is_current == 1
)


class SavedSearches:
    """Changes of the saved searches; belongs to its `Catalog`."""

    def __init__(self, transactions: Transactions, now: Callable[[], int]) -> None:
        self._begin = transactions.begin
        self._now = now

    def save(
        self, name: str, query: str, link_dir: bytes | None = None, *, replace: bool = False
    ) -> bool:
        """Keep a search under a name; False where the name is taken and may not be replaced.

        One that is replaced begins anew, without what it has found.
        """
        key = label_key(name)
        row = {"name": name, "key": key, "query": query, "link_dir": link_dir}
        with self._begin() as connection:
            known = _find(connection, key)
            if known is not None and not replace:
                return False
            _delete(connection, known)
            connection.execute(insert(SavedSearchRow).values(**row, created_at=self._now()))
        return True

    def forget(self, name: str) -> bool:
        """Take a saved search out with what it has found; False where there is none."""
        with self._begin() as connection:
            known = _find(connection, label_key(name))
            _delete(connection, known)
        return known is not None

    def note(self, change: MatchChange, *, has_command: bool) -> None:
        """Write down what a search finds, and finds no more, unless it is another one by now.

        A command waits for the photos that are new: those never found before, once all that the
        search finds has been written down while it had a command.
        """
        search, now = change.search, self._now()
        run = RunState.WAITING if has_command and search.is_armed else RunState.NONE
        for ids in chunks(change.lost):
            with self._begin() as connection:
                if _is_there(connection, search):
                    connection.execute(
                        OF_PHOTOS.values(is_current=0), {"search": search.id, "ids": ids}
                    )
        for ids in chunks(change.found):
            with self._begin() as connection:
                if _is_there(connection, search):
                    _note_found(connection, search.id, ids, now, run)
        if change.is_whole and search.is_armed != has_command:
            with self._begin() as connection:
                if _is_there(connection, search):
                    _arm(connection, search.id, has_command=has_command)

    def begin_run(self, names: Collection[str]) -> MatchRun | None:
        """Give the next photo that one of these searches' commands waits for, and note its begin.

        From then on it counts as run, whatever comes of it, unless it is put back. Photos that are
        gone, or whose root cannot be read, are passed over.
        """
        parameters = {"run": RunState.WAITING, "keys": [label_key(name) for name in names]}
        with self._begin(is_durable=True) as connection:
            row = connection.execute(NEXT_RUN, parameters).first()
            if row is None:
                return None
            run = MatchRun(*row)
            _set_run(connection, run, RunState.WAITING, RunState.BEGUN)
        return run

    def end_run(self, run: MatchRun) -> None:
        """Note that a command has ended."""
        with self._begin() as connection:
            _set_run(connection, run, RunState.BEGUN, RunState.NONE)

    def put_back(self, run: MatchRun) -> None:
        """Let a photo wait again: its command has certainly not begun."""
        with self._begin() as connection:
            _set_run(connection, run, RunState.BEGUN, RunState.WAITING)

    def count_waiting(self) -> int:
        """Count the commands that have yet to be run."""
        with self._begin() as connection:
            return connection.scalar(WAITING) or 0

    def begun_runs(self) -> list[MatchRun]:
        """Give the commands whose begin was noted, and not their end."""
        with self._begin() as connection:
            rows = connection.execute(RUNS, {"run": RunState.BEGUN})
            return [MatchRun(*row) for row in rows]


def _find(connection: Connection, key: str) -> int | None:
    found: int | None = connection.scalar(
        select(SavedSearchRow.id).where(SavedSearchRow.key == key)
    )
    return found


def _delete(connection: Connection, search_id: int | None) -> None:
    connection.execute(delete(SavedMatchRow).where(SavedMatchRow.search_id == search_id))
    connection.execute(delete(SavedSearchRow).where(SavedSearchRow.id == search_id))


def _is_there(connection: Connection, search: SavedSearch) -> bool:
    """Tell whether a search is still the one that it was: an id may be used again."""
    row = SavedSearchRow
    same = (row.id == search.id, row.query == search.query, row.created_at == search.created_at)
    is_armed = row.is_armed == int(search.is_armed)
    return bool(connection.scalar(select(exists().where(*same, is_armed))))


def _note_found(
    connection: Connection, search_id: int, ids: list[int], now: int, run: RunState
) -> None:
    connection.execute(OF_PHOTOS.values(is_current=1), {"search": search_id, "ids": ids})
    match: Any = SavedMatchRow
    known = exists().where(match.search_id == search_id, match.photo_id == PhotoRow.id)
    columns = {
        "search_id": literal(search_id),
        "photo_id": PhotoRow.id,
        "at": literal(now),
        "run": literal(run.value),
    }
    fresh = select(*columns.values()).where(PhotoRow.id.in_(ids), ~known)
    connection.execute(insert(match).from_select(list(columns), fresh))


def _arm(connection: Connection, search_id: int, *, has_command: bool) -> None:
    this = SavedSearchRow.id == search_id
    connection.execute(update(SavedSearchRow).where(this).values(is_armed=int(has_command)))
    if not has_command:
        match = SavedMatchRow
        waits = (match.run != 0, match.run == RunState.WAITING, match.search_id == search_id)
        connection.execute(update(match).where(*waits).values(run=RunState.NONE))


def _set_run(connection: Connection, run: MatchRun, before: RunState, state: RunState) -> None:
    """Change where a command stands, unless its search is another by now that has its number."""
    match = SavedMatchRow
    this = (match.search_id == run.search_id, match.photo_id == run.photo_id)
    connection.execute(update(match).where(*this, match.run == before).values(run=state))
