"""Questions to the domain name system: plain answers, short patience, and no guess where nobody answers."""

from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from newsletter.errors import NewsletterError

PATIENCE = 5.0
"""Seconds that one question may take, over all servers and attempts."""

_KNOWN_EVERYWHERE = "com"


class UnansweredError(NewsletterError):
    """Nobody answered, which says nothing about what was asked; the check says that it could not find out."""


class Lookups:
    """Asks each question once; ``resolver`` is the computer's own where none is given.

    A name that does not exist has no records, like one that exists without any: ``exists`` tells them apart. A server
    that does not know ``com`` either is not connected to the internet, and its "no such name" counts for nothing.
    UnansweredError where no server answers.
    """

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver
        self._answers: dict[tuple[str, str], tuple[Any, ...] | None] = {}

    def exists(self, name: str) -> bool:
        """Whether there is such a name, with whatever records."""
        return self._ask(name, "A") is not None

    def texts(self, name: str) -> list[str]:
        """The TXT records; the strings of each are joined as RFC 7208 §3.3 says."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._records(name, "TXT")]

    def exchanges(self, name: str) -> list[str]:
        """The hosts that take the domain's mail, the preferred ones first; a single "" says that nobody does."""
        found = sorted((record.preference, record.exchange) for record in self._records(name, "MX"))
        return [_plain(exchange) for _preference, exchange in found]

    def addresses(self, name: str) -> list[str]:
        """The IP addresses, those of version 4 first."""
        return [record.address for kind in ("A", "AAAA") for record in self._records(name, kind)]

    def hosts(self, address: str) -> list[str]:
        """The names that an IP address says it has (PTR)."""
        records = self._records(dns.reversename.from_address(address).to_text(), "PTR")
        return [_plain(record.target) for record in records]

    def _records(self, name: str, kind: str) -> tuple[Any, ...]:
        return self._ask(name, kind) or ()

    def _ask(self, name: str, kind: str) -> tuple[Any, ...] | None:
        """The records, each with the fields of its kind, or None where there is no such name."""
        question = (name.lower(), kind)
        if question not in self._answers:
            self._answers[question] = self._answer(*question)
        return self._answers[question]

    def _answer(self, name: str, kind: str) -> tuple[Any, ...] | None:
        try:
            absolute = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):  # nothing that could be a name
            return None
        try:
            resolver = self._resolver or dns.resolver.get_default_resolver()
            answer = resolver.resolve(absolute, kind, lifetime=PATIENCE, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            if name == _KNOWN_EVERYWHERE or not self._ask(_KNOWN_EVERYWHERE, "NS"):
                raise UnansweredError("this computer's name server knows no names of the internet") from None
            return None
        except (dns.exception.DNSException, OSError) as error:
            raise UnansweredError(f"no name server answers about {name}") from error
        return tuple(answer.rrset or ())


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).removesuffix(".").lower()
