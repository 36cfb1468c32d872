"""Read the parallel corpus: whole sentences from a file, and variants made from templates.

`corpus/<language>.tsv` holds one sentence and its translation a line. `corpus/templates.tsv` and `corpus/slots.tsv`
have a column a language; a template's `{slot}` is filled with the same row of the slot table on both sides.
"""

import csv
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "corpus"
SOURCE = "en"

_SLOT = re.compile(r"\{(\w+)\}")


class Pair(NamedTuple):
    """One sentence in English and in the target language."""

    source: str
    target: str


def sentences(language: str, folder: Path = FOLDER) -> list[Pair]:
    """The hand-written sentences, in file order."""
    lines = (folder / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    return [Pair(*line.split("\t")) for line in lines if line]


def variants(language: str, count: int, *, seed: int = 1, folder: Path = FOLDER) -> list[Pair]:
    """`count` different sentences made from the templates, the same ones for the same seed."""
    templates = [Pair(row[SOURCE], row[language]) for row in _rows(folder / "templates.tsv")]
    slots: dict[str, list[Pair]] = {}
    for row in _rows(folder / "slots.tsv"):
        slots.setdefault(row["slot"], []).append(Pair(row[SOURCE], row[language]))
    rng = random.Random(seed)
    found: dict[Pair, None] = {}
    while len(found) < count:
        found[_fill(rng.choice(templates), slots, rng)] = None
    return list(found)


def _fill(template: Pair, slots: dict[str, list[Pair]], rng: random.Random) -> Pair:
    """Fill every slot; a slot that occurs twice gets two different words."""
    names = _SLOT.findall(template.source)
    values = {name: rng.sample(slots[name], names.count(name)) for name in dict.fromkeys(names)}
    return Pair(
        _substitute(template.source, {name: iter([v.source for v in vs]) for name, vs in values.items()}),
        _substitute(template.target, {name: iter([v.target for v in vs]) for name, vs in values.items()}),
    )


def _substitute(text: str, values: dict[str, Iterator[str]]) -> str:
    filled = _SLOT.sub(lambda match: next(values[match[1]]), text)
    first = next(i for i, character in enumerate(filled) if character.isalnum())  # after an opening mark such as ¿
    return filled[:first] + filled[first].upper() + filled[first + 1 :]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
