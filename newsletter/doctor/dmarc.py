"""DMARC: what receivers do with mail that claims to be the domain's and cannot prove it (RFC 9989).

Gmail and Yahoo want a record from everybody who sends in bulk, be it only ``p=none``. The organisation's domain is
found by walking up the names, as RFC 9989 §4.10 does, not with a list of public suffixes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from newsletter.doctor import tags
from newsletter.doctor.verdicts import Verdict, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings
    from newsletter.doctor.lookups import Lookups

MOST_LABELS = 7
"""Labels of the second name that is asked about, however long the first one is (RFC 9989 §4.10)."""

_POLICIES = ("none", "quarantine", "reject")
_VERSION = re.compile(r"\s*v\s*=\s*DMARC1\s*(;|\Z)")
_MAILTO = re.compile(r"mailto:[^@!,\s]+@([^!,\s]+)(?:![0-9]+[kmgt]?)?", re.IGNORECASE)
_DOES = {
    "none": "receivers only report what fails (p=none)",
    "quarantine": "receivers treat what fails as spam (p=quarantine)",
    "reject": "receivers refuse what fails (p=reject)",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """The record of ``domain``; ``tags`` as they are written."""

    domain: str
    tags: Mapping[str, str]

    def policy_for(self, domain: str) -> str:
        """What becomes of mail from ``domain`` that fails; "" where the record does not say it in a way that counts."""
        named = "p" if domain == self.domain or "sp" not in self.tags else "sp"
        policy = self.tags.get(named, "").lower()
        return policy if policy in _POLICIES else ""

    def strict(self, by: Literal["adkim", "aspf"]) -> bool:
        """Whether DKIM or SPF must name exactly the domain of the sender's address."""
        return self.tags.get(by, "r").lower() == "s"

    @property
    def report_domains(self) -> tuple[str, ...]:
        """Where the daily reports go, by domain."""
        parts = (_MAILTO.fullmatch(part.strip()) for part in self.tags.get("rua", "").split(","))
        return tuple(dict.fromkeys(part[1].lower() for part in parts if part))


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is a DMARC record: the version comes first, in capitals (RFC 9989 §4.8)."""
    return _VERSION.match(text) is not None


def walk(dns: "Lookups", domain: str) -> Iterator[tuple[str, list[str]]]:
    """The names whose records count for a domain, itself first, each with the DMARC records it has."""
    labels = domain.lower().rstrip(".").split(".")
    while labels:
        name = ".".join(labels)
        yield name, [text for text in dns.texts(f"_dmarc.{name}") if is_dmarc(text)]
        labels = labels[-MOST_LABELS:] if len(labels) > MOST_LABELS else labels[1:]


def records(dns: "Lookups", domain: str) -> list[Record]:
    """The records that the walk finds, the longest name first; a name with several has none."""
    found = []
    for name, texts in walk(dns, domain):
        if len(texts) == 1:
            found.append(Record(domain=name, tags=tags.read(texts[0])))
            boundary = found[-1].tags.get("psd", "").lower()
            if boundary == "n" or (boundary == "y" and name != domain):
                break
    return found


def organisation(dns: "Lookups", domain: str) -> str:
    """The organisation's domain (RFC 9989 §4.10.2): what two names share that count as the same sender."""
    found = records(dns, domain)
    for record in found:
        boundary = record.tags.get("psd", "").lower()
        if boundary == "n":
            return record.domain
        if boundary == "y" and record.domain != domain:
            depth = record.domain.count(".") + 2
            return ".".join(domain.split(".")[-depth:])
    return found[-1].domain if found else domain


def policy(dns: "Lookups", domain: str) -> Record | None:
    """The record that receivers follow for a domain: its own, else its organisation's, else the registry's."""
    found = records(dns, domain)
    top = organisation(dns, domain)
    return next((record for wanted in (domain, top) for record in found if record.domain == wanted), None) or (
        found[-1] if found else None
    )


def aligned(dns: "Lookups", one: str, other: str, *, by: Literal["adkim", "aspf"]) -> bool:
    """Whether a signature or a bounce address at ``one`` proves mail from ``other`` (RFC 9989 §4.4)."""
    record = policy(dns, other)
    if one == other or (record and record.strict(by)):
        return one == other
    return organisation(dns, one) == organisation(dns, other)


def look(around: "Surroundings") -> Iterator[Verdict]:
    """A policy that can be read, reports that somebody gets, and what has to match the sender's address."""
    domain = around.domain
    if not around.dns.exists(domain):
        return
    for name, texts in walk(around.dns, domain):
        if len(texts) > 1:
            yield problem(
                f"_dmarc.{name} has {len(texts)} DMARC records, so receivers follow none of them.",
                "Ask who looks after the domain to leave one.",
            )
            return
        if texts:
            break
    record = policy(around.dns, domain)
    if record is None:
        yield problem(
            f"{domain} has no DMARC record; Gmail and Yahoo refuse bulk mail without one.",
            f"Ask who looks after the domain to add the TXT record: _dmarc.{domain} "
            f"“v=DMARC1; p=none; rua=mailto:dmarc@{domain}”, with an address that somebody reads.",
        )
        return
    yield from _judge(around, record)


def _judge(around: "Surroundings", record: Record) -> Iterator[Verdict]:
    domain, wanted = around.domain, record.policy_for(around.domain)
    if not wanted:
        yield problem(
            f"The DMARC record of {record.domain} does not say what receivers shall do (p=).",
            f"Ask who looks after the domain to write it as: v=DMARC1; p=none; rua=mailto:dmarc@{record.domain}",
        )
        return
    inherited = "" if record.domain == domain else f" That is said by {record.domain}."
    yield ok(f"{domain} has a DMARC policy: {_DOES[wanted]}. {_proof(record, domain)}{inherited}")
    destinations = record.report_domains
    if not destinations:
        yield warning(
            f"Nobody gets the reports on mail that claims to come from {domain}.",
            f"Ask who looks after the domain to add rua=mailto:… to _dmarc.{record.domain}.",
        )
    for destination in destinations:
        if not _takes_reports(around.dns, record.domain, destination):
            yield warning(
                f"Reports for {record.domain} go to {destination}, which does not say that it takes them.",
                f"Ask {destination} for the TXT record {record.domain}._report._dmarc.{destination}, or name another.",
            )


def _proof(record: Record, domain: str) -> str:
    """What makes mail from the domain pass, for who has to set up the provider."""
    exactly = f"exactly for {domain}"
    loosely = f"for {domain} or another name of the same organisation"
    dkim, spf = record.strict("adkim"), record.strict("aspf")
    if dkim == spf:
        return f"Mail passes where DKIM or SPF is {exactly if dkim else loosely}."
    return f"Mail passes where DKIM is {exactly if dkim else loosely}, or SPF {exactly if spf else loosely}."


def _takes_reports(dns: "Lookups", domain: str, destination: str) -> bool:
    """Whether the reports on a domain may go there: within an organisation, or where another agreed (RFC 9990)."""
    related = f".{domain}".endswith(f".{destination}") or f".{destination}".endswith(f".{domain}")
    if related or organisation(dns, destination) == organisation(dns, domain):
        return True
    return any(is_dmarc(text) for text in dns.texts(f"{domain}._report._dmarc.{destination}"))
