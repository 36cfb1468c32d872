"""``newsletter demo`` as a newcomer runs it: offline, in an empty folder."""

import email
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

import polib
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
LANGUAGES = ["en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """The folder of one demo and the rows of its table, made once for this module."""
    from newsletter import demo

    folder = tmp_path_factory.mktemp("demo") / "newsletter-demo"
    made = demo.run(folder)
    return folder, [
        [row.language, str(row.reviewed), str(row.drafted), str(row.held), str(row.sent)] for row in made.rows
    ]


def mails(folder: Path) -> list[EmailMessage]:
    return [
        cast("EmailMessage", email.message_from_bytes(path.read_bytes(), policy=default))
        for path in sorted((folder / "outbox" / "new").glob("*.eml"))
    ]


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    assert found is not None
    return str(found.get_content())


class Alts(HTMLParser):
    """Collects the alternative texts of the pictures in a mail, and the language and direction of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.alts: list[str] = []
        self.page: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.page = values
        if tag == "img" and values.get("alt"):
            self.alts.append(values["alt"] or "")


def test_the_command_prints_the_table_and_the_next_step(process: Run, tmp_path: Path) -> None:
    """The whole job in one command; its last line opens the preview, and a second send sends nothing."""
    ran = process("demo")
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert rows[0] == ["language", "reviewed", "drafted", "held", "sent"]
    assert [row[0] for row in rows[1:-1]] == LANGUAGES
    assert sum(int(row[4]) for row in rows[1:-1]) == 12
    assert rows[-1] == ["python", "-m", "newsletter", "-C", "newsletter-demo", "preview"]
    before = sorted(path.name for path in (tmp_path / "newsletter-demo" / "outbox" / "new").iterdir())
    again = json.loads(process("-C", "newsletter-demo", "send", "--json").stdout)
    assert (again["sent"], again["left"]) == (0, 0)
    assert sorted(path.name for path in (tmp_path / "newsletter-demo" / "outbox" / "new").iterdir()) == before
    counts = json.loads(process("-C", "newsletter-demo", "status", "--json").stdout)
    assert sum(each["sent"] for each in counts["languages"].values()) == 12
    replanned = json.loads(process("-C", "newsletter-demo", "plan", "--json").stdout)
    assert (replanned["languages"], replanned["skipped"]) == ({}, {"already sent": 12})


def test_a_second_demo_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    """A folder that holds something is refused in one sentence."""
    (tmp_path / "newsletter-demo").mkdir()
    (tmp_path / "newsletter-demo" / "mine.txt").write_text("mine")
    ran = run("demo", code=2)
    assert ran.stderr == "Error: newsletter-demo: the folder is not empty. Name a new folder; nothing was written.\n"
    assert [path.name for path in (tmp_path / "newsletter-demo").iterdir()] == ["mine.txt"]


def test_every_language_is_there(shown: tuple[Path, list[list[str]]]) -> None:
    """Nine languages, a part drafted by the small packages in three of them, one item fallen back in Catalan."""
    _folder, rows = shown
    by_language = {row[0]: [int(figure) for figure in row[1:]] for row in rows}
    assert list(by_language) == LANGUAGES
    assert {language for language, row in by_language.items() if row[1]} == {"es", "fr", "ar"}
    assert {language for language, row in by_language.items() if row[2]} == {"ca"}
    assert all(row[3] for row in by_language.values())


def test_each_member_gets_one_mail_in_their_language(shown: tuple[Path, list[list[str]]]) -> None:
    """Twelve members, twelve mails; a language that is not offered becomes the nearest that the reader listed."""
    found = {mail["To"].addresses[0].addr_spec: mail["Content-Language"] for mail in mails(shown[0])}
    assert len(found) == len(mails(shown[0])) == 12
    assert found["mateo.arce@lagunaverde.example"] == "es"  # es-MX
    assert found["iria.louredo@tresrios.example"] == "pt-BR"  # gl, then pt-BR
    assert Counter(found.values()) == Counter(
        {"en": 1, "es": 2, "fr": 2, "ca": 1, "pt-BR": 2, "ar": 1, "fa": 1, "ko": 1, "ne": 1}
    )


def test_the_alternative_texts_are_exact_in_every_language(shown: tuple[Path, list[list[str]]]) -> None:
    """What the PO files say of the pictures stands byte for byte in the HTML, whatever the script."""
    for mail in mails(shown[0]):
        language = str(mail["Content-Language"])
        page = Alts(part(mail, "html"))
        assert page.page["lang"] == language
        assert page.page["dir"] == ("rtl" if language in {"ar", "fa"} else "ltr")
        path = shown[0] / "issues" / "2026-11" / "po" / f"{language.replace('-', '_')}.po"
        if language == "en":
            continue
        alts = [entry.msgstr for entry in polib.pofile(str(path)) if entry.msgctxt.endswith("|alt") and entry.msgstr]
        assert len(alts) >= 4
        assert set(alts) <= set(page.alts), language


def test_digits_and_calendars_are_the_readers(shown: tuple[Path, list[list[str]]]) -> None:
    """The date of the forum, 17 March 2027, as each reader writes it."""
    wanted = {
        "en": "17 March 2027",
        "es": "17 de marzo de 2027",
        "fr": "17 mars 2027",
        "ca": "17 de març del 2027",
        "pt-BR": "17 de março de 2027",
        "ar": "17 مارس 2027",
        "fa": "۲۶ اسفند ۱۴۰۵",
        "ko": "2027년 3월 17일",
        "ne": "२०२७ मार्च १७",
    }
    for mail in mails(shown[0]):
        date = wanted[str(mail["Content-Language"])]
        assert date in part(mail, "html")
        assert date in part(mail, "plain")


def test_no_merge_field_is_left(shown: tuple[Path, list[list[str]]]) -> None:
    """Every mail names its reader and is finished: no marker, no brace."""
    for mail in mails(shown[0]):
        address = mail["To"].addresses[0].addr_spec
        for kind in ("html", "plain"):
            text = part(mail, kind)
            assert address in text
            assert not re.search(r"Xq[0-9a-f]{8}|\{\{|\}\}", text)


def test_drafts_and_fallbacks_say_so(shown: tuple[Path, list[list[str]]]) -> None:
    """The Spanish reader sees that an item is machine-translated, the Catalan one that an item is in Spanish."""
    pages = {str(mail["Content-Language"]): part(mail, "html") for mail in mails(shown[0])}
    assert "Traducción automática" in pages["es"]
    assert "Traducción automática" not in pages["pt-BR"]
    assert re.search(r'lang="es"', pages["ca"])
    assert "espanyol" in pages["ca"]


def test_the_text_part_has_every_item(shown: tuple[Path, list[list[str]]]) -> None:
    """The plain text is a mail of its own: each item's title and link, in the order of the HTML."""
    for mail in mails(shown[0]):
        text = part(mail, "plain")
        links = re.findall(r"https://river-cities\.example/[\w/-]+", text)
        assert len(links) >= 6
        assert "mailto:" in text
