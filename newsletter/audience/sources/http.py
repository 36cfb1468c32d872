"""A members' list at a web address: JSON, in pages or not, or JSON in lines (https://github.com/ndjson/ndjson-spec).

The one thing that must not happen is a list that looks whole and is not: whatever is left over, missing or cut off is
an error, and so is a next page that the options do not lead to.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

import msgspec

from newsletter.audience.problems import Problem
from newsletter.audience.sources._cells import members
from newsletter.audience.sources._pages import Page, Pages, address, allowed, headers, shown
from newsletter.audience.sources._table import HEADINGS, Table, title
from newsletter.errors import AudienceError
from newsletter.model import Subscriber
from newsletter.plugins import Secret

_LINES = (
    *("application/x-ndjson", "application/ndjson", "application/x-jsonlines", "application/jsonlines"),
    *("application/jsonl", "application/x-jsonl", "application/json-lines"),
)
# Where services name a next page: one of these that has a value must not be overlooked.
_MORE = (
    *("next", "next_url", "nextUrl", "next_page", "nextPage", "next_page_url", "links.next", "_links.next"),
    *("meta.next", "paging.next", "pagination.next", "@odata.nextLink", "nextLink", "next_cursor", "nextCursor"),
    *("meta.next_cursor", "nextPageToken", "next_page_token", "has_more", "hasMore"),
)
# Where services say how many entries there are in all.
_TOTALS = (
    *("total", "total_count", "totalCount", "total_items", "totalItems", "totalElements", "count", "@odata.count"),
    *("meta.total", "meta.total_count", "meta.count", "pagination.total", "paging.total", "page.totalElements"),
)
_DEEPEST = 8  # objects inside one another whose keys become columns
_MOST_COLUMNS = 500
_FIELDS = 'Write in [audience]: fields = { email = "…", name = "…" }, with the keys of an entry, as in contact.mail.'


class Http:
    """The members' list at ``url``, read with ``key``: a bearer token or, in another ``header``, the key as it is.

    ``items`` is the way to the list in the body (``data.members``; empty where the body is the list), ``next`` that to
    the address of the next page, where the Link header does not name it. ``page`` is the parameter of the address that
    takes the page: what stands at ``next``, or without that its number, until a page is empty. ``fields`` gives the
    ways to our columns in an entry (``{ email = "contact.mail" }``), and then only those are read; without it, every
    key is a column. There may be so many ``pages``; ``timeout`` are the seconds that all of them together may take.
    """

    unit = "entry"

    def __init__(
        self,
        *,
        url: str,
        key: Secret | None = None,
        header: str = "Authorization",
        items: str = "",
        next: str = "",  # noqa: A002 - the name of the option
        page: str = "",
        fields: Mapping[str, str] | None = None,
        pages: int = 10_000,
        timeout: float = 300.0,
    ) -> None:
        self._url = address(url)
        headers(key, header)
        allowed(pages=pages, timeout=timeout)
        self._key, self._header = key, header
        self._items, self._next, self._page = items, next, page
        self._fields = dict(fields or {})
        self._most, self._timeout = pages, timeout

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every entry in order, counted from 1 over all pages; one page at a time is held.

        AudienceError: no service, no right to read, another shape, or a list that does not come to its end.
        """
        pages = Pages(url=self._url, headers=headers(self._key, self._header), most=self._most, timeout=self._timeout)
        columns = _Columns(self._fields, where=shown(self._url), unit=self.unit)
        numbers = count(1)
        reading = _Reading(items=self._items, next=self._next, page=self._page)
        for page in pages.read(reading.following):
            entries = reading.entries(page)
            columns.learn(entries)
            for entry, line in zip(entries, numbers, strict=False):
                yield from columns.read(entry, line)


class _Reading(msgspec.Struct):
    """What is in a page, by the options; the last page is kept for the way to the next one."""

    items: str
    next: str
    page: str
    body: Any = None
    number: int = 0  # of entries on the page
    count: int = 0  # of all entries so far
    before: bytes = b""

    def entries(self, page: Page) -> list[Any]:
        """The list of a page."""
        found = self._lines(page) if page.type in _LINES else self._list(page)
        self.number = len(found)
        self.count += self.number
        return found

    def _lines(self, page: Page) -> list[Any]:
        if not page.measured:
            what = "the answer does not tell its length: half of its lines would look like all of them."
            hint = "The service must send a Content-Length, or chunks, and nothing compressed."
            raise AudienceError(what, where=page.where, hint=hint)
        self.body = None
        lines: list[Any] = _decoded(page, msgspec.json.Decoder().decode_lines)
        return lines

    def _list(self, page: Page) -> list[Any]:
        self.body = _decoded(page, msgspec.json.decode)
        found = _at(self.body, self.items) if self.items else self.body
        if isinstance(found, list):
            return found
        name = repr(self.items) if self.items else "the body"
        body = self.body if isinstance(self.body, dict) else {}
        lists = [way for way, value in _flat(body) if isinstance(value, list)]
        hint = (
            f"Set items in [audience] to one of: {', '.join(lists)[:200]}." if lists else "Correct url in [audience]."
        )
        what = f"{name} is {_kind(found)}, not a list."
        raise AudienceError(what, where=page.where, hint=hint)

    def following(self, page: Page) -> str:
        """The address of the next page; empty at the end, where nothing may hint at another one."""
        if self.page and not self.next:
            return self._counted(page)
        found = _at(self.body, self.next) if self.next else None
        if found and self.page and isinstance(found, str | int) and found is not True:
            return str(page.url.copy_set_param(self.page, found))
        if found and not isinstance(found, str):
            what = f"{self.next!r} is {_kind(found)}, not the address of the next page."
            hint = "Correct next in [audience], or set page to the parameter that takes it."
            raise AudienceError(what, where=page.where, hint=hint)
        ended = bool(self.next) and _has(self.body, self.next)  # where it is not there at all, it may be a slip
        if not (found or page.following or ended):
            self._refuse_more(page)
        return found or page.following

    def _counted(self, page: Page) -> str:
        """The address of the page with the next number; empty after one without entries, or after all there are."""
        if page.body == self.before and self.number:
            what = f"each page is the same: the service does not know the parameter {self.page!r}."
            raise AudienceError(what, where=page.where, hint="Correct page in [audience].")
        self.before = page.body
        total = _total(self.body)
        if not self.number or (total and self.count >= total):
            return ""
        number = page.url.params.get(self.page, "1")
        if not (number.isascii() and number.isdigit()):
            hint = f"Write its number there, or leave {self.page} out of url."
            raise AudienceError(f"{self.page}={number} is no page to count on from.", where=page.where, hint=hint)
        return str(page.url.copy_set_param(self.page, int(number) + 1))

    def _refuse_more(self, page: Page) -> None:
        """An AudienceError where the body tells of entries that no option leads to."""
        hint = "Set next in [audience] to the key that leads to the next page, or page to the parameter that takes it."
        for way in _MORE:
            if _leads(_at(self.body, way)):
                what = f"there is more of the list ({way!r} says so), and no way to it."
                raise AudienceError(what, where=page.where, hint=hint)
        total = _total(self.body)
        if total > self.count:
            what = f"the list has {total} entries by its own word, and {self.count} of them came."
            raise AudienceError(what, where=page.where, hint=hint)


class _Columns:
    """The columns of a list: those of ``fields``, or each key that an entry had so far."""

    def __init__(self, fields: Mapping[str, str], *, where: str, unit: str) -> None:
        self._fields = fields
        self._where = where
        self._unit = unit
        self._table: Table | None = None
        self._ways: dict[str, None] = {}

    def learn(self, entries: Iterable[Any]) -> None:
        """Take the keys of a page, before its first entry is read; an AudienceError where none can be the address."""
        objects = [entry for entry in entries if isinstance(entry, dict)]
        known = len(self._ways)
        if not self._fields:
            self._ways.update((way, None) for entry in objects for way, _ in _flat(entry))
        elif objects and not self._ways:
            self._ways = dict.fromkeys(self._fields.values())
            self._check(objects)
        if len(self._ways) > _MOST_COLUMNS:
            what = f"the entries have more than {_MOST_COLUMNS} different keys."
            raise AudienceError(what, where=self._where, hint=_FIELDS)
        if objects and (self._table is None or len(self._ways) > known):
            headings = list(self._fields or self._ways)
            self._table = Table(headings, columns={}, where=self._where, hint=_FIELDS, unit=self._unit)

    def read(self, entry: Any, line: int) -> Iterator[Subscriber | Problem]:
        """The subscriber of an entry, or what is wrong with it."""
        if not isinstance(entry, dict) or self._table is None:
            reason = f"it is {_kind(entry)}, not an object"
            yield Problem(kind="shape", line=line, reason=reason, text=str(entry)[:1000], unit=self._unit)
        elif self._fields:
            yield from members((_at(entry, way) for way in self._fields.values()), table=self._table, line=line)
        else:
            values = dict(_flat(entry))
            yield from members((values.get(way) for way in self._ways), table=self._table, line=line)

    def _check(self, objects: list[dict[str, Any]]) -> None:
        """Whether an entry of the first page has what is to be the address: it is a slip where none has."""
        for heading, way in self._fields.items():
            if title(heading) in HEADINGS["email"] and not any(_at(entry, way) for entry in objects):
                keys = ", ".join(way for way, _ in _flat(objects[0]))
                raise AudienceError(f"no entry has {way!r}, only: {keys[:200]}.", where=self._where, hint=_FIELDS)


def _decoded(page: Page, decode: Any) -> Any:
    body = page.body.removeprefix(b"\xef\xbb\xbf")
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if page.type == "text/html" or body.lstrip()[:1] == b"<":
            why, hint = "is a page for people (HTML), not JSON", "Correct url in [audience]; perhaps it needs a key."
        elif "truncated" in str(error):
            why, hint = "breaks off", "Nothing was used. Try again later."
        else:
            why, hint = f"is no JSON ({str(error).rstrip('.')})", "Correct url in [audience]."
    raise AudienceError(f"the answer {why}.", where=page.where, hint=hint)


def _at(value: Any, way: str) -> Any:
    """What a dotted way leads to; None where it ends before. A key that has dots itself comes first."""
    if not isinstance(value, dict):
        return None
    if way in value:
        return value[way]
    key, dot, rest = way.partition(".")
    return _at(value.get(key), rest) if dot else None


def _total(body: Any) -> int:
    """How many entries a body says that there are in all; 0 where it does not."""
    found = (_at(body, way) for way in _TOTALS)
    return next((value for value in found if isinstance(value, int) and value is not True), 0)


def _has(value: Any, way: str) -> bool:
    """Whether a dotted way leads to something, if only to null."""
    before, _, key = way.rpartition(".")
    inner = _at(value, before) if before else value
    return isinstance(value, dict) and (way in value or (isinstance(inner, dict) and key in inner))


def _flat(entry: Mapping[str, Any], before: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """The ways to everything in an object that is no object itself, with its value."""
    for key, value in entry.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{before}{key}.", depth + 1)
        else:
            yield f"{before}{key}", value


def _leads(value: Any) -> bool:
    """Whether what stands where a next page is named leads to one."""
    return any(value.get(key) for key in ("href", "url")) if isinstance(value, dict) else bool(value)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
    return "a number"
