"""Amazon SNS messages: whether one is really from our topic, and what is in it.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Anybody can make a topic, and Amazon
signs what it says: only the topic's name tells ours. A message that is delivered again, up to an hour later, is signed
once, so its time is not held against it; its id tells that it is the same.
"""

import base64
import re
from binascii import Error
from collections.abc import Collection, Mapping, MutableMapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from newsletter.delivery.providers import Fetch, _hooks

TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_CERTIFICATE = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/SimpleNotificationService-[A-Za-z0-9]+\.pem")
_HASHES = {"1": SHA1, "2": SHA256}
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]


def opened(
    headers: Mapping[str, str],
    body: bytes,
    *,
    topics: Collection[str],
    keys: MutableMapping[str, RSAPublicKey],
    fetch: Fetch,
    provider: str,
) -> dict[str, str]:
    """The fields of a message from one of our topics; a ForgedError where it is not surely that.

    ``keys`` remembers the certificates' keys by their addresses, so that each is fetched once.
    """
    try:
        found = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _hooks.forged(provider, "it is no message of Amazon SNS") from None
    message = {name: value for name, value in found.items() if isinstance(value, str)}
    if message.get("Type") not in _SIGNED or headers.get("x-amz-sns-message-type") != message["Type"]:
        raise _hooks.forged(provider, "it has not the type that its header says; raw message delivery must be off")
    if message.get("TopicArn") not in topics:
        raise _hooks.forged(
            provider, f"its topic is {message.get('TopicArn', '')[:300]!r}, which [provider] topics lacks"
        )
    _verify(message, _key(message.get("SigningCertURL", ""), keys, fetch, provider), provider)
    return message


def _verify(message: Mapping[str, str], key: RSAPublicKey, provider: str) -> None:
    digest = _HASHES.get(message.get("SignatureVersion", ""))
    if not digest:
        raise _hooks.forged(provider)
    text = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if name in message)
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
        key.verify(signature, text.encode(), PKCS1v15(), digest())
    except (Error, ValueError, InvalidSignature):
        raise _hooks.forged(provider) from None


def _key(url: str, keys: MutableMapping[str, RSAPublicKey], fetch: Fetch, provider: str) -> RSAPublicKey:
    """The public key of a certificate, which lies with Amazon SNS itself or is not looked at."""
    if not _CERTIFICATE.fullmatch(url):
        raise _hooks.forged(provider, "its certificate is not at Amazon SNS")
    if url not in keys:
        try:
            key = load_pem_x509_certificate(fetch(url)).public_key()
        except ValueError:
            raise _hooks.forged(provider, "its certificate cannot be read") from None
        if not isinstance(key, RSAPublicKey):
            raise _hooks.forged(provider, "its certificate cannot be read")
        keys[url] = key
    return keys[url]
