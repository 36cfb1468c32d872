"""SPF: which servers may send for the sender's domain (RFC 7208).

Many providers send under a domain of their own that bounces come back to, and SPF is then asked there. The record of
the newsletter's own domain counts all the same: for SMTP, for providers that use it, and in the rules of Gmail and
Yahoo for bulk senders.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from newsletter.doctor.habits import HABITS
from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings
    from newsletter.doctor.lookups import Lookups

MOST_LOOKUPS = 10  # RFC 7208 §4.6.4; beyond that a receiver takes the record for broken
MOST_EMPTY = 2  # of them, those whose name has no answer
_ENOUGH = 3 * MOST_LOOKUPS  # where counting stops: the record is wrong anyway

_ASKING = ("include", "a", "mx", "ptr", "exists")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)")
_DIRECTIVE = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9._-]*)(:[^\s]*?)?((?:/\d{1,3})?(?://\d{1,3})?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One word of a record: what sends (``mechanism``, ``value``), and what follows if it does (``qualifier``)."""

    mechanism: str
    value: str = ""
    qualifier: str = "+"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A record, read: ``redirect`` is where another one goes on, ``faults`` are the words that no receiver accepts."""

    terms: tuple[Term, ...] = ()
    redirect: str = ""
    faults: tuple[str, ...] = ()


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record (RFC 7208 §4.5)."""
    return re.match(r"v=spf1( |\Z)", text, re.IGNORECASE) is not None


def read(text: str) -> Record:
    """A record's words (RFC 7208 §12); what is none of them is a fault, never an exception."""
    terms, redirects, faults = [], [], []
    for word in text.split(" ")[1:]:
        if not word:
            continue
        if modifier := _MODIFIER.fullmatch(word):
            if modifier[1].lower() == "redirect":
                redirects.append(modifier[2])
        elif (term := _term(word)) is not None:
            terms.append(term)
        else:
            faults.append(word)
    if len(redirects) > 1 or "" in redirects:
        faults.append("redirect=")
    return Record(terms=tuple(terms), redirect=redirects[0] if redirects else "", faults=tuple(faults))


def _term(word: str) -> Term | None:
    found = _DIRECTIVE.fullmatch(word)
    if found is None:
        return None
    qualifier, mechanism, value, mask = found[1] or "+", found[2].lower(), (found[3] or "")[1:], found[4]
    match mechanism:
        case "all":
            fits = not found[3] and not mask
        case "include" | "exists":
            fits = bool(value) and not mask
        case "a" | "mx":
            fits = bool(value) or not found[3]
        case "ptr":
            fits = (bool(value) or not found[3]) and not mask
        case "ip4" | "ip6":
            fits = _is_network(value + mask, int(mechanism[-1]))
        case _:
            fits = False
    return Term(mechanism=mechanism, value=value, qualifier=qualifier) if fits else None


def _is_network(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).version == version
    except ValueError:
        return False


@dataclass(kw_only=True)
class Walk:
    """What a receiver may have to ask for one record, and what it learns.

    ``lookups`` in all, of them ``empty`` without an answer; ``rest`` is the last word on everybody who is not named;
    ``faults`` break the record.
    """

    dns: "Lookups"
    lookups: int = 0
    empty: int = 0
    rest: str = ""
    included: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def follow(self, record: Record, domain: str, path: tuple[str, ...] = ()) -> None:
        """Go through a record and all that it includes; a circle ends where it closes, and so does a flood."""
        path = (*path, domain.lower())
        for term in record.terms:
            if term.mechanism == "all":
                self.rest = term.qualifier
                return  # nothing after it is looked at (RFC 7208 §5.1)
            if self.lookups >= _ENOUGH:
                return
            if term.mechanism == "include":
                self._include(term.value, path)
            elif term.mechanism in _ASKING:
                self._count(term, domain)
        if record.redirect and (target := self._fetch(record.redirect, path)):
            self.follow(target, record.redirect, path)

    def _count(self, term: Term, domain: str) -> None:
        self.lookups += 1
        target = term.value or domain
        if "%" in target or term.mechanism == "ptr":
            return  # what is asked depends on who sends
        found = self.dns.exchanges(target) if term.mechanism == "mx" else self.dns.addresses(target)
        self.empty += not found

    def _include(self, target: str, path: tuple[str, ...]) -> None:
        self.included.add(target.lower().rstrip("."))
        record = self._fetch(target, path)
        if record is None:
            return
        self.follow(record, target, path)
        if self.rest == "+":
            self.faults.append(f"it includes {target}, which allows everybody to send (+all)")
        self.rest = ""  # what an included record says of everybody else is its own affair (RFC 7208 §5.2)

    def _fetch(self, target: str, path: tuple[str, ...]) -> Record | None:
        """Another domain's record, where it can be followed."""
        self.lookups += 1
        if "%" in target:
            return None
        if target.lower() in path:
            self.faults.append(f"it goes round in a circle at {target}")
            return None
        records = [text for text in self.dns.texts(target) if is_spf(text)]
        if len(records) != 1:
            self.empty += not records
            number = f"{len(records)} SPF records" if records else "no SPF record"
            self.faults.append(f"it refers to {target}, which has {number}")
            return None
        record = read(records[0])
        self.faults.extend(f"“{word}” in {target} is a word that no receiver understands" for word in record.faults)
        return record


def look(around: "Surroundings") -> Iterator[Verdict]:
    """One record, that can be read, that limits who sends, and that receivers can work out."""
    domain = around.domain
    if not around.dns.exists(domain):
        return
    records = [text for text in around.dns.texts(domain) if is_spf(text)]
    include = HABITS[around.service].include if around.service in HABITS else ""
    if not records:
        example = f"v=spf1 include:{include} ~all" if include else "v=spf1 mx ~all"
        yield problem(
            f"{domain} does not say which servers may send its mail: it has no SPF record.",
            f"Ask who looks after the domain to add one TXT record to {domain} that names all that send for it, "
            f"such as: {example}",
        )
    elif len(records) > 1:
        yield problem(
            f"{domain} has {len(records)} SPF records, so receivers follow none of them.",
            "Ask who looks after the domain to make one of them, with the words of all.",
        )
    else:
        yield from _judge(around, read(records[0]), include)


def _judge(around: "Surroundings", record: Record, include: str) -> Iterator[Verdict]:
    domain = around.domain
    walk = Walk(dns=around.dns)
    walk.follow(record, domain)
    faults = [*(f"“{word}” is a word that no receiver understands" for word in record.faults), *walk.faults]
    if walk.lookups > MOST_LOOKUPS:
        faults.append(f"it takes {walk.lookups} look-ups, and receivers stop after {MOST_LOOKUPS}")
    if faults:
        yield problem(
            f"The SPF record of {domain} is broken: {'; '.join(faults)}.",
            "Ask who looks after the domain to correct it; services that send nothing any more can be left out.",
        )
        return
    yield _last_word(domain, walk)
    if walk.empty > MOST_EMPTY:
        yield warning(
            f"{walk.empty} names in the SPF record of {domain} do not exist; receivers may give up after {MOST_EMPTY}.",
            "Ask who looks after the domain to remove them.",
        )
    if any(term.mechanism == "ptr" for term in record.terms):
        yield warning(
            f"The SPF record of {domain} uses ptr, which many receivers pass over (RFC 7208 §5.5).",
            "Ask who looks after the domain to name the servers instead.",
        )
    if include and include not in walk.included:
        yield note(
            f"The SPF record of {domain} does not name {around.service} (include:{include}). That is right where "
            f"{around.service} takes bounces at a domain of its own, as its page about your domain tells."
        )


def _last_word(domain: str, walk: Walk) -> Verdict:
    """The verdict on ``all``: what becomes of mail from everybody who is not named."""
    if walk.rest == "+":
        return problem(
            f"The SPF record of {domain} allows everybody to send its mail (+all).",
            "Ask who looks after the domain to end it with ~all.",
        )
    if walk.rest in ("", "?"):
        return warning(
            f"The SPF record of {domain} names who sends its mail and forbids it to nobody else.",
            "Ask who looks after the domain to end it with ~all.",
        )
    lookups = f"{walk.lookups} of at most {MOST_LOOKUPS} look-ups" if walk.lookups else "no look-up"
    return ok(f"{domain} says which servers may send its mail, in one SPF record with {lookups}.")
