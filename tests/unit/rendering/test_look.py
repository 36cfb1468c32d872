"""The look: tokens of three places, readable colours, and dark ones derived from the light."""

from pathlib import Path

import golden
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import config as configuration
from newsletter.errors import ConfigError, ContentError
from newsletter.rendering import colours, look
from newsletter.rendering.editions import render
from newsletter.rendering.theme import Theme
from newsletter.tokens import Colours

HEX = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def load(folder: Path, theme: str = "default", tokens: str = "") -> look.Look:
    config = golden.newsletter(folder, theme, tokens)
    return look.load(Theme.load(theme, project=folder, language="en").tokens, config.theme, folder=folder)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#767676", "#ffffff", 4.54),
        ("#ffffff", "#ff0000", 4.0),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    """The values of WCAG's own examples, in either order."""
    assert colours.contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert colours.contrast(other, one) == pytest.approx(ratio, abs=0.01)


@given(HEX)
def test_a_colour_keeps_itself_at_its_own_lightness(colour):
    """There and back through OKLCH changes no channel by more than one step."""
    again = colours.with_lightness(colour, colours.lightness(colour))
    assert all(abs(int(colour[n : n + 2], 16) - int(again[n : n + 2], 16)) <= 1 for n in (1, 3, 5))


@given(HEX, HEX)
def test_a_readable_colour_can_always_be_found(ink, paper):
    """On any one ground some lightness of any hue can be read: white or black always has 4.5."""
    found = colours.readable(ink, paper)
    assert found is not None
    assert colours.contrast(found, paper) >= 4.5
    assert (found == ink) == (colours.contrast(ink, paper) >= 4.5)


@given(HEX)
def test_dark_colours_can_be_read_whatever_the_accent(accent):
    """A newsletter chooses one colour; its text in the dark is as light as it must be."""
    light = look._light(Colours(**{**_DEFAULT, "accent": accent}))
    dark = look._dark(light, Colours())
    assert not list(look._unreadable(dark, "theme.dark"))
    assert colours.contrast(light.accent_ink, accent) >= 4.5


_DEFAULT = {
    "page": "#e9eff1",
    "card": "#ffffff",
    "ink": "#1d2a30",
    "muted": "#52636c",
    "accent": "#0a6080",
    "rule": "#d5dfe3",
    "tint": "#eef5f7",
    "warm": "#fdf3dc",
    "warm_ink": "#5c4405",
}


@pytest.mark.parametrize("theme", golden.THEMES)
def test_every_theme_can_be_read(theme, tmp_path):
    """All pairs of text and ground have 4.5, by day and in the dark, where papers are dark."""
    found = load(tmp_path, theme)
    for palette in (found.light, found.dark):
        assert not list(look._unreadable(palette, "theme.dark"))
    assert colours.lightness(found.dark.card) < 0.35 < 0.9 < colours.lightness(found.light.card)


def test_tokens_come_from_three_places(tmp_path):
    """newsletter.toml over the theme over the default theme; a project's theme.toml stands over the library's."""
    assert load(tmp_path, "bulletin").size == 15
    assert load(tmp_path, "bulletin").light.warm == "#fdf3dc"
    found = load(
        tmp_path, "bulletin", 'size = 18\nradius = 0\ncolours = {accent = "#1a4d2e"}\ndark = {card = "#101510"}'
    )
    assert (found.size, found.radius, found.light.accent, found.dark.card) == (18, 0, "#1a4d2e", "#101510")
    assert found.light.ink == "#1f2328"
    own = tmp_path / "templates" / "bulletin"
    own.mkdir(parents=True)
    (own / "theme.toml").write_text("[theme]\nsize = 14\nsections = false\n")
    found = load(tmp_path, "bulletin")
    assert (found.size, found.sections, found.light.ink) == (14, False, "#1f2328")


@pytest.mark.parametrize(
    ("tokens", "line", "what", "hint"),
    [
        ('[theme.colours]\naccent = "#7fcbe4"', 13, "accent (#7fcbe4) on page (#e9eff1) has a contrast of 1.6", "#"),
        (
            '[theme.colours]\nmuted = "#1d2a30"\ncard = "#333333"',
            14,
            "ink (#1d2a30) on card (#333333)",
            "Make card much lighter",
        ),
        (
            '[theme.colours]\naccent = "#0a6080"\naccent_ink = "#444444"',
            14,
            "accent_ink (#444444) on accent",
            "accent_ink",
        ),
        ('[theme.dark]\nink = "#333333"', 13, "ink (#333333) on page", "[theme.dark]"),
        ('dark = {ink = "#333333"}', 12, "ink (#333333) on page", "[theme.dark]"),
    ],
)
def test_what_cannot_be_read_is_refused(tokens, line, what, hint, tmp_path):
    """The error has the line, the ratio, and a colour of the same hue that can be read."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, tokens=tokens)
    assert what in caught.value.what
    assert "readers need 4.5" in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.where == f"{tmp_path / 'newsletter.toml'}:{line}"


@pytest.mark.parametrize(
    ("tokens", "line", "what", "hint"),
    [
        ('[theme.colours]\naccent = "red"', 13, "'red' is no six-digit colour", "#ff0000"),
        ('[theme.colours]\n\ncard = "#eee"', 14, "'#eee' is no six-digit colour", "#eeeeee"),
        ('[theme.dark]\ncard = "blackish"', 13, "'blackish' is no six-digit colour", "#0a6080"),
        ('[theme.dark]\nshade = "#000000"', 13, "no key 'shade'", "The keys are: page, card,"),
        ("[theme.colours]\nink = 3", 13, "ink in [theme.colours] must be a text in quotes", "Correct the value."),
        ("size = 40", 12, "size = 40 is no readable number", "from 13 to 22"),
        ('colour = "#000000"', 12, "no key 'colour'", "colours"),
        ('[theme.fonts]\nLatin = "Georgia"', 13, "'Latin' is no script", "Latn"),
        ('[theme.fonts]\nLatn = "url(x)"', 13, "'url(x)' is no list of fonts", "Georgia"),
    ],
)
def test_a_wrong_token_is_refused_with_its_line(tokens, line, what, hint, tmp_path):
    """One sentence says what is wrong where, and what to write instead."""
    with pytest.raises(ConfigError) as caught:
        golden.newsletter(tmp_path, "default", tokens)
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.where == f"{tmp_path / 'newsletter.toml'}:{line}"


def test_a_wrong_link_is_refused(tmp_path):
    """Only addresses that a mail program opens."""
    golden.newsletter(tmp_path, "default")
    path = tmp_path / "newsletter.toml"
    text = path.read_text()
    path.write_text(text.replace('Website = "https://river-cities.example"', 'Website = "javascript:alert(1)"'))
    with pytest.raises(ConfigError, match="no web address") as caught:
        configuration.load(tmp_path)
    assert "Website" in path.read_text().splitlines()[int(caught.value.where.rpartition(":")[2]) - 1]


def test_a_themes_own_tokens_are_checked_alike(tmp_path):
    """A fault in theme.toml is reported there."""
    own = tmp_path / "templates" / "mine"
    own.mkdir(parents=True)
    (own / "theme.toml").write_text('[theme]\n\n[theme.colours]\nmuted = "#aaaaaa"\n')
    with pytest.raises(ConfigError, match=r"muted \(#aaaaaa\) on page") as caught:
        load(tmp_path, "mine")
    assert caught.value.where == f"{own / 'theme.toml'}:4"


def test_a_picture_of_the_look_that_is_missing_has_its_line(tmp_path):
    """A logo that is not there is named where it was asked for."""
    config = golden.newsletter(tmp_path, "default", 'logo = "images/none.png"')
    with pytest.raises(ContentError, match=r"none\.png") as caught:
        render(golden.issue("en", tmp_path), config)
    assert caught.value.where == f"{tmp_path / 'newsletter.toml'}:12"
