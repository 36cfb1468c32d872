"""How fast plans are made and mails handed on, and with how much memory; run it by hand, it is no test.

::

    pip install -e ".[bench]"
    python tests/benchmarks/delivery.py

Three tables, each of one run in which ours and the peer take turns:

- messages a second against the same local server, answering at once and after 50 ms, 500 messages a request: ours with
  the durable outbox (SQLite, ``synchronous=FULL``) from the first claim to the last settled row, django-anymail with no
  outbox at all. SendGrid merges for both; for Postmark, anymail names a stored template, ours sends finished messages.
- a million messages planned and sent in one process, with its peak memory.
- a members' list of a million rows from the CSV file to planned batches, against the csv module reading the same file
  and hashing each address; and its two largest parts alone: the list read and a language chosen for each reader, and
  the rows written by the bare ``sqlite3`` module into a table with the one index that lets nobody be planned twice.
"""

import argparse
import csv
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from bare_rows import bare_rows
from rich.console import Console
from rich.table import Table

from newsletter import fillings
from newsletter.audience import members
from newsletter.audience.members import MembersList
from newsletter.audience.sources.csv import Csv
from newsletter.delivery import sender
from newsletter.delivery.envelope import Envelope
from newsletter.delivery.limits import Rates
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.plan import Terms
from newsletter.delivery.providers.postmark import Postmark
from newsletter.delivery.providers.sendgrid import SendGrid
from newsletter.model import Address, Choice, Edition, Subscriber
from newsletter.plugins import Secret
from newsletter.rendering import fields

BATCH = 500
FAST = Rates(per_second=1e6)
NEWS = Address(email="news@river-cities.example", name="River Cities Letter")
NONCE = "f00d"
PARAGRAPH = "<p>Mayors, engineers and residents met on both banks of the river to plan the next ten years.</p>"


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, help="messages of each run against anymail")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each row")
    parser.add_argument("--readers", type=int, default=1_000_000, help="readers of the large runs; 0 leaves them out")
    parser.add_argument("--large", choices=["send", "plan"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.large:
        print(json.dumps((large_send if options.large == "send" else large_plan)(options.readers)))
        return
    console = Console()
    if options.messages:
        console.print(against_anymail(options.messages, options.rounds))
    if options.readers:
        for kind in ("send", "plan"):
            made = [sys.executable, __file__, "--large", kind, "--readers", str(options.readers)]
            found = json.loads(subprocess.run(made, check=True, capture_output=True, text=True).stdout)
            table = Table(*found, title=f"{options.readers:,} readers")
            table.add_row(*found.values())
            console.print(table)


@contextmanager
def mail_server(milliseconds: float) -> Iterator[str]:
    """The address of a mail provider in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, str(Path(__file__).with_name("mail_server.py")), str(port), str(milliseconds)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def taken(url: str) -> tuple[int, int]:
    """How many messages and requests a server took."""
    with urllib.request.urlopen(f"{url}/count") as answer:
        messages, requests = json.load(answer)
    return messages, requests


def edition(paragraphs: int = 8) -> Edition:
    """A small mail with a greeting."""
    greeting = fields.marker("recipient.name", NONCE)
    html = f"<html><body><p>Dear {greeting},</p>{PARAGRAPH * paragraphs}</body></html>"
    return Edition(
        issue="2026-11",
        language="en",
        direction="ltr",
        subject="Cities meet in Valmora",
        preheader="",
        html=html,
        text=f"Dear {greeting},\n\nMayors, engineers and residents met.\n",
        nonce=NONCE,
        hash="h",
    )


def readers(count: int) -> Iterator[Choice]:
    """So many people, each made when they are asked for."""
    for number in range(count):
        address = Address(email=f"reader{number}@city{number % 997}.example", name=f"Reader {number}")
        reader = Subscriber(address=address, languages=("en",), organisation="City", fields={}, line=number)
        yield Choice(subscriber=reader, language="en", kind="chosen", reason="the language is on their list")


def terms(provider: SendGrid | Postmark) -> Terms:
    """What the plans are made under."""
    merging = provider.limits.merging == "provider"
    limits = type(provider.limits)(messages=BATCH, bytes=provider.limits.bytes)
    return Terms(
        issue="2026-11",
        newsletter="River Cities",
        provider=provider.name,
        limits=limits,
        per_second=FAST.per_second,
        merges=frozenset(("en",)) if merging else frozenset(),
        settings=Envelope(sender=NEWS).settings,
    )


def planned(outbox: Outbox, provider: SendGrid | Postmark, choices: Iterator[Choice]) -> None:
    """Plan, approve and start a campaign."""
    now = datetime.now(UTC)
    plan = outbox.freeze(choices, {"en": edition()}, terms(provider), due=lambda _: now)
    outbox.start(outbox.approve(plan.campaign, "Octavi").campaign)


def deliver(outbox: Outbox, provider: SendGrid | Postmark) -> sender.Report:
    """One run of the real sender."""
    return sender.send(outbox, provider, lambda one: fillings.filling(one, provider), rates=FAST)


def ours(kind: type[SendGrid | Postmark], url: str, count: int) -> float:
    """Messages a second through the durable outbox."""
    with tempfile.TemporaryDirectory() as folder, Outbox("sqlite:///n.db", Path(folder)) as outbox:
        provider = kind(key=Secret("k"), base_url=url)
        planned(outbox, provider, readers(count))
        begin = time.perf_counter()
        report = deliver(outbox, provider)
        seconds = time.perf_counter() - begin
    assert report.sent == count, report
    return count / seconds


def anymail(kind: str, url: str, count: int) -> float:
    """Messages a second through django-anymail, in batches of the same size, on one connection as it does."""
    from anymail.message import AnymailMessage
    from django.conf import settings
    from django.core.mail import get_connection

    if not settings.configured:
        settings.configure(ANYMAIL={}, DEFAULT_CHARSET="utf-8", USE_TZ=True)
    options = {"sendgrid": {"api_key": "k", "api_url": f"{url}/v3/"}, "postmark": {"server_token": "k", "api_url": url}}
    connection = get_connection(f"anymail.backends.{kind}.EmailBackend", **options[kind])
    starts = range(0, count, BATCH)
    messages = [_anymail_batch(AnymailMessage, kind, start, min(BATCH, count - start)) for start in starts]
    begin = time.perf_counter()
    assert connection.send_messages(messages) == len(messages)
    return count / (time.perf_counter() - begin)


def _anymail_batch(make: type, kind: str, start: int, size: int) -> object:
    """A batch as its documentation makes one; it exists before the time is taken."""
    people = [f"reader{number}@city{number % 997}.example" for number in range(start, start + size)]
    message = make(
        subject="Cities meet in Valmora",
        body="Dear {{name}},\n\nMayors, engineers and residents met.\n",
        from_email="River Cities Letter <news@river-cities.example>",
        to=[f"Reader {start + place} <{email}>" for place, email in enumerate(people)],
    )
    message.merge_data = {email: {"name": f"Reader {start + place}"} for place, email in enumerate(people)}
    message.merge_metadata = {email: {"newsletter_id": f"{start + place:032x}"} for place, email in enumerate(people)}
    if kind == "postmark":
        message.template_id, message.body, message.subject = 1234, "", ""
    else:
        message.attach_alternative(edition().html, "text/html")
        message.merge_field_format = "{{{{{}}}}}"
        message.esp_extra = {"merge_field_format": "{{{{{}}}}}"}
    return message


def against_anymail(count: int, rounds: int) -> Table:
    """Messages a second, ours and the peer's, by delay and provider."""
    table = Table("provider", "answers in", "anymail", "ours", "ratio", title=f"messages a second, {count:,} each")
    for kind, provider in (("sendgrid", SendGrid), ("postmark", Postmark)):
        for milliseconds in (0, 50):
            with mail_server(milliseconds) as url:
                pairs = [(anymail(kind, url, count), ours(provider, url, count)) for _ in range(rounds)]
                assert taken(url)[0] == 2 * rounds * count, "the server took every message of both"
            them, us = (statistics.median(column) for column in zip(*pairs, strict=True))
            table.add_row(kind, f"{milliseconds} ms", f"{them:,.0f}", f"{us:,.0f}", f"{us / them:.1f}x")
    return table


def peak() -> float:
    """The most memory of this process, in MiB; ``getrusage`` counts that of whoever started it as well."""
    status = Path("/proc/self/status").read_text("ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def large_send(count: int) -> dict[str, str]:
    """Plan and send very many messages in this process; its seconds and its peak memory."""
    with (
        mail_server(0) as url,
        tempfile.TemporaryDirectory() as folder,
        Outbox("sqlite:///n.db", Path(folder)) as outbox,
    ):
        provider = SendGrid(key=Secret("k"), base_url=url)
        begin = time.perf_counter()
        planned(outbox, provider, readers(count))
        middle = time.perf_counter()
        report = deliver(outbox, provider)
        end = time.perf_counter()
        assert report.sent == count == taken(url)[0], report
    return {
        "planned in": f"{middle - begin:.1f} s",
        "sent in": f"{end - middle:.1f} s",
        "messages a second": f"{count / (end - middle):,.0f}",
        "peak memory": f"{peak():.0f} MiB",
    }


def large_plan(count: int) -> dict[str, str]:
    """From a CSV file to planned batches, against reading the file and hashing each address."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file).writerow
            write(("email", "name", "languages", "timezone", "organisation", "country", "since"))
            for number in range(count):
                city = number % 997
                who = (f"reader{number}@city{city}.example", f"Reader {number}")
                write((*who, "en;es", "Europe/Madrid", f"City {city}", "ES", 2001))
        begin = time.perf_counter()
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                blake2b(row[0].encode(), digest_size=16).digest()
        middle = time.perf_counter()
        with Outbox("sqlite:///n.db", Path(folder)) as outbox:
            rows = members.read([MembersList(source=Csv(path=path))], ready={"en"}, held=(), default="en")
            choices = (row for row in rows if isinstance(row, Choice))
            planned(outbox, SendGrid(key=Secret("k")), choices)
        end = time.perf_counter()
        memory = peak()
        assert count == sum(
            1 for _ in members.read([MembersList(source=Csv(path=path))], ready={"en"}, default="en", held=())
        )
        reading = time.perf_counter() - end
        bare = bare_rows(Path(folder) / "bare.db", count, batch=BATCH)
    unit = middle - begin
    return {
        "csv and hash": f"{unit:.1f} s",
        "to planned batches": f"{end - middle:.1f} s",
        "ratio": f"{(end - middle) / unit:.1f}x",
        "read and chosen alone": f"{reading:.1f} s, {reading / unit:.1f}x",
        "rows and index alone": f"{bare:.1f} s, {bare / unit:.1f}x",
        "peak memory": f"{memory:.0f} MiB",
    }


if __name__ == "__main__":
    main()
