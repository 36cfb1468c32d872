"""Trial mails: one of every edition to people who look at it before the members do.

They go through the provider as real mails do, but belong to no campaign: nothing is counted, and nobody is left out of
the real sending for having got one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from newsletter import fillings, plugins
from newsletter.audience import addresses
from newsletter.config import Config
from newsletter.delivery.envelope import Envelope, Filling
from newsletter.delivery.lease import Member
from newsletter.delivery.providers import Provider
from newsletter.errors import ConfigError, DeliveryError
from newsletter.model import Address, Batch, Edition

MOST = 20
"""People at the most: a trial is no way around the approval."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What became of one trial mail; ``error`` is empty where the provider took it."""

    language: str
    email: str
    error: str = ""


def send(config: Config, editions: Mapping[str, Edition], people: Sequence[str], *, envelope: Envelope) -> list[Trial]:
    """Send every edition to every address, marked as a trial in its subject; what became of each.

    ConfigError where an address is none, or where there are more than a few.
    """
    if not people or len(people) > MOST:
        raise ConfigError(
            f"{len(people)} addresses for trial mails.", where="--test", hint=f"Name from 1 to {MOST} addresses."
        )
    provider: Provider = plugins.build(config.provider)
    readers = [addresses.parse(email, "") for email in people]
    mails = [
        (reader, _batch(edition, reader, config, envelope=envelope, filling=_alone(edition, provider)))
        for edition in editions.values()
        for reader in readers
    ]
    return asyncio.run(_all(provider, mails))


async def _all(provider: Provider, mails: Sequence[tuple[Address, Batch]]) -> list[Trial]:
    trials = []
    async with httpx.AsyncClient(timeout=httpx.Timeout(None, connect=15)) as client:
        for reader, batch in mails:
            try:
                [receipt] = await provider.send(client, batch)
                error = receipt.error
            except DeliveryError as refused:
                error = str(refused)
            trials.append(Trial(language=batch.edition.language, email=reader.email, error=error))
    return trials


def _alone(edition: Edition, provider: Provider) -> Filling:
    """The way the real mails will go: merged by the provider, where they will be."""
    return fillings.filling(replace(edition, subject=f"[{edition.language}] {edition.subject}"), provider)


def _batch(edition: Edition, reader: Address, config: Config, *, envelope: Envelope, filling: Filling) -> Batch:
    key, now = uuid4().hex, datetime.now(UTC)
    member = Member(key=key, email=reader.email, name=reader.name)
    # The link leads nowhere: a trial must not take anybody off the list.
    messages = envelope.messages(
        (member,),
        filling,
        newsletter=config.publication.name,
        campaign=key,
        language=edition.language,
        secret=bytes(32),
    )
    return Batch(
        id=0, campaign=key, edition=edition, due_at=now, messages=tuple(messages), key=key, template=filling.template
    )
