"""Brevo (https://developers.brevo.com/reference/sendtransacemail): up to 1000 finished mails a request, as versions.

A request is kept apart by ``idempotencyKey``, a UUID, for 30 minutes. A repeated one is not answered again but refused
with ``duplicate_parameter``: the first one arrived, but nobody says what became of it, so that it means "perhaps
accepted" and an event, found by our key in ``X-Mailin-custom``, settles it. Parameters are filled into stored templates
only, so nothing is merged. Pictures cannot travel inside the mail.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar
from uuid import UUID

import httpx
import msgspec

from newsletter.delivery.providers import Fetch, Limits, _hooks
from newsletter.delivery.providers._http import HttpProvider, problem
from newsletter.delivery.providers._reserved import guarded
from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError
from newsletter.model import Address, Batch, Bounce, Event, EventKind, Message, Receipt
from newsletter.plugins import Secret

_REPEATED = ("duplicate_parameter", "duplicate_request")
_STOPPED = ("not_enough_credits", "account_under_validation", "permission_denied", "unauthorized")
_RESERVED = ("{{", "{%")  # the guide on batches fills fields into HTML of one's own, the reference says it does not
_LONGEST_NAME = 70  # characters
_PAGE = 2500  # events; the API's default
_LONGEST_REPORT = timedelta(days=89)  # 90 days with both ends

_KINDS: Mapping[str, tuple[EventKind, Bounce]] = {
    **dict.fromkeys(("request", "requests"), ("accepted", "")),
    "delivered": ("delivered", ""),
    "deferred": ("deferred", ""),
    **dict.fromkeys(("hard_bounce", "hardBounces", "invalid_email", "invalid"), ("bounced", "hard")),
    **dict.fromkeys(("soft_bounce", "softBounces"), ("bounced", "soft")),
    "blocked": ("bounced", "hard"),  # on the account's blocklist, which Brevo sends nothing to
    "error": ("bounced", "message"),
    **dict.fromkeys(("spam", "complaint"), ("complained", "")),
    **dict.fromkeys(("unsubscribe", "unsubscribed"), ("unsubscribed", "")),
    **dict.fromkeys(("opened", "unique_opened"), ("opened", "")),
    **dict.fromkeys(("click", "clicks"), ("clicked", "")),
}
"""By the names of webhooks and of the report. Left out: what a mail program's proxy opened, which is no reader."""


_Id = Annotated[str, msgspec.Meta(min_length=1)]


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    message_ids: tuple[_Id, ...] = ()
    message_id: str = ""


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


class _Report(msgspec.Struct, frozen=True):
    events: tuple[dict[str, object], ...] = ()


class Brevo(HttpProvider):
    """Sends through Brevo's transactional endpoint; ``sandbox`` has requests checked and nothing sent.

    ``webhook`` is what Brevo is told to send with its calls: ``user:password``, or a bearer token.
    """

    name: ClassVar[str] = "brevo"
    limits: ClassVar[Limits] = Limits(
        messages=1000,
        bytes=10_000_000,  # Brevo says nothing of a request's size; what it can answer within the deadline
        idempotency="request",
        key_life=1800,
        requests_per_second=100 / 60,  # of batches; the limit of single mails is far higher
    )
    wait: ClassVar[str] = "x-sib-ratelimit-reset"

    def __init__(
        self,
        *,
        key: Secret,
        base_url: str = "https://api.brevo.com/v3",
        sandbox: bool = False,
        webhook: Secret | None = None,
    ) -> None:
        super().__init__(key=key, base_url=base_url)
        self.sandbox = sandbox
        self._webhook = webhook

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /smtp/email``; the content that versions replace must be there, so it is there and says nothing."""
        sandbox = {"X-Sib-Sandbox": "drop"} if self.sandbox else {}
        pairs = zip(batch.messages, self.headers(batch.messages), strict=True)
        body = {
            "sender": _address(batch.messages[0].sender),
            "subject": batch.edition.issue,
            "htmlContent": "<html></html>",
            "headers": {"idempotencyKey": str(UUID(batch.key, version=4)), **sandbox},
            "messageVersions": [self._version(message, headers, sandbox) for message, headers in pairs],
        }
        content = msgspec.json.encode(body)
        return self.built("POST", "/smtp/email", self._headers(), content=content)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """``messageIds`` in the order of the versions; in the sandbox one ``messageId`` may stand for all of them."""
        answer = self.decoded(response, _Answer)
        ids = answer.message_ids
        if not ids and answer.message_id and (self.sandbox or len(batch.messages) == 1):
            ids = (answer.message_id,) * len(batch.messages)
        if len(ids) != len(batch.messages):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        pairs = zip(batch.messages, ids, strict=True)
        return [Receipt(key=message.key, provider_id=number) for message, number in pairs]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """Brevo's own code says more than the status: a repeated key, or an account that may not send."""
        refused = problem(response, _Problem)
        if refused and refused.code in _REPEATED:
            return self.error(OutcomeUnknown, response)
        return self.error(RefusedError, response) if refused and refused.code in _STOPPED else None

    def probe(self) -> httpx.Request:
        """``GET /account``."""
        return self.built("GET", "/account", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """One event, or an array of them where the webhook is ``batched``; Brevo signs nothing."""
        _hooks.authorised(headers, _hooks.configured(self._webhook, self.name), self.name)
        return [event for record in _hooks.records(body, self.name) if (event := _event(record, now))]

    def poll(self, since: datetime) -> httpx.Request:
        """``GET /smtp/statistics/events``, by days of the account's time zone, so it begins a day early."""
        today = datetime.now(UTC)
        first = max(since.astimezone(UTC) - timedelta(days=1), today - _LONGEST_REPORT)
        days = {"startDate": f"{min(first, today):%Y-%m-%d}", "endDate": f"{today:%Y-%m-%d}"}
        return self._report(httpx.QueryParams({**days, "limit": str(_PAGE), "offset": "0", "sort": "asc"}))

    def polled(self, response: httpx.Response) -> tuple[list[Event], httpx.Request | None]:
        """The events of a page, without our keys: they are found by ``provider_id``. A full page has a next one."""
        self.accept(response)
        records = self.decoded(response, _Report).events
        events = [event for record in records if (event := _event(record, datetime.now(UTC)))]
        if len(records) < _PAGE:
            return events, None
        asked = response.request.url.params
        return events, self._report(asked.set("offset", int(asked.get("offset", 0)) + _PAGE))

    def _report(self, query: httpx.QueryParams) -> httpx.Request:
        return self.built("GET", f"/smtp/statistics/events?{query}", self._headers())

    def _headers(self) -> dict[str, str]:
        return {"api-key": self._key.reveal(), "Accept": "application/json", "Content-Type": "application/json"}

    def _version(self, message: Message, headers: Mapping[str, str], sandbox: Mapping[str, str]) -> dict[str, object]:
        ours = msgspec.json.encode(message.metadata, order="deterministic").decode()
        version: dict[str, object] = {
            "to": [_address(message.to)],
            "subject": message.subject,
            "htmlContent": guarded(message, _RESERVED, self.name),
            "textContent": message.text,
            # Brevo may take a version's headers instead of the request's, and then the sandbox must be among them.
            "headers": {**headers, "X-Mailin-custom": ours, **sandbox},
        }
        return {**version, "replyTo": _reply_to(message.reply_to)} if message.reply_to else version


def _address(address: Address) -> dict[str, str]:
    """Brevo drops a name with letters beyond ASCII and one of RFC 5322's special signs, and takes 70 characters."""
    name = " ".join(re.sub(r'[()<>\[\]:;@\\,."]', " ", address.name).split())[:_LONGEST_NAME].strip()
    return {"email": address.email, "name": name} if name else {"email": address.email}


def _reply_to(address: Address) -> dict[str, str]:
    """Brevo sends this name as it is, and a header may not have letters beyond ASCII."""
    return _address(address if address.name.isascii() else Address(email=address.email))


def _event(record: Mapping[str, object], now: datetime) -> Event | None:
    """A record of a webhook or of the report; neither has an id, and both write a message's id the same way."""
    known = _KINDS.get(_hooks.text(record, "event"))
    if not known:
        return None
    kind, bounce = known
    milliseconds = record.get("ts_epoch")
    value = milliseconds / 1000 if isinstance(milliseconds, int) else record.get("date")
    at = _hooks.moment(value, now)
    message = _hooks.text(record, "message-id") or _hooks.text(record, "messageId")
    address, link = _hooks.text(record, "email"), _hooks.text(record, "link") if kind == "clicked" else ""
    return Event(
        kind=kind,
        id=_hooks.digest(message, kind, bounce, address, int(at.timestamp()), link),
        at=at,
        key=_hooks.key(record.get("X-Mailin-custom")),
        provider_id=message,
        address=address,
        bounce=bounce,
        reason=_hooks.text(record, "reason"),
        link=link,
        raw=_hooks.raw(record),
    )
