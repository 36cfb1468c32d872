"""How Amazon's services know who asks: AWS Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. A signature carries the
time, and is good for five minutes: a request is signed when it goes out, and says the same again in every try.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from urllib.parse import quote, unquote_to_bytes

import httpx

from newsletter.plugins import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = ("authorization", "content-length", "user-agent")  # what a signature replaces, and what a proxy may


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who signs, for which service in which region; ``token`` belongs to credentials that last some hours."""

    key: Secret
    secret: Secret
    region: str
    service: str
    token: Secret | None = None


def headers(request: httpx.Request, identity: Identity, *, now: datetime) -> dict[str, str]:
    """The headers that sign a request as it is: its method, address, body and all other headers."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": stamp}
    if identity.token:
        added["X-Amz-Security-Token"] = identity.token.reveal()
    covered = {name.lower(): " ".join(value.split()) for name, value in (*request.headers.items(), *added.items())}
    covered = {name: covered[name] for name in sorted(covered) if name not in _UNSIGNED}
    scope = "/".join((stamp[:8], identity.region, identity.service, "aws4_request"))
    wanted = "\n".join((_ALGORITHM, stamp, scope, _digest(_canonical(request, covered).encode())))
    signature = _hmac(_key(identity, scope), wanted).hex()
    credential = f"{identity.key.reveal()}/{scope}"
    names = ";".join(covered)
    return {
        **added,
        "Authorization": f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
    }


def _canonical(request: httpx.Request, covered: dict[str, str]) -> str:
    """The request in the one way of writing it that is signed; the path is encoded twice, as all but S3 want it."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    pairs = sorted(
        (_encoded(name), _encoded(value))
        for name, _, value in (part.partition("=") for part in query.split("&") if part)
    )
    return "\n".join(
        (
            request.method,
            quote(path, safe="/~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{value}" for name, value in covered.items()),
            "",
            ";".join(covered),
            _digest(request.content),
        )
    )


def _key(identity: Identity, scope: str) -> bytes:
    return reduce(_hmac, scope.split("/"), f"AWS4{identity.secret.reveal()}".encode())


def _encoded(part: str) -> str:
    return quote(unquote_to_bytes(part), safe="~")


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
