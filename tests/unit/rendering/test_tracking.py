"""UTM parameters: on links to the newsletter's own sites, beside what an address already says, and nowhere else."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import Newsletter
from newsletter.config import Publication, Utm
from newsletter.rendering.tracking import Tracking

TRACKING = Tracking(
    source="newsletter",
    medium="email",
    campaign="2026-11",
    language="pt-BR",
    hosts=frozenset({"rivers.example", "city.example"}),
)
ADDED = "utm_source=newsletter&utm_medium=email&utm_campaign=2026-11&utm_content=pt-BR"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://rivers.example", f"https://rivers.example/?{ADDED}"),
        ("https://rivers.example/a", f"https://rivers.example/a?{ADDED}"),
        ("http://www.Rivers.example/a", f"http://www.Rivers.example/a?{ADDED}"),
        ("https://rivers.example/a?b=1&c=%20#d?e", f"https://rivers.example/a?b=1&c=%20&{ADDED}#d?e"),
        ("https://rivers.example:8080/a?", f"https://rivers.example:8080/a?{ADDED}"),
        ("https://rivers.example?b", f"https://rivers.example?b&{ADDED}"),
        ("https://rivers.example/#d", f"https://rivers.example/?{ADDED}#d"),
        ("https://other.example/a", "https://other.example/a"),
        ("https://notrivers.example/a", "https://notrivers.example/a"),
        ("https://rivers.example.evil.example/", "https://rivers.example.evil.example/"),
        ("https://rivers.example@evil.example/", "https://rivers.example@evil.example/"),
        ("mailto:a@rivers.example", "mailto:a@rivers.example"),
        ("tel:+34930000000", "tel:+34930000000"),
        ("https://rivers.example/a?utm_campaign=own", "https://rivers.example/a?utm_campaign=own"),
    ],
)
def test_a_link(url, expected):
    """The address keeps its path, its query and its fragment, byte for byte."""
    assert TRACKING.link(url) == expected


def test_it_is_as_the_newsletter_says():
    """Its own site, those it names, and its words; without ``utm`` there is none."""
    publication = Publication(
        name="Letter",
        sender="a@b.example",
        languages=("en",),
        base_url="https://Rivers.example/news",
        utm=Utm(source="newsletter", hosts=("City.example",)),
    )
    assert Tracking.of(publication, campaign="2026-11", language="pt-BR") == TRACKING
    without = Publication(name="Letter", sender="a@b.example", languages=("en",))
    assert Tracking.of(without, campaign="2026-11", language="pt-BR") is None


def test_every_host_if_the_newsletter_says_so():
    """Such as an association whose members count visits from its letter."""
    everywhere = replace(TRACKING, hosts=frozenset({"*"}))
    assert everywhere.link("https://other.example/") == f"https://other.example/?{ADDED}"
    assert everywhere.link("mailto:a@other.example") == "mailto:a@other.example"


@given(st.text("ab=&?%2/;é", max_size=12), st.text("ab#?&=", max_size=6), st.text(min_size=1, max_size=8))
def test_nothing_of_the_address_is_lost(query, fragment, campaign):
    """Whatever the query and fragment: they stay in place, and the parameters can be read back."""
    url = f"https://rivers.example/p?{query}#{fragment}"
    tagged = replace(TRACKING, campaign=campaign).link(url)
    assert tagged.startswith(f"https://rivers.example/p?{query}")
    assert tagged.endswith(f"#{fragment}")
    assert ("utm_campaign", campaign) in parse_qsl(urlsplit(tagged).query)
    assert replace(TRACKING, campaign=campaign).link(tagged) == tagged


def test_an_editions_links_tell_the_issue_and_the_language(tmp_path: Path) -> None:
    """Where the newsletter wants it: in the HTML, not in the text part, and on no other site."""
    Newsletter.create(tmp_path / "letter", example="river-cities")
    toml = tmp_path / "letter" / "newsletter.toml"
    utm = '[newsletter]\nutm = { source = "letter", medium = "email" }\n'
    toml.write_text(toml.read_text("utf-8").replace("[newsletter]\n", utm, 1), "utf-8")
    letter = Newsletter.open(tmp_path / "letter")
    edition = letter.preview(letter.issue(), "fr")
    assert "utm_source=letter&amp;utm_medium=email&amp;utm_campaign=2026-11&amp;utm_content=fr" in edition.html
    assert "utm_" not in edition.text
