"""A message as bytes on the wire, for a folder, SMTP, and providers that take raw mail.

The headers are encoded here, not by the standard library: Python before 3.13 loses spaces where it folds a header of
Arabic, Persian, Korean or French words (cpython 92081, 128110), and every version to date encodes a long
List-Unsubscribe so that no mail program finds the link in it. The same message always becomes the same bytes.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b
from quopri import encodestring

import idna

from newsletter.errors import RejectedError
from newsletter.model import Address, Asset, Message

CRLF = "\r\n"
WORD = 75  # the longest encoded word (RFC 2047 §2)
ENCODED_LINE = 76  # the longest line with an encoded word
LINE = 78  # the longest line that needs no excuse (RFC 5322 §2.1.1)
LONGEST = 998  # the longest line that a server must take
_PREFIX, _SUFFIX = "=?utf-8?b?", "?="
_ROOM = (WORD - len(_PREFIX) - len(_SUFFIX)) // 4 * 3  # bytes of UTF-8 in one encoded word
_FIRST = _ROOM - 6  # the first one shares its line with the header's name
_PLAIN = re.compile(r"[ -~]*")
# Line breaks, other controls, and halves of characters, which UTF-8 cannot write.
_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]+")  # what stands after them would be read from the other side
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def build(message: Message, *, date: datetime, assets: tuple[Asset, ...] = (), international: bool = False) -> bytes:
    """The whole mail; pictures of the edition travel inside and are shown by their Content-ID.

    A RejectedError where a header could not be written without breaking the others, or an address needs SMTPUTF8 and
    the mail may not be ``international`` (RFC 6532).
    """
    html, pictures = _inline(message, assets)
    body = _multipart("alternative", [_text("plain", message.text), _related(html, pictures, message.key)], message.key)
    lines = [f"{name}: {value}" for name, value in _headers(message, date, international=international)]
    return CRLF.join([*lines, body]).encode("utf-8" if international else "ascii")


@lru_cache(maxsize=64)  # the same for every message of a batch
def list_headers(newsletter: str, sender: Address, language: str, *, campaign: str = "") -> Mapping[str, str]:
    """Which list a mail belongs to (RFC 2919), that no person answers to it (RFC 3834), its language, and for Gmail's
    postmaster tools which campaign a complaint is about (https://support.google.com/a/answer/6254652)."""
    label = re.sub(r"[^a-z0-9]+", "-", newsletter.lower()).strip("-") or "newsletter"
    feedback = {"Feedback-ID": f"{campaign[:12]}:{language}:{label}:{_domain(sender.email)}"} if campaign else {}
    return {
        "List-Id": f"<{label}.{_domain(sender.email)}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": language,
        **feedback,
    }


def check_headers(messages: Sequence[Message]) -> None:
    """A RejectedError where a header that a message brings along could not be written as it is."""
    every = [message.headers for message in messages]
    names = set[str]().union(*every)  # nearly all messages have the same
    values = set[str]().union(*(headers.values() for headers in every))  # and share most values
    longest = sum(max(map(len, some), default=0) for some in (names, values))
    if all(map(_is_name, names)) and _PLAIN.fullmatch("".join(values)) and longest + len(": ") <= LONGEST:
        return
    for message in messages:
        for header in message.headers.items():
            if fault := _fault(*header):
                raise RejectedError(f"the header {header[0]!r} {fault}.", where=message.key)


def _fault(name: str, value: str) -> str:
    if not _is_name(name) or not _PLAIN.fullmatch(value):
        return "must be one line of ASCII"
    if len(name) + len(": ") + len(value) > LONGEST:  # an address in it would not survive a fold
        return f"is longer than {LONGEST} characters"
    return ""


@lru_cache(maxsize=64)
def _is_name(name: str) -> bool:
    return re.fullmatch(r"[!-9;-~]+", name) is not None


def embed(html: str, assets: Collection[Asset], *, domain: str = "") -> tuple[str, dict[str, Asset]]:
    """The HTML with its pictures' addresses replaced by Content-IDs, and the pictures that it shows by those.

    An id is ``digest@domain``, as RFC 2392 wants it, or the digest alone for an API that completes it.
    """
    shown: dict[str, Asset] = {}
    if not assets:
        return html, shown
    for asset in sorted(assets, key=lambda asset: -len(asset.url)):  # one address may begin another
        if asset.url in html:
            digest = _digest(asset.data)
            name = f"{digest}@{domain}" if domain else digest
            html = html.replace(asset.url, f"cid:{name}")
            shown[name] = asset
    return html, shown


@lru_cache(maxsize=64)  # every finished message of an edition shows the same
def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()


def one_line(name: str) -> str:
    """A name that begins no other header, whoever wrote the list it is from: every break is a space."""
    return name if name.isprintable() else " ".join(_TURNS.sub("", _BREAKS.sub(" ", name)).split())


def mailbox(address: Address, *, international: bool = False) -> str:
    """``Name <address>`` for a header: the name encoded where it needs to be, the domain in its ASCII form."""
    local, _, _ = address.email.rpartition("@")
    if not local.isascii() and not international:
        raise RejectedError(f"{address.email} needs SMTPUTF8, which this provider does not offer.", where=address.email)
    plain = f"{local}@{_domain(address.email)}"
    if not plain.isprintable():
        raise RejectedError(f"{address.email!r} is no address.", where=repr(address.email))
    if not address.name:
        return plain
    name = phrase(address.name)
    line = name.rpartition(CRLF)[2]
    fits = len("Reply-To: ") + len(line) + len(f" <{plain}>") <= ENCODED_LINE
    return f"{name} <{plain}>" if fits else f"{name}{CRLF} <{plain}>"


def phrase(name: str) -> str:
    """A display name: as it is where it is only words, quoted where it has other signs, else encoded."""
    if _ATOMS.fullmatch(name) and "=?" not in name and len(name) < LINE - 20:
        return name
    if _PLAIN.fullmatch(name) and "=?" not in name and len(name) < LINE - 20:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return words(name)


def unstructured(text: str) -> str:
    """A subject: as it is where it is short and ASCII, else encoded words."""
    plain = _PLAIN.fullmatch(text) and "=?" not in text and len(text) < LINE - 10 and text == text.strip()
    return text if plain else words(text)


def words(text: str) -> str:
    """Encoded words of base64, each of whole characters and at most 75 long (RFC 2047); a reader joins them again."""
    if _BREAKS.search(text):
        raise RejectedError("a header must be one line of text.", where=repr(text[:60]))
    return f"{CRLF} ".join(_PREFIX + b64encode(chunk).decode() + _SUFFIX for chunk in _cut(text))


def _cut(text: str) -> Iterator[bytes]:
    chunk, room = b"", _FIRST
    for character in text:
        data = character.encode("utf-8")
        if len(chunk) + len(data) > room:
            yield chunk
            chunk, room = b"", _ROOM
        chunk += data
    yield chunk


def _headers(message: Message, date: datetime, *, international: bool) -> Iterator[tuple[str, str]]:
    yield "From", mailbox(message.sender, international=international)
    yield "To", mailbox(message.to, international=international)
    if message.reply_to:
        yield "Reply-To", mailbox(message.reply_to, international=international)
    yield "Subject", unstructured(message.subject)
    yield "Date", format_datetime(date)
    yield "Message-ID", f"<{message.key}@{_domain(message.sender.email)}>"
    check_headers([message])
    yield from message.headers.items()
    yield "MIME-Version", "1.0"


def _domain(email: str) -> str:
    domain = email.rpartition("@")[2]
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        raise RejectedError(f"{domain!r} is no domain.", where=email) from None


def _inline(message: Message, assets: tuple[Asset, ...]) -> tuple[str, list[str]]:
    """The HTML with its pictures' addresses replaced by Content-IDs, and the parts that carry them."""
    html, shown = embed(message.html, assets, domain=_domain(message.sender.email))
    return html, [_picture(name, asset) for name, asset in shown.items()]


def _picture(name: str, asset: Asset) -> str:
    head = (f"Content-Type: {asset.type}", f"Content-ID: <{name}>", "Content-Disposition: inline")
    return CRLF.join([*head, "Content-Transfer-Encoding: base64", "", _base64(asset.data)])


def _related(html: str, pictures: list[str], key: str) -> str:
    part = _text("html", html)
    return _multipart("related", [part, *pictures], key) if pictures else part


def _text(kind: str, text: str) -> str:
    """A text part in whichever encoding is shorter: quoted-printable for Latin letters, base64 for the others."""
    data = re.sub(r"\r\n?|\n", "\n", text).encode("utf-8")
    quoted = encodestring(data).decode("ascii").replace("\n", CRLF)
    encoded = _base64(data.replace(b"\n", b"\r\n"))
    name, body = ("quoted-printable", quoted) if len(quoted) <= len(encoded) else ("base64", encoded)
    return CRLF.join([f"Content-Type: text/{kind}; charset=utf-8", f"Content-Transfer-Encoding: {name}", "", body])


def _base64(data: bytes) -> str:
    text = b64encode(data).decode()
    return CRLF.join(text[start : start + 76] for start in range(0, len(text), 76))


def _multipart(kind: str, parts: list[str], key: str) -> str:
    boundary = f"={kind}={key}"
    lines = [f'Content-Type: multipart/{kind}; boundary="{boundary}"', ""]
    for part in parts:
        lines += [f"--{boundary}", part]
    return CRLF.join([*lines, f"--{boundary}--", ""])
