"""Questions to the name system: what is not known is told apart from what is not there."""

from contextlib import ExitStack

import pytest
from nameserver import BROKEN, INTERNET, Zone, name_server, txt

from newsletter.doctor.lookups import Lookups, UnansweredError

ZONE: Zone = {
    **INTERNET,
    "river.example": [txt("a" * 300), txt("second"), "MX 20 late.river.example.", "MX 10 first.river.example."],
    "first.river.example": ["A 192.0.2.1", "AAAA 2001:db8::1"],
    "nobody.example": ["MX 0 ."],
    "1.2.0.192.in-addr.arpa": ["PTR first.river.example."],
    "broken.example": [BROKEN],
}


@pytest.fixture
def lookups() -> Lookups:
    """Questions to a server with the zone."""
    with ExitStack() as opened:
        yield Lookups(opened.enter_context(name_server(ZONE)))


def test_records_come_out_plain(lookups: Lookups) -> None:
    """Long texts are joined, mail servers sorted by preference, addresses of both versions."""
    assert sorted(lookups.texts("river.example")) == ["a" * 300, "second"]
    assert lookups.exchanges("River.Example") == ["first.river.example", "late.river.example"]
    assert lookups.exchanges("nobody.example") == [""]
    assert lookups.addresses("first.river.example") == ["192.0.2.1", "2001:db8::1"]
    assert lookups.hosts("192.0.2.1") == ["first.river.example"]


@pytest.mark.parametrize(
    ("name", "there"), [("river.example", True), ("example", True), ("sea.example", False), ("a..b", False)]
)
def test_a_name_may_exist_without_records(lookups: Lookups, name: str, there: bool) -> None:
    """A name with names below it exists; what is no name at all does not."""
    assert lookups.exists(name) == there
    assert lookups.addresses(name) == []


def test_a_failing_server_is_no_answer(lookups: Lookups) -> None:
    """It says nothing about the name."""
    with pytest.raises(UnansweredError, match=r"broken\.example"):
        lookups.texts("broken.example")


def test_a_server_without_the_internet_is_not_believed() -> None:
    """One that does not know com either cannot say that a name does not exist."""
    with name_server({"intranet.example": ["A 192.0.2.9"]}) as resolver:
        lookups = Lookups(resolver)
        assert lookups.addresses("intranet.example") == ["192.0.2.9"]
        with pytest.raises(UnansweredError, match="no names of the internet"):
            lookups.exists("river.example")
