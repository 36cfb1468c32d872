"""Members' lists of any length with everything that people and attackers put into them, and what must be said of each.

The same seed makes the same list: the problems are known by line and kind before anybody reads it.
"""

import random
import resource
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HEADING = "email,name,languages,timezone,country,organisation"
_IDN = 7  # every seventh person's domain is written in letters beyond ASCII


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as it is written, the kinds of its problems, and whether somebody comes out of it; ``old`` is no UTF-8."""

    text: str
    kinds: tuple[str, ...] = ()
    person: bool = False
    old: bool = False


@dataclass(kw_only=True)
class Expected:
    """What a reader must find in a list: people, and problems as (line, kind) in order."""

    people: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


def email(number: int) -> str:
    """The address of person ``number``, in composed letters."""
    domain = f"münchen{number % 50}.example" if number % _IDN == 0 else f"city{number % 500}.example"
    return f"person{number}@{domain}"


def _someone(number: int, name: str, *, languages: str = "es;en", more: str = ",Europe/Madrid,ES,Kelbrook") -> str:
    return f"{email(number)},{name},{languages}{more}"


def _ascii(number: int) -> str:
    local, domain = email(number).split("@")
    return f"{local}@{domain.encode('idna').decode()}"


PEOPLE: tuple[Callable[[int], str], ...] = (
    lambda n: _someone(n, "Pérez"),
    lambda n: _someone(n, '"Pérez, Ana"'),
    lambda n: _someone(n, "Ana 👩\u200d🌾🎉"),
    lambda n: _someone(n, "می\u200cخواهم", languages="fa"),
    lambda n: _someone(n, unicodedata.normalize("NFD", "Évà 강서연")),
    lambda n: f"{email(n)}",
    lambda n: f" {email(n)}\u200b ,Ana,",
    lambda n: f'"{email(n)}","Ana ""the"" Mayor","","","",""',
)

AGAIN: tuple[Callable[[int], str], ...] = (
    lambda n: email(n).upper().replace("Ü", "ü"),
    lambda n: f"  {email(n)}\t ,Again",
    lambda n: f"\ufeff{email(n)},Again",
    lambda n: f"{email(n)}\u00a0,Again",
    lambda n: f"{unicodedata.normalize('NFD', email(n))},Again",
    lambda n: f"{_ascii(n)},Again",
    lambda n: f'"{_ascii(n).upper()}","Again"',
)

BAD: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("empty", lambda n: f",Nobody {n},es,,,Kelbrook"),
    ("empty", lambda n: f"\u200b\u00a0,Nobody {n}"),
    ("address", lambda n: f"no address {n},Nobody"),
    ("address", lambda n: f"a@@b{n}.example,Nobody"),
    ("address", lambda n: f"nobody{n}@localhost,Nobody"),
    ("address", lambda n: f"Nobody <nobody{n}@city.example>,Nobody"),
    ("long", lambda n: f"{'a' * 58}{n:07}@city.example,Long"),
    ("unicode", lambda n: f"añ{n}@city.example,Ana"),
    ("break", lambda n: f'eve{n}@bad.example,"Eve\r\nBcc: all@bad.example",en'),
    ("break", lambda n: f'"eve{n}@bad.example\r\nBcc: all@bad.example",Eve'),
    ("break", lambda n: f"eve{n}@bad.example\rBcc: all@bad.example,Eve"),
    ("break", lambda n: f"eve{n}@bad.example,Eve\u2028Bcc: all@bad.example"),
    ("control", lambda n: f"eve{n}@bad.example,E\0ve"),
    ("control", lambda n: f"eve{n}@bad.example,E\x1b[2Jve"),
    ("hidden", lambda n: f"e\u200bve{n}@bad.example,Eve"),
    ("hidden", lambda n: f"eve{n}@b\u202eda.example,Eve"),
    ("turning", lambda n: f"eve{n}@bad.example,\u202eevE"),
    ("cells", lambda n: f"eve{n}@bad.example,Eve,es,,,City,one more"),
    ("huge", lambda n: f"eve{n}@bad.example,{'x' * 1500}"),
    ("quotes", lambda n: f'eve{n}@bad.example,"Eve'),
    ("quotes", lambda n: f'eve{n}@bad.example,"Eve" Pérez'),
    ("delimiter", lambda n: f"eve{n}@bad.example;Eve;es"),
    ("delimiter", lambda n: f"eve{n}@bad.example\tEve\tes"),
)

DOUBTFUL: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("lost", lambda n: _someone(n, "P\ufffdrez")),
    ("language", lambda n: _someone(n, "Ana", languages="spanish;es")),
    ("timezone", lambda n: _someone(n, "Ana", more=",Europe/Atlantis")),
    ("country", lambda n: _someone(n, "Ana", languages="", more=",,Atlantis")),
)


def rows(count: int, *, seed: int = 27) -> Iterator[Row]:
    """So many rows: nine of ten are good, every recipe comes in its turn, one in 50,000 has a megabyte in a cell."""
    chance = random.Random(seed)
    person = 0
    for number in range(count):
        draw = chance.random()
        if number % 50_000 == 999:
            yield Row(text=f"eve{number}@bad.example,{'x' * 1_000_000}", kinds=("huge",))
        elif draw < 0.9 or not person:
            person += 1
            usual = number % 4 or number < 1000  # some thousand rows without anything odd, then a mixture
            text = _someone(person, f"Somebody {person}") if usual else PEOPLE[number // 4 % len(PEOPLE)](person)
            yield Row(text=text, person=True)
        elif draw < 0.92:
            yield Row(text=AGAIN[number % len(AGAIN)](chance.randint(1, person)), kinds=("duplicate",))
        elif draw < 0.97:
            kind, make = BAD[number % len(BAD)]
            yield Row(text=make(number), kinds=(kind,))
        else:
            person += 1
            kind, make = DOUBTFUL[number % len(DOUBTFUL)]
            old = number % 5 == 0
            text = _someone(person, "Peña") if old else make(person)
            yield Row(text=text, kinds=() if old else (kind,), person=True, old=old)


def write(path: Path, count: int, *, encoding: str) -> Expected:
    """Write a list of so many rows, and say what is in it. Only a list in UTF-8 has lines in Windows-1252."""
    expected, line, old_told = Expected(), 2, encoding != "utf-8"
    with path.open("wb") as file:
        file.write(f"{HEADING}\r\n".encode(encoding))
        encoding = {"utf-16": "utf-16-le"}.get(encoding, encoding)  # one mark at the beginning is enough
        for row in rows(count):
            old = row.old and encoding == "utf-8"
            file.write(f"{row.text}\r\n".encode("cp1252" if old else encoding))
            if old and not old_told:
                expected.problems.append((line, "encoding"))
                old_told = True
            expected.problems += [(line, kind) for kind in row.kinds]
            expected.people += row.person
            line += 1 + row.text.count("\r\n")
    return expected


def peak() -> int:
    """The most memory that this process took so far, in KiB; getrusage would count what its parent had as well."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
