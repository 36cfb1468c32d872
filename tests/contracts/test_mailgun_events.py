"""Mailgun's events, by a webhook and when asked; the record is the same."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsletter.delivery.providers.mailgun import Mailgun
from newsletter.errors import ForgedError, OutcomeUnknown, RefusedError
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "mailgun"
DOMAIN = "letters.river-cities.example"
SIGNING_KEY = "w-4d1f77"


def mailgun(*, webhook: Secret | None = None) -> Mailgun:
    return Mailgun(key=Secret(SECRET), domain=DOMAIN, webhook=webhook)


class TestMailgunHooks(HookContract):
    """Mailgun, whose signature stands beside the event and does not cover it."""

    samples = SAMPLES
    covers_body = False
    """The signature is over a time and a token, so the token is the event's id and is believed once."""

    def hooked(self, *, secret: bool = True) -> Mailgun:
        return mailgun(webhook=Secret(SIGNING_KEY) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {}

    def sealed(self, body: bytes) -> bytes:
        try:
            record = json.loads(body)
        except ValueError:
            return body
        return self.around(record)

    def around(self, record: Any, **changes: str) -> bytes:
        """A call with a record in it; ``changes`` are made to its signature."""
        seal = {"timestamp": "1794560400", "token": "t0ken-0f-the-call"}
        text = "".join(seal.values()).encode()
        seal["signature"] = hmac.new(SIGNING_KEY.encode(), text, hashlib.sha256).hexdigest()
        return json.dumps({"signature": {**seal, **changes}, "event-data": record}).encode()

    @pytest.mark.parametrize(
        "changes", [{"timestamp": "1794560401"}, {"token": "another"}, {"signature": "0" * 64}, {"signature": ""}]
    )
    def test_a_changed_seal_is_refused(self, changes: dict[str, str]) -> None:
        """The time, the token and the signature itself."""
        with pytest.raises(ForgedError, match="signature"):
            self.events(self.around({"event": "opened"}, **changes), {})

    def test_a_call_that_comes_again_within_hours_is_believed(self) -> None:
        """Mailgun tries for eight hours to hand on what it signed once."""
        body = self.around({"event": "opened"})
        assert self.events(body, {}, now="2026-11-13T17:00:00+00:00")
        for moment in ("2026-11-13T18:00:01+00:00", "2026-11-12T09:00:00+00:00"):
            with pytest.raises(ForgedError, match="its time is not now"):
                self.events(body, {}, now=moment)

    @pytest.mark.parametrize("time", ["", "soon", "nan"])
    def test_a_time_that_is_none(self, time: str) -> None:
        """Even where it is signed."""
        signature = hmac.new(SIGNING_KEY.encode(), f"{time}t".encode(), hashlib.sha256).hexdigest()
        with pytest.raises(ForgedError):
            self.events(self.around({}, timestamp=time, token="t", signature=signature), {})


def page(*records: Any, following: str = "") -> httpx.Response:
    return httpx.Response(200, json={"items": list(records), "paging": {"next": following, "previous": "x"}})


class TestMailgunPolled:
    """Mailgun, when asked what happened."""

    def test_pages_follow_each_other(self) -> None:
        """From a moment on, oldest first; the next page is asked of the same host, whatever the link says."""
        provider = mailgun()
        first = provider.poll(datetime(2026, 11, 13, 9, tzinfo=UTC))
        assert str(first.url) == (
            f"https://api.mailgun.net/v3/{DOMAIN}/events?begin=1794560400.0&ascending=yes&limit=300"
        )
        record = json.loads((SAMPLES / "events" / "bounce-hard.json").read_text(encoding="utf-8"))["body"]
        link = f"https://evil.example/v3/{DOMAIN}/events/W3siYSI6IGZhbHNlfV0="
        events, following = provider.polled(page(record, {"event": "stored"}, following=link))
        assert [(event.kind, event.bounce, event.key) for event in events] == [
            ("bounced", "hard", "000000000000000000000000000000a1")
        ]
        assert following
        assert str(following.url) == f"https://api.mailgun.net/v3/{DOMAIN}/events/W3siYSI6IGZhbHNlfV0="
        assert following.headers["Authorization"] == first.headers["Authorization"]

    @pytest.mark.parametrize(
        "answer", [page(following="https://api.mailgun.net/v3/x/events/W3"), page({"event": "opened"})]
    )
    def test_the_last_page_has_no_next(self, answer: httpx.Response) -> None:
        """A page without events is the last, and so is one without a link."""
        assert mailgun().polled(answer)[1] is None

    def test_the_same_event_has_the_same_id(self) -> None:
        """Its own id is good for one day only, so the time is part of it."""
        one, other = {"event": "opened", "id": "a", "timestamp": 1.5}, {"event": "opened", "id": "a", "timestamp": 2.5}
        events = mailgun().polled(page(one, one, other))[0]
        assert [event.id == events[0].id for event in events] == [True, True, False]

    def test_an_answer_that_is_none(self) -> None:
        """An error's class says what follows, as when sending."""
        for answer, kind in ((httpx.Response(401), RefusedError), (httpx.Response(200, text="x"), OutcomeUnknown)):
            with pytest.raises(kind):
                mailgun().polled(answer)
