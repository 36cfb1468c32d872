"""Mailgun (https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages).

Readers of one edition are the recipients of one message, which Mailgun fills in by ``recipient-variables``: without
those everybody would see everybody's address, so they always go along. A finished message is a request of its own. An
answer is about the whole request, and there are no idempotency keys.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import ClassVar, Literal

import httpx
import msgspec
from msgspec.structs import replace

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _hooks, _mailgun_events, _pictures
from newsletter.delivery.providers._http import AGENT, HttpProvider, problem, written
from newsletter.delivery.providers._reserved import guarded
from newsletter.errors import ConfigError, DeliveryError, OutcomeUnknown, RefusedError, RejectedError, TemporaryError
from newsletter.model import Asset, Batch, Event, Message, Receipt
from newsletter.plugins import Secret

_URLS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
_LINKS = ("%unsubscribe_url%", "%tag_unsubscribe_url%", "%mailing_list_unsubscribe_url%")
"""What Mailgun fills in with links of its own, in any message."""
_FIELDS = "%recipient"
_WAIT = re.compile(r"try again after (\d+) seconds")
_STOPPED = ("not allowed to send", "is unverified", "is disabled", "Sandbox subdomains", "Free accounts")
_PAGE = 300  # events, the most that a page has


class _Accepted(msgspec.Struct, frozen=True):
    id: str
    message: str


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""


class _Paging(msgspec.Struct, frozen=True):
    next: str = ""


class _Events(msgspec.Struct, frozen=True):
    items: tuple[dict[str, object], ...]
    paging: _Paging = _Paging()


class Mailgun(HttpProvider):
    """Sends through a ``domain`` of Mailgun's, in the ``region`` where it was set up.

    ``webhook`` is the HTTP webhook signing key; ``sandbox`` is Mailgun's test mode: mails are taken, and paid, and not
    delivered. The domain's own unsubscribe tracking must be off, else there are two links in every mail.
    """

    name: ClassVar[str] = "mailgun"
    limits: ClassVar[Limits] = Limits(
        messages=1000,
        finished=1,
        bytes=20_000_000,  # Mailgun takes 25 MB
        merging="provider",
        pictures=True,
    )

    def __init__(
        self,
        *,
        key: Secret,
        domain: str,
        region: Literal["us", "eu"] = "us",
        base_url: str = "",
        sandbox: bool = False,
        webhook: Secret | None = None,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", domain):  # Mailgun answers 200 to any other address
            raise ConfigError(
                f"{domain!r} is no domain.", where="[provider] domain", hint="Write the one that Mailgun sends from."
            )
        super().__init__(key=key, base_url=base_url or _URLS[region])
        self.domain = domain
        self.sandbox = sandbox
        self._webhook = webhook

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /v3/{domain}/messages``, a form whose boundary is made of the batch's key."""
        if batch.template is None and len(batch.messages) != 1:
            raise ValueError("a request takes one finished message")  # limits.finished says so
        headers = {**self._headers(), "Content-Type": f"multipart/form-data; boundary=newsletter-{batch.key}"}
        url = f"{self.base_url}/v3/{self.domain}/messages"
        request = httpx.Request("POST", url, headers=headers, files=list(self._form(batch)))
        request.read()
        return request

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """All were taken, with one id for all of them."""
        number = self.decoded(response, _Accepted).id.strip("<>")
        if not number:
            raise OutcomeUnknown("its answer has no id.", where=self.name)
        return [Receipt(key=message.key, provider_id=number) for message in batch.messages]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """In words: for how long it is too much, or that the domain may not send at all."""
        said = (problem(response, _Problem) or _Problem()).message
        if not HTTPStatus.BAD_REQUEST <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        if found := _WAIT.search(said):
            return self.error(TemporaryError, response, seconds=float(found[1]))
        return self.error(RefusedError, response) if any(words in said for words in _STOPPED) else None

    def probe(self) -> httpx.Request:
        """``GET /v4/domains/{domain}``; a key that may only send from the domain is told 401 or 403."""
        return self.built("GET", f"/v4/domains/{self.domain}", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """The one event of a call."""
        return _mailgun_events.read(body, secret=_hooks.configured(self._webhook, self.name), now=now)

    def poll(self, since: datetime) -> httpx.Request:
        """``GET /v3/{domain}/events``, oldest first; Mailgun keeps them for some days."""
        query = httpx.QueryParams({"begin": since.timestamp(), "ascending": "yes", "limit": _PAGE})
        return self.built("GET", f"/v3/{self.domain}/events?{query}", self._headers())

    def polled(self, response: httpx.Response) -> tuple[list[Event], httpx.Request | None]:
        """A page's events; of the link to the next page only its end is taken, never its host."""
        self.accept(response)
        page = self.decoded(response, _Events)
        events = [event for item in page.items if (event := _mailgun_events.polled(item, now=datetime.now(UTC)))]
        further = page.paging.next.rpartition("/")[2]
        if not further or not page.items:
            return events, None
        return events, self.built("GET", f"/v3/{self.domain}/events/{further}", self._headers())

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Basic {b64encode(f'api:{self._key.reveal()}'.encode()).decode()}",
            "User-Agent": AGENT,
        }

    def _form(self, batch: Batch) -> Iterator[tuple[str, tuple[str | None, str | bytes, str | None]]]:
        """The fields of the form by their names, pictures last."""
        content, files = self._content(batch)
        variables, shared = self._variables(batch)
        texts = {"from": written(content.sender), "subject": content.subject, "html": content.html}
        texts |= {"text": content.text} if content.text else {}
        texts |= {"h:Reply-To": written(content.reply_to)} if content.reply_to else {}
        texts |= {"o:testmode": "yes"} if self.sandbox else {}
        texts |= {**shared, "recipient-variables": msgspec.json.encode(variables).decode()}
        yield from (("to", (None, written(message.to), None)) for message in batch.messages)
        yield from ((name, (None, value, None)) for name, value in texts.items())
        yield from (("inline", (file, asset.data, asset.type)) for file, asset in files.items())

    def _content(self, batch: Batch) -> tuple[Message, dict[str, Asset]]:
        """What every reader gets, and the pictures in it by their files, whose names are their Content-IDs."""
        first, template = batch.messages[0], batch.template
        html, pictures = mime.embed(template.html if template else first.html, batch.edition.assets)
        files = {}
        for name, asset in pictures.items():
            file = _pictures.file_name(name, asset)
            html = html.replace(f"cid:{name}", f"cid:{file}")
            files[file] = asset
        subject, text = (template.subject, template.text) if template else (first.subject, first.text)
        content = replace(first, subject=subject, html=html, text=text)
        signs = _LINKS if template else (*_LINKS, _FIELDS)
        return replace(content, html=guarded(content, signs, self.name)), files

    def _variables(self, batch: Batch) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
        """Every reader's values by address; and headers and metadata as they are, or as fields where readers differ."""
        rows = list(map(_extra, batch.messages, self.headers(batch.messages)))
        if any(row.keys() != rows[0].keys() for row in rows):
            raise RejectedError("the mails of one request must have the same headers.", where=self.name)
        personal = {name for name in rows[0] if any(row[name] != rows[0][name] for row in rows)}
        shared = {
            name: f"{_FIELDS}.{_variable(name)}%" if name in personal else value for name, value in rows[0].items()
        }
        variables = {
            message.to.email: {**message.variables, **{_variable(name): row[name] for name in sorted(personal)}}
            for message, row in zip(batch.messages, rows, strict=True)
        }
        if len({address.lower() for address in variables}) != len(batch.messages):
            raise RejectedError("two mails of one request go to the same address.", where=self.name)
        return variables, shared


def _extra(message: Message, headers: Mapping[str, str]) -> dict[str, str]:
    said = {f"h:{name}": value for name, value in headers.items()}
    return {**said, **{f"v:{name}": value for name, value in message.metadata.items()}}


def _variable(name: str) -> str:
    """A variable for a header or a value, which no field of an edition is called."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower())
