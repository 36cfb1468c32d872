"""A statement for very many rows, through the driver itself: SQLAlchemy's own way takes twice the time."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.sql.dml import UpdateBase


class Many:
    """A statement with bound parameters, compiled once, to be run with many rows of them in the order of ``names``."""

    def __init__(self, connection: Connection, statement: UpdateBase, names: Sequence[str]) -> None:
        self._connection, self._names = connection, names
        compiled = statement.compile(dialect=connection.dialect)
        self._text = str(compiled)
        self._places = None
        if compiled.positional:
            self._places = [names.index(name) for name in compiled.positiontup or ()]

    def run(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it with these rows; nothing where there are none."""
        if not rows:
            return
        places = self._places
        if places is None:
            bound: Any = [dict(zip(self._names, row, strict=True)) for row in rows]
        elif places == list(range(len(self._names))):
            bound = rows
        else:
            bound = [tuple(row[place] for place in places) for row in rows]
        self._connection.exec_driver_sql(self._text, cast("Any", bound))
