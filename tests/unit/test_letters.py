"""What ``newsletter build`` writes: a folder that is uploaded to ``base_url`` as it is."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import golden
import pytest
from lxml import html

from newsletter import Newsletter, letters
from newsletter.rendering.editions import render


@pytest.mark.parametrize("pictures", ["auto", "inline", "hosted"])
def test_every_picture_lies_where_the_pages_look(pictures: str, tmp_path: Path) -> None:
    """Those of the items, the logo and the header, each once for all languages, with the bytes of the edition."""
    letter = tmp_path / "letter"
    golden.newsletter(letter, "default", 'logo = "images/logo.png"\nheader = "images/ferry.png"')
    toml = letter / "newsletter.toml"
    settings = f'[newsletter]\npictures = "{pictures}"'
    toml.write_text(toml.read_text("utf-8").replace("[newsletter]", settings), "utf-8")
    config = Newsletter.open(letter).config
    editions = [render(golden.issue(language, letter), config) for language in ("en", "ar")]
    output = tmp_path / "build"
    written = letters.write(editions, output, config)
    assert written[:2] == [output / "2026-11" / "en.html", output / "2026-11" / "en.txt"]
    assert len(set(written)) == len(written) == len([path for path in output.rglob("*") if path.is_file()])
    assets = {asset.url: asset.data for edition in editions for asset in edition.pictures}
    for language in ("en", "ar"):
        page = html.fromstring((output / "2026-11" / f"{language}.html").read_text("utf-8"))
        addresses = [image.get("src") for image in page.iter("img")]
        assert "https://river-cities.example/images/logo.png" in addresses
        for address in addresses:
            path = unquote(urlsplit(address).path).lstrip("/")
            assert (output / path).read_bytes() == assets[address]
