"""Statements that run for every photo: compiled once, and handed to the driver as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, CursorResult, Dialect
    from sqlalchemy.sql.expression import ClauseElement

    Fill = Callable[[Mapping[str, Any]], Any]


class Prepared:
    """A statement whose parameters are single values; an insertion fills all columns.

    What SQLAlchemy does anew for each execution takes several times as long as SQLite does.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Fill]] = {}

    def run(
        self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> CursorResult[Any]:
        """Execute it with the values of its parameters, or once for each of several."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        sql, fill = self._compiled[dialect.name]
        if isinstance(values, Mapping):
            return connection.exec_driver_sql(sql, fill(values))
        return connection.exec_driver_sql(sql, [fill(row) for row in values])

    def _compile(self, dialect: Dialect) -> tuple[str, Fill]:
        compiled: Any = self._statement.compile(dialect=dialect)
        binds = compiled.binds
        constants = {name: one.effective_value for name, one in binds.items() if not one.required}
        processors = {
            name: process
            for name, one in binds.items()
            if (process := one.type.bind_processor(dialect)) is not None
        }
        places = compiled.positiontup if compiled.positional else None

        def fill(values: Mapping[str, Any]) -> Any:
            row = {**constants, **values}
            for name, process in processors.items():
                row[name] = process(row[name])
            return row if places is None else tuple([row[name] for name in places])

        return str(compiled), fill
