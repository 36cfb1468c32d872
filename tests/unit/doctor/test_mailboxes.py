"""Whether answers arrive, and whether a mail server of one's own has a name that leads back to it."""

from dataclasses import dataclass, replace

import pytest
from nameserver import BROKEN, Zone
from surroundings import TOML, Around, said

from newsletter.doctor import mailboxes, reverse

DOMAIN = "river-cities.example"
MAIL: Zone = {"mx.river-cities.example": ["A 192.0.2.25"]}


@pytest.mark.parametrize(
    ("zone", "level", "says"),
    [
        ({DOMAIN: ["MX 10 mx.river-cities.example."], **MAIL}, "ok", "go to mx.river-cities.example."),
        ({DOMAIN: ["MX 10 gone.river-cities.example."]}, "problem", "gone.river-cities.example) has no address"),
        ({DOMAIN: ["MX 10 gone.example.", "MX 20 mx.river-cities.example."], **MAIL}, "ok", "go to gone.example"),
        ({DOMAIN: ["MX 0 ."]}, "problem", "says that it takes no mail"),
        ({DOMAIN: ["A 192.0.2.1"]}, "warning", "names no mail server"),
        ({DOMAIN: ["TXT x"]}, "problem", "has no mail server"),
        ({}, "problem", "The domain river-cities.example does not exist"),
    ],
)
def test_whether_the_sender_can_be_answered(around: Around, zone: Zone, level: str, says: str) -> None:
    """By its MX records (RFC 5321 §5.1, RFC 7505), or by the address that stands in for them."""
    ((found, text),) = said(mailboxes.look(around(zone)))
    assert (found, says in text) == (level, True), text
    assert "news@river-cities.example" in text


def test_answers_elsewhere_are_looked_at_too(around: Around) -> None:
    """``reply_to`` at another domain; at the same one nothing more is said."""
    zone = {DOMAIN: ["MX 10 mx.river-cities.example."], **MAIL}
    elsewhere = TOML.replace("[provider]", 'reply_to = "office@quay.example"\n\n[provider]')
    found = said(mailboxes.look(around(zone, elsewhere)))
    assert [level for level, _text in found] == ["ok", "problem"]
    assert "nobody can answer office@quay.example. Correct reply_to" in found[1][1]
    same = TOML.replace("[provider]", f'reply_to = "office@{DOMAIN}"\n\n[provider]')
    assert len(said(mailboxes.look(around(zone, same)))) == 1


def test_a_mailbox_that_anybody_can_have_is_no_sender(around: Around) -> None:
    """No other service may send for such a domain; nothing is asked about it."""
    toml = TOML.replace(f"news@{DOMAIN}", "river.cities@gmail.com")
    ((level, text),) = said(mailboxes.look(around({"gmail.com": [BROKEN]}, toml)))
    assert (level, "refused or taken for spam" in text) == ("problem", True)


@pytest.mark.parametrize(
    ("email", "name"),
    [("a@Río.example", "xn--ro-nja.example"), ("a@RIVER.example", "river.example"), ("a@-.example", "-.example")],
)
def test_a_domain_is_asked_as_dns_writes_it(around: Around, email: str, name: str) -> None:
    """IDNA 2008; what cannot be written so is left as it is, and will not exist."""
    made = around(toml=TOML.replace(f"news@{DOMAIN}", email))
    assert mailboxes.domain(made.config.sender) == name


@dataclass(frozen=True, kw_only=True)
class Server:
    """A provider with a mail server."""

    host: str


@pytest.mark.parametrize(
    ("host", "zone", "level", "says"),
    [
        (
            "mail.quay.example",
            {"mail.quay.example": ["A 8.8.4.4"], "4.4.8.8.in-addr.arpa": ["PTR mail.quay.example."]},
            "ok",
            "leads back",
        ),
        (
            "8.8.4.4",
            {"4.4.8.8.in-addr.arpa": ["PTR mail.quay.example."], "mail.quay.example": ["A 8.8.4.4"]},
            "ok",
            "named mail.quay.example",
        ),
        ("mail.quay.example", {"mail.quay.example": ["A 8.8.4.4"]}, "warning", "has no name"),
        (
            "mail.quay.example",
            {
                "mail.quay.example": ["A 8.8.4.4"],
                "4.4.8.8.in-addr.arpa": ["PTR x.example."],
                "x.example": ["A 8.8.8.8"],
            },
            "warning",
            "does not lead back",
        ),
        ("mail.quay.example", {"mail.quay.example": ["A 10.0.0.3"]}, "note", "own network"),
        ("127.0.0.1", {}, "note", "own network"),
        ("mail.quay.example", {}, "problem", "has no address"),
    ],
)
def test_a_mail_server_has_a_name(around: Around, host: str, zone: Zone, level: str, says: str) -> None:
    """And the name has its address."""
    ((found, text),) = said(reverse.look(replace(around(zone), provider=Server(host=host))))
    assert (found, says in text) == (level, True), text


def test_a_provider_without_a_server_of_ours_is_not_asked(around: Around) -> None:
    """Its own servers are its own affair."""
    assert list(reverse.look(around())) == []
