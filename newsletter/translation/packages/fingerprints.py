"""One hash for what a language package answers, cheap to ask for again.

Hashing five packages of 70 MB takes half a second, more than a second run over an unchanged issue may; so the hash is
kept in the package's folder, together with the size and the time of every file that it stands for.
"""

import contextlib
from collections.abc import Sequence
from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path

import msgspec

from newsletter.errors import TranslationError
from newsletter.translation import po

FILE = "fingerprint.json"

_State = tuple[tuple[str, int, int], ...]  # name, bytes and time of change in ns of each file


class _Kept(msgspec.Struct, frozen=True):
    files: _State
    sha256: str


def of(folder: Path, files: Sequence[Path]) -> str:
    """The hash of names and contents of ``files``, which lie in ``folder``; another file or content, another hash."""
    try:
        stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
        return _hash(folder, tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))
    except OSError as error:
        raise TranslationError(
            f"the package cannot be read ({error.strerror}).", where=folder, hint="Install it again."
        ) from error


@lru_cache(maxsize=128)
def _hash(folder: Path, files: _State) -> str:
    try:
        kept = msgspec.json.decode((folder / FILE).read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError):
        kept = None  # not there yet, or damaged: it is made anew
    if kept is not None and kept.files == files:
        return kept.sha256
    whole = sha256()
    for name, _, _ in files:
        with (folder / name).open("rb") as stream:
            whole.update(f"{name}\0{file_digest(stream, 'sha256').hexdigest()}\n".encode())
    with contextlib.suppress(TranslationError):  # the packages of a whole system: each process computes it once
        po.write(folder / FILE, msgspec.json.encode(_Kept(files=files, sha256=whole.hexdigest())))
    return whole.hexdigest()
