"""Secrets in ``newsletter.toml``, which is made to be shared and kept under version control.

Two kinds of trace: what has the form of a known service's key or stands under a secret's name is surely one; a long
value that looks drawn by lot may be. What was found is never shown, only where.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from newsletter.config import FILE
from newsletter.doctor.verdicts import Verdict, ok, problem, warning
from newsletter.tomlfile import TomlFile

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

_KEYS = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        SG\.[\w-]{16,}\.[\w-]{16,}                      # SendGrid
      | re_[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}             # Resend
      | x(?:keysib|smtpsib)-[0-9a-f]{32,}               # Brevo
      | key-[0-9a-f]{32} | [0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}  # Mailgun
      | mlsn\.[0-9a-f]{32,}                             # MailerSend
      | (?:AKIA|ASIA)[A-Z0-9]{16}                       # Amazon
      | api-[0-9A-F]{32}                                # SMTP2GO
      | SCW[A-Z0-9]{17}                                 # Scaleway
      | whsec_[A-Za-z0-9+/=]{16,}                       # signing secrets of webhooks
      | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:fx  # DeepL
    )""",
    re.VERBOSE,
)
_IN_URL = re.compile(r"""[a-z][a-z0-9+.-]*://[^/\s:@"']*:[^/\s@"']+@""", re.IGNORECASE)
_SECRET = re.compile(r"(?:.*[_-])?(?:key|secret|token|password|passwd|pass)", re.IGNORECASE)
_PUBLIC = re.compile(
    r"(?:.*_)?id|public.*|dkim|glossaries|path|packages|modes|data|program|memory|logo|url|base_url", re.IGNORECASE
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_DRAWN = 3.6  # bits a character: words stay below, 20 letters and digits drawn by lot are above
_DRAWN_HEX = 3.0  # 16 signs have 4 at most

_TAKE_OUT = (
    'Write { env = "NAME" } instead, set that environment variable, and make a new key: whoever saw the file knows '
    "this one."
)


def look(around: "Surroundings") -> Iterator[Verdict]:
    """Every line of the file, comments too, and every value."""
    file = TomlFile.read(around.config.folder / FILE)
    yield from find(file) or [ok(f"{FILE} has no secret in it.")]


def find(file: TomlFile) -> list[Verdict]:
    """What in a file is or may be a secret, each line once, in their order."""
    found: dict[int, Verdict] = {}
    for number, line in enumerate(file.lines, 1):
        if _IN_URL.search(line):
            found[number] = problem(f"{FILE}:{number}{_key(line)}: an address with a password in it.", _TAKE_OUT)
        elif _KEYS.search(line):
            found[number] = problem(f"{FILE}:{number}{_key(line)}: this has the form of a secret key.", _TAKE_OUT)
    for path, value in _values(file.tables):
        number = file.line(".".join(path[:-1]), path[-1])
        if number not in found and (verdict := _suspicion(f"{FILE}:{number}, {'.'.join(path)}", path, value)):
            found[number] = verdict
    return [found[number] for number in sorted(found)]


def _suspicion(where: str, path: tuple[str, ...], value: str) -> Verdict | None:
    name = path[-1]
    if name == "env":
        if _VARIABLE.fullmatch(value):
            return None
        return problem(f"{where}: this is no name of an environment variable.", _TAKE_OUT)
    if any(map(_PUBLIC.fullmatch, path)):
        return None
    if _SECRET.fullmatch(name):
        return problem(f"{where}: a secret does not belong into the file.", _TAKE_OUT)
    if _TOKEN.fullmatch(value) and _looks_drawn(value):
        return warning(f"{where}: this long value may be a secret.", f"If it is one: {_TAKE_OUT}")
    return None


def _looks_drawn(value: str) -> bool:
    """Whether a value is as mixed as one drawn by lot, and has digits and letters as those have."""
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value).values()
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return entropy >= (_DRAWN_HEX if re.fullmatch(r"[0-9a-fA-F]+", value) else _DRAWN)


def _values(content: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in the file with where it stands, such as ("provider", "key", "env")."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _values(value, (*path, key))
    elif isinstance(content, list):
        for value in content:
            yield from _values(value, path)
    elif isinstance(content, str):
        yield path, content


def _key(line: str) -> str:
    """The key that a line sets, as far as it does."""
    found = re.match(r"""\s*["']?([\w.-]+)["']?\s*=""", line)
    return f", {found[1]}" if found else ""
