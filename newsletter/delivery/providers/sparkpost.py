"""SparkPost (https://developers.sparkpost.com/api/transmissions/): one transmission, its content once, any readers.

Fields are ``{{name}}``, in headers as well; without a template there is one message a request, since the readers of a
transmission share its content. Europe has accounts of its own, at https://api.eu.sparkpost.com/api/v1.

SparkPost writes ``List-Unsubscribe`` itself, drops ours without a word, and tells of who used it by an event. With
``transactional`` it writes none, but then it goes by other rules for whom it will not mail, so try it before relying
on it. It answers with numbers only: where it took some readers and not others, nobody knows which, until events say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import httpx
import msgspec

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _hooks, _pictures
from newsletter.delivery.providers._http import HttpProvider, problem, written
from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError, RejectedError
from newsletter.model import Address, Asset, Batch, Bounce, Event, EventKind, Message, Outcome, Receipt
from newsletter.plugins import Secret

SINK = ".sink.sparkpostmail.com"
"""After a reader's address: a server of SparkPost's that takes every mail and keeps none."""

_QUOTA = 420  # the account's limit of an hour or a day: the whole transmission was refused
_UNVERIFIED = "7001"  # the sending domain
_PAGE = 1000  # events
_OPENS, _CLICKS = ("open", "initial_open", "amp_open", "amp_initial_open"), ("click", "amp_click")

_KINDS: Mapping[str, EventKind] = {
    "injection": "accepted",
    "delivery": "delivered",
    "delay": "deferred",
    **dict.fromkeys(("bounce", "out_of_band", "policy_rejection"), "bounced"),
    **dict.fromkeys(("generation_failure", "generation_rejection"), "bounced"),
    "spam_complaint": "complained",
    **dict.fromkeys(("list_unsubscribe", "link_unsubscribe"), "unsubscribed"),
    **dict.fromkeys(_OPENS, "opened"),
    **dict.fromkeys(_CLICKS, "clicked"),
}

_BOUNCES: Mapping[str, Bounce] = {
    **dict.fromkeys(("10", "30"), "hard"),
    "25": "hard",  # by the account's own rules: it is on the suppression list
    **dict.fromkeys(("1", "20", "21", "22", "23", "24", "40", "60", "70", "100"), "soft"),
    **dict.fromkeys(("50", "51", "52", "53", "54"), "message"),
}
"""By ``bounce_class``, SparkPost's classification of bounces."""

_UNSUBSCRIBES, _SUBSCRIBES = "90", "80"  # classes of mails that came back and are none of a bounce


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""
    description: str = ""
    code: str = ""


class _Results(msgspec.Struct, frozen=True):
    id: str
    total_accepted_recipients: int
    total_rejected_recipients: int
    rcpt_to_errors: tuple[_Problem, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    results: _Results


class _Refusal(msgspec.Struct, frozen=True):
    errors: tuple[_Problem, ...] = ()


class _Links(msgspec.Struct, frozen=True):
    next: str | None = None


class _Page(msgspec.Struct, frozen=True):
    results: tuple[dict[str, object], ...]
    links: _Links = _Links()


class SparkPost(HttpProvider):
    """Sends transmissions; ``sandbox`` sends them to SparkPost's sink instead of the readers.

    ``webhook`` is what SparkPost is told to send with its calls: ``user:password``, or an OAuth 2 token.
    """

    name: ClassVar[str] = "sparkpost"
    limits: ClassVar[Limits] = Limits(
        messages=1000,  # SparkPost names no end
        finished=1,
        bytes=18_000_000,
        merging="provider",
        pictures=True,
        replaces=frozenset({"list-unsubscribe", "list-unsubscribe-post"}),
    )

    def __init__(
        self,
        *,
        key: Secret,
        base_url: str = "https://api.sparkpost.com/api/v1",
        transactional: bool = False,
        sandbox: bool = False,
        webhook: Secret | None = None,
    ) -> None:
        super().__init__(key=key, base_url=base_url)
        self.transactional = transactional
        self.sandbox = sandbox
        self._webhook = webhook
        if transactional:
            kept = replace(self.limits, replaces=frozenset())
            self.limits = kept  # type: ignore[misc]  # an option changes what the class says

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /transmissions``; a finished message has its fields switched off, except in its headers."""
        if not batch.template and len(batch.messages) > 1:
            raise RejectedError("a transmission has one content for all of its readers.", where=self.name)
        options = {"transactional": self.transactional, "perform_substitutions": batch.template is not None}
        every = self.headers(batch.messages)
        pairs = zip(batch.messages, every, strict=True)
        readers = [self._reader(message, headers if batch.template else None) for message, headers in pairs]
        body = {"options": options, "content": self._content(batch, every), "recipients": readers}
        content = msgspec.json.encode(body)
        return self.built("POST", "/transmissions", self._headers(), content=content)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """All were taken, or none, or nobody knows which: SparkPost names no reader, and has one id for them all."""
        results, readers = self.decoded(response, _Answer).results, len(batch.messages)
        taken, refused = results.total_accepted_recipients, results.total_rejected_recipients
        if taken + refused != readers or not results.id:
            raise OutcomeUnknown("its answer does not count every reader of the request.", where=self.name)
        if not refused:
            return [Receipt(key=message.key, provider_id=results.id) for message in batch.messages]
        said = "; ".join({error.description or error.message for error in results.rcpt_to_errors} - {""}) or "refused"
        outcome: Outcome = "unknown" if taken else "failed"
        error = f"{refused} of {readers} readers were refused ({said}), and it is not said which." if taken else said
        return [Receipt(key=message.key, outcome=outcome, error=error) for message in batch.messages]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """A used-up limit and a sender's domain that is not set up stop everything."""
        found = problem(response, _Refusal) or _Refusal()
        stopped = response.status_code == _QUOTA or any(error.code == _UNVERIFIED for error in found.errors)
        return self.error(RefusedError, response) if stopped else None

    def probe(self) -> httpx.Request:
        """``GET /transmissions``: what is scheduled, which a key that may send may ask."""
        return self.built("GET", "/transmissions", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """An array of events, each below ``msys`` and its class; an empty ``msys`` is a test of the address."""
        _hooks.authorised(headers, _hooks.configured(self._webhook, self.name), self.name)
        wrapped = [record.get("msys") for record in _hooks.records(body, self.name)]
        found = [inner for each in wrapped if isinstance(each, dict) for inner in each.values()]
        return [event for record in found if isinstance(record, dict) and (event := _event(record, now))]

    def poll(self, since: datetime) -> httpx.Request:
        """``GET /events/message``, the same events, each without its wrapping."""
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        return self._page(httpx.QueryParams({"cursor": "initial", "from": start, "per_page": _PAGE}))

    def polled(self, response: httpx.Response) -> tuple[list[Event], httpx.Request | None]:
        """A page's events; of the link to the next page only its query is taken, never its host."""
        self.accept(response)
        page, now = self.decoded(response, _Page), datetime.now(UTC)
        events = [event for record in page.results if (event := _event(record, now))]
        query = (page.links.next or "").partition("?")[2]
        return events, self._page(httpx.QueryParams(query)) if query and page.results else None

    def _page(self, query: httpx.QueryParams) -> httpx.Request:
        return self.built("GET", f"/events/message?{query}", self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._key.reveal(), "Content-Type": "application/json"}

    def _content(self, batch: Batch, headers: Sequence[Mapping[str, str]]) -> dict[str, object]:
        first, template = batch.messages[0], batch.template
        html, pictures = mime.embed(template.html if template else first.html, batch.edition.assets)
        content: dict[str, object] = {
            "from": _address(first.sender),
            "subject": template.subject if template else first.subject,
            "html": html,
            "text": template.text if template else first.text,
            "headers": self._shared_headers(headers) if template else self._own_headers(headers[0], first.key),
        }
        if first.reply_to:
            content["reply_to"] = written(first.reply_to)
        if pictures:
            content["inline_images"] = [_picture(name, asset) for name, asset in pictures.items()]
        return content

    def _shared_headers(self, headers: Sequence[Mapping[str, str]]) -> dict[str, str]:
        """Every header as a field, which each reader has a value for."""
        names = set(map(tuple, headers))
        if len(names) > 1:
            raise RejectedError("the readers of a transmission must have the same headers.", where=self.name)
        return {name: f"{{{{{_variable(name)}}}}}" for name in names.pop()}

    def _own_headers(self, headers: Mapping[str, str], key: str) -> Mapping[str, str]:
        """Those of a finished message; a RejectedError for signs of a field, which SparkPost would fill."""
        for name, value in headers.items():
            if "{{" in value:
                raise RejectedError(f"sparkpost would take what is in the header {name!r} for a field.", where=key)
        return headers

    def _reader(self, message: Message, merged: Mapping[str, str] | None) -> dict[str, object]:
        """A reader; where the mail is merged, with the values of its fields, ``merged`` headers among them."""
        to = Address(email=message.to.email + (SINK if self.sandbox else ""), name=message.to.name)
        reader: dict[str, object] = {"address": _address(to), "metadata": dict(message.metadata)}
        if merged is None:
            return reader
        headers = {_variable(name): value for name, value in merged.items()}
        return {**reader, "substitution_data": {**message.variables, **headers}}


def _variable(header: str) -> str:
    """The field of a header; an edition's fields end with where they stand, so that none is called like it."""
    return f"header_{header.lower().replace('-', '_')}"


def _address(address: Address) -> dict[str, str]:
    return {"email": address.email, **({"name": address.name} if address.name else {})}


def _picture(name: str, asset: Asset) -> dict[str, str]:
    return {"type": asset.type, "name": name, "data": _pictures.encoded(asset)}


def _event(record: Mapping[str, object], now: datetime) -> Event | None:
    """A record, as webhooks and the report have it."""
    name, klass = _hooks.text(record, "type"), _hooks.text(record, "bounce_class")
    kind = _KINDS.get(name)
    if not kind or klass == _SUBSCRIBES:
        return None
    bounce: Bounce = ""
    if kind == "bounced":
        kind, bounce = ("unsubscribed", "") if klass == _UNSUBSCRIBES else (kind, _bounce(name, klass))
    message = _hooks.text(record, "transmission_id")
    address = _hooks.text(record, "raw_rcpt_to") or _hooks.text(record, "rcpt_to")
    return Event(
        kind=kind,
        id=_hooks.text(record, "event_id") or _hooks.digest(message, name, address, record.get("timestamp")),
        at=_hooks.moment(record.get("timestamp"), now),
        key=_hooks.key(record.get("rcpt_meta")),
        provider_id=message,
        address=address.removesuffix(SINK),
        bounce=bounce,
        reason=_hooks.text(record, "raw_reason") or _hooks.text(record, "reason"),
        link=_hooks.text(record, "target_link_url") if kind == "clicked" else "",
        raw=_hooks.raw(record),
    )


def _bounce(name: str, klass: str) -> Bounce:
    """What a class means; without one, a mail server's refusal may be for now, SparkPost's own is for this mail."""
    return _BOUNCES.get(klass) or ("soft" if name in ("bounce", "out_of_band") else "message")
