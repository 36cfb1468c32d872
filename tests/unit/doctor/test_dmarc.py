"""DMARC: the walk up the names, what a record means, and what is said of it."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nameserver import INTERNET, Zone, name_server, txt
from surroundings import TOML, Around, said

from newsletter.doctor import dmarc, tags
from newsletter.doctor.dmarc import Record
from newsletter.doctor.lookups import Lookups

DOMAIN = "news.river-cities.example"
SENDER = TOML.replace("news@river-cities.example", f"letter@{DOMAIN}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("v=DMARC1; p=none;", {"v": "DMARC1", "p": "none"}),
        (" v = DMARC1 ;p= none ", {"v": "DMARC1", "p": "none"}),
        ("v=DMARC1", {"v": "DMARC1"}),
        ("a=x=y; b=", {"a": "x=y", "b": ""}),
        ("v=DMARC1;; p=none", {}),
        ("v=DMARC1; p=none; p=reject", {}),
        ("", {}),
    ],
)
def test_tags_are_read(text: str, found: dict[str, str]) -> None:
    """RFC 6376 §3.2: spaces around tags, one ; at the end, no tag twice."""
    assert tags.read(text) == found


@given(st.text() | st.lists(st.sampled_from(["v", "=", ";", "DMARC1", " ", "p", "none", "\n"])).map("".join))
def test_no_list_is_too_strange_to_read(text: str) -> None:
    """What comes out can be written and read again."""
    found = tags.read(text)
    assert tags.read("; ".join(f"{name}={value}" for name, value in found.items())) == found
    record = Record(domain="x", tags=found)
    assert record.policy_for("x") in ("", "none", "quarantine", "reject")
    assert isinstance(record.report_domains, tuple)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("v=DMARC1; p=none", True), ("v=DMARC1", True), ("v=dmarc1; p=none", False), ("p=none; v=DMARC1", False)],
)
def test_what_is_a_dmarc_record(text: str, is_one: bool) -> None:
    """The version comes first."""
    assert dmarc.is_dmarc(text) == is_one


def test_where_reports_go() -> None:
    """Several addresses, with an old size; what is no address is passed over."""
    record = Record(
        domain="x", tags={"rua": "mailto:a@One.example!10m, mailto:b@two.example,https://x, mailto:c@one.example"}
    )
    assert record.report_domains == ("one.example", "two.example")


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("a.mail.city.example", ["a.mail.city.example", "mail.city.example", "city.example", "example"]),
        (
            "a.b.c.d.e.f.g.h.city.example",
            [
                "a.b.c.d.e.f.g.h.city.example",
                "d.e.f.g.h.city.example",
                "e.f.g.h.city.example",
                "f.g.h.city.example",
                "g.h.city.example",
                "h.city.example",
                "city.example",
                "example",
            ],
        ),
    ],
)
def test_the_walk_takes_eight_questions_at_most(domain: str, names: list[str]) -> None:
    """RFC 9989 §4.10: a name with many labels is cut to seven after the first question."""
    with name_server(INTERNET) as resolver:
        assert [name for name, _records in dmarc.walk(Lookups(resolver), domain)] == names
    assert len(names) <= 8


def zone(**records: str) -> Zone:
    """DMARC records by the domain they stand at, its dots written as ``__``."""
    return {f"_dmarc.{name.replace('__', '.')}": [txt(record)] for name, record in records.items()}


NONE = "v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("records", "organisation"),
    [
        ({}, "a.mail.city.example"),
        (zone(city__example=NONE), "city.example"),
        (zone(mail__city__example=NONE, city__example=NONE), "city.example"),
        (zone(mail__city__example=f"{NONE}; psd=n", city__example=NONE), "mail.city.example"),
        (zone(example=f"{NONE}; psd=y"), "city.example"),
        (zone(example=f"{NONE}; psd=y", city__example=NONE), "city.example"),
        (zone(a__mail__city__example=f"{NONE}; psd=y", city__example=NONE), "city.example"),
    ],
)
def test_the_organisation_of_a_name(records: Zone, organisation: str) -> None:
    """RFC 9989 §4.10.2: psd=n, below psd=y, else the shortest name with a record, else the name itself."""
    with name_server({**INTERNET, **records}) as resolver:
        assert dmarc.organisation(Lookups(resolver), "a.mail.city.example") == organisation


@pytest.mark.parametrize(
    ("one", "strictly", "match"),
    [
        ("city.example", False, True),
        ("mail.city.example", False, True),
        ("mail.city.example", True, False),
        ("city.example", True, True),
        ("provider.example", False, False),
    ],
)
def test_names_of_one_organisation_match(one: str, strictly: bool, match: bool) -> None:
    """Unless the record wants exactly the same."""
    with name_server({**INTERNET, **zone(city__example=f"{NONE}; adkim={'s' if strictly else 'r'}")}) as resolver:
        assert dmarc.aligned(Lookups(resolver), one, "city.example", by="adkim") == match


RUA = "rua=mailto:dmarc@river-cities.example"


@pytest.mark.parametrize(
    ("records", "levels", "says"),
    [
        ({DOMAIN: f"{NONE}; {RUA}"}, ["ok"], "receivers only report what fails (p=none)"),
        ({DOMAIN: f"v=DMARC1; p=reject; {RUA}"}, ["ok"], "receivers refuse what fails (p=reject)"),
        ({"river-cities.example": f"v=DMARC1; p=quarantine; {RUA}"}, ["ok"], "That is said by river-cities.example."),
        ({"river-cities.example": f"v=DMARC1; p=reject; sp=none; {RUA}"}, ["ok"], "(p=none)"),
        (
            {DOMAIN: f"{NONE}; adkim=s; {RUA}"},
            ["ok"],
            "where DKIM is exactly for news.river-cities.example, or SPF for",
        ),
        ({DOMAIN: f"{NONE}; adkim=s; aspf=s; {RUA}"}, ["ok"], "where DKIM or SPF is exactly for"),
        ({DOMAIN: NONE}, ["ok", "warning"], "Nobody gets the reports"),
        ({DOMAIN: f"{NONE}; rua=mailto:us@reports.example"}, ["ok", "warning"], "._report._dmarc.reports.example"),
        ({DOMAIN: f"v=DMARC1; {RUA}"}, ["problem"], "does not say what receivers shall do"),
        ({DOMAIN: f"v=DMARC1; p=perhaps; {RUA}"}, ["problem"], "does not say what receivers shall do"),
        ({}, ["problem"], "_dmarc.news.river-cities.example “v=DMARC1; p=none; rua=mailto:"),
    ],
)
def test_what_is_said_of_a_record(around: Around, records: dict[str, str], levels: list[str], says: str) -> None:
    """Whose record it is, what it does, what passes, and who reads the reports."""
    made = {f"_dmarc.{name}": [txt(record)] for name, record in records.items()}
    found = said(dmarc.look(around({DOMAIN: ["A 192.0.2.1"], **made}, SENDER)))
    assert [level for level, _text in found] == levels
    assert says in found[-1][1]


def test_two_records_are_none(around: Around) -> None:
    """Receivers follow neither of them."""
    made = around({DOMAIN: ["A 192.0.2.1"], f"_dmarc.{DOMAIN}": [txt(NONE), txt("v=DMARC1; p=reject")]}, SENDER)
    ((level, text),) = said(dmarc.look(made))
    assert (level, "has 2 DMARC records" in text) == ("problem", True)


def test_another_organisation_may_take_the_reports() -> None:
    """It says so in a record of its own."""
    with ExitStack() as opened:
        known = {**INTERNET, f"{DOMAIN}._report._dmarc.reports.example": [txt("v=DMARC1")]}
        lookups = Lookups(opened.enter_context(name_server(known)))
        assert dmarc._takes_reports(lookups, DOMAIN, "reports.example")
