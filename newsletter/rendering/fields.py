"""Merge fields: what differs per reader, left open in an edition and filled once per message.

A template prints ``{{ recipient.name }}`` as an ASCII marker that survives the MJML compiler. An edition is split once
at its markers; a message is the join of the pieces (170 times faster than rendering per reader).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from html import escape

from newsletter.errors import RenderError
from newsletter.model import Edition

NAMES = ("name", "email", "organisation", "unsubscribe_url")
FIELDS = tuple(f"recipient.{name}" for name in NAMES)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

# A text split at its markers: literals at even places, field names at odd ones.
_Pieces = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """An edition for one reader."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """An edition split at its markers, ready to be filled as often as there are readers."""

    subject: _Pieces
    html: _Pieces
    text: _Pieces

    def fill(self, values: Mapping[str, str]) -> Filled:
        """The edition with ``values`` in place, such as ``{"recipient.name": "Ana"}``; a missing one is empty.

        Values are escaped in HTML, raw in text, and on one line in the subject.
        """
        return Filled(
            subject=_join(self.subject, values, _one_line),
            html=_join(self.html, values, escape),
            text=_join(self.text, values, str),
        )


class Recipient:
    """What templates call ``recipient``: its attributes are the markers of the known fields."""

    __slots__ = NAMES

    def __init__(self, nonce: str) -> None:
        for name in NAMES:
            setattr(self, name, marker(f"recipient.{name}", nonce))


def nonce(texts: Iterable[str]) -> str:
    """The secret part of an edition's markers: the same content gives the same nonce, and so the same hash."""
    digest = blake2b(digest_size=8)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def marker(field: str, nonce: str) -> str:
    """The place of a field: ASCII letters, digits, dots and underscores alone, which nothing escapes or corrupts."""
    return f"Xq{nonce}{field}{nonce}qX"


def compile(edition: Edition) -> Compiled:  # noqa: A001 - as re.compile
    """Split an edition at its markers; a RenderError where one is unknown or was damaged by a filter."""
    return Compiled(
        subject=_split(edition.subject, edition),
        html=_split(edition.html, edition),
        text=_split(edition.text, edition),
    )


def _split(text: str, edition: Edition) -> _Pieces:
    where = f"{edition.issue}, language {edition.language}"
    pieces = re.split(f"Xq{edition.nonce}([a-z_.]+){edition.nonce}qX", text)
    for field in pieces[1::2]:
        if field not in FIELDS:
            known = ", ".join(FIELDS)
            raise RenderError(f"there is no merge field {field!r}.", where=where, hint=f"The fields are: {known}.")
    if any(edition.nonce in literal.lower() for literal in pieces[::2]):
        raise RenderError(
            "a merge field was changed by the template, or its marker stands in the text.",
            where=where,
            hint="Print merge fields without filters.",
        )
    return tuple(pieces)


def _join(pieces: _Pieces, values: Mapping[str, str], prepare: Callable[[str], str]) -> str:
    parts = list(pieces)
    parts[1::2] = [prepare(values.get(field, "")) for field in pieces[1::2]]
    return "".join(parts)


def _one_line(value: str) -> str:
    return _CONTROL.sub(" ", value).strip()
