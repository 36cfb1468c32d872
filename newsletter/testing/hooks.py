"""What every provider's webhooks must hold."""

# ruff: noqa: S101 - a suite is made of assertions

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError, DeliveryError, ForgedError
from newsletter.model import Event
from newsletter.testing.damage import EVERY_PROVIDER, bodies

NOW = "2026-11-13T09:00:00+00:00"


class HookContract:
    """What the webhooks of every provider must hold, and its samples: a call in, events out.

    A sample is ``events/<case>.json`` beside the other samples: ``body`` (JSON, or a string sent as it is), ``now``
    (else 13 November 2026, 9:00 UTC), and ``events``: of each the fields of ``Event`` that matter, or ``error``.
    """

    samples: Path
    covers_body = True
    """Whether the signature covers the body; where it does not, a changed body is not noticed."""

    signs = True
    """Whether calls are signed; what nobody signs must name our message by its key, and nobody by an address."""

    def hooked(self, *, secret: bool = True) -> Any:
        """The provider under test, with the secret of its webhooks or without."""
        raise NotImplementedError

    def signed(self, body: bytes) -> Mapping[str, str]:
        """The headers with which the provider sends a body at ``NOW``."""
        raise NotImplementedError

    def sealed(self, body: bytes) -> bytes:
        """The body as the provider sends it, where the signature stands in it."""
        return body

    def fetch(self, url: str) -> bytes:
        """What stands at an address that a webhook names."""
        raise AssertionError(f"nothing is to be fetched, but {url} was")

    def events(self, body: bytes, headers: Mapping[str, str], *, now: str = NOW, secret: bool = True) -> list[Event]:
        """The events of a call."""
        lower = {name.lower(): value for name, value in headers.items()}
        found: list[Event] = self.hooked(secret=secret).events(
            lower, body, now=datetime.fromisoformat(now), fetch=self.fetch
        )
        return found

    def call(self, body: Any, *, now: str = NOW) -> list[Event]:
        """The events of a good call."""
        content = self.sealed(body.encode() if isinstance(body, str) else json.dumps(body).encode())
        return self.events(content, self.signed(content), now=now)

    def cases(self) -> list[tuple[str, dict[str, Any]]]:
        """The samples, by name."""
        found = sorted((self.samples / "events").glob("*.json"))
        return [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in found]

    def test_samples_of_events(self) -> None:
        """Every recorded call becomes the events beside it, each with an id, a time and the record itself."""
        assert self.cases(), f"there are no samples in {self.samples / 'events'}"
        for name, case in self.cases():
            if "error" in case:
                with pytest.raises(DeliveryError):
                    self.call(case["body"], now=case.get("now", NOW))
                continue
            found = self.call(case["body"], now=case.get("now", NOW))
            assert len(found) == len(case["events"]), name
            for event, expected in zip(found, case["events"], strict=True):
                got = {key: getattr(event, key) for key in expected}
                got |= {"at": event.at.isoformat()} if "at" in expected else {}
                assert got == expected, name
                assert event.id, name
                assert event.raw, name
                assert event.at.tzinfo, name

    def test_every_kind_of_bounce_is_told_apart(self) -> None:
        """The samples have a hard and a soft bounce, or the provider tells of none."""
        bounces = {event.get("bounce") for _, case in self.cases() for event in case.get("events", ())}
        assert {"hard", "soft"} <= bounces

    def test_the_same_call_has_the_same_ids(self) -> None:
        """A provider that repeats itself is noticed."""
        for _, case in self.cases():
            if "error" not in case:
                first, second = (self.call(case["body"], now=case.get("now", NOW)) for _ in range(2))
                assert [event.id for event in first] == [event.id for event in second]

    def test_a_call_without_a_signature_is_refused(self) -> None:
        """Whoever knows the address cannot make up an event, or only of a message whose key they know."""
        if not self.signs:
            for _, case in self.cases():
                if "error" not in case:
                    assert all(event.key and not event.address for event in self.call(case["body"]))
            return
        for _, case in self.cases():
            body = case["body"].encode() if isinstance(case["body"], str) else json.dumps(case["body"]).encode()
            with pytest.raises(ForgedError):
                self.events(body, {})

    def test_a_changed_signature_is_refused(self) -> None:
        """One character of any header that carries it."""
        if not self.signs:
            return
        _, case = self.cases()[0]
        body = case["body"].encode() if isinstance(case["body"], str) else json.dumps(case["body"]).encode()
        sealed = self.sealed(body)
        headers = dict(self.signed(sealed))
        for name, value in headers.items():
            turned = value[:-3] + ("AAA" if value[-3:] != "AAA" else "BBB")
            with pytest.raises(ForgedError):
                self.events(sealed, {**headers, name: turned})

    def test_a_changed_body_is_refused(self) -> None:
        """What was signed is what is read."""
        if not (self.signs and self.covers_body):
            return
        for _, case in self.cases():
            body = case["body"].encode() if isinstance(case["body"], str) else json.dumps(case["body"]).encode()
            sealed = self.sealed(body)
            with pytest.raises(ForgedError):
                self.events(sealed.replace(b"e", b"a", 1) if b"e" in sealed else sealed + b" ", self.signed(sealed))

    def test_without_a_secret_nothing_is_believed(self) -> None:
        """The sentence names the option that is missing."""
        if not self.signs:
            return
        _, case = self.cases()[0]
        body = case["body"].encode() if isinstance(case["body"], str) else json.dumps(case["body"]).encode()
        with pytest.raises((ConfigError, ForgedError)):
            self.events(self.sealed(body), self.signed(self.sealed(body)), secret=False)

    @EVERY_PROVIDER
    @given(data=st.data())
    def test_a_signed_body_that_nobody_can_read(self, data: st.DataObject) -> None:
        """Whatever it is, it becomes events or one of our errors, never another exception."""
        body = data.draw(bodies([case["body"] for _, case in self.cases()]))
        sealed = self.sealed(body)
        try:
            found = self.events(sealed, self.signed(sealed))
        except (DeliveryError, ForgedError):
            return
        assert all(isinstance(event, Event) for event in found)
