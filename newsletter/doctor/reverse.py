"""Where mail goes out through a mail server of one's own: the server's address has a name, and the name that address.

Receivers refuse servers without (RFC 1912 §2.1, Gmail's rules for senders). With an HTTP API the provider's own servers
send, and it looks after their names.
"""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

_WHOSE = "If this server itself sends to receivers, ask who runs its network"


def look(around: "Surroundings") -> Iterator[Verdict]:
    """Every address of the provider's ``host``, where it has one."""
    host = getattr(around.provider, "host", "")
    if not host:
        return
    try:
        addresses = [str(ipaddress.ip_address(host))]
    except ValueError:
        addresses = around.dns.addresses(host)
    if not addresses:
        yield problem(f"The mail server {host} has no address.", "Correct host in [provider].")
    for address in addresses:
        yield _judge(around, host, address)


def _judge(around: "Surroundings", host: str, address: str) -> Verdict:
    if not ipaddress.ip_address(address).is_global:
        return note(f"{host} is in this computer's own network; the name of what sends beyond it cannot be seen here.")
    names = around.dns.hosts(address)
    if not names:
        return warning(
            f"{address} ({host}) has no name, and receivers refuse mail from such servers.",
            f"{_WHOSE} for a PTR record.",
        )
    if any(address in map(_plain, around.dns.addresses(name)) for name in names):
        return ok(f"{address} ({host}) is named {names[0]}, and that name leads back to it.")
    return warning(
        f"{address} ({host}) is named {names[0]}, but that name does not lead back to it.",
        f"{_WHOSE}, and who looks after {names[0]}, to make them agree.",
    )


def _plain(address: str) -> str:
    return str(ipaddress.ip_address(address))
