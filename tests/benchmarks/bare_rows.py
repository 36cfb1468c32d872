"""What SQLite alone takes for the rows of a plan: the limit that ``delivery.py`` compares planning with."""

import sqlite3
import time
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from newsletter.delivery import schema


def bare_rows(path: Path, count: int, *, batch: int) -> float:
    """Seconds to write as many rows of messages, with no index but the one that lets nobody be planned twice."""
    names = [column.name for column in schema.message.columns if column.name != "id"]
    columns, marks = ", ".join(names), ", ".join("?" * len(names))
    rest = ("reader@city.example", "Reader", '{"recipient.organisation":"City"}', "0" * 32, "pending", "", "", "")
    persons = (blake2b(number.to_bytes(8), digest_size=16).hexdigest() for number in range(count))
    rows = (("c" * 32, number // batch, person, *rest) for number, person in enumerate(persons))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000")
        connection.execute(f"CREATE TABLE message (id INTEGER PRIMARY KEY, {columns})")
        connection.execute("CREATE UNIQUE INDEX once ON message (campaign_id, recipient_key)")
        begin = time.perf_counter()
        with connection:
            connection.executemany(f"INSERT INTO message ({columns}) VALUES ({marks})", rows)
        return time.perf_counter() - begin
