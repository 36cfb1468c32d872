"""Signatures as Amazon publishes them: examples of "aws-signing-test-suite" v4 in github.com/awslabs/aws-c-auth.

That suite's examples with a path or a header that no HTTP client sends are left out. The one with a form's body is
from the suite that came before (aws4_testsuite), which did not sign Content-Length.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.providers import _sigv4
from newsletter.plugins import Secret

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
IDENTITY = _sigv4.Identity(
    key=Secret("AKIDEXAMPLE"),
    secret=Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    region="us-east-1",
    service="service",
)
TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
LONG_TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
    "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVX"
    "AkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UNRESERVED = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def signed(request: httpx.Request, *, token: str = "", now: datetime = NOW) -> dict[str, str]:
    identity = replace(IDENTITY, token=Secret(token)) if token else IDENTITY
    return _sigv4.headers(request, identity, now=now)


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> httpx.Request:
    return httpx.Request(method, f"https://example.amazonaws.com{target}", headers=headers, content=body)


@pytest.mark.parametrize(
    ("asked", "token", "names", "signature"),
    [
        pytest.param(
            request("GET", "/?ሴ=bar"),
            "",
            "host;x-amz-date",
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            id="get-vanilla-utf8-query",
        ),
        pytest.param(
            request("GET", "/?Param2=value2&Param1=value1"),
            "",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            id="get-vanilla-query-order-key-case",
        ),
        pytest.param(
            request("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"),
            "",
            "host;x-amz-date",
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
            id="get-vanilla-query-order-encoded",
        ),
        pytest.param(
            request("GET", UNRESERVED),
            "",
            "host;x-amz-date",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            id="get-unreserved",
        ),
        pytest.param(
            request("GET", "/", {"My-Header1": " value1", "My-Header2": ' "a   b   c"'}),
            "",
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            id="get-header-value-trim",
        ),
        pytest.param(
            request("GET", "/"),
            TOKEN,
            "host;x-amz-date;x-amz-security-token",
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
            id="get-vanilla-with-session-token",
        ),
        pytest.param(
            request("POST", "/?Param1=value1"),
            "",
            "host;x-amz-date",
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            id="post-vanilla-query",
        ),
        pytest.param(
            request("POST", "/"),
            LONG_TOKEN,
            "host;x-amz-date;x-amz-security-token",
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            id="post-sts-header-before",
        ),
        pytest.param(
            request("POST", "/", FORM, b"Param1=value1"),
            "",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            id="post-x-www-form-urlencoded",
        ),
    ],
)
def test_the_examples_of_amazon(asked: httpx.Request, token: str, names: str, signature: str) -> None:
    """Each example has the signature that Amazon's own suite gives it."""
    scope = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    found = signed(asked, token=token)
    assert found["Authorization"] == f"AWS4-HMAC-SHA256 {scope}, SignedHeaders={names}, Signature={signature}"
    assert found["X-Amz-Date"] == "20150830T123600Z"
    assert found.get("X-Amz-Security-Token", "") == token


@given(st.binary(max_size=30), st.binary(max_size=30), st.text("abc=&+/%20", max_size=8))
def test_a_signature_holds_for_one_body_and_one_query(body: bytes, other: bytes, query: str) -> None:
    """Another body has another signature; the same request has the same, whatever its query."""
    target = f"/v2/email?{query}"
    first, again, changed = (signed(request("POST", target, body=data)) for data in (body, body, other))
    assert first == again
    assert (first == changed) == (body == other)


def test_the_time_is_that_of_greenwich() -> None:
    """A clock in another zone signs the same."""
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert signed(request("GET", "/"), now=there) == signed(request("GET", "/"))


def test_an_older_signature_is_not_signed() -> None:
    """Signing a request again gives what signing it once gives."""
    asked = request("GET", "/")
    once = signed(asked)
    asked.headers.update(once)
    assert signed(asked) == once
