"""What an engine answered before, so that a sentence is translated once, whoever asks again.

Only a cache: whatever is wrong with its file, a translation goes on without it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from newsletter.errors import TranslationError
from newsletter.model import Translated
from newsletter.translation.memory.store import Store, answer

KEPT = 200_000
"""Answers kept, some 50 MB or ten years of a monthly issue in nine languages; those longest unused go first."""

PATIENCE = 5
"""Seconds to wait for another process: a sentence is translated again sooner than that becomes a nuisance."""

_AT_ONCE = 500  # below SQLite's limit on the parameters of a statement
_DAY = 86_400  # seconds


class EngineCache:
    """The answers of all engines, by what decides them: the engine's fingerprint and the sentence.

    It shares its file with the memory. ``trouble`` is empty, or says why answers are not used or not kept in this run:
    what failed once is not tried again, but what can only be read is still read.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, kept: int = KEPT) -> None:
        self.trouble = ""
        self._store = Store(path, patience=PATIENCE)
        self._clock = clock
        self._kept = kept
        self._readable = self._writable = True
        self._purged = False

    def get(self, fingerprint: str, sentences: Sequence[str]) -> dict[str, Translated]:
        """The known answers to these sentences; none where the fingerprint is empty."""
        keys = {_key(fingerprint, sentence): sentence for sentence in sentences}
        if not fingerprint or not keys or not self._readable:
            return {}
        try:
            with self._store.reading() as connection:
                rows = list(_rows(connection, list(keys)))
        except TranslationError as error:
            self.trouble, self._readable, self._writable = str(error), False, False
            return {}
        self._touch([row.key for row in rows if row.used < self._today()])
        return {keys[row.key]: Translated(text=row.text, doubt=row.doubt) for row in rows}

    def put(self, fingerprint: str, answers: Mapping[str, Translated]) -> None:
        """Keep new answers, in place of older ones to the same sentences."""
        if not fingerprint or not answers:
            return
        rows = [
            {"key": _key(fingerprint, sentence), "text": made.text, "doubt": made.doubt, "used": self._today()}
            for sentence, made in answers.items()
        ]
        new = insert(answer)
        replace = {name: new.excluded[name] for name in ("text", "doubt", "used")}

        def keep(connection: Connection) -> None:
            connection.execute(new.on_conflict_do_update(index_elements=[answer.c.key], set_=replace), rows)
            self._purge(connection)

        self._write(keep)

    def _touch(self, keys: list[bytes]) -> None:
        """Note the use; once a day is enough, so that most runs only read."""

        def note(connection: Connection) -> None:
            for some in _batches(keys):
                connection.execute(update(answer).where(answer.c.key.in_(some)).values(used=self._today()))

        if keys:
            self._write(note)

    def _write(self, change: Callable[[Connection], None]) -> None:
        if self._writable:
            try:
                with self._store.writing() as connection:
                    change(connection)
            except TranslationError as error:
                self.trouble, self._writable = str(error), False

    def _purge(self, connection: Connection) -> None:
        """Drop what is too much, once in a run: counting takes longer than keeping a few answers."""
        if not self._purged:
            excess = connection.execute(select(func.count()).select_from(answer)).scalar_one() - self._kept
            oldest = select(answer.c.key).order_by(answer.c.used).limit(max(0, excess))
            connection.execute(delete(answer).where(answer.c.key.in_(oldest)))
            self._purged = True

    def _today(self) -> int:
        return int(self._clock() // _DAY)


def _rows(connection: Connection, keys: list[bytes]) -> Iterator[Any]:
    for some in _batches(keys):
        yield from connection.execute(select(answer).where(answer.c.key.in_(some)))


def _batches(keys: list[bytes]) -> Iterator[list[bytes]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))


def _key(fingerprint: str, sentence: str) -> bytes:
    """Sixteen bytes for both: no two of some billion share them."""
    return blake2b(sentence.encode(), key=blake2b(fingerprint.encode()).digest(), digest_size=16).digest()
