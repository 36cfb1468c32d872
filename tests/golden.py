"""The golden issue: six items in nine languages that use all a theme can show, in the three themes.

``tests/samples/rendering/golden.json`` keeps what each edition looks like in numbers and words. After a change that is
meant to be seen, look at the editions and write it anew:

    python tests/golden.py FOLDER

writes every edition into FOLDER as an HTML page, pictures inside, and then the file.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, time
from hashlib import blake2b
from pathlib import Path

from lxml import html
from PIL import Image as Picture

from newsletter import config as configuration
from newsletter.config import Config
from newsletter.model import Edition, Image, Issue, Item
from newsletter.rendering import fields
from newsletter.rendering.editions import render
from newsletter.rendering.pictures import inside

SAMPLES = Path(__file__).parent / "samples" / "rendering"
TEXTS = json.loads((SAMPLES / "editions.json").read_text(encoding="utf-8"))
LANGUAGES = tuple(TEXTS)
THEMES = ("default", "bulletin", "announcement")
READER = {"recipient.email": "ana@city.example", "recipient.unsubscribe_url": "https://river-cities.example/u/1"}

_TOML = f"""
[newsletter]
name = "River Cities Letter"
sender = "League of River Cities <news@river-cities.example>"
languages = {json.dumps(LANGUAGES)}
base_url = "https://river-cities.example"
postal_address = "League of River Cities, 1 Quay Street, Valmora"
timezone = "Europe/Lisbon"

[theme]
name = "{{theme}}"
{{tokens}}

[theme.links]
Website = "https://river-cities.example"
Mastodon = "https://social.example/@rivers"

[theme.sponsor]
name = "City of Valmora"
url = "https://valmora.example"
"""


def newsletter(folder: Path, theme: str, tokens: str = "") -> Config:
    """The newsletter in ``folder``, with its pictures; ``tokens`` are more lines of ``[theme]``."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(("forum", "gauges", "ferry", "trees", "kiosk", "logo")):
        size = (320, 80) if name == "logo" else (1200, 600)
        Picture.new("RGB", size, (10 + 30 * number, 96, 128)).save(folder / "images" / f"{name}.png")
    (folder / "newsletter.toml").write_text(_TOML.format(theme=theme, tokens=tokens), encoding="utf-8")
    return configuration.load(folder)


def issue(language: str, folder: Path) -> Issue:
    """Six items: an event of three days, a draft with a list, a quote, a brief one, and two brief ones for a pair.

    The Catalan issue has an item in Spanish, as it comes about when a translation is missing.
    """
    words = TEXTS[language]
    pictures = ("forum", "gauges", "ferry", "", "trees", "kiosk")
    items = tuple(
        Item(
            id=item["id"],
            language=item["language"],
            title=item["title"],
            summary=item["summary"],
            body=item["body"] if number < 3 else "",
            date={0: date(2027, 3, 17), 4: date(2027, 1, 21)}.get(number),
            until=date(2027, 3, 19) if number == 0 else None,
            time=time(18, 30) if number == 4 else None,
            place=item["place"],
            section=item["section"],
            url=f"https://river-cities.example/{item['id']}",
            lead=number == 0,
            image=_image(pictures[number], item["alt"], words["caption"] if number == 0 else ""),
            draft=number == 1,
            file=f"{number:02}-{item['id']}.md",
        )
        for number, item in enumerate(words["items"])
    )
    return Issue(
        id="2026-11",
        language=language,
        date=date(2026, 11, 20),
        subject=words["subject"],
        preheader=words["preheader"],
        intro=words["intro"],
        items=items,
        folder=folder,
    )


def editions(folder: Path) -> Iterator[tuple[str, Edition]]:
    """Every edition with its name, such as ``bulletin ar``."""
    for theme in THEMES:
        config = newsletter(folder, theme)
        for language in LANGUAGES:
            yield f"{theme} {language}", render(issue(language, folder), config)


def facts(edition: Edition) -> dict[str, object]:
    """What an edition looks like: its outline to read, and a digest of everything."""
    page = html.fromstring(edition.html)
    marked = edition.html.replace(edition.nonce, "") + edition.text.replace(edition.nonce, "")
    return {
        "digest": blake2b(marked.encode(), digest_size=8).hexdigest(),
        "outline": [f"{e.tag} {' '.join(e.text_content().split())}" for e in page.xpath("//h1|//h2|//h3|//h4")],
        "when": [" ".join(e.text_content().split()) for e in page.xpath("//p[@class='muted']")],
        "runs": sorted({f"{e.get('lang')} {e.get('dir')}" for e in page.xpath("//*[@lang]")}),
        "links": len(page.xpath("//a")),
        "pictures": len(page.xpath("//img")),
    }


def shown(edition: Edition) -> str:
    """The HTML as its reader gets it, with the pictures inside."""
    return inside(fields.compile(edition).fill(READER).html, edition.pictures)


def _image(name: str, alt: str, caption: str) -> Image | None:
    return Image(src=f"images/{name}.png", alt=alt, caption=caption) if name else None


def write(target: Path) -> None:
    """Write every edition into ``target`` to look at, and what they look like into the samples."""
    target.mkdir(parents=True, exist_ok=True)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, edition in editions(Path(folder)):
            (target / f"{name.replace(' ', '-')}.html").write_text(shown(edition), encoding="utf-8")
            found[name] = facts(edition)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (SAMPLES / "golden.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
