"""A small newsletter in nine languages, with a picture, for the tests of the rendering stage."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from PIL import Image as Picture

from newsletter import config as configuration
from newsletter.config import Config
from newsletter.model import Image, Issue, Item

SAMPLES = Path(__file__).parents[2] / "samples" / "rendering"
LANGUAGES = ("en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne")

_TOML = f"""
[newsletter]
name = "River Cities Letter"
languages = {json.dumps(LANGUAGES)}
sender = "League of River Cities <news@river-cities.example>"
postal_address = "League of River Cities, 1 Quay Street, Valmora"
base_url = "https://river-cities.example"
"""


@pytest.fixture(scope="session")
def texts() -> dict[str, dict]:
    """The sample issue's texts by language."""
    return json.loads((SAMPLES / "issue.json").read_text(encoding="utf-8"))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The configuration of a newsletter in ``tmp_path``."""
    (tmp_path / "newsletter.toml").write_text(_TOML, encoding="utf-8")
    return configuration.load(tmp_path)


@pytest.fixture
def issue(tmp_path: Path, texts: dict[str, dict]) -> Callable[[str], Issue]:
    """Builds the sample issue in a language; its picture lies in the issue's folder."""
    folder = tmp_path / "issues" / "2026-11"
    (folder / "images").mkdir(parents=True)
    Picture.new("RGB", (1200, 600), "#0a6080").save(folder / "images" / "river.png")

    def build(language: str) -> Issue:
        words = texts[language]
        items = [_item(language, n, item) for n, item in enumerate(words["items"])]
        return Issue(
            id="2026-11",
            language=language,
            date=date(2026, 11, 20),
            subject=words["subject"],
            preheader=words["preheader"],
            intro=words["intro"],
            items=tuple(items),
            folder=folder,
        )

    return build


def _item(language: str, number: int, words: dict) -> Item:
    return Item(
        id=words["id"],
        language=language,
        title=words["title"],
        summary=words["summary"],
        body=words["body"],
        date=date(2027, 3, 17) if number == 0 else None,
        place=words["place"],
        section=words["section"],
        url=f"https://river-cities.example/{words['id']}",
        image=Image(src="images/river.png", alt=words["alt"]) if words["alt"] else None,
        file=f"{number:02}-{words['id']}.md",
    )
