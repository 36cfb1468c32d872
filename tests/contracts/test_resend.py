"""Resend's webhooks hold the contract, and its key can be tried; what it sends is in test_providers.py."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hmac import digest
from pathlib import Path

import httpx
import pytest

from newsletter.delivery.providers.resend import Resend
from newsletter.errors import ConfigError, ForgedError, TemporaryError
from newsletter.plugins import Secret
from newsletter.testing import SECRET, sample_batch
from newsletter.testing.hooks import NOW, HookContract

HOOK = "whsec_cml2ZXJzaWRlLWZvcnVt"
VECTOR = {
    "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "svix-timestamp": "1614265330",
    "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def resend(*, webhook: str = "") -> Resend:
    return Resend(key=Secret(SECRET), webhook=Secret(webhook) if webhook else None)


class TestResendHooks(HookContract):
    """Svix signs a call's id, its time and its body."""

    samples = Path(__file__).parents[1] / "samples" / "resend"

    def hooked(self, *, secret: bool = True) -> Resend:
        return resend(webhook=HOOK if secret else "")

    def signed(self, body: bytes) -> Mapping[str, str]:
        return self.signed_at(datetime.fromisoformat(NOW), body)

    def signed_at(self, moment: datetime, body: bytes) -> dict[str, str]:
        """The headers of a call at some time."""
        call, time = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", f"{moment.timestamp():.0f}"
        signature = digest(b64decode(HOOK.removeprefix("whsec_")), f"{call}.{time}.".encode() + body, "sha256")
        return {"svix-id": call, "svix-timestamp": time, "svix-signature": f"v1,{b64encode(signature).decode()}"}

    def test_the_vector_that_svix_tests_its_own_libraries_with(self) -> None:
        """A secret, an id, a time, a body and a signature that Svix published; what it says is no event of ours."""
        provider = resend(webhook="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        now = datetime.fromtimestamp(1614265330, UTC)
        assert provider.events(VECTOR, b'{"test": 2432232314}', now=now, fetch=self.fetch) == []
        with pytest.raises(ForgedError):
            provider.events(VECTOR, b'{"test": 2432232315}', now=now, fetch=self.fetch)

    def test_one_of_several_signatures_is_enough(self) -> None:
        """While a secret is replaced, both sign; signatures of other versions say nothing."""
        body = b'{"type": "email.delivered", "data": {}}'
        headers = dict(self.signed(body))
        good = headers["svix-signature"]
        for both in (f"v1,AAAA {good}", f"{good} v1,AAAA", f"v1a,AAAA {good}"):
            [event] = self.events(body, {**headers, "svix-signature": both})
            assert event.id == headers["svix-id"]
        for none in ("", "v1", "v1,", good.replace("v1,", "v2,"), "v1,AAAA v1,BBBB", "v1,é"):
            with pytest.raises(ForgedError):
                self.events(body, {**headers, "svix-signature": none})

    def test_a_call_is_believed_for_five_minutes(self) -> None:
        """What was recorded cannot be played back later, and clocks may differ a little."""
        body, now = b'{"type": "email.delivered"}', datetime.fromisoformat(NOW)
        for seconds, believed in ((0, True), (-299, True), (299, True), (-301, False), (301, False)):
            headers = self.signed_at(now + timedelta(seconds=seconds), body)
            if believed:
                assert len(self.events(body, headers)) == 1
            else:
                with pytest.raises(ForgedError, match="its time is not now"):
                    self.events(body, headers)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not!base64", "Kim"])
def test_a_secret_that_is_none_is_found_out_at_once(secret: str) -> None:
    """Not when the first event arrives; the sentence does not show it."""
    with pytest.raises(ConfigError, match="no signing secret") as caught:
        resend(webhook=secret)
    assert "[provider] webhook" in str(caught.value)
    assert "Kim" not in str(caught.value)
    assert "not!base64" not in str(caught.value)


def test_probe() -> None:
    """The key can be tried without sending anything."""
    request = resend().probe()
    assert (request.method, str(request.url)) == ("GET", "https://api.resend.com/domains")
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


def test_the_window_of_its_rate_is_waited_for() -> None:
    """Where an answer has no Retry-After, ``ratelimit-reset`` says the seconds."""
    reply = httpx.Response(429, headers={"ratelimit-reset": "3"}, json={"name": "rate_limit_exceeded"})
    with pytest.raises(TemporaryError) as caught:
        resend().read(reply, sample_batch(1))
    assert caught.value.retry_after == 3


def test_a_request_says_who_asks() -> None:
    """Resend answers nobody without a User-Agent."""
    for request in (resend().request(sample_batch(1)), resend().probe()):
        assert request.headers["User-Agent"].startswith("newsletter/")
