"""SPF: how a record is read, how far it leads, and what is said of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nameserver import INTERNET, Zone, name_server, txt
from surroundings import Around, said

from newsletter.doctor import Surroundings, spf
from newsletter.doctor.lookups import Lookups
from newsletter.doctor.spf import Record, Term, Walk

DOMAIN = "river-cities.example"


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("v=spf1", Record()),
        ("v=spf1 -all", Record(terms=(Term(mechanism="all", qualifier="-"),))),
        (
            "v=spf1 A:mail.example/24//64 ?mx/24  ~all ",
            Record(
                terms=(
                    Term(mechanism="a", value="mail.example"),
                    Term(mechanism="mx", qualifier="?"),
                    Term(mechanism="all", qualifier="~"),
                )
            ),
        ),
        ("v=spf1 ip4:192.0.2.0/24", Record(terms=(Term(mechanism="ip4", value="192.0.2.0"),))),
        ("v=spf1 ip6:2001:db8::/32", Record(terms=(Term(mechanism="ip6", value="2001:db8::"),))),
        (
            "v=spf1 exists:%{i}.x.example exp=why.example",
            Record(terms=(Term(mechanism="exists", value="%{i}.x.example"),)),
        ),
        ("v=spf1 redirect=_spf.example", Record(redirect="_spf.example")),
        ("v=spf1 redirect=a redirect=b", Record(redirect="a", faults=("redirect=",))),
        (
            "v=spf1 include: ip4:300.1.1.1 ipv4:1.2.3.4 all:x",
            Record(faults=("include:", "ip4:300.1.1.1", "ipv4:1.2.3.4", "all:x")),
        ),
    ],
)
def test_a_record_is_read(text: str, record: Record) -> None:
    """Words in any case, masks and macros; what is no word of SPF is a fault."""
    assert spf.is_spf(text)
    assert spf.read(text) == record


@given(
    st.text()
    | st.lists(st.sampled_from(["include:", "a", "/", "//", "%{i}", "=", ":", " ", "+", "all", "ip4:"])).map("".join)
)
def test_no_record_is_too_strange_to_read(text: str) -> None:
    """Whatever stands in a record, each word becomes a term, a modifier or a fault."""
    record = spf.read(f"v=spf1 {text}")
    words = [word for word in text.split(" ") if word]
    assert len(record.terms) + len(record.faults) <= len(words) + 1
    assert all(term.qualifier in "+-~?" for term in record.terms)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("v=spf1", True), ("V=SPF1 -all", True), ("v=spf10 -all", False), ("v=spf2.0/pra", False), ("spf1", False)],
)
def test_what_is_an_spf_record(text: str, is_one: bool) -> None:
    """RFC 7208 §4.5: the version and nothing more, or a space."""
    assert spf.is_spf(text) == is_one


CHAIN: Zone = {f"s{n}.example": [txt(f"v=spf1 include:s{n + 1}.example ~all")] for n in range(40)}


@pytest.mark.parametrize(
    ("text", "zone", "lookups", "empty", "rest"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", {}, 0, 0, "-"),
        ("v=spf1 a mx ptr exists:%{i}.x ~all", {DOMAIN: ["A 192.0.2.1", "MX 10 a."]}, 4, 0, "~"),
        ("v=spf1 -all include:gone.example", {}, 0, 0, "-"),
        ("v=spf1 a:gone.example mx:gone.example ?all", {}, 2, 2, "?"),
        (
            "v=spf1 include:x.example",
            {"x.example": [txt("v=spf1 a:y.example -all")], "y.example": ["A 192.0.2.1"]},
            2,
            0,
            "",
        ),
        ("v=spf1 redirect=x.example", {"x.example": [txt("v=spf1 -all")]}, 1, 0, "-"),
        ("v=spf1 ~all redirect=x.example", {}, 0, 0, "~"),
        ("v=spf1 include:s0.example", CHAIN, 30, 0, ""),
    ],
)
def test_lookups_are_counted(text: str, zone: Zone, lookups: int, empty: int, rest: str) -> None:
    """Over all that is included; an endless chain ends, and what follows all is not looked at."""
    with name_server({**INTERNET, **zone}) as resolver:
        walk = Walk(dns=Lookups(resolver))
        walk.follow(spf.read(text), DOMAIN)
    assert (walk.lookups, walk.empty, walk.rest, walk.faults) == (lookups, empty, rest, [])


GOOD = "v=spf1 include:mailgun.org ~all"
MANY = "v=spf1 " + " ".join(f"a:h{n}.example" for n in range(11)) + " -all"
OTHERS: Zone = {
    "mailgun.org": [txt("v=spf1 ip4:192.0.2.0/24 ~all")],
    "open.example": [txt("v=spf1 +all")],
    "loop.example": [txt(f"v=spf1 include:{DOMAIN} ~all")],
    "bad.example": [txt("v=spf1 ipv4:192.0.2.1 ~all")],
    "two.example": [txt("v=spf1 ~all"), txt("v=spf1 -all")],
    **{f"h{n}.example": ["A 192.0.2.1"] for n in range(11)},
}


@pytest.mark.parametrize(
    ("records", "level", "says"),
    [
        ([GOOD], "ok", "1 of at most 10 look-ups"),
        (["v=spf1 ip4:192.0.2.1 -all"], "ok", "no look-up"),
        ([], "problem", "v=spf1 include:mailgun.org ~all"),
        (["google-site-verification=x"], "problem", "has no SPF record"),
        ([GOOD, "v=spf1 -all"], "problem", "has 2 SPF records"),
        (["v=spf1 +all"], "problem", "allows everybody"),
        (["v=spf1 all"], "problem", "allows everybody"),
        (["v=spf1 include:open.example ~all"], "problem", "open.example, which allows everybody"),
        (["v=spf1 ?all"], "warning", "forbids it to nobody"),
        (["v=spf1 mx"], "warning", "forbids it to nobody"),
        ([MANY], "problem", "it takes 11 look-ups, and receivers stop after 10"),
        (["v=spf1 include:loop.example ~all"], "problem", "in a circle at river-cities.example"),
        (["v=spf1 include:gone.example ~all"], "problem", "gone.example, which has no SPF record."),
        (["v=spf1 include:two.example ~all"], "problem", "two.example, which has 2 SPF records"),
        (["v=spf1 include:bad.example ~all"], "problem", "“ipv4:192.0.2.1” in bad.example"),
        (["v=spf1 mail.example ~all"], "problem", "“mail.example” is a word that no receiver understands"),
    ],
)
def test_what_is_said_of_a_record(around: Around, records: list[str], level: str, says: str) -> None:
    """The first verdict tells what matters most."""
    found = said(spf.look(_mailgun(around, *records)))
    assert found[0][0] == level, found
    assert says in found[0][1]


@pytest.mark.parametrize(
    ("record", "level", "says"),
    [
        ("v=spf1 a:x.example a:y.example a:z.example ~all", "warning", "3 names in the SPF record"),
        ("v=spf1 ptr ~all", "warning", "uses ptr"),
        ("v=spf1 mx ~all", "note", "does not name mailgun (include:mailgun.org)"),
    ],
)
def test_what_else_is_said(around: Around, record: str, level: str, says: str) -> None:
    """A record that holds may still want a look."""
    found = said(spf.look(_mailgun(around, record)))
    assert found[0][0] == "ok"
    assert any(each[0] == level and says in each[1] for each in found[1:]), found


def test_a_domain_that_does_not_exist_is_said_elsewhere(around: Around) -> None:
    """Not by every check again."""
    assert list(spf.look(around({}))) == []


def _mailgun(around: Around, *records: str) -> Surroundings:
    """A newsletter that sends through Mailgun, as far as its name goes."""
    made = around({**OTHERS, DOMAIN: ["MX 10 mail.river-cities.example.", *map(txt, records)]})
    return replace(made, config=replace(made.config, provider=replace(made.config.provider, name="mailgun")))
