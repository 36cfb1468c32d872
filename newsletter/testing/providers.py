"""What every mail provider must hold."""

# ruff: noqa: S101 - a suite is made of assertions

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from newsletter.model import Address, Asset, Batch, Edition, Message, Receipt, Template

SECRET = "k-3f9c1e7a5b2d"  # noqa: S105
"""The key that tests give to a provider; it must never show."""

SUBJECTS = (
    "Cities meet in Seoul",
    "Les villes se réunissent à Séoul : l’été des fleuves",
    "مدن تجتمع في سيول: منتدى ضفاف الأنهار",
    "شهرها در سئول گرد هم می‌آیند",
    "서울에서 만나는 도시들: 강변 포럼",
    "सियोलमा भेट्ने शहरहरू",
)


def sample_batch(size: int, *, key: str = "b7c1f0d2a4e65f3890b1c2d3e4f5a6b7", field: str = "") -> Batch:
    """A batch of finished messages in six scripts, the same every time; its edition shows one picture.

    With ``field``, a provider's way to write a merge field such as ``{{%s}}``, it is one for the provider to fill in.
    """
    picture = Asset(url="images/river.png", type="image/png", data=b"\x89PNG\r\n\x1a\n" + bytes(64))
    html = '<p>{}</p><img src="images/river.png" alt="">'
    edition = Edition(
        issue="2026-11",
        language="en",
        direction="ltr",
        subject=SUBJECTS[0],
        preheader="",
        html=html,
        text="",
        nonce="f00d",
        hash="e" * 32,
        assets=(picture,),
    )
    messages = tuple(_message(number, html) for number in range(size))
    due = datetime(2026, 11, 13, 9, tzinfo=UTC)
    batch = Batch(id=1, campaign="c" * 32, edition=edition, due_at=due, messages=messages, key=key)
    return _open(batch, field) if field else batch


def _open(batch: Batch, field: str) -> Batch:
    """The batch with a template, and the readers' names in its HTML and text; a subject has no field everywhere."""
    html = f"<p>{field % 'name_html'}</p>" + batch.edition.html.partition("</p>")[2]
    template = Template(subject=SUBJECTS[2], html=html, text=f"{field % 'name_text'}\n")
    messages = tuple(
        replace(
            message,
            subject="",
            html="",
            text="",
            variables={"name_html": f"{message.to.name} &amp; co", "name_text": f"{message.to.name} & co"},
        )
        for message in batch.messages
    )
    return replace(batch, messages=messages, template=template)


def _message(number: int, html: str) -> Message:
    subject = SUBJECTS[number % len(SUBJECTS)]
    key = f"{number:032x}"
    return Message(
        key=key,
        to=Address(email=f"reader{number}@city.example", name=f"{subject[:10]}, No. {number}"),
        sender=Address(email="news@river-cities.example", name="River Cities Letter"),
        reply_to=Address(email="office@river-cities.example"),
        subject=subject,
        html=html.format(subject),
        text=f"{subject}\n",
        language="en",
        headers={"List-Unsubscribe": f"<mailto:news@river-cities.example?subject=unsubscribe%20{key}>"},
        metadata={"newsletter_id": key},
    )


class ProviderContract:
    """What every provider must hold; ``make`` builds one that may use the empty ``folder``."""

    field = ""
    """How the provider writes a merge field, such as ``{{%s}}``; for those that merge."""

    def make(self, folder: Path, base_url: str) -> Any:
        """The provider under test; without HTTP it ignores ``base_url``."""
        raise NotImplementedError

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the provider's server says when it accepts every message of a request."""
        raise AssertionError(f"the provider asks {request.url}, but the suite has no answer for it")

    def send(self, provider: Any, batch: Batch, reply: httpx.Response | Exception | None = None) -> list[Receipt]:
        """Hand on one batch; the server gives ``reply``, else its usual answer."""

        def respond(request: httpx.Request) -> httpx.Response:
            if isinstance(reply, Exception):
                raise reply
            return self.answer(request) if reply is None else reply

        async def run() -> list[Receipt]:
            async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
                receipts: list[Receipt] = await provider.send(client, batch)
                return receipts

        return asyncio.run(run())

    def provider(self, folder: Path) -> Any:
        """The provider under test, at an address that nobody has."""
        return self.make(folder, "https://mail.example/base")

    def batches(self, provider: Any) -> list[Batch]:
        """From one message to the most of a request: finished ones, and some to be filled in where it does that."""
        most = {"": provider.limits.finished or provider.limits.messages}
        if self.field:
            most[self.field] = provider.limits.messages
        return [
            sample_batch(size, key=f"{size:032x}", field=field)
            for field, limit in most.items()
            for size in sorted({1, min(2, limit), min(100, limit)})
        ]

    def test_limits_are_complete(self, tmp_path: Path) -> None:
        """A plan can be cut to what the provider says of itself."""
        provider = self.provider(tmp_path)
        limits = provider.limits
        assert provider.name
        assert limits.messages >= 1
        assert 0 <= limits.finished <= limits.messages
        assert limits.bytes >= 100_000
        assert limits.idempotency in ("none", "request", "message")
        assert limits.merging in ("provider", "none")
        assert (limits.key_life > 0) == (limits.idempotency != "none")
        assert limits.at_once >= 0

    def test_every_message_gets_a_receipt_in_order(self, tmp_path: Path) -> None:
        """One receipt a message, in order, with an id and no error, from one message to the most of a batch."""
        provider = self.provider(tmp_path)
        for batch in self.batches(provider):
            receipts = self.send(provider, batch)
            assert [receipt.key for receipt in receipts] == [message.key for message in batch.messages]
            assert all(receipt.provider_id and not receipt.error for receipt in receipts)

    def test_a_repeated_batch_is_accepted_again(self, tmp_path: Path) -> None:
        """After a crash the very same batch comes again, and the answer is the same."""
        provider = self.provider(tmp_path)
        if provider.limits.idempotency != "none":
            assert self.send(provider, sample_batch(3)) == self.send(provider, sample_batch(3))
