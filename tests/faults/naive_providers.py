"""Providers that many a sender has written for itself: each takes one precaution out of ours, or keeps no keys."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

import httpx

from newsletter.delivery.providers.resend import Resend
from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError, RejectedError, TemporaryError
from newsletter.model import Batch, Receipt


class Keyless(Resend):
    """Resend, if it kept no keys; no naive one, but what most providers are."""

    limits = replace(Resend.limits, idempotency="none", key_life=0)


class _Mistaken(Resend):
    """Takes one kind of failure for another."""

    heard: ClassVar[type[DeliveryError]]
    taken_for: ClassVar[type[DeliveryError]]

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        try:
            return await super().send(client, batch)
        except self.heard as error:
            raise self.taken_for(error.what, where=self.name) from error


class Hasty(_Mistaken, Keyless):
    """Sends again whatever was not answered as it should be."""

    heard, taken_for = OutcomeUnknown, TemporaryError


class Gloomy(_Mistaken, Keyless):
    """Gives up what surely did not arrive."""

    heard, taken_for = TemporaryError, OutcomeUnknown


class Impatient(Resend):
    """Does not read how long it shall wait."""

    def _wait(self, headers: httpx.Headers) -> float | None:
        return None


class Literal(Keyless):
    """Takes whatever reads as a number for seconds."""

    def _wait(self, headers: httpx.Headers) -> float | None:
        with suppress(ValueError):
            return float(headers.get("Retry-After", ""))
        return None


class Harsh(_Mistaken):
    """Takes a wrong key for a wrong mail."""

    heard, taken_for = RefusedError, RejectedError


class Blunt(Resend):
    """Where one mail of a batch is refused, refuses all of them."""

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        try:
            return await super().send(client, batch)
        except RejectedError as error:
            return [Receipt(key=message.key, outcome="failed", error=error.what) for message in batch.messages]


class Halving(_Mistaken, Keyless):
    """Looks for the mail that spoils a batch also where the batch was perhaps accepted."""

    heard, taken_for = OutcomeUnknown, RejectedError


class Credulous(Resend):
    """Takes every 2xx for "accepted"."""

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        return [Receipt(key=message.key) for message in batch.messages]


class Trusting(Keyless):
    """Takes every id for another mail, and sends again where one is missing."""

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        ids = {one["id"]: None for one in json.loads(response.content)["data"]}
        named = dict(zip([message.key for message in batch.messages], ids, strict=False))
        return [
            Receipt(key=message.key, provider_id=named[message.key])
            if message.key in named
            else Receipt(key=message.key, outcome="later", error="not named")
            for message in batch.messages
        ]


class Unbounded(Keyless):
    """Waits for an answer as long as every byte comes in time, however many there are."""

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        response = await client.send(self.request(batch))
        return self.read(response, batch)


KINDS: Mapping[str, type[Resend]] = {"keys": Resend, "none": Keyless, "hasty": Hasty}
