"""How fast a members' list becomes readers with their languages, and in how much memory; run by hand, it is no test.

::

    python tests/benchmarks/audience.py

Every list is read by a peer and by us in turns, and the median of the rounds counts. The peer is what one cannot do
less than: the csv module reads the same file and hashes each address. Ours is everything from the file to choices:
addresses checked, languages, time zones and countries understood, duplicates found, a language chosen with its reason.
What is in each list is known beforehand, and counted. The time is the processor's, for machines may be busy; the peak
is that of a whole process which reads the list once.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from newsletter.audience import members
from newsletter.audience.members import MembersList
from newsletter.audience.sources.csv import Csv
from newsletter.model import Choice

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "audience"))

import hostile_lists

HEADING = ("email", "name", "languages", "timezone", "organisation", "country", "since")
LANGUAGES = ("en;es", "es", "fr;en", "", "pt-BR;es")
AGAIN = 1000  # every so many rows, somebody who stood there before


def main() -> None:
    """Print the table, or, for a process of its own, the peak of reading one list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of every list")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every list")
    parser.add_argument("--peak", type=Path, help="print the peak memory of reading this list, in MiB")
    options = parser.parse_args()
    if options.peak:
        ours(options.peak)
        print(hostile_lists.peak() / 1024)
        return
    columns = ("list", "rows", "people", "problems", "csv and hash", "ours", "ratio", "peak")
    table = Table(*columns, title=f"{options.rows:,} rows; seconds of the processor")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        for name, write in LISTS.items():
            table.add_row(name, *measured(path, write, rows=options.rows, rounds=options.rounds))
    Console().print(table)


def measured(path: Path, write: Callable[[Path, int], tuple[int, int]], *, rows: int, rounds: int) -> list[str]:
    """The row of one list: what is in it, the seconds of both, their ratio, our peak."""
    expected = write(path, rows)
    pairs = []
    for _ in range(rounds):
        them, _ = timed(peer, path)
        us, found = timed(ours, path)
        assert found == expected, f"{found} instead of {expected}"
        pairs.append((them, us))
    them, us = (statistics.median(column) for column in zip(*pairs, strict=True))
    program = [sys.executable, __file__, "--peak", str(path)]
    peak = float(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
    counts = (f"{rows:,}", *(f"{count:,}" for count in expected))
    return [*counts, f"{them:.2f}", f"{us:.2f}", f"{us / them:.1f}x", f"{peak:.0f} MiB"]


Found = TypeVar("Found")


def timed(read: Callable[[Path], Found], path: Path) -> tuple[float, Found]:
    """The seconds of the processor that reading a list takes, and what comes of it."""
    begin = time.process_time()
    found = read(path)
    return time.process_time() - begin, found


def peer(path: Path) -> int:
    """What one cannot do less than."""
    with path.open("rb") as file:
        encoding = "utf-16" if file.read(2) == b"\xff\xfe" else "utf-8-sig"
    csv.field_size_limit(10_000_000)
    count = 0
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        for row in csv.reader(file):
            if row:
                blake2b(row[0].encode(), digest_size=16).digest()
                count += 1
    return count


def ours(path: Path) -> tuple[int, int]:
    """People and problems."""
    found: Counter[bool] = Counter()
    lists = [MembersList(source=Csv(path=path))]
    for row in members.read(lists, ready={"en", "es", "fr"}, held={"ar"}, default="en"):
        found[isinstance(row, Choice)] += 1
    return found[True], found[False]


def exported(path: Path, rows: int, *, encoding: str = "utf-8", quoting: int = csv.QUOTE_MINIMAL) -> tuple[int, int]:
    """A list as a membership program exports it, in which few people stand twice."""
    with path.open("w", encoding=encoding, newline="") as file:
        write = csv.writer(file, quoting=quoting).writerow
        write(HEADING)
        for number in range(rows):
            again = number % AGAIN == AGAIN - 1
            who = number - again
            email = f"reader{who}@city{who % 997}.example"
            name, city = f"Jordi Peña {who}", f"City {who % 997}"
            tags = LANGUAGES[number % len(LANGUAGES)]
            write((email.upper() if again else email, name, tags, "Europe/Madrid", city, "ES", 2001))
    twice = rows // AGAIN
    return rows - twice, twice


def everything(path: Path, rows: int) -> tuple[int, int]:
    """A list with everything in it that people and attackers put into one."""
    expected = hostile_lists.write(path, rows, encoding="utf-8")
    return expected.people, len(expected.problems)


LISTS: dict[str, Callable[[Path, int], tuple[int, int]]] = {
    "as exported": exported,
    "every cell quoted": lambda path, rows: exported(path, rows, quoting=csv.QUOTE_ALL),
    "UTF-16": lambda path, rows: exported(path, rows, encoding="utf-16"),
    "with everything in it": everything,
}


if __name__ == "__main__":
    main()
