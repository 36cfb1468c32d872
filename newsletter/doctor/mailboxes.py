"""Whether answers arrive: the domains of ``sender`` and ``reply_to`` exist and take mail.

Readers answer, and those without a button leave by mail: to ``reply_to``, or to the sender.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsletter.doctor.verdicts import Verdict, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings
    from newsletter.model import Address

_ANYBODYS = frozenset(
    (
        *("aol.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com"),
        *("live.com", "mail.ru", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com", "proton.me", "qq.com"),
        *("t-online.de", "wanadoo.fr", "web.de", "yahoo.co.jp", "yahoo.com", "yahoo.es", "yahoo.fr", "yandex.ru"),
    )
)
"""Where anybody can have a mailbox; only their own servers may send for it."""


def look(around: "Surroundings") -> Iterator[Verdict]:
    """Both domains, each once; a domain that does not exist is said here, and by no other check."""
    sender, reply_to = around.config.sender, around.config.reply_to
    if around.domain in _ANYBODYS:
        yield problem(
            f"Mail from {around.domain} that another service sends is refused or taken for spam.",
            "Write an address at a domain of your own into sender in [newsletter].",
        )
    else:
        yield from _takes_mail(around, sender, "sender")
    if reply_to is not None and domain(reply_to) != around.domain:
        yield from _takes_mail(around, reply_to, "reply_to")


def domain(address: "Address") -> str:
    """The domain of an address as DNS knows it."""
    import idna

    name = address.email.rpartition("@")[2].lower()
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:  # idna.IDNAError is one; DNS will not know the name either
        return name


def _takes_mail(around: "Surroundings", address: "Address", key: str) -> Iterator[Verdict]:
    name = domain(address)
    if not around.dns.exists(name):
        yield problem(
            f"The domain {name} does not exist, so nobody can answer {address.email}.",
            f"Correct {key} in [newsletter], or register the domain.",
        )
        return
    exchanges = around.dns.exchanges(name)
    lost = f"so answers to {address.email} come back"
    if exchanges == [""]:
        yield problem(f"{name} says that it takes no mail, {lost}.", f"Write another address into {key}.")
    elif exchanges and not any(around.dns.addresses(host) for host in exchanges):
        yield problem(
            f"The mail server of {name} ({exchanges[0]}) has no address, {lost}.",
            "Ask who looks after the domain to correct its MX records.",
        )
    elif exchanges:
        yield ok(f"Answers to {address.email} go to {exchanges[0]}.")
    elif around.dns.addresses(name):
        yield warning(
            f"{name} names no mail server; answers to {address.email} go to its web server, which seldom takes any.",
            "Ask who looks after the domain for an MX record.",
        )
    else:
        yield problem(
            f"{name} has no mail server, {lost}.",
            f"Ask who looks after the domain for an MX record, or write another address into {key}.",
        )
