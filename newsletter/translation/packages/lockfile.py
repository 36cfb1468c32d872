"""``packages.lock``: which bytes each language package was when it was first installed.

The package index has no checksums, so the first installation is trusted and written down; every later one, here or on
a colleague's computer, must bring the same bytes. The file stands beside ``newsletter.toml`` and belongs into version
control with it.
"""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from newsletter.errors import TranslationError
from newsletter.translation import po

FILE = "packages.lock"

_HEADER = """\
# The language packages of this newsletter, as they were when they were first installed.
# Keep this file with newsletter.toml: a package that differs is refused.
"""


class Locked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of one package. ``size`` is the file's, in bytes; ``url`` is empty where it came from a file."""

    code: str
    version: str
    sha256: str
    size: int
    url: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What may stand in the lock only once."""
        return self.code, self.version


class _Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: list[Locked] = []


def read(path: Path) -> list[Locked]:
    """What is locked; nothing where the file is not there yet."""
    data = po.read(path)
    if data is None:
        return []
    try:
        return msgspec.convert(tomllib.loads(data.decode()), _Lock).package
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TranslationError(
            f"the lock of the language packages is damaged ({error}).",
            where=path,
            hint="Take the last good one out of version control, or correct it.",
        ) from error


def check(path: Path, found: Locked) -> None:
    """Refuse a package that has other bytes than the same version, or the same address, had before."""
    for locked in read(path):
        same = locked.key == found.key or (found.url and locked.url == found.url)
        if same and locked.sha256 != found.sha256:
            raise TranslationError(
                f"{found.url or 'the file'} is not the {locked.code} {locked.version} that was first installed "
                f"(sha256 {found.sha256[:12]}…, not {locked.sha256[:12]}…); nothing was installed.",
                where=path,
                hint="If its publisher replaced it on purpose, remove its entry there and install it again.",
            )


def record(path: Path, found: Locked) -> None:
    """Write down a package that was checked; an address that was not known yet is added."""
    locked = {each.key: each for each in read(path)}
    before = locked.get(found.key)
    locked[found.key] = found if before is None or not before.url else before
    data = encode(locked.values())
    if po.read(path) != data:
        po.write(path, data)


def encode(locked: Iterable[Locked]) -> bytes:
    """The bytes of the file: the same packages always give the same."""
    tables = [
        "\n[[package]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in msgspec.structs.asdict(each).items())
        for each in sorted(locked, key=lambda each: each.key)
    ]
    return (_HEADER + "".join(tables)).encode()


def _toml(value: object) -> str:
    """A JSON string is a TOML one too, but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
