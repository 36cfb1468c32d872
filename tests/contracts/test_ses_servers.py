"""Amazon SES against programs that are not ours: one checks every signature, one fills templates in."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import amazon
import httpx
import pytest
from msgspec.structs import replace

from newsletter.delivery.providers.ses import Ses
from newsletter.errors import RefusedError
from newsletter.model import Address, Batch, Receipt
from newsletter.plugins import Secret
from newsletter.rendering.provider_fields import SYNTAXES
from newsletter.testing import sample_batch

FIELD = SYNTAXES["ses"].tag("%s", "html")
Start = Callable[[str], str]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a program once, for all tests; its address."""
    log = tmp_path_factory.mktemp("amazon") / "log"
    running: dict[tuple[str, ...], str] = {}
    with ExitStack() as stack:

        def begin(*command: str, **environment: str) -> str:
            if command not in running:
                server = amazon.running(list(command), log=log, environment=environment)
                running[command] = stack.enter_context(server)
            return running[command]

        yield begin


@pytest.fixture
def local(start: Callable[..., str], need: Start) -> str:
    """aws-ses-v2-local, with nothing in its store."""
    node, script = need("node"), amazon.local_ses()
    if not script.is_file():
        need(f"npm install --prefix .node aws-ses-v2-local (for {script})")
    url = start(node, str(script), "--host", "127.0.0.1", AWS_SES_STRICT_TEMPLATE_RENDERING="true")
    httpx.post(f"{url}/clear-store")
    return url


@pytest.fixture(scope="module")
def people() -> dict[str, amazon.Person]:
    """Who has a key, by moto's address."""
    return {}


@pytest.fixture
def moto(start: Callable[..., str], need: Start, people: dict[str, amazon.Person]) -> tuple[str, amazon.Person]:
    """moto's server, which checks every signature, and somebody with a key."""
    url = start(need(str(amazon.moto())), "-H", "127.0.0.1", INITIAL_NO_AUTH_ACTION_COUNT=str(amazon.UNCHECKED))
    if url not in people:
        people[url] = amazon.person(url)
    return url, people[url]


def ses(url: str, *, key: str = "AKIDEXAMPLE", secret: str = "s-90d1") -> Ses:
    return Ses(key=Secret(key), secret=Secret(secret), region="eu-west-1", base_url=url)


def send(provider: Ses, batch: Batch) -> list[Receipt]:
    async def run() -> list[Receipt]:
        async with httpx.AsyncClient() as client:
            return await provider.send(client, batch)

    return asyncio.run(run())


def test_amazon_would_take_our_signature(moto: tuple[str, amazon.Person]) -> None:
    """A mail signed with somebody's key is taken, one with another secret or another key is refused and pauses."""
    url, person = moto
    provider = ses(url, key=person.key, secret=person.secret)
    identity = httpx.Request("POST", f"{url}/v2/email/identities", json={"EmailIdentity": "news@river-cities.example"})
    with httpx.Client() as client:
        client.send(provider.signed(identity, now=datetime.now(UTC))).raise_for_status()
    [receipt] = send(provider, sample_batch(1))
    assert receipt.provider_id
    for wrong in (ses(url, key=person.key, secret=person.secret[:-1]), ses(url, secret=person.secret)):
        with pytest.raises(RefusedError, match=r"SignatureDoesNotMatch|InvalidClientTokenId"):
            send(wrong, sample_batch(1))


def test_a_bulk_request_becomes_each_readers_own_mail(local: str) -> None:
    """Subject, HTML, text, and the headers of the list, filled in for everybody and for nobody else.

    The readers' own names are left out, since this server, unlike Amazon, takes bare addresses only.
    """
    batch = sample_batch(50, field=FIELD)
    assert batch.template
    template = replace(batch.template, subject="Hello " + FIELD % "name_text")
    bare = tuple(replace(message, to=Address(email=message.to.email)) for message in batch.messages)
    batch = replace(batch, template=template, messages=bare)
    receipts = send(ses(local), batch)
    mails = {mail["messageId"]: mail for mail in amazon.stored(local)}
    assert len(mails) == 50
    for receipt, message in zip(receipts, batch.messages, strict=True):
        mail = mails[receipt.provider_id]
        assert mail["destination"]["to"] == [message.to.email]
        assert mail["from"] == "River Cities Letter <news@river-cities.example>"
        assert mail["replyTo"] == ["office@river-cities.example"]
        assert mail["subject"] == f"Hello {message.variables['name_text']}"
        assert mail["body"]["html"].startswith(f"<p>{message.variables['name_html']}</p>")
        assert mail["body"]["text"] == f"{message.variables['name_text']}\n"
        assert {header["name"]: header["value"] for header in mail["headers"]} == dict(message.headers)


def test_a_finished_message_arrives_as_it_is(local: str) -> None:
    """Raw MIME, its picture inside; braces in it are nobody's fields."""
    batch = sample_batch(1)
    message = replace(batch.messages[0], html='<p>{{name}}</p><img src="images/river.png" alt="">', text="{{name}}\n")
    [receipt] = send(ses(local), replace(batch, messages=(message,)))
    [mail] = amazon.stored(local)
    assert mail["messageId"] == receipt.provider_id
    assert mail["destination"]["to"] == ['"Cities mee, No. 0" <reader0@city.example>']
    assert (mail["subject"], mail["body"]["text"]) == (message.subject, message.text)
    [picture] = mail["attachments"]
    assert base64.b64decode(picture["content"]) == batch.edition.assets[0].data
    assert picture["related"] is True
    assert "{{name}}" in mail["body"]["html"]
