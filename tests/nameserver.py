"""A name server on this computer: it knows what a test tells it, and of everything else says that it does not exist."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

Zone = Mapping[str, Sequence[str]]
"""Records as they stand in a zone file, such as ``{"river-cities.example": ['TXT "v=spf1 -all"', "A 192.0.2.1"]}``."""

INTERNET: Zone = {"com": ["NS a.gtld-servers.example."]}
"""What a server knows that is connected to the internet."""

BROKEN = "broken"
"""The record of a name about which the server answers that it failed."""

SILENT = "silent"
"""The record of a name about which the server never answers."""


@contextmanager
def name_server(zone: Zone) -> Iterator[dns.resolver.Resolver]:
    """A resolver that asks nobody but a server with this zone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(listening, zone))
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = listening.getsockname()[1]
        try:
            yield resolver
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"", listening.getsockname())
            thread.join()


def txt(text: str) -> str:
    """A TXT record; what is longer than 255 characters is cut into several strings, as DNS wants it."""
    parts = [text[start : start + 255] for start in range(0, len(text), 255)]
    return "TXT " + " ".join(f'"{part}"' for part in parts)


def _serve(listening: socket.socket, zone: Zone) -> None:
    while True:
        wire, asker = listening.recvfrom(65535)
        if not wire:
            return
        response = _answer(dns.message.from_wire(wire), zone)
        if response is not None:
            listening.sendto(response.to_wire(max_size=65535), asker)


def _answer(query: dns.message.Message, zone: Zone) -> dns.message.Message | None:
    response = dns.message.make_response(query, recursion_available=True)
    (question,) = query.question
    name = question.name.to_text(omit_final_dot=True).lower()
    kind = dns.rdatatype.to_text(question.rdtype)
    records = zone.get(name, ())
    if SILENT in records:
        return None
    if BROKEN in records:
        response.set_rcode(dns.rcode.SERVFAIL)
    elif not records and not any(known.endswith(f".{name}") for known in zone):
        response.set_rcode(dns.rcode.NXDOMAIN)
    texts = [record.partition(" ")[2] for record in records if record.partition(" ")[0] == kind]
    if texts:
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
    return response
