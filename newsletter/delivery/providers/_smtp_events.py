"""Mails that come back: reports of servers (RFC 3464), complaints (RFC 5965), and readers who leave by a mail.

Nobody signs them, so an event is only ever of a message of ours, named by its key, which nobody can guess: it stands in
the address that the report was sent to (VERP), or in the headers of our mail that the report quotes. Nobody is named by
an address, or a stranger could have anybody suppressed.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, message_from_string
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime

from newsletter.delivery.providers import _hooks
from newsletter.errors import DeliveryError
from newsletter.model import Bounce, Event, EventKind

_ENVELOPES = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_QUOTED = re.compile(r"<\s*([0-9a-f]{32})@[^<>\s]+>")  # our Message-ID
_LEAVING = re.compile(r"[?&]subject=unsubscribe%20([0-9a-f]{32})\b")  # our List-Unsubscribe
_SUBJECT = re.compile(r"unsubscribe\s+([0-9a-f]{32})", re.IGNORECASE)
_ACTIONS: Mapping[str, EventKind] = {
    "failed": "bounced",
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "accepted",
    "expanded": "accepted",
}
_FEEDBACK: Mapping[str, EventKind] = {
    "abuse": "complained",
    "fraud": "complained",
    "opt-out": "unsubscribed",
    "opt-out-list": "unsubscribed",
}
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_GONE = ("5.4.1", "5.4.4", "5.4.310")  # Microsoft's word for no such mailbox; no such domain
_WORDS: tuple[tuple[Bounce, str], ...] = (
    ("message", r"spam|blocked|black ?list|block list|policy|reputation|content"),
    ("soft", r"quota|mailbox (is )?full|try again|timed out|temporar"),
    (
        "hard",
        r"(user|mailbox|account|recipient|address).{0,60} (unknown|does(n't| not) exist|not found)|doesn't have a"
        r"|(unknown|no such|invalid) (user|mailbox|account|recipient|address|person)",
    ),
)
_TEXT = 2000  # characters of a field
_REASON = 500
_OLDEST = timedelta(days=31)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What a mail tells of the message with ``key``; ``record`` is kept as it stands there."""

    kind: EventKind
    key: str
    bounce: Bounce = ""
    reason: str = ""
    record: Mapping[str, str]


def read(body: bytes, *, bounces: str, now: datetime) -> list[Event]:
    """The events of one mail, none where it is an ordinary one; a DeliveryError where it is no mail.

    ``bounces`` is the address that mails come back to, with ``{key}`` where each has its own.
    """
    try:
        mail = message_from_bytes(body)
        if not mail.keys():
            raise DeliveryError("what came back is no mail.", where="smtp")
        told = list(_told(mail, bounces))
    except RecursionError:
        raise DeliveryError("a mail that came back is nested too deep.", where="smtp") from None
    at, name = _at(mail, now), _text(mail["Message-ID"]) or _hooks.digest(body.hex())
    return [
        Event(
            kind=one.kind,
            id=_hooks.digest(name, one.kind, one.key, _hooks.raw(one.record)),
            at=at,
            key=one.key,
            bounce=one.bounce,
            reason=one.reason[:_REASON],
            raw=_hooks.raw(one.record),
        )
        for one in told
    ]


def _told(mail: Message, bounces: str) -> Iterator[_Told]:
    reports = [part for part in _parts(mail) if part.get_content_type() in _READERS]
    if not reports and (found := _SUBJECT.fullmatch(_text(mail["Subject"]))):
        yield _Told(kind="unsubscribed", key=found[1].lower(), record={"subject": found[0]})
        return
    address = _text(mail["X-Failed-Recipients"])
    key = _key(mail, bounces) if reports or address else ""
    if not key:
        return
    for part in reports:
        reader = _READERS[part.get_content_type()]
        yield from (told for fields in _fields(part) if (told := reader(key, fields)))
    if not reports:
        yield _failed(key, address, _body(mail))


def _delivery(key: str, fields: Mapping[str, str]) -> _Told | None:
    """A recipient in a report of a server; of our mails each has one, unless it was passed on to several."""
    kind = _ACTIONS.get(fields.get("action", "").lower())
    if kind is None:
        return None
    words = fields.get("diagnostic-code", "").partition(";")[2].strip()
    status = fields.get("status", "")
    bounce = _meaning(status, words) if kind == "bounced" else ""
    return _Told(kind=kind, key=key, bounce=bounce, reason=words or status, record=fields)


def _complaint(key: str, fields: Mapping[str, str]) -> _Told | None:
    """What a reader's mail program was told about our mail; that it is no spam after all is no event."""
    kind = _FEEDBACK.get(fields.get("feedback-type", "").lower())
    return _Told(kind=kind, key=key, reason=fields["feedback-type"], record=fields) if kind else None


def _failed(key: str, address: str, text: str) -> _Told:
    """What Exim writes where it is configured to write no report."""
    words = _line(text.partition(address)[2].partition("------")[0])
    record = {"x-failed-recipients": address, "text": words}
    return _Told(kind="bounced", key=key, bounce=_meaning("", words), reason=words, record=record)


_READERS = {"message/delivery-status": _delivery, "message/feedback-report": _complaint}


def _meaning(status: str, words: str) -> Bounce:
    """What a bounce says of the mailbox, by the more exact of two codes (RFC 3463), else by the server's words."""
    codes = [found[0] for text in (status, words) if (found := _STATUS.search(text))]
    code = next((code for code in codes if not code.endswith(".0.0")), "".join(codes[:1]))
    if code.startswith("4."):
        return "soft"
    if code in _GONE:
        return "hard"
    return _hooks.bounce(code) or next((kind for kind, sign in _WORDS if re.search(sign, words, re.IGNORECASE)), "")


def _key(mail: Message, bounces: str) -> str:
    """Which of our messages came back."""
    return next((found[1].lower() for sign, text in _clues(mail, bounces) if (found := sign.search(text))), "")


def _clues(mail: Message, bounces: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """Where to look for a key, the surest first: whom it came back to, what is quoted of our mail, what it answers."""
    original = _original(mail)
    before, with_key, after = bounces.partition("{key}")
    if with_key:
        own = re.compile(f"{re.escape(before)}([0-9a-f]{{32}}){re.escape(after)}", re.IGNORECASE)
        yield own, _all(mail, *_ENVELOPES)
        fields = (text for part in _parts(mail) for fields in _fields(part) for text in fields.values())
        yield own, " ".join(fields)
        yield own, _all(original, "Return-Path")
    yield _QUOTED, _all(original, "Message-ID")
    yield _LEAVING, _all(original, "List-Unsubscribe").replace(" ", "")
    yield _QUOTED, _all(mail, "In-Reply-To", "References")


def _original(mail: Message) -> Message:
    """The headers of our mail as a report quotes them: in a part of their own, or at the end of its text."""
    for part in _parts(mail):
        kind, inner = part.get_content_type(), part.get_payload()
        if kind.endswith("/rfc822-headers"):
            return message_from_bytes(_bytes(part))
        if kind in ("message/rfc822", "message/global") and isinstance(inner, list) and inner:
            return _message(inner[0])
    quoted = re.search(r"^(return-path|received|message-id|from):", _body(mail), re.IGNORECASE | re.MULTILINE)
    return message_from_string(_body(mail)[quoted.start() :]) if quoted else Message()


def _parts(mail: Message) -> list[Message]:
    """The parts of a mail, not those of a mail inside it."""
    payload = mail.get_payload()
    return [_message(part) for part in payload] if isinstance(payload, list) else []


def _fields(part: Message) -> Iterator[Mapping[str, str]]:
    """The blocks of a report, each its fields by their names in lower case."""
    if part.get_content_type() in _READERS:
        for block in _parts(part):
            yield {name.lower(): _text(value) for name, value in block.items()}


def _body(mail: Message) -> str:
    """The text of a mail, or of its first part."""
    return _bytes(next(iter(_parts(mail)), mail)).decode("utf-8", "replace").replace("\r\n", "\n")


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _message(part: object) -> Message:
    return part if isinstance(part, Message) else Message()


def _all(mail: Message, *names: str) -> str:
    return " ".join(_text(value) for name in names for value in mail.get_all(name, ()))


def _text(value: object) -> str:
    """A header's value, decoded, in one line and without what no text may have."""
    text = "" if value is None else str(value)
    with suppress(HeaderParseError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return _line(text)


def _line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", text).split())[:_TEXT]


def _at(mail: Message, now: datetime) -> datetime:
    """When it was written; ``now`` where its date cannot be right."""
    try:
        found = parsedate_to_datetime(_text(mail["Date"]))
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found if abs(found - now) < _OLDEST else now
    except (ValueError, TypeError, IndexError, OverflowError):
        return now
