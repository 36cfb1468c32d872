"""Bad texts, pictures and themes: the same sentence from check, build and plan, with file and line, or a safe mail."""

import json
import subprocess
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

Run = Callable[..., subprocess.CompletedProcess[str]]
Files = dict[str, bytes | str | tuple[str, str]]

ITEM, ISSUE, TOML = "issues/welcome/01-hello.md", "issues/welcome/issue.toml", "newsletter.toml"
FOOTER, OWN = "templates/default/_footer.mjml.j2", "templates/own/newsletter.mjml.j2"
PICTURE = "issues/welcome/a.png"
BODY = "Write in Markdown"
SHOWN = (BODY, f"![A bridge](a.png)\n\n{BODY}")
BASE = "<mjml>\n<mj-body>\n{% block footer %}{% endblock %}\n</mj-body></mjml>\n"
THEME = ("[outbox]", '[theme]\nname = "own"\n\n[outbox]')


def lay(letter: Path, files: Files) -> None:
    """Write files into a newsletter; a pair replaces one text of a file by another."""
    for name, content in files.items():
        path = letter / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            text = path.read_text("utf-8")
            assert content[0] in text
            path.write_text(text.replace(*content, 1), "utf-8")
        elif isinstance(content, str):
            path.write_text(content, "utf-8")
        else:
            path.write_bytes(content)


def picture(kind: str, *, size: tuple[int, int] = (120, 60), frames: int = 1) -> bytes:
    target = BytesIO()
    shades = [Image.new("L", size, 40 * number) for number in range(frames)]
    shades[0].save(target, kind, save_all=frames > 1, append_images=shades[1:])
    return target.getvalue()


# What stands in the newsletter, the exit code, where the fault is, and what the sentence says besides.
FAULTS: dict[str, tuple[Files, int, str, list[str]]] = {
    "a theme's syntax": ({FOOTER: "<mj-section>\n{% if x %}\n</mj-section>\n"}, 1, f"{FOOTER}:3", ["'endif'"]),
    "a theme's name": ({TOML: ("[outbox]", '[theme]\nname = "bulletn"\n\n[outbox]')}, 2, f"{TOML}:30", ["bulletin"]),
    "a theme's unknown word": ({FOOTER: "\n{{ newsletter.nme }}\n"}, 1, f"{FOOTER}:2", ["'nme'"]),
    "a theme's lost part": (
        {FOOTER: "\n{% include '_gone.j2' %}\n"},
        1,
        f"{FOOTER}:2",
        ["'_gone.j2'", "Add that file"],
    ),
    "a theme's unknown block": (
        {
            TOML: THEME,
            OWN: "{% extends 'base.mjml.j2' %}\n{% block footr %}Words{% endblock %}\n",
            "templates/own/base.mjml.j2": BASE,
        },
        *(1, f"{OWN}:2", ["'footr'", "It has: footer."]),
    ),
    "a theme that extends itself": (
        {TOML: THEME, OWN: "{% extends 'newsletter.mjml.j2' %}\n"},
        *(1, f"{OWN}:1", ["itself"]),
    ),
    "a theme's unknown component": (
        {FOOTER: "<mj-section>\n<mj-colum></mj-colum>\n</mj-section>\n"},
        *(1, f"{FOOTER}:2", ["<mj-colum>"]),
    ),
    "a theme's colour in a template": (
        {FOOTER: '\n<mj-section background-color="redish"></mj-section>\n'},
        *(1, f"{FOOTER}:2", ["'redish'", "six hexadecimal digits"]),
    ),
    "a theme's unknown colour": ({FOOTER: "\n\n{{ look.light.acent }}\n"}, 1, f"{FOOTER}:3", ["'acent'"]),
    "a colour by name": (
        {TOML: ("[outbox]", '[theme.colours]\naccent = "red"\n\n[outbox]')},
        *(2, f"{TOML}:30", ["'red'", "#ff0000"]),
    ),
    "a colour nobody knows": (
        {TOML: ("[outbox]", '[theme.colours]\nacent = "#0a6080"\n\n[outbox]')},
        *(2, f"{TOML}:30", ["no key 'acent'", "accent"]),
    ),
    "a template in another encoding": ({FOOTER: b"<mj-section>\n\xe9\n</mj-section>\n"}, 1, f"{FOOTER}:2", ["UTF-8"]),
    "a picture that is missing": ({ITEM: SHOWN}, 1, f"{ITEM}:8", ["'a.png' is missing"]),
    "a picture in front matter that is missing": (
        {ITEM: ("section: News", "image:\n  src: b.png\n  alt: A bridge")},
        *(1, f"{ITEM}:5", ["no picture 'b.png'"]),
    ),
    "a picture without words": (
        {PICTURE: picture("PNG"), ITEM: ("section: News", "image:\n  src: a.png")},
        *(1, f"{ITEM}:4", ["alt is missing", "A stone bridge"]),
    ),
    "a picture of too many pixels": (
        {PICTURE: picture("PNG", size=(9000, 9000)), ITEM: ("section: News", "image: {src: a.png, alt: A bridge}")},
        *(1, f"{ITEM}:4", ["9000 × 9000", "1200 pixels wide"]),
    ),
    "a picture that is a bomb": (
        {PICTURE: picture("PNG", size=(30_000, 30_000)), ITEM: SHOWN},
        *(1, f"{ITEM}:8", ["far too many pixels"]),
    ),
    "a picture of too many bytes": ({PICTURE: bytes(40_000_001), ITEM: SHOWN}, 1, f"{ITEM}:8", ["at most 40 are read"]),
    "a picture that is cut": ({PICTURE: picture("PNG")[:60], ITEM: SHOWN}, 1, f"{ITEM}:8", ["damaged"]),
    "a picture that is none": ({PICTURE: "a text", ITEM: SHOWN}, 1, f"{ITEM}:8", ["no PNG, JPEG or GIF"]),
    "a picture that is an SVG": (
        {PICTURE: "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", ITEM: SHOWN},
        *(1, f"{ITEM}:8", ["an SVG", "Export it as PNG"]),
    ),
    "a picture from elsewhere": (
        {ITEM: (BODY, f"![A bridge](../../members.csv)\n\n{BODY}")},
        *(1, f"{ITEM}:8", ["outside"]),
    ),
    "a picture within the text": (
        {ITEM: (BODY, f"![A bridge](data:image/png;base64,iVBORw0KGgo=)\n\n{BODY}")},
        *(1, f"{ITEM}:8", ["neither a file of the issue nor on the web"]),
    ),
    "a logo that is missing": (
        {TOML: ("[outbox]", '[theme]\nlogo = "logo.png"\n\n[outbox]')},
        *(1, f"{TOML}:30", ["'logo.png' is missing"]),
    ),
    "a program as a link": (
        {ITEM: ("https://organisation.example/hello", "javascript:x")},
        1,
        f"{ITEM}:5",
        ["mailto:"],
    ),
    "a link to nowhere": ({ITEM: ("(https://organisation.example/)", "()")}, 1, f"{ITEM}:8", ["no address"]),
    "a cell too many": ({ITEM: (BODY, f"| a |\n|---|\n| b | c |\n\n{BODY}")}, 1, f"{ITEM}:10", ["'c'"]),
    "a word that is a key": ({ITEM: ("section: News", "Dear members:")}, 1, f"{ITEM}:4", ["no key 'Dear members'"]),
    "a YAML bomb": ({ITEM: ("section: News", "a: &a [x, x]\nb: [*a, *a]")}, 1, f"{ITEM}:4", ["double quotes"]),
    "a YAML program": ({ITEM: ("News", '!!python/object/apply:os.system ["x"]')}, 1, f"{ITEM}:4", ["double quotes"]),
    "a NUL": ({ITEM: ("News", "Ne\0ws")}, 1, f"{ITEM}:4", ["control character"]),
    "a greeting with a lost line": (
        {ISSUE: ("Dear members, this is the first issue. Replace it with your own.", "[Dear]: members")},
        1,
        f"{ISSUE}:4",
        ["nobody would see"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_before_anything_goes_out(run: Run, letter: Path, fault: str) -> None:
    """Whatever command meets it first says the same sentence: file and line, what is wrong, what to do."""
    files, code, where, says = FAULTS[fault]
    lay(letter, files)
    said = {run("-C", "letter", *command, code=code).stderr for command in (["check", "-l", "en"], ["build"], ["plan"])}
    (sentence,) = said
    assert sentence.startswith(f"Error: letter/{where}: "), sentence
    assert len(sentence.splitlines()) == 1
    for words in says:
        assert words in sentence
    assert not (letter / "outbox").exists()


def mailed(run: Run, letter: Path) -> EmailMessage:
    """The mail that a newsletter sends when nobody stops it."""
    run("-C", "letter", "check", "-l", "en")
    run("-C", "letter", "plan", "--yes")
    run("-C", "letter", "send")
    (path,) = (letter / "outbox" / "new").iterdir()
    return message_from_bytes(path.read_bytes(), policy=default)


# What stands in the newsletter, and what both parts of the mail say.
ODDITIES: dict[str, tuple[Files, str]] = {
    "a title of 400 signs": ({ITEM: ("Hello from the secretariat", "w" * 400)}, "w" * 400),
    "a title of one emoji": ({ITEM: ("Hello from the secretariat", "🎉")}, "🎉"),
    "a title that is a number": ({ITEM: ("Hello from the secretariat", "0o17")}, "0o17"),
    "a title that is no": ({ITEM: ("Hello from the secretariat", "No")}, "No"),
    "overrides in a title": ({ITEM: ("section: News", 'place: "x\\u202ey"\nsection: a\u202eb')}, "xy"),
    "overrides in a text": ({ITEM: (BODY, f"\u202eturned\u202d {BODY}")}, "turned"),
    "overrides in a picture's words": (
        {PICTURE: picture("PNG"), ITEM: ("section: News", "image: {src: a.png, alt: a \u202ebridge}")},
        "a bridge",
    ),
    "HTML": ({ITEM: (BODY, f"<div onclick=x><b>Bold</b> <script>alert(1)</script></div>\n\n{BODY}")}, "alert(1)"),
    "a template's words": ({ITEM: (BODY, f"`{{{{ 7919 * 7907 }}}}` {BODY}")}, "{{ 7919 * 7907 }}"),
    "an animated GIF": ({PICTURE: picture("GIF", frames=3), ITEM: SHOWN}, "A bridge"),
    "an animated WebP": ({PICTURE: picture("WEBP", frames=3), ITEM: SHOWN}, "A bridge"),
    "an animated PNG": ({PICTURE: picture("PNG", frames=3), ITEM: SHOWN}, "A bridge"),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_oddity_is_mailed_safely(run: Run, letter: Path, oddity: str) -> None:
    """Nothing runs, nothing turns the words around it, and the words are in both parts."""
    files, words = ODDITIES[oddity]
    lay(letter, files)
    mail = mailed(run, letter)
    parts = {part.get_content_type(): part for part in mail.walk()}
    html, text = (parts[f"text/{kind}"].get_content() for kind in ("html", "plain"))
    assert words in text
    assert words in html
    assert not set("\u202a\u202b\u202d\u202e") & {*html, *text, *mail["subject"]}
    assert "<script" not in html
    assert "62615533" not in html + text
    for kind in set(parts) & {"image/png", "image/gif", "image/webp"}:
        assert kind == f"image/{Image.open(BytesIO(parts[kind].get_content())).format.lower()}" != "image/webp"


def test_five_hundred_items(run: Run, letter: Path) -> None:
    """Far too many for a mail: check says so and fails; build has every one of them to look at."""
    for number in range(500):
        text = f"---\ntitle: Item {number} of many\n---\n\nText {number}.\n"
        (letter / f"issues/welcome/{number + 10}-n{number}.md").write_text(text, "utf-8")
    (findings,) = json.loads(run("-C", "letter", "check", "-l", "en", "--json", code=1).stdout).values()
    (size,) = (each for each in findings if each["level"] == "fail")
    assert size["rule"] == "size"
    assert "501 items" in size["message"]
    run("-C", "letter", "build", "-o", letter / "build")
    text = (letter / "build" / "welcome" / "en.txt").read_text("utf-8")
    assert all(f"\nText {number}.\n" in text for number in range(500))
