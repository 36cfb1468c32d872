"""Amazon SES, version 2 of its API (https://docs.aws.amazon.com/ses/latest/APIReference-V2/).

Readers of one edition go out in one ``SendBulkEmail``, filled in by SES; a finished message is a ``SendEmail`` of raw
MIME, one a request, since it takes no more. There are no idempotency keys: a request that broke is never repeated.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, ClassVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _pictures, _ses_events, _sigv4, _sns
from newsletter.delivery.providers._http import HttpProvider, problem
from newsletter.errors import ConfigError, DeliveryError, OutcomeUnknown, RefusedError, TemporaryError
from newsletter.model import Address, Asset, Batch, Event, Message, Outcome, Receipt, Template
from newsletter.plugins import Secret

_OUTCOMES: Mapping[str, Outcome] = {
    "SUCCESS": "sent",
    **dict.fromkeys(("TRANSIENT_FAILURE", "ACCOUNT_THROTTLED", "ACCOUNT_DAILY_QUOTA_EXCEEDED"), "later"),
    **dict.fromkeys(
        (
            *("ACCOUNT_SUSPENDED", "ACCOUNT_SENDING_PAUSED", "CONFIGURATION_SET_SENDING_PAUSED"),
            *("MAIL_FROM_DOMAIN_NOT_VERIFIED", "CONFIGURATION_SET_NOT_FOUND", "TEMPLATE_NOT_FOUND"),
            "INVALID_SENDING_POOL_NAME",
        ),
        "paused",
    ),
    **dict.fromkeys(("MESSAGE_REJECTED", "INVALID_PARAMETER", "FAILED"), "failed"),
}
_THROTTLED = ("TooManyRequestsException", "ThrottlingException", "Throttling")
_QUOTA_SECONDS = 600.0  # "wait for an interval of up to 10 minutes, and then retry": the quota moves with the day
_STOPPED = (
    *("AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"),
    *("NotFoundException", "LimitExceededException", "AccessDeniedException", "NotAuthorized", "OptInRequired"),
    *("ExpiredTokenException", "RequestExpired", "IncompleteSignature", "IncompleteSignatureException"),
    *("InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "UnrecognizedClientException"),
)
"""Errors of the account, the key or this machine's clock, some of which come as 400."""
_UNVERIFIED = "is not verified"  # of the sender, or of every reader while the account is in the sandbox


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    status: str
    message_id: str = ""
    error: str | None = None


class _Results(msgspec.Struct, frozen=True, rename="pascal"):
    bulk_email_entry_results: tuple[_Result, ...]


class _Accepted(msgspec.Struct, frozen=True, rename="pascal"):
    message_id: Annotated[str, msgspec.Meta(min_length=1)]


class _Problem(msgspec.Struct, frozen=True, rename={"type": "__type"}):
    type: str = ""
    message: str = ""


class Ses(HttpProvider):
    """Sends through Amazon SES in ``region``, with an access ``key``, its ``secret``, and a ``token`` if it has one.

    ``configuration_set`` says where SES publishes events; ``topics`` are the names (ARNs) of the SNS topics that they
    come from, since nothing else tells ours from anybody's.
    """

    name: ClassVar[str] = "ses"
    limits: ClassVar[Limits] = Limits(
        messages=50,
        finished=1,
        bytes=20_000_000,  # 40 MB a message, after base64 and for all its parts
        merging="provider",
        pictures=True,
        replaces=frozenset({"date", "message-id"}),
    )

    def __init__(
        self,
        *,
        key: Secret,
        secret: Secret,
        region: str,
        token: Secret | None = None,
        configuration_set: str = "",
        topics: tuple[str, ...] = (),
        base_url: str = "",
    ) -> None:
        if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d", region):
            raise ConfigError(
                f"{region!r} is no region of Amazon's.", where="[provider] region", hint="Write one such as eu-west-1."
            )
        for topic in topics:
            if not _sns.TOPIC.fullmatch(topic):
                raise ConfigError(
                    f"{topic!r} is no SNS topic.",
                    where="[provider] topics",
                    hint="Write its ARN: arn:aws:sns:eu-west-1:123456789012:name.",
                )
        suffix = ".cn" if region.startswith("cn-") else ""
        others = (secret, token) if token else (secret,)
        super().__init__(key=key, base_url=base_url or f"https://email.{region}.amazonaws.com{suffix}", others=others)
        self._identity = _sigv4.Identity(key=key, secret=secret, token=token, region=region, service="ses")
        self._configuration_set = configuration_set
        self._topics = topics
        self._certified: dict[str, RSAPublicKey] = {}

    def request(self, batch: Batch) -> httpx.Request:
        """The request before it is signed, which happens when it goes out: a signature carries the time."""
        if batch.template:
            return self._post("outbound-bulk-emails", self._bulk(batch, batch.template))
        if len(batch.messages) != 1:
            raise ValueError("SendEmail takes one finished message")  # limits.finished says so
        return self._post("outbound-emails", self._raw(batch, batch.messages[0]))

    def signed(self, request: httpx.Request, *, now: datetime) -> httpx.Request:
        """With the headers of AWS Signature Version 4, good for five minutes."""
        request.headers.update(_sigv4.headers(request, self._identity, now=now))
        return request

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """One id, or for a bulk one result an entry, in order; 200 says nothing of any of them."""
        if not batch.template:
            accepted = self.decoded(response, _Accepted)
            return [Receipt(key=message.key, provider_id=accepted.message_id) for message in batch.messages]
        results = self.decoded(response, _Results).bulk_email_entry_results
        if len(results) != len(batch.messages):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        return [_receipt(message, result) for message, result in zip(batch.messages, results, strict=True)]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """An error's name says more than its status: 400 is a bad message, a stopped account and a throttle alike."""
        said = problem(response, _Problem) or _Problem()
        name = response.headers.get("x-amzn-errortype", "").partition(":")[0] or said.type.rpartition("#")[2]
        if name in _THROTTLED:
            seconds = _QUOTA_SECONDS if "quota" in said.message else None
            return self.error(TemporaryError, response, seconds=seconds)
        if name in _STOPPED or (response.status_code == HTTPStatus.BAD_REQUEST and _UNVERIFIED in said.message):
            return self.error(RefusedError, response)
        return None

    def probe(self) -> httpx.Request:
        """What the account may send: ``GetAccount``, signed for now; a key that may only send is told so by 403."""
        return self.signed(self.built("GET", "/v2/email/account", {}), now=datetime.now(UTC))

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:
        """The events in a message of Amazon SNS; the first one, ``confirm``, asks to open a link."""
        if not self._topics:
            raise ConfigError(
                "the events of ses cannot be told from forged ones.",
                where="[provider] topics",
                hint="List the SNS topics that the configuration set publishes to.",
            )
        message = _sns.opened(headers, body, topics=self._topics, keys=self._certified, fetch=fetch, provider=self.name)
        return _ses_events.read(message, now=now)

    def _post(self, operation: str, body: dict[str, object]) -> httpx.Request:
        if self._configuration_set:
            body["ConfigurationSetName"] = self._configuration_set
        headers = {"Content-Type": "application/json"}
        return self.built("POST", f"/v2/email/{operation}", headers, content=msgspec.json.encode(body))

    def _raw(self, batch: Batch, message: Message) -> dict[str, object]:
        data = mime.build(message, date=batch.due_at, assets=batch.edition.assets)
        return {
            "FromEmailAddress": _mailbox(message.sender),
            "Destination": {"ToAddresses": [_mailbox(message.to)]},
            "Content": {"Raw": {"Data": b64encode(data).decode()}},
            "EmailTags": _pairs(message.metadata),
        }

    def _bulk(self, batch: Batch, template: Template) -> dict[str, object]:
        html, pictures = mime.embed(template.html, batch.edition.assets)
        first = batch.messages[0]
        content = {"Subject": template.subject, "Html": html, "Text": template.text}
        filled: dict[str, object] = {"TemplateContent": content, "TemplateData": "{}"}  # no reader lacks a value
        if pictures:
            filled["Attachments"] = [_attachment(name, asset) for name, asset in pictures.items()]
        body: dict[str, object] = {
            "FromEmailAddress": _mailbox(first.sender),
            "DefaultContent": {"Template": filled},
            "BulkEmailEntries": list(map(_entry, batch.messages, self.headers(batch.messages))),
        }
        return {**body, "ReplyToAddresses": [_mailbox(first.reply_to)]} if first.reply_to else body


def _entry(message: Message, headers: Mapping[str, str]) -> dict[str, object]:
    data = msgspec.json.encode(message.variables).decode()
    return {
        "Destination": {"ToAddresses": [_mailbox(message.to)]},
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
        "ReplacementHeaders": _pairs(headers),
        "ReplacementTags": _pairs(message.metadata),
    }


def _receipt(message: Message, result: _Result) -> Receipt:
    outcome = _OUTCOMES.get(result.status, "unknown")
    if outcome == "sent":
        return Receipt(key=message.key, provider_id=result.message_id)
    why = f"{result.status}: {result.error or 'no reason given'}"
    if outcome == "failed" and _UNVERIFIED in why:
        outcome = "paused"
    return Receipt(key=message.key, outcome=outcome, error=why)


def _mailbox(address: Address) -> str:
    """As in a header, its name in encoded words, but on one line."""
    return mime.mailbox(address).replace(mime.CRLF, "")


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _attachment(name: str, asset: Asset) -> dict[str, str]:
    return {
        "FileName": _pictures.file_name(name, asset),
        "ContentType": asset.type,
        "ContentDisposition": "INLINE",
        "ContentId": name,
        "ContentTransferEncoding": "BASE64",
        "RawContent": _pictures.encoded(asset),
    }
