"""The newsletter's own web addresses: where readers leave, and where pictures and the archive are."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsletter.doctor import reaching
from newsletter.doctor.reaching import UnreachedError
from newsletter.doctor.verdicts import Verdict, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings


def unsubscribe(around: "Surroundings") -> Iterator[Verdict]:
    """``unsubscribe_url``: mail programs call it when a reader leaves (RFC 8058); without it readers leave by mail."""
    url = around.config.publication.unsubscribe_url
    if url:
        yield from _answers(around, url, key="unsubscribe_url", grave=True)


def base(around: "Surroundings") -> Iterator[Verdict]:
    """``base_url``: where pictures lie that mails cannot carry, and what links are completed with."""
    url = around.config.publication.base_url
    if url:
        yield from _answers(around, url, key="base_url", grave=False)


def _answers(around: "Surroundings", url: str, *, key: str, grave: bool) -> Iterator[Verdict]:
    make = problem if grave else warning
    fix = f"Correct {key} in [newsletter], or start the server behind it."
    try:
        answer = reaching.get(around, url)
    except UnreachedError as error:
        make = make if error.certain else warning
        yield make(f"{url}: {error.what}.", fix if error.certain else f"Connect to the internet; if it is: {fix}")
        return
    if answer.broken:
        yield make(f"{url} is in trouble: it answered {answer.status}.", f"Look into its log. {fix}")
    else:
        yield ok(f"{url} answers.")
