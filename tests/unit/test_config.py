"""``newsletter.toml``: what it becomes, and the line of every mistake in it."""

from pathlib import Path

import pytest

from newsletter import config, plugins
from newsletter.errors import ConfigError
from newsletter.plugins import Plugin, Secret

COMPLETE = """\
[newsletter]
name = "River Letter"
source = "en"
languages = ["es", "ca", "pt-BR"]
sender = "River Cities <news@river-cities.example>"

[translation]
review = "required"

[languages.ca]
fallback = ["es"]
review = "label"

[provider]
use = "folder"
path = "outbox"
"""


def load(folder: Path, text: str = COMPLETE) -> config.Config:
    (folder / config.FILE).write_text(text, "utf-8")
    return config.load(folder)


def test_policies_and_fallbacks(tmp_path: Path) -> None:
    """A language has its own policy or the newsletter's; every fallback chain ends in the source language."""
    loaded = load(tmp_path)
    assert loaded.publication.languages == ("en", "es", "ca", "pt-BR")
    assert (loaded.review_of("ca"), loaded.review_of("es")) == ("label", "required")
    assert (loaded.fallbacks_of("ca"), loaded.fallbacks_of("es")) == (("es", "en"), ("en",))
    assert (loaded.sender.email, loaded.sender.name) == ("news@river-cities.example", "River Cities")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('name = "River Letter"', 'nam = "x"', 2, ["no key 'nam' in [newsletter]", "name, sender"]),
        ('name = "River Letter"\n', "", 1, ["name is missing in [newsletter]", "Add name"]),
        ('"pt-BR"]', '"pt-BRA-x"]', 4, ["unknown language"]),
        ("news@river-cities.example>", "news>", 5, ["no mail address"]),
        ('source = "en"', 'source = "en"\ntimezone = "Europe/Atlantis"', 4, ["unknown time zone", "Europe/Madrid"]),
        ('source = "en"', 'source = "en"\nbase_url = "ftp://a"', 4, ["no web address"]),
        ('source = "en"', 'source = "en"\npictures = "cid"', 4, ["'cid'", '"auto", "inline" or "hosted"']),
        ('source = "en"', 'source = "en"\npictures = "hosted"', 4, ["needs a base_url", "base_url ="]),
        (
            'source = "en"',
            'base_url = "http://a.example"\nsource = "en"\npictures = "hosted"',
            5,
            ["begins with https://"],
        ),
        ('source = "en"', 'source = "en"\nutm = { sauce = "n" }', 4, ["no key 'sauce'", "source, medium, hosts"]),
        ('source = "en"', 'source = "en"\nutm = "newsletter"', 4, ["utm", 'as in { source = "newsletter"']),
        ('review = "required"', 'review = "maybe"', 8, ["maybe", "[translation]", '"label"']),
        ('languages = ["es", "ca", "pt-BR"]', 'languages = "es, ca"', 4, ["languages", 'as in ["en", "es"]']),
        ('languages = ["es", "ca", "pt-BR"]', 'languages = ["es", "es", "ca"]', 4, ["stands twice"]),
        ('"pt-BR"]', '"PT-br"]', 4, ["'PT-br' is written 'pt-BR'"]),
        ("[languages.ca]", "[languages.gl]", 10, ["not one of the newsletter's languages"]),
        ('fallback = ["es"]', 'fallback = ["de"]', 11, ["'de' is not one"]),
        ("[provider]", "[providers]", 14, ["unknown table", "provider"]),
        ("[provider]", "[provider", 14, ["no TOML"]),
    ],
)
def test_a_mistake_is_found_on_its_line(tmp_path: Path, old: str, new: str, line: int, says: list[str]) -> None:
    """One sentence with the file, the line and the next step."""
    assert old in COMPLETE
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, COMPLETE.replace(old, new, 1))
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / config.FILE}:{line}: "), text
    for words in says:
        assert words in text.replace("not TOML", "no TOML"), text


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Windows' editor puts one at the start of every file."""
    (tmp_path / config.FILE).write_text(COMPLETE, "utf-8-sig")
    assert config.load(tmp_path).publication.name == "River Letter"


def test_no_file(tmp_path: Path) -> None:
    """A folder without a newsletter is told how to get one."""
    with pytest.raises(ConfigError, match="newsletter init"):
        config.load(tmp_path)


class Pigeon:
    """A provider with every kind of option."""

    def __init__(self, *, loft: Path, key: Secret, speed: int = 3) -> None:
        self.loft, self.key, self.speed = loft, key, speed


HERE = f"{__name__}:Pigeon"


def plugin(**options: object) -> Plugin:
    return Plugin(family="providers", name=HERE, options=options, where="newsletter.toml:9", folder=Path("letter"))


def test_a_constructor_is_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to the newsletter, secrets come from the environment and never show."""
    monkeypatch.setenv("PIGEON_KEY", "coo-1234")
    built = plugins.build(plugin(loft="roof", key={"env": "PIGEON_KEY"}))
    assert (built.loft, built.key.reveal(), built.speed) == (Path("letter/roof"), "coo-1234", 3)
    assert "coo" not in repr(built.key) + str(built.key) + f"{built.key}"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"loft": "a", "key": {"env": "PIGEON_KEY"}, "wings": 2},
            "no option 'wings'. Its options are: key, loft, speed",
        ),
        ({"key": {"env": "PIGEON_KEY"}}, "needs the option 'loft'"),
        ({"loft": "a", "key": "coo-1234"}, "a secret does not belong into the file"),
        ({"loft": "a", "key": {"env": "NO_SUCH_KEY"}}, "NO_SUCH_KEY is not set"),
        ({"loft": "a", "key": {"env": "PIGEON_KEY"}, "speed": "fast"}, "Expected `int`, got `str`"),
        ({"loft": 7, "key": {"env": "PIGEON_KEY"}}, "Expected `str`, got `int`"),
    ],
)
def test_a_wrong_option_is_explained(monkeypatch: pytest.MonkeyPatch, options: dict[str, object], says: str) -> None:
    """The table is named, and the secret is not repeated."""
    monkeypatch.setenv("PIGEON_KEY", "coo-1234")
    with pytest.raises(ConfigError) as caught:
        plugins.build(plugin(**options))
    assert says in str(caught.value)
    assert "newsletter.toml:9" in str(caught.value)
    assert "coo-1234" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("owl", "brevo, folder, mailersend, .*, resend, .*, smtp, sparkpost, or package.module:Class"),
        ("no.such.module:Owl", "cannot be imported"),
    ],
)
def test_an_unknown_plugin_is_explained(name: str, says: str) -> None:
    """The known names are listed."""
    with pytest.raises(ConfigError, match=says):
        plugins.find(Plugin(family="providers", name=name))
