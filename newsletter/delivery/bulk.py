"""Statements for very many rows, through the driver itself: SQLAlchemy's own way takes twice the time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Executable
from sqlalchemy.sql.dml import UpdateBase


class Many:
    """A statement with bound parameters, to be run with many rows of them in the order of ``names``."""

    def __init__(self, statement: UpdateBase, names: Sequence[str]) -> None:
        self._statement, self._names = statement, names
        self._compiled: dict[str, tuple[str, list[int] | None]] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it with these rows; nothing where there are none."""
        if not rows:
            return
        name = connection.dialect.name
        text, places = self._compiled.get(name) or self._compiled.setdefault(name, self._compile(connection))
        if places is None:
            bound: Any = [dict(zip(self._names, row, strict=True)) for row in rows]
        elif places == list(range(len(self._names))):
            bound = rows
        else:
            bound = [tuple(row[place] for place in places) for row in rows]
        connection.exec_driver_sql(text, cast("Any", bound))

    def _compile(self, connection: Connection) -> tuple[str, list[int] | None]:
        """Its text, and which value stands in which place; None where the driver takes them by name."""
        compiled = self._statement.compile(dialect=connection.dialect)
        positions = compiled.positiontup or ()
        return str(compiled), [self._names.index(name) for name in positions] if compiled.positional else None


def rows(connection: Connection, statement: Executable, bound: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Run a query and give its rows as the driver does, one by one; none of its columns may need a conversion."""
    with connection.execute(statement, bound) as result:
        yield from cast("Any", result).cursor
