"""Hostile items, the same every time: what people, programs and attackers write where text is asked for.

A fragment is a piece of text with marks (``¤``) where a reader would look for a word. A snippet is one fragment, or
several in a row; an item has it in one of the ``PLACES``. Each mark becomes a word that occurs once in the whole
corpus, so that a lost one can be named.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "samples" / "rendering"
PICTURE = "p.png"  # must lie beside the items

# What the words have letters of: scripts that the MJML compiler damages, and such as turn lines around.
_LETTERS = ("", "नेपाली", "کرانه\u200cها", "e\u0301", "👩\u200d👩\u200d👧", "ﷺ", "𝕏", "한국", "בּ", "ไทย", "تفاعليًا", "ß")
_LINKS = ("[¤]({})", "[¤](<{}>)", "<a href='{}'>¤</a>", '<a href="{}">¤</a>', "<{}> ¤", "![¤]({})", "<img src='{}'> ¤")
_REPEATED = (
    *("[", "]", "*", "_", "`", "~", "(", "<", "&", '"', "\\", "{{", "![", "&amp;", "> ", "- ", "| ", "\u202e", "x" * 9),
    *("<!--", "<b>", "</td>", "<div>", "<i><b>", "<svg>", "<b onclick=x ", "w "),
)

_TEXTS = ("title", "summary", "place", "section", "url", "src", "alt", "caption", "note")

# Where an item has the snippet: in its text, quoted or as people type it after each key, or among the keys.
PLACES = (
    *("body", "html", "quote", "list", "table", "link", "alternative", "heading", "code"),
    *(f"{key} {form}" for key in _TEXTS for form in ("quoted", "typed")),
    *(f"{key} block" for key in ("title", "summary", "place", "section", "caption")),
    *("date typed", "until typed", "time typed", "lead typed", "key", "keys"),
)
_BODIES = {
    "body": "{}",
    "html": "<div>\n{}\n</div>",
    "quote": "> {}",
    "list": "- {}\n- b",
    "table": "| a | b |\n|---|---|\n| {} | c |",
    "link": "[{}](https://x.example/ 'd')",
    "alternative": "![{}](https://x.example/a.png)",
    "heading": "## {}",
    "code": "```\n{}\n```",
}
_ENDS = ("\n",) * 8 + ("\r\n", "\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An item with a snippet: the bytes of its file, and the ``words`` in the snippet.

    ``value`` is the text of a quoted key, which neither YAML nor Markdown has a reason to change.
    """

    number: int
    place: str
    snippet: str
    file: bytes
    words: tuple[str, ...]
    value: str


def cases(count: int, seed: int = 20261122) -> Iterator[Case]:
    """``count`` items: half of them with one fragment, in place after place, and half with up to five in a row."""
    chance = random.Random(seed)
    groups = _fragments()
    fragments = [fragment for group in groups for fragment in group]
    for number in range(count):
        turn, which = divmod(number, len(fragments))
        text = fragments[which]
        if number >= count // 2:
            chosen = chance.choices(groups, k=chance.randint(2, 5))
            text = chance.choice(("", " ", "\n")).join(chance.choice(group) for group in chosen)
        place = PLACES[(which + turn) % len(PLACES)]
        yield _case(number, place, text, end=chance.choice(_ENDS))


def _fragments() -> list[list[str]]:
    """The fragments, those of one kind together."""
    kinds = json.loads((SAMPLES / "hostile.json").read_text(encoding="utf-8"))
    kinds["addresses"] = [link.format(address) for link, address in product(_LINKS, kinds["addresses"])]
    kinds["sizes"] = [part * times + "¤" for part, times in product(_REPEATED, (40, 120))]
    kinds["sizes"] += [f"<p title='{'y' * 2000}'>¤", f"<a href='https://x.example/{'a' * 2000}'>¤</a>"]
    return list(kinds.values())


def _case(number: int, place: str, text: str, *, end: str) -> Case:
    words: list[str] = []

    def word(_mark: re.Match[str]) -> str:
        words.append(f"w{number}x{len(words)}{_LETTERS[(number + len(words)) % len(_LETTERS)]}w")
        return words[-1]

    snippet = re.sub("¤", word, text)
    front, body, value = _written(place, number, snippet)
    file = f"---\n{front}\n---\n\n{body}\n".replace("\n", end).encode("utf-8", "surrogatepass")
    mark = b"\xef\xbb\xbf" if number % 11 == 0 else b""
    return Case(number=number, place=place, snippet=snippet, file=mark + file, words=tuple(words), value=value)


def _written(place: str, number: int, snippet: str) -> tuple[str, str, str]:
    """The front matter and the body of an item with a snippet in one place, and the value of a quoted key."""
    title, body = f"title: begin{number}t end{number}t", f"begin{number}b end{number}b"
    if place in _BODIES:
        return title, f"begin{number}b\n\n{_BODIES[place].format(snippet)}\n\nend{number}b", ""
    key, _, form = place.partition(" ")
    if not form:
        return f"{title}\n{snippet}" + (": x" if key == "key" else ""), body, ""
    value = f"begin{number}t {snippet} end{number}t" if key == "title" else snippet
    written = {
        "typed": value,
        "quoted": json.dumps(value, ensure_ascii=number % 2 == 0).replace("\x7f", "\\x7f"),
        "block": "|\n" + "\n".join(f"    {line}" for line in value.split("\n")),
    }[form]
    front = f"{title}\n{key}: {written}"
    if key == "title":
        front = f"title: {written}"
    elif key == "note":
        front = f"{title}\nflags:\n  - line: 1\n    kind: gap\n    note: {written}"
    elif key in ("src", "alt", "caption"):
        picture = {"src": PICTURE, "alt": f"alt{number}", "caption": "c", key: written}
        front = f"{title}\nimage:" + "".join(f"\n  {name}: {text}" for name, text in picture.items())
    return front, body, value if form == "quoted" else ""
