"""The nouns of the newsletter, as frozen data.

Every stage of the pipeline takes some of these and returns others; none of them does anything.
The module imports nothing of ours, so that every other module may import it. What there is a million of, from a
long members' list to the provider's word on each mail, is a struct rather than a dataclass: it is made nine times as
fast, ``msgspec.structs.replace`` changes it, and the garbage collector need not look at it.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

WHOLE_ISSUE = "issue"
"""What stands for an item's id in the context of segments that belong to the issue itself; no item may be called so."""

Direction = Literal["ltr", "rtl"]


class Address(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mailbox: ``email`` is normalised and valid, ``name`` is what people read."""

    email: str
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture of an item; ``src`` is a path relative to the issue's folder, sizes are in pixels.

    ``alt`` says what it shows to those who do not see it, ``caption`` stands below it for everybody.
    """

    src: str
    alt: str
    caption: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """A doubt that an import could not settle; it blocks sending until somebody acknowledges it.

    ``line`` counts from 1 in the original file, ``text`` is the place in doubt, ``note`` says what is wrong.
    """

    kind: str
    line: int
    text: str
    note: str
    acknowledged: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One news item in one language; ``body``, ``summary`` and a quote inside them are Markdown.

    ``until`` is the last day of an event that takes several, ``time`` when it begins, in the newsletter's time zone.
    ``lead`` is the editor's wish to see it first and large. ``draft`` says that no person has accepted the translation
    yet. ``file`` is the Markdown file's name in the issue's folder, ``line`` the line its body starts on and ``lines``
    those of its keys, such as ``image.src``, for messages that point there.
    """

    id: str
    language: str
    title: str
    summary: str = ""
    body: str = ""
    date: datetime.date | None = None
    until: datetime.date | None = None
    time: datetime.time | None = None
    place: str = ""
    section: str = ""
    url: str = ""
    lead: bool = False
    image: Image | None = None
    flags: tuple[Flag, ...] = ()
    draft: bool = False
    file: str = ""
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """One number of the newsletter in one language; an item in it may fall back to another one.

    ``draft`` says that no person has accepted the translation of its subject, preheader or intro yet.
    """

    id: str
    language: str
    date: datetime.date
    subject: str
    preheader: str = ""
    intro: str = ""
    items: tuple[Item, ...] = ()
    draft: bool = False
    folder: Path = Path()


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One translatable block: ``text`` is inline Markdown on ``line`` of ``file``; ``note`` helps translators."""

    item: str
    role: str
    text: str
    file: str = ""
    line: int = 0
    note: str = ""

    @property
    def context(self) -> str:
        """The ``msgctxt`` of the segment's PO entry; never a paragraph's number, so that insertions move nothing."""
        return f"{self.item}|{self.role}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Translated:
    """What an engine made of one sentence; ``doubt`` is its own reason not to trust that, empty where it has none."""

    text: str
    doubt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alignment:
    """Which words of a source sentence each word of its translation comes from.

    ``source`` and ``target`` are the words as (start, end) offsets in characters; ``weights`` has one row for each
    target word and one column for each source word, and every row adds up to about 1.
    """

    source: tuple[tuple[int, int], ...]
    target: tuple[tuple[int, int], ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A picture an edition shows: the ``url`` its HTML uses, the MIME ``type`` and the bytes."""

    url: str
    type: str
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One issue in one language, rendered once; the merge fields are still open.

    ``assets`` are the pictures that travel inside the mail where its provider can carry them, ``hosted`` those that
    never do and must lie at their addresses; the HTML names all of them by address. ``nonce`` is the part of a
    merge-field marker that no text of the edition contains; ``hash`` covers everything that a reader will see.
    """

    issue: str
    language: str
    direction: Direction
    subject: str
    preheader: str
    html: str
    text: str
    nonce: str
    hash: str
    assets: tuple[Asset, ...] = ()
    hosted: tuple[Asset, ...] = ()

    @property
    def pictures(self) -> tuple[Asset, ...]:
        """All that the HTML shows, wherever they lie."""
        return self.assets + self.hosted


class Subscriber(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who receives the newsletter; ``languages`` in order of preference, ``line`` is where the list names them.

    ``territory`` is the ISO 3166 code of their country, empty where the list does not say.
    """

    address: Address
    languages: tuple[str, ...] = ()
    timezone: str = ""
    territory: str = ""
    organisation: str = ""
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    line: int = 0


class Choice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which language a subscriber gets and why; ``language`` is empty where the subscriber gets nothing now.

    ``kind`` is what counts are made of: the language is on their own list (chosen) or the nearest to one there (near),
    usual on their members' list or in their country (usual), or the default (fallback); or they wait for it (held).
    ``waits`` is the language whose review they wait for.
    """

    subscriber: Subscriber
    language: str
    kind: Literal["chosen", "near", "usual", "fallback", "held"]
    reason: str
    waits: str = ""


Columns = Mapping[str, Sequence[str]]
"""The values of many readers by merge field, each of one length: ``{"recipient.name": ["Ana", "Bo"]}``."""


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One edition for one subscriber, finished: no open field is left in it.

    In a batch with a ``template`` the provider fills in: ``subject``, ``html`` and ``text`` are empty then, and
    ``variables`` are the reader's values by their names in the template, each written for the place where it stands.
    """

    key: str
    to: Address
    sender: Address
    subject: str
    html: str
    text: str
    language: str
    reply_to: Address | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)


class Template(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An edition with its merge fields in a provider's own syntax, for a provider that fills them in."""

    subject: str
    html: str
    text: str


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to the provider in one request; members, order and ``key`` never change once it is planned.

    With a ``template`` the provider merges; without one every message is finished.
    """

    id: int
    campaign: str
    edition: Edition
    due_at: datetime.datetime
    messages: tuple[Message, ...]
    key: str
    template: Template | None = None


Outcome = Literal["sent", "failed", "later", "paused", "unknown"]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The provider's word on one message of a request: its id, or why it was not taken.

    ``outcome`` says what follows. ``sent``: accepted. ``failed``: refused for good. ``later``: surely not accepted, and
    may be tried again. ``paused``: surely not accepted, and nothing will be until somebody acts. ``unknown``: perhaps
    accepted. All but ``sent`` have an ``error``.
    """

    key: str
    outcome: Outcome = "sent"
    provider_id: str = ""
    error: str = ""


EventKind = Literal[
    "accepted", "delivered", "deferred", "bounced", "complained", "unsubscribed", "opened", "clicked", "confirm"
]
Bounce = Literal["", "hard", "soft", "message"]


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a provider says of a message later, by a webhook or when asked.

    ``id`` is the same when the provider repeats itself. The message is found by ``key``, which is ours, else by
    ``provider_id`` and ``address``. ``bounce`` says what a bounce means: ``hard`` (there is no such mailbox, or it
    wants no mail from us ever), ``soft`` (full, away, not now) or ``message`` (this mail, or our reputation, was
    refused; the mailbox is fine). ``link`` is what was clicked, or, of a ``confirm``, what the provider wants to be
    opened once before it sends events. ``raw`` is the provider's own record as JSON.
    """

    kind: EventKind
    id: str
    at: datetime.datetime
    key: str = ""
    provider_id: str = ""
    address: str = ""
    bounce: Bounce = ""
    reason: str = ""
    link: str = ""
    raw: str = ""
