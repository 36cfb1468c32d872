"""Translators in processes of their own, one for every line of stdin, killed when about to write for the n-th time.

A line is a JSON list: folder, name of the engine, n (0: never), and a policy. ``naive`` writes files in their place, as
many programs do; it is there to show that the tests would notice.

The modules are loaded once and every translator is forked. Its exit code, or its signal as a negative number, goes to
stdout, and what it says itself to ``translator.err`` in the folder.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from newsletter import Newsletter
from newsletter.model import Translated
from newsletter.translation import po

LANGUAGES = ("es", "fr")
TOUCHES = frozenset({"open", "os.rename", "os.remove", "half"})


class Upper:
    """An engine whose texts can be told from a person's: they are in capitals, and ``sign`` stands before each."""

    sign = "UNO"

    def pairs(self) -> set[tuple[str, str]]:
        """English to each."""
        return {("en", language) for language in LANGUAGES}

    def version(self, *, source: str, target: str) -> str:
        """As people read it."""
        return f"{type(self).__name__} {source}→{target}"

    def fingerprint(self, *, source: str, target: str) -> str:
        """Not to be cached: the engine is always asked."""
        return ""

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """Each sentence in capitals."""
        return [Translated(text=f"{self.sign} {sentence.upper()}") for sentence in sentences]


class Again(Upper):
    """Another engine."""

    sign = "DOS"


@contextmanager
def in_place(path: Path, data: bytes) -> Iterator[Path]:
    """Write a file where it stands, and say so half-way."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        sys.audit("half")
        file.write(data[len(data) // 2 :])
    yield path


def run(folder: Path, engine: str, last: int, policy: str) -> None:
    """One translator, which is killed when it is about to write under ``folder`` for the ``last`` time."""
    touched = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal touched
        writing = event in TOUCHES and (event != "open" or "w" in str(arguments[1]))
        if writing and (event == "half" or str(folder) in str(arguments[0])):
            touched += 1
            if touched == last:
                os.kill(os.getpid(), signal.SIGKILL)

    if policy == "naive":
        po._replacement = in_place
    newsletter = Newsletter.open(folder)
    issue = newsletter.issue()
    sys.addaudithook(count)
    newsletter.translate(issue, engine=f"translator:{engine}", again=True)


def main() -> None:
    """Say that the modules are loaded, then fork a translator for every line, and wait for it."""
    print("ready", flush=True)
    for line in sys.stdin:
        folder, engine, last, policy = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                run(Path(folder), engine, last, policy)
            except BaseException:  # noqa: BLE001 - the driver must not end with it
                Path(folder, "translator.err").write_text(traceback.format_exc(), "utf-8")
                os._exit(70)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
