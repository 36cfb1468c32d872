"""Values of a database or of JSON become subscribers, by the rules of a table."""

from collections.abc import Iterable, Iterator

import msgspec

from newsletter.audience.problems import Problem
from newsletter.audience.sources._table import LONGEST_CELL, Table, text
from newsletter.model import Subscriber


def members(values: Iterable[object], *, table: Table, line: int) -> Iterator[Subscriber | Problem]:
    """The subscriber of row number ``line``, or what is wrong with it; nothing where all its values are empty."""
    cells = [_cell(value) for value in values]
    odd = any(len(cell) > LONGEST_CELL or "\ufffd" in cell for cell in cells)
    member = None if odd else table.plain([*cells], line)
    if member is not None:
        yield member
    else:
        yield from table.read(cells, line=line)


def _cell(value: object) -> str:
    """A value as a cell; objects, and lists of them, stay JSON."""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict | list) for each in value)):
        return msgspec.json.encode(value, enc_hook=str).decode() if value else ""
    return text(value)
