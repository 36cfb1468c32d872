"""Whole editions: nine languages, their directions and labels, pictures, the text part and the hash."""

import shutil
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from lxml import html
from PIL import Image as Picture

from newsletter.config import Policy
from newsletter.errors import ContentError, RenderError
from newsletter.model import Image
from newsletter.rendering import fields
from newsletter.rendering.editions import render

LANGUAGES = ("en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne")
RTL = ("ar", "fa")
READER = {"recipient.email": "ana@city.example", "recipient.unsubscribe_url": "https://river-cities.example/u?a=1&b=2"}


def spoken(element) -> tuple[str | None, str | None]:
    """The language and direction that an element is read in: those of the nearest one around it."""
    return tuple(next((e.get(name) for e in element.iterancestors() if e.get(name)), None) for name in ("lang", "dir"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edition_is_in_its_language(language, issue, config):
    """Language and direction stand on the page, on its wrapper and on each item; headings are one h1, then h2."""
    edition = render(issue(language), config)
    page = html.fromstring(edition.html)
    direction = "rtl" if language in RTL else "ltr"
    assert edition.direction == direction
    assert (page.get("lang"), page.get("dir")) == (language, direction)
    assert [(e.get("lang"), e.get("dir")) for e in page.iter("div") if e.get("role") == "article"] == [
        (language, direction)
    ]
    assert [h.text_content() for h in page.iter("h1")] == ["River Cities Letter"]
    assert [h.text_content() for h in page.iter("h2")] == [item.title for item in issue(language).items]
    for heading in page.iter("h2"):
        assert spoken(heading) == (language, direction)


@pytest.mark.parametrize("language", RTL)
def test_right_to_left_editions_are_mirrored(language, issue, config):
    """Every section and column runs from the right, and lists are indented there: dir on the page is not enough."""
    page = html.fromstring(render(issue(language), config).html)
    columns = [e for e in page.iter("div") if "mj-column" in e.get("class", "")]
    assert columns
    assert all("direction:rtl" in column.get("style") for column in columns)
    assert all("padding-right:22px" in ul.get("style") for ul in page.iter("ul"))
    assert "←" in page.text_content()
    assert "→" not in page.text_content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_stays_under_gmails_limit(language, issue, config):
    """Gmail cuts a mail at 102 KB; three long items take well under half of that."""
    assert len(render(issue(language), config).html.encode()) < 45_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fetched_but_our_pictures(language, issue, config):
    """No font, icon or style sheet tells a third party who reads the mail."""
    edition = render(issue(language), config)
    page = html.fromstring(edition.html)
    assert {e.get("src") for e in page.iter("img")} == {asset.url for asset in edition.assets}
    assert all(
        asset.url.startswith("https://river-cities.example/2026-11/images/river.png") for asset in edition.assets
    )
    assert not list(page.iter("script", "iframe"))
    assert not list(page.iter("link"))
    assert all(e.get("alt") for e in page.iter("img"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reader_finds_the_way_out(language, issue, config):
    """Both parts name the reader's address, the postal address and a link to unsubscribe; no field stays open."""
    edition = render(issue(language), config)
    filled = fields.compile(edition).fill(READER)
    assert edition.nonce not in filled.html + filled.text
    assert 'href="https://river-cities.example/u?a=1&amp;b=2"' in filled.html
    assert "https://river-cities.example/u?a=1&b=2" in filled.text.splitlines()
    for part in (filled.html, filled.text):
        assert "ana@city.example" in part
        assert "1 Quay Street" in part


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_part_says_the_same(language, issue, config):
    """The text part has every title, in order, and no HTML."""
    text = " ".join(render(issue(language), config).text.split())
    places = [text.rindex(" ".join(item.title.split())) for item in issue(language).items]
    assert places == sorted(places)
    assert "<p" not in text
    assert "](" not in text


def test_digits_and_dates_are_the_readers(issue, config):
    """Persian shows its own calendar with the Gregorian date in brackets; Nepali its own digits."""
    assert "چهارشنبه ۲۶ اسفند ۱۴۰۵ (۱۷ مارس ۲۰۲۷)" in render(issue("fa"), config).html
    assert "२०२७ मार्च १७, बुधबार" in render(issue("ne"), config).html
    assert "Wednesday, 17 March 2027" in render(issue("en"), config).text


def test_the_territory_decides_the_digits(issue, config):
    """``[languages.ar] territory = "EG"`` gives Egypt's digits."""
    policies = {"ar": Policy(territory="EG")}
    assert "١٧ مارس ٢٠٢٧" in render(issue("ar"), replace(config, policies=policies)).html
    assert "17 مارس 2027" in render(issue("ar"), config).html


def test_an_item_in_another_language_is_marked(issue, config):
    """A Catalan reader is told that an item is in Arabic; the item runs from the right, its label does not."""
    mixed = replace(issue("ca"), items=(issue("ca").items[0], issue("ar").items[1]))
    edition = render(mixed, config)
    page = html.fromstring(edition.html)
    (label,) = page.xpath('//p[@class="notice"]')
    assert label.text_content() == "Aquesta notícia és en àrab."
    assert (label.getparent().get("lang"), label.getparent().get("dir")) == ("ca", "ltr")
    ours, theirs = page.iter("h2")
    assert (spoken(ours), spoken(theirs)) == (("ca", "ltr"), ("ar", "rtl"))
    sides = [div.get("style") for div in theirs.iterancestors("div") if "text-align" in div.get("style", "")]
    assert "text-align:right" in sides[0]
    assert "'Noto Sans Arabic'" in sides[0]
    more = page.xpath('//a[.//span[@lang="ca"]]')[-1]
    assert more.text_content().startswith("Llegiu-ne més")
    assert "Aquesta notícia és en àrab." in edition.text


@pytest.mark.parametrize(
    ("language", "label"),
    [("es", "Traducción automática, aún sin revisar."), ("fa", "ترجمهٔ ماشینی؛ هنوز بازبینی نشده است.")],
)
def test_a_draft_is_marked(language, label, issue, config):
    """A machine translation says so in the reader's language and links to the original."""
    first, *rest = issue(language).items
    edition = render(replace(issue(language), items=(replace(first, draft=True), *rest)), config)
    (notice,) = html.fromstring(edition.html).xpath('//p[@class="warm"]')
    assert label in notice.text_content()
    assert notice.find("a").get("href") == first.url
    assert label in edition.text
    assert label not in render(issue(language), config).html
    whole = render(replace(issue(language), draft=True), config)
    assert label in whole.html
    assert whole.text.count(label) == 1


def test_text_of_users_stays_text(issue, config):
    """Markup, template code and Markdown in titles and names reach the reader as text."""
    nasty = "<script>alert(1)</script> {{ 7*7 }} {% raw %} & *b*"
    item = replace(issue("en").items[0], title=nasty, place=nasty, section=nasty, summary=nasty, body=nasty)
    edition = render(replace(issue("en"), subject=nasty, preheader=nasty, intro=nasty, items=(item,)), config)
    page = html.fromstring(edition.html)
    assert not list(page.iter("script"))
    assert next(page.iter("h2")).text_content() == "<script>alert(1)</script> {{ 7*7 }} {% raw %} & *b*"
    assert edition.subject == "<script>alert(1)</script> {{ 7*7 }} {% raw %} & *b*"


def test_a_right_to_left_subject_begins_with_its_direction(issue, config):
    """A subject has no markup: its first strong character must be right-to-left."""
    assert render(replace(issue("ar"), subject="Valmora تستضيف"), config).subject == "\u200fValmora تستضيف"


def test_pictures_become_assets_once(issue, config):
    """A file is an asset in each size that the HTML shows, and in no other."""
    edition = render(issue("en"), config)
    page = html.fromstring(edition.html)
    assert sorted(asset.url for asset in edition.assets) == sorted({e.get("src") for e in page.iter("img")})
    whole = edition.assets[0]
    assert whole.url == "https://river-cities.example/2026-11/images/river.png"
    assert (whole.type, whole.data) == ("image/png", (issue("en").folder / "images" / "river.png").read_bytes())


def test_hosted_pictures_stay_out_of_the_mail(issue, config):
    """The HTML is the same, each address is one of the web, and delivery finds nothing to put into the mail."""
    hosted = replace(config, publication=msgspec.structs.replace(config.publication, pictures="hosted"))
    inline, edition = render(issue("en"), config), render(issue("en"), hosted)
    assert edition.html.replace(edition.nonce, "") == inline.html.replace(inline.nonce, "")
    assert (edition.assets, edition.hosted) == ((), inline.assets)
    assert all(e.get("src").startswith("https://") for e in html.fromstring(edition.html).iter("img"))
    assert edition.hash != inline.hash, "a plan that was approved with the pictures inside is void"


def test_a_missing_picture_is_named(issue, config):
    """The error names the item's file, the folder, and what to do."""
    item = replace(issue("en").items[0], image=Image(src="images/lost.png", alt="x"))
    with pytest.raises(ContentError, match=r"'images/lost.png' is missing") as caught:
        render(replace(issue("en"), items=(item,)), config)
    assert caught.value.where.endswith(item.file)
    assert str(issue("en").folder) in caught.value.hint


def test_the_hash_covers_what_a_reader_sees(issue, config, tmp_path):
    """The same content in another folder has the same hash; any other word or picture has another one."""
    first = issue("en")
    shutil.copytree(first.folder, tmp_path / "elsewhere")
    same = render(replace(first, folder=tmp_path / "elsewhere"), config)
    assert same.hash == render(first, config).hash
    changed = [
        replace(first, subject="Other"),
        replace(first, preheader="Other"),
        replace(first, date=date(2026, 12, 20)),
        replace(first, items=first.items[:2]),
    ]
    hashes = {render(other, config).hash for other in changed} | {same.hash}
    Picture.new("RGB", (1200, 600), "#000000").save(tmp_path / "elsewhere" / "images" / "river.png")
    hashes.add(render(replace(first, folder=tmp_path / "elsewhere"), config).hash)
    assert len(hashes) == len(changed) + 2


def test_an_issue_may_be_almost_empty(issue, config):
    """An issue without preheader, intro and items still renders."""
    edition = render(replace(issue("ko"), preheader="", intro="", items=()), config)
    assert "River Cities Letter" in edition.html
    assert edition.text.endswith("\n")


def test_a_broken_override_is_an_error_with_its_line(issue, config, tmp_path):
    """A newsletter's own template that filters a merge field is refused before anything is sent."""
    folder = tmp_path / "templates" / "default"
    folder.mkdir(parents=True)
    (folder / "newsletter.txt.j2").write_text("{{ recipient.email | upper }}")
    with pytest.raises(RenderError, match="changed by the template"):
        render(issue("en"), config)
    (folder / "newsletter.txt.j2").write_text("ok\n{{ recipient.phone }}")
    with pytest.raises(RenderError, match="phone") as caught:
        render(issue("en"), config)
    assert caught.value.where.endswith("newsletter.txt.j2:2")
