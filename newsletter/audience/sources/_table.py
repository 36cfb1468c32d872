"""Rows of named cells become subscribers: what every members' list has in common, wherever it is kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache, partial
from typing import NamedTuple
from unicodedata import is_normalized
from zoneinfo import available_timezones

import langcodes

from newsletter.audience import addresses, territories
from newsletter.audience.addresses import is_plain
from newsletter.audience.problems import Kind, Problem
from newsletter.errors import AudienceError, ConfigError
from newsletter.model import Address, Subscriber

LONGEST_CELL = 1000

# The first heading here that a list has is the column; what is left over becomes a field of the subscriber.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "e-mail", "e mail", "email address", "e-mail address", "mail", "address"),
    "name": ("name", "full name"),
    "languages": ("languages", "language", "lang"),
    "timezone": ("timezone", "time zone", "tz"),
    "country": ("country", "country code", "territory"),
    "organisation": ("organisation", "organization", "city"),
}


def checked(columns: Mapping[str, str]) -> Mapping[str, str]:
    """The option ``columns`` of a source; a ConfigError where it names a column that no list has."""
    for column in columns:
        if column not in HEADINGS:
            what = f"the option columns has no {column!r}."
            raise ConfigError(what, where="[audience]", hint=f"Its keys are: {', '.join(HEADINGS)}.")
    return columns


class Table:
    """The headings of a list, understood.

    ``columns`` gives the headings of a list that are not the usual ones, by the column of ours; ``unit`` is what its
    rows are counted in. The country stays a field as well, for the texts that name it. AudienceError: two headings are
    one, or no column has the addresses.
    """

    def __init__(
        self, headings: Sequence[str], *, columns: Mapping[str, str], where: object, hint: str, unit: str
    ) -> None:
        titles = [title(heading) for heading in headings]
        for number, each in enumerate(titles):
            if each and each in titles[:number]:
                what = f"two columns are named {headings[number].strip()!r}."
                raise AudienceError(what, where=where, hint="Rename or remove one of them.")
        found = _found(titles, columns, where)
        if "email" not in found:
            shown = ", ".join(filter(None, map(str.strip, headings)))
            raise AudienceError(f"no column is named email, only: {shown[:200]}.", where=where, hint=hint)
        ours = {place for column, place in found.items() if column != "country"}
        self._fields = [
            (heading.strip(), place) for place, heading in enumerate(headings) if titles[place] and place not in ours
        ]
        self._unit = unit
        self._width = absent = len(titles)
        self._absent = len(found) < len(HEADINGS)
        self._email, self._name, self._languages, self._timezone, self._country, self._organisation = (
            found.get(column, absent) for column in HEADINGS
        )

    def plain(self, cells: list[str], line: int) -> Subscriber | None:
        """The subscriber of a row in which nothing is unusual, quickly; None for a row that ``read`` must look at.

        No cell may be longer than LONGEST_CELL or hold U+FFFD. Most rows of a long list are plain, so its speed is the
        speed of this.
        """
        if len(cells) != self._width:
            return None
        if self._absent:
            cells.append("")
        email, name = cells[self._email], cells[self._name].strip(" ")
        wishes = _wishes(cells[self._languages], cells[self._timezone], cells[self._country])
        if wishes.unusable or not (is_plain(email) and name.isprintable() and is_normalized("NFC", name)):
            return None
        return self._subscriber(cells, Address(email=email, name=name), wishes, line)

    def read(self, cells: Sequence[str], *, line: int, text: str = "") -> Iterator[Subscriber | Problem]:
        """The subscriber of a row, or what is wrong with it, or first that and then the subscriber all the same.

        ``text`` is the row as it stands in the list. A row with nothing in it gives nothing.
        """
        if not any(map(str.strip, cells)):
            return
        padded = [*cells, *[""] * (self._width + 1 - len(cells))]
        found = partial(
            Problem,
            line=line,
            text=text or "; ".join(cells),
            organisation=padded[self._organisation].strip(),
            unit=self._unit,
        )
        if any(cells[self._width :]):
            yield found(kind="cells", reason=f"it has {len(cells)} cells, and the first row {self._width}")
            return
        if max(map(len, cells)) > LONGEST_CELL:
            yield found(kind="huge", reason=f"a cell is longer than {LONGEST_CELL} characters")
            return
        try:
            address = addresses.parse(padded[self._email], padded[self._name])
        except addresses.AddressError as error:
            yield found(kind=error.fault, reason=error.what.rstrip("."))
            return
        if any("\ufffd" in cell for cell in cells):
            yield found(kind="lost", reason="a character was lost before the list was saved", kept=True)
        wishes = _wishes(padded[self._languages], padded[self._timezone], padded[self._country])
        for kind, what in wishes.unusable:
            yield found(kind=kind, reason=f"{what}; it is left out", kept=True)
        yield self._subscriber(padded, address, wishes, line)

    def _subscriber(self, padded: Sequence[str], address: Address, wishes: "_Wishes", line: int) -> Subscriber:
        fields = {}
        for heading, place in self._fields:  # a comprehension would take twice the time
            fields[heading] = padded[place].strip()
        return Subscriber(
            address=address,
            languages=wishes.languages,
            timezone=wishes.timezone,
            territory=wishes.territory,
            organisation=padded[self._organisation].strip(),
            fields=fields,
            line=line,
        )


def title(heading: str) -> str:
    """A heading as it is compared: in lower case, single spaces for whatever parts its words."""
    return " ".join(heading.strip("\ufeff").casefold().replace("_", " ").split())


def column(heading: str) -> str:
    """Which of our columns a heading usually names; empty for any other."""
    return next((ours for ours, usual in HEADINGS.items() if title(heading) in usual), "")


def is_zone(name: str) -> bool:
    """Whether a time zone is one, or is not told."""
    return not name or name in _zones()


def text(value: object) -> str:
    """A value of a spreadsheet, a database or JSON as a cell: several in one cell are parted by semicolons."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            midnight = value.time() == time() and value.tzinfo is None
            return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
        case time():
            return value.isoformat(timespec="minutes")
        case bytes() | memoryview():
            return bytes(value).decode("utf-8", "replace")
        case list() | tuple() | set() | frozenset():
            return ";".join(map(text, value))
    return str(value)


class _Wishes(NamedTuple):
    """What a reader's cells say about languages, time zone and country, and which parts of that cannot be used."""

    languages: tuple[str, ...]
    timezone: str
    territory: str
    unusable: tuple[tuple[Kind, str], ...]


@lru_cache(maxsize=8192)
def _wishes(languages: str, timezone: str, country: str) -> _Wishes:
    """The cells understood; a list repeats them in each other row, so they are worked out once."""
    tags, unknown = _tags(languages)
    zone, place = timezone.strip(), country.strip()
    territory = territories.code(place)
    unusable: list[tuple[Kind, str]] = []
    if unknown:
        unusable.append(("language", f"no language has the tag {', '.join(unknown)}"))
    if not is_zone(zone):
        unusable.append(("timezone", f"unknown time zone {zone!r}"))
        zone = ""
    if place and not territory and not tags:  # it would have told the language
        unusable.append(("country", f"unknown country {place!r}"))
    return _Wishes(tags, zone, territory, tuple(unusable))


def _tags(cell: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of a cell in their standard spelling, and those that name no language."""
    known, unknown = [], []
    for tag in re.split(r"[;,|\s]+", cell.strip(" ;,|")):
        try:
            valid = bool(tag) and langcodes.tag_is_valid(tag)
        except ValueError:
            valid = False
        if valid:
            known.append(langcodes.standardize_tag(tag))
        elif tag:
            unknown.append(tag)
    return tuple(dict.fromkeys(known)), tuple(unknown)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _found(titles: Sequence[str], columns: Mapping[str, str], where: object) -> dict[str, int]:
    """Where each of our columns is, of those that the list has."""
    found = {}
    for column, usual in HEADINGS.items():
        names = (title(columns[column]),) if column in columns else usual
        place = next((titles.index(name) for name in names if name in titles), None)
        if place is not None:
            found[column] = place
        elif column in columns:
            what = f"no column is named {columns[column]!r}."
            raise AudienceError(what, where=where, hint=f"Correct {column} in the option columns.")
    return found
