"""A list with everything in it: each problem is told with its line and its kind, and nobody else pays for it."""

import csv
import json
import subprocess
import sys
from collections import Counter
from hashlib import blake2b
from pathlib import Path

import hostile_lists
import pytest

from newsletter.audience import members
from newsletter.audience.members import MembersList
from newsletter.audience.problems import Problem
from newsletter.audience.sources.csv import Csv
from newsletter.model import Choice

LIMIT = 100 * 1024  # KiB that a process may take in all, whatever the length of its list

READER = """
import json, sys
from collections import Counter
from hashlib import blake2b
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import hostile_lists
from newsletter.audience import members
from newsletter.audience.members import MembersList
from newsletter.audience.problems import Problem
from newsletter.audience.sources.csv import Csv

digest, counts, people = blake2b(), Counter(), 0
lists = [MembersList(source=Csv(path=Path(sys.argv[1])))]
for row in members.read(lists, ready={"en", "es"}, held=set(), default="en"):
    if isinstance(row, Problem):
        counts[row.kind] += 1
        digest.update(f"{row.line} {row.kind}\\n".encode())
    else:
        people += 1
print(json.dumps({"people": people, "counts": counts, "digest": digest.hexdigest(), "peak": hostile_lists.peak()}))
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_twenty_thousand_rows(tmp_path: Path, encoding: str) -> None:
    """Exactly the bad rows are told, by line and kind, and no name or address can carry a header."""
    path = tmp_path / "members.csv"
    expected = hostile_lists.write(path, 20_000, encoding=encoding)
    lists = [MembersList(source=Csv(path=path))]
    rows = list(members.read(lists, ready={"en", "es"}, held=set(), default="en"))
    people = [row.subscriber.address for row in rows if isinstance(row, Choice)]
    assert [(row.line, row.kind) for row in rows if isinstance(row, Problem)] == expected.problems
    assert len(people) == expected.people == len({address.email.lower() for address in people})
    assert not any(sign in address.email + address.name for address in people for sign in "\r\n\0\u2028\u202e")
    assert {kind for _, kind in expected.problems} > {kind for kind, _ in (*hostile_lists.BAD, *hostile_lists.DOUBTFUL)}


def test_a_naive_reader_fails(tmp_path: Path) -> None:
    """What most scripts do, csv.DictReader and strip, breaks off, and counts wrongly even where it does not."""
    path = tmp_path / "members.csv"
    expected = hostile_lists.write(path, 20_000, encoding="utf-8")
    with path.open(encoding="utf-8-sig", newline="") as file, pytest.raises((UnicodeDecodeError, csv.Error)):
        list(csv.DictReader(file))
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        csv.field_size_limit(10_000_000)
        try:
            found = list(csv.DictReader(file))
        finally:
            csv.field_size_limit(131_072)
    addresses = Counter((row["email"] or "").strip().lower() for row in found)
    good = [address for address in addresses if "@" in address]
    assert len(found) != 20_000
    assert len(good) != expected.people
    assert sum(addresses.values()) - len(addresses) != Counter(kind for _, kind in expected.problems)["duplicate"]


@pytest.mark.chaos
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_million_rows(tmp_path: Path, encoding: str) -> None:
    """A long list is counted as exactly as a short one, and a process needs less than 100 MiB for it in all."""
    path = tmp_path / "members.csv"
    expected = hostile_lists.write(path, 1_000_000, encoding=encoding)
    program = [sys.executable, "-c", READER, str(path), str(Path(__file__).parent)]
    run = subprocess.run(program, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found["counts"] == Counter(kind for _, kind in expected.problems)
    assert found["people"] == expected.people
    lines = "".join(f"{line} {kind}\n" for line, kind in expected.problems)
    assert found["digest"] == blake2b(lines.encode()).hexdigest()
    assert found["peak"] < LIMIT
