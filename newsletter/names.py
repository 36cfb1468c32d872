"""The names an organisation writes in its own way: ``names.csv``, read by the import and by the translation."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsletter import tables
from newsletter.errors import ContentError

COLUMNS = ("name", "kind", "keep", "aliases")
"""The columns of ``names.csv``; one called by a language's tag (``fr``, ``pt-BR``) has the form in that language."""

KINDS = ("", "person", "organisation", "place", "acronym")
KEEP = ("", "yes", "transliterate", "translate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """A row of ``names.csv``: ``keep`` says whether translations leave the name alone, ``aliases`` are its forms.

    ``forms`` are (language tag in lower case, form in that language), at most one a language.
    """

    name: str
    kind: str = ""
    keep: str = ""
    aliases: tuple[str, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()

    def form(self, language: str) -> str:
        """The name in a language, from the column of its tag or of a broader one; empty where there is none."""
        forms = dict(self.forms)
        return next((forms[tag] for tag in tables.broader(language) if tag in forms), "")


def read(path: Path) -> tuple[Name, ...]:
    """The names in ``names.csv``, none where there is no such file; ContentError where it cannot be understood."""
    shape = tables.Shape(required=COLUMNS[:1], optional=COLUMNS[1:], error=ContentError, languages=True)
    return tuple(_names(path, tables.read(path, shape)))


def _names(path: Path, rows: tuple[tables.Row, ...]) -> Iterator[Name]:
    for row in rows:
        cell = {column: row.cells.get(column, "") for column in COLUMNS}
        kind, keep = cell["kind"].lower().replace("organization", "organisation"), cell["keep"].lower()
        kind = "organisation" if kind == "org" else kind
        for column, value, known in (("kind", kind, KINDS), ("keep", keep, KEEP)):
            if value not in known:
                hint = f"Write one of: {', '.join(known[1:])}."
                raise ContentError(f"the {column} “{value}” is unknown.", where=f"{path}:{row.line}", hint=hint)
        yield Name(
            name=cell["name"],
            kind=kind,
            keep=keep,
            aliases=tuple(alias for part in cell["aliases"].split(";") if (alias := part.strip())),
            forms=tuple((column, form) for column, form in row.cells.items() if column not in COLUMNS and form),
        )
