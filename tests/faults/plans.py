"""A campaign of trivial texts, planned for as many readers as a test wants."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from newsletter.audience.sources.csv import Csv
from newsletter.delivery.envelope import Envelope
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.plan import Plan, Terms
from newsletter.delivery.providers import Limits
from newsletter.model import Address, Choice, Edition, Subscriber

URL = "sqlite:///newsletter.db"
ISSUE = "2026-11"
NEWS = Address(email="news@river-cities.example", name="River Cities Letter")
LANGUAGES = ("en", "ar")
LIST = "members.csv"


def edition(language: str, **texts: str) -> Edition:
    """One edition, whose texts are its language."""
    usual = {"subject": language, "html": f"<p>{language}</p>", "text": language, "hash": f"hash-{language}"}
    rest = {"issue": ISSUE, "language": language, "direction": "ltr", "preheader": "", "nonce": "f00d"}
    return Edition(**{**rest, **usual, **texts})  # type: ignore[arg-type]


def chosen(reader: Subscriber, language: str) -> Choice:
    """What one reader gets."""
    return Choice(subscriber=reader, language=language, kind="chosen", reason="a test")


def readers(count: int) -> Iterator[Choice]:
    """Readers 0 to count - 1, each second one of the other language."""
    for n in range(count):
        address = Address(email=f"reader{n}@city.example", name=f"Reader {n}")
        yield chosen(Subscriber(address=address), LANGUAGES[n % 2])


def emails(count: int) -> set[str]:
    """Their addresses."""
    return {f"reader{n}@city.example" for n in range(count)}


def write_list(folder: Path, count: int) -> None:
    """A members' list of so many readers, each of whom is in it twice."""
    with (folder / LIST).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "name"])
        rows.writerows([f"reader{n % count}@city.example", f"Reader {n % count}"] for n in range(2 * count))


def listed(folder: Path) -> Iterator[Choice]:
    """Who is in the members' list."""
    for row in Csv(path=folder / LIST).rows():
        assert isinstance(row, Subscriber)
        yield row_read(chosen(row, LANGUAGES[row.line % 2]))


def row_read(choice: Choice) -> Choice:
    """A row, on its way from the list into the plan."""
    return choice


def terms(size: int, *, canary: int = 0) -> Terms:
    """Batches of so many mails through Resend."""
    return Terms(
        issue=ISSUE,
        newsletter="River Cities",
        provider="resend",
        limits=Limits(messages=size, bytes=10**9),
        per_second=1e6,
        canary=canary,
        settings=Envelope(sender=NEWS).settings,
    )


def plan(
    outbox: Outbox,
    choices: Iterable[Choice],
    *,
    size: int = 5,
    canary: int = 0,
    editions: Iterable[Edition] = (),
    due: Callable[[Subscriber], datetime] | None = None,
) -> Plan:
    """Freeze a plan."""
    now = datetime.now(UTC)
    by_language = {each.language: each for each in editions or map(edition, LANGUAGES)}
    return outbox.freeze(choices, by_language, terms(size, canary=canary), due=due or (lambda _reader: now))


def begin(outbox: Outbox, made: Plan) -> Plan:
    """Approve a plan, and let it go out."""
    outbox.approve(made.campaign, "Octavi")
    outbox.start(made.campaign)
    return made
