"""SendGrid, version 3 of its API (https://www.twilio.com/docs/sendgrid/api-reference/mail-send).

Readers of one edition are personalizations of one ``mail/send``, which SendGrid fills in by plain replacement; a
finished message is a request of its own. An answer is about the whole request, and there are no idempotency keys.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import ClassVar, Literal

import httpx
import msgspec

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _hooks, _pictures, _sendgrid_events
from newsletter.delivery.providers._http import HttpProvider
from newsletter.errors import DeliveryError, OutcomeUnknown, TemporaryError
from newsletter.model import Address, Batch, Event, Receipt, Template
from newsletter.plugins import Secret
from newsletter.waiting import retry_after

_URLS = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}


class _Mailbox(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    email: str
    name: str = ""


class _Personalization(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    to: tuple[_Mailbox, ...]
    headers: Mapping[str, str]
    custom_args: Mapping[str, str]
    substitutions: Mapping[str, str] = {}


class SendGrid(HttpProvider):
    """Sends through SendGrid; ``region`` is ``eu`` for a subuser of the EU, ``sandbox`` has requests checked alone.

    ``webhook`` is the verification key that SendGrid shows for its signed event webhook. SendGrid's own unsubscribe
    links are switched off for every mail, so that the newsletter's are the only ones.
    """

    name: ClassVar[str] = "sendgrid"
    limits: ClassVar[Limits] = Limits(
        messages=1000,
        finished=1,
        bytes=20_000_000,  # SendGrid takes 30 MB
        merging="provider",
        pictures=True,
        forbids=frozenset(
            {
                *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
                *("to", "from", "subject", "reply-to", "cc", "bcc"),
            }
        ),
    )

    def __init__(
        self,
        *,
        key: Secret,
        region: Literal["global", "eu"] = "global",
        base_url: str = "",
        sandbox: bool = False,
        webhook: Secret | None = None,
    ) -> None:
        super().__init__(key=key, base_url=base_url or _URLS[region])
        self.sandbox = sandbox
        self._webhook = webhook
        if webhook:
            _sendgrid_events.verifier(webhook.reveal())  # a mistake shows here, not when the first call comes

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /v3/mail/send``; SendGrid would add links of its own, were subscription tracking not off."""
        if batch.template is None and len(batch.messages) != 1:
            raise ValueError("a request takes one finished message")  # limits.finished says so
        first = batch.messages[0]
        content = batch.template or Template(subject=first.subject, html=first.html, text=first.text)
        html, pictures = mime.embed(content.html, batch.edition.assets)
        parts = (("text/plain", content.text), ("text/html", html))
        body: dict[str, object] = {
            "from": _mailbox(first.sender),
            "subject": content.subject,
            "content": [{"type": kind, "value": text} for kind, text in parts if text],
            "personalizations": self._personalizations(batch),
            "tracking_settings": {"subscription_tracking": {"enable": False}},
        }
        if first.reply_to:
            body["reply_to"] = _mailbox(first.reply_to)
        if pictures:
            body["attachments"] = [
                {
                    "content": _pictures.encoded(asset),
                    "type": asset.type,
                    "filename": _pictures.file_name(name, asset),
                    "disposition": "inline",
                    "content_id": name,
                }
                for name, asset in pictures.items()
            ]
        if self.sandbox:
            body["mail_settings"] = {"sandbox_mode": {"enable": True}}
        return self.built("POST", "/v3/mail/send", self._headers(), content=msgspec.json.encode(body))

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """202 says that all were taken, with one id for all of them; in the sandbox 200 says that all are well."""
        number = response.headers.get("x-message-id", "")
        checked = self.sandbox and response.status_code == HTTPStatus.OK
        if not checked and not (response.status_code == HTTPStatus.ACCEPTED and number):
            raise OutcomeUnknown(f"it answered {response.status_code} without an id.", where=self.name)
        return [Receipt(key=message.key, provider_id=number or "sandbox") for message in batch.messages]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """A throttle says in seconds since 1970 when it ends; the answer's own date is what that is compared with."""
        if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return None
        return self.error(TemporaryError, response, seconds=_until_reset(response.headers))

    def probe(self) -> httpx.Request:
        """``GET /v3/scopes``: what the key may do."""
        return self.built("GET", "/v3/scopes", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """The events of a call, an array of them."""
        key = _sendgrid_events.verifier(_hooks.configured(self._webhook, self.name))
        return _sendgrid_events.read(headers, body, key=key, now=now)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key.reveal()}", "Content-Type": "application/json"}

    def _personalizations(self, batch: Batch) -> list[_Personalization]:
        names = set[str]().union(*(message.variables for message in batch.messages))  # nearly all have the same
        tags = {name: f"-newsletter:{name}-" for name in names}
        return [
            _Personalization(
                to=(_recipient(message.to),),
                headers=headers,
                custom_args=message.metadata,
                substitutions={tags[name]: value for name, value in message.variables.items()},
            )
            for message, headers in zip(batch.messages, self.headers(batch.messages), strict=True)
        ]


def _mailbox(address: Address) -> _Mailbox:
    return _Mailbox(address.email, address.name)


def _recipient(address: Address) -> _Mailbox:
    """A comma or semicolon in a reader's name ends the address for SendGrid, and the mail goes nowhere.

    https://github.com/sendgrid/sendgrid-python/issues/291; a sender's name may have them.
    """
    if "," not in address.name and ";" not in address.name:
        return _mailbox(address)
    return _Mailbox(address.email, " ".join(re.sub("[,;]", " ", address.name).split()))


def _until_reset(headers: httpx.Headers) -> float | None:
    try:
        answered = parsedate_to_datetime(headers["Date"]).timestamp()
        return retry_after({"Retry-After": str(float(headers["X-RateLimit-Reset"]) - answered)})
    except (KeyError, ValueError, OverflowError):
        return None
