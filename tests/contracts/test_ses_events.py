"""Amazon SES's events, through a topic of Amazon SNS whose signatures are made here."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from certificates import Certified

from newsletter.delivery.providers.ses import Ses
from newsletter.errors import ForgedError
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "ses"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:letters"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"


class TestSesHooks(HookContract):
    """Amazon SNS, whose signature stands in the message; it is made here without the library that checks it."""

    samples = SAMPLES
    certified = Certified()

    def hooked(self, *, secret: bool = True) -> Ses:
        topics = (TOPIC,) if secret else ()
        return Ses(key=Secret("AKIDEXAMPLE"), secret=Secret(SECRET), region="eu-west-1", topics=topics)

    def fetch(self, url: str) -> bytes:
        assert url == CERTIFICATE
        return self.certified.pem

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"x-amz-sns-message-type": json.loads(body)["Type"]}

    def sealed(self, body: bytes) -> bytes:
        """A message of SNS around the event; a sample that is one already is only signed."""
        text = body.decode("utf-8", "replace")
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        return self.message(**(message if isinstance(message, dict) and "TopicArn" in message else {"Message": text}))

    def message(self, *, version: str = "1", certificate: str = CERTIFICATE, **fields: Any) -> bytes:
        """A signed message, with these fields instead of the usual ones."""
        usual = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": "{}",
            "Timestamp": "2026-11-13T09:00:05.123Z",
        }
        message = {**usual, **fields}
        signed = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{message[name]}\n" for name in signed if name in message)
        seal = {
            "SignatureVersion": version,
            "Signature": base64.b64encode(self.certified.sign(text.encode(), version)).decode(),
            "SigningCertURL": certificate,
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        }
        return json.dumps({**message, **seal}).encode()

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_both_versions_of_the_signature(self, version: str) -> None:
        """SHA-1, which a topic uses until it is told otherwise, and SHA-256; a subject is signed where there is one."""
        for subject in ({}, {"Subject": "Amazon SES Email Event Notification"}):
            body = self.message(version=version, Message='{"eventType": "Open"}', **subject)
            [event] = self.events(body, self.signed(body))
            assert event.kind == "opened"

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_openssl_signs_the_same(self, version: str, need: Any, tmp_path: Path) -> None:
        """Our own signature of the tests is what openssl makes of the same text."""
        made = self.certified.by_openssl(b"a text", version, program=need("openssl"), folder=tmp_path)
        assert made == self.certified.sign(b"a text", version)

    @pytest.mark.parametrize(
        "certificate",
        [
            CERTIFICATE.replace("https:", "http:"),
            CERTIFICATE.replace(".amazonaws.com", ".amazonaws.com.evil.example"),
            CERTIFICATE.replace("sns.eu-west-1", "evil.example/sns.eu-west-1"),
            CERTIFICATE.replace("sns.eu-west-1", "s3.eu-west-1"),
            CERTIFICATE.replace("https://", "https://evil.example@"),
            CERTIFICATE.replace(".com/", ".com:8443/"),
            CERTIFICATE + "?x",
            CERTIFICATE + "\n",
            "",
        ],
    )
    def test_a_certificate_from_elsewhere_is_not_fetched(self, certificate: str) -> None:
        """Anybody can sign with a certificate of their own."""
        body = self.message(certificate=certificate)
        with pytest.raises(ForgedError, match="not at Amazon SNS"):
            self.events(body, self.signed(body))

    @pytest.mark.parametrize("pem", [b"", b"<html>", Certified.elliptic()])
    def test_a_certificate_that_is_none(self, pem: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        """A page instead of a certificate, or another kind of key, proves nothing."""
        monkeypatch.setattr(self, "fetch", lambda _url: pem)
        body = self.message()
        with pytest.raises(ForgedError, match="certificate cannot be read"):
            self.events(body, self.signed(body))

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"TopicArn": TOPIC + "-2"}, "topics lacks"),
            ({"SignatureVersion": "3"}, "signature"),
            ({"SignatureVersion": "2"}, "signature"),
            ({"Signature": "not base64!"}, "signature"),
            ({"Signature": ""}, "signature"),
            ({"Message": "another"}, "signature"),
            ({"MessageId": "another"}, "signature"),
            ({"Timestamp": "2026-11-13T09:00:06.123Z"}, "signature"),
            ({"Subject": "added"}, "signature"),
            ({"Type": "SubscriptionConfirmation"}, "not the type"),
            ({"Type": "Something"}, "not the type"),
        ],
    )
    def test_a_changed_field_is_refused(self, change: dict[str, str], sentence: str) -> None:
        """All that is signed, and the topic, which anybody may sign for their own."""
        body = self.message()
        with pytest.raises(ForgedError, match=sentence):
            self.events(json.dumps({**json.loads(body), **change}).encode(), self.signed(body))

    def test_raw_delivery_is_refused(self) -> None:
        """A topic that delivers raw events signs nothing."""
        for body in (b"plain", b"[]"):
            with pytest.raises(ForgedError, match="no message of Amazon SNS"):
                self.events(body, {"x-amz-sns-rawdelivery": "true"})
        with pytest.raises(ForgedError, match="raw message delivery must be off"):
            self.events(b'{"eventType": "Open", "mail": {}}', {"x-amz-sns-rawdelivery": "true"})

    def test_attributes_of_a_message_are_left_alone(self) -> None:
        """They are no text and are not signed."""
        message = json.loads(self.message(Message='{"eventType": "Open"}'))
        body = json.dumps({**message, "MessageAttributes": {"a": {"Type": "String", "Value": "b"}}, "Subject": None})
        [event] = self.events(body.encode(), self.signed(body.encode()))
        assert event.kind == "opened"

    def test_a_certificate_is_fetched_once(self) -> None:
        """Not for every event of ten thousand."""
        asked: list[str] = []
        provider = self.hooked()
        body = self.message(Message='{"eventType": "Open"}')
        for _ in range(3):
            provider.events(
                self.signed(body),
                body,
                now=datetime(2026, 11, 13, 9, tzinfo=UTC),
                fetch=lambda url: asked.append(url) or self.certified.pem,
            )
        assert asked == [CERTIFICATE]
