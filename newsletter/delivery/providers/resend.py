"""Resend (https://resend.com/docs/api-reference/emails/send-batch-emails): 100 mails a request, keys for 24 hours.

A key with the same body gets the first answer again, with another body 409 ``invalid_idempotent_request``, and while
the first request is under way 409 ``concurrent_idempotent_requests``: all of them mean "perhaps accepted".
A batch takes no attachments, so pictures are not sent inside the mail.
"""

from collections.abc import Mapping
from typing import ClassVar

import httpx
import msgspec

from newsletter.delivery.providers import Limits
from newsletter.delivery.providers._http import HttpProvider, problem, written
from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError
from newsletter.model import Batch, Message, Receipt
from newsletter.plugins import Secret

_QUOTAS = ("daily_quota_exceeded", "monthly_quota_exceeded")  # 429, but not over in a moment


class _Id(msgspec.Struct, frozen=True):
    id: str


class _Refusal(msgspec.Struct, frozen=True):
    index: int
    message: str


class _Answer(msgspec.Struct, frozen=True):
    data: tuple[_Id, ...]
    errors: tuple[_Refusal, ...] = ()


class _Problem(msgspec.Struct, frozen=True):
    name: str = ""


class Resend(HttpProvider):
    """Sends through Resend's batch endpoint; single mails that it refuses fail alone."""

    name: ClassVar[str] = "resend"
    limits: ClassVar[Limits] = Limits(
        messages=100, bytes=40_000_000, idempotency="request", key_life=86_400, merging="none", pictures=False
    )

    def __init__(self, *, key: Secret, base_url: str = "https://api.resend.com") -> None:
        super().__init__(key=key, base_url=base_url)

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /emails/batch``; ``permissive`` lets the good mails of a batch go where one is refused."""
        headers = {
            "Authorization": f"Bearer {self._key.reveal()}",
            "Content-Type": "application/json",
            "Idempotency-Key": batch.key,
            "x-batch-validation": "permissive",
        }
        body = msgspec.json.encode([_mail(message, self.headers(message)) for message in batch.messages])
        return httpx.Request("POST", f"{self.base_url}/emails/batch", headers=headers, content=body)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """``data`` names the accepted mails in order, ``errors`` the refused ones by their place in the request."""
        answer = self.decoded(response, _Answer)
        refused = {refusal.index: refusal.message or "refused" for refusal in answer.errors}
        if len(answer.data) + len(refused) != len(batch.messages) or not refused.keys() <= set(
            range(len(batch.messages))
        ):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        ids = iter(answer.data)
        return [
            Receipt(key=message.key, outcome="failed", error=refused[place])
            if place in refused
            else Receipt(key=message.key, provider_id=next(ids).id)
            for place, message in enumerate(batch.messages)
        ]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """A quota that is used up is no matter of seconds: nothing more can be sent until somebody acts."""
        refused = problem(response, _Problem)
        return self.error(RefusedError, response) if refused and refused.name in _QUOTAS else None


def _mail(message: Message, headers: Mapping[str, str]) -> dict[str, object]:
    mail: dict[str, object] = {
        "from": written(message.sender),
        "to": [written(message.to)],
        "subject": message.subject,
        "html": message.html,
        "text": message.text,
        "headers": headers,
        "tags": _tags(message.metadata),
    }
    return {**mail, "reply_to": written(message.reply_to)} if message.reply_to else mail


def _tags(metadata: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in metadata.items()]
