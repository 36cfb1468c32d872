"""How fast an issue is drafted, against Argos Translate and against CTranslate2 alone; run it by hand, it is no test.

::

    python tests/benchmarks/translation.py --package FILE.argosmodel

Every row is a ratio within one run whose rounds take turns, so that it means the same on any machine; the median of
the rounds counts. All translate the same ten items with the same package, the same beam of 4 and the same sentence
splitter, for Argos Translate's own has to be downloaded. Argos Translate runs with its own defaults, paragraph by
paragraph, as its documentation shows.
"""

import argparse
import difflib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TINY = HERE.parent / "samples" / "argos" / "tiny-guided-en_es.argosmodel"
TOML = """
[newsletter]
name = "City News"
source = "en"
languages = ["en", "es"]
sender = "City News <news@city.example>"
postal_address = "City News, 1 Main Street"
base_url = "https://city.example"
timezone = "UTC"

[translation]
engine = "argos"
packages = "packages"

[audience]
source = "csv"
path = "members.csv"

[provider]
use = "folder"
path = "outbox"

[outbox]
url = "sqlite:///newsletter.db"
"""
ITEMS = "NEWSLETTER_BENCHMARK_ITEMS"
"""What tells the processes of one run how many items there are."""

EDITED = (" the ", " this ")
"""What an edit of one paragraph changes: one word of one sentence."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A title and its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


def items() -> list[Item]:
    """The items of the sample text, or as many of them as are asked for."""
    blocks = (HERE / "ten-items.txt").read_text("utf-8").strip().split("\n\n")[: int(os.environ.get(ITEMS, "10"))]
    return [
        Item(title=block.split("\n")[0].removeprefix("# "), paragraphs=tuple(block.split("\n")[1:])) for block in blocks
    ]


def paragraphs() -> list[str]:
    """All titles and paragraphs, in order."""
    return [text for item in items() for text in (item.title, *item.paragraphs)]


def new(place: Path, name: str) -> Path:
    """A newsletter of its own with one issue of the ten items, and with the packages of ``place``."""
    folder = place / name
    issue = folder / "issues" / "ten"
    issue.mkdir(parents=True)
    (folder / "packages").symlink_to(place / "packages")
    (folder / "newsletter.toml").write_text(TOML, "utf-8")
    (folder / "members.csv").write_text("email,name,languages\n", "utf-8")
    (issue / "issue.toml").write_text('date = 2026-11-22\nsubject = "Ten items"\n', "utf-8")
    for number, item in enumerate(items(), start=1):
        body = "\n\n".join(item.paragraphs)
        (issue / f"{number:02}-item-{number}.md").write_text(f"---\ntitle: {item.title!r}\n---\n\n{body}\n", "utf-8")
    return folder


def edit(folder: Path) -> None:
    """Change one word in the last paragraph that still has it."""
    for file in sorted((folder / "issues" / "ten").glob("*.md"), reverse=True):
        head, found, tail = file.read_text("utf-8").rpartition(EDITED[0])
        if found:
            file.write_text(head + EDITED[1] + tail, "utf-8")
            return
    raise ValueError(f"no paragraph has {EDITED[0]} any more")


# What is measured; each prepares itself and returns what to time. What is timed returns the paragraphs it made.


def argos_translate(_place: Path) -> Callable[[], list[str]]:
    """Argos Translate, paragraph by paragraph."""
    from argostranslate import translate

    from newsletter.translation import sentences

    class Splitter:
        def split_sentences(self, text: str) -> list[str]:
            return [sentence.text for sentence in sentences.split(text, "en")]

    way: Any = translate.get_translation_from_codes("en", "es").underlying  # below its memory of the last call
    way.sentencizer = Splitter()
    way.translate("It begins.")  # has it load the model
    return lambda: [way.translate(text) for text in paragraphs()]


def bare(place: Path) -> Callable[[], list[str]]:
    """CTranslate2 alone on the unique sentences, cut into pieces beforehand, with the threads and batches we use."""
    import ctranslate2
    import sentencepiece

    from newsletter.translation import sentences

    (package,) = (place / "packages").glob("*/model")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(package.parent / "sentencepiece.model"))
    unique = dict.fromkeys(sentence.text for text in paragraphs() for sentence in sentences.split(text, "en"))
    batch = pieces.encode(list(unique), out_type=str)
    translator = ctranslate2.Translator(str(package), intra_threads=1, inter_threads=min(os.cpu_count() or 1, 4))

    def run() -> list[str]:
        translator.translate_batch(
            batch, beam_size=4, length_penalty=0.2, replace_unknowns=True, max_batch_size=512, batch_type="tokens"
        )
        return []

    return run


def engine(place: Path) -> Callable[[], list[str]]:
    """Our engine on the unique sentences, its model in memory."""
    from newsletter.translation import sentences
    from newsletter.translation.engines.argos import Argos

    blocks = [sentences.split(text, "en") for text in paragraphs()]
    unique = list(dict.fromkeys(sentence.text for block in blocks for sentence in block))
    argos = Argos(packages=place / "packages")
    argos.translate(["It begins."], source="en", target="es")

    def run() -> list[str]:
        answers = argos.translate(unique, source="en", target="es")
        known = {text: answer.text for text, answer in zip(unique, answers, strict=True)}
        return ["".join(known[sentence.text] + sentence.gap for sentence in block) for block in blocks]

    return run


def letter(place: Path) -> Callable[[], list[str]]:
    """The whole way, from opening the newsletter to the saved catalog: what a command does after its imports."""
    return lambda: desk(place)()


def desk(place: Path) -> Callable[[], list[str]]:
    """From reading the issue to the saved catalog in a newsletter that is open, as in the preview."""
    from newsletter import Newsletter

    opened = Newsletter.open(place)

    def run() -> list[str]:
        opened.translate(opened.issue("ten"))
        return []

    return run


MEASURED: dict[str, Callable[[Path], Callable[[], list[str]]]] = {
    "argos": argos_translate,
    "bare": bare,
    "engine": engine,
    "letter": letter,
}


def rounds(place: Path, number: int) -> tuple[dict[str, float], dict[str, list[str]]]:
    """The median seconds and the paragraphs of each; they take turns: what else the machine does falls on all alike."""
    runs = {name: MEASURED[name](place) for name in ("argos", "bare", "engine")}
    seconds: dict[str, list[float]] = defaultdict(list)
    made: dict[str, list[str]] = {}

    def timed(name: str, run: Callable[[], list[str]]) -> None:
        started = time.perf_counter()
        made[name] = run()
        seconds[name].append(time.perf_counter() - started)

    runs["bare"]()  # its first batch warms up, as the others did
    for turn in range(number):
        for name, run in runs.items():
            timed(name, run)
        fresh = new(place, f"round-{turn}")
        for name in ("first", "second"):
            timed(name, letter(fresh))
        edit(fresh)
        timed("edit anew", letter(fresh))
        open_one = desk(fresh)
        edit(fresh)
        open_one()  # has it load the model
        edit(fresh)
        timed("edit open", open_one)
    return {name: statistics.median(times) for name, times in seconds.items()}, made


def peak(name: str, place: Path) -> float:
    """Megabytes that one of them takes at most, in a process of its own.

    A process inherits the peak of the one that started it, so this is measured while ours is still small.
    """
    command = [sys.executable, __file__, "--child", name, "--place", str(new(place, f"memory-{name}"))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def different(theirs: list[str], ours: list[str]) -> list[tuple[str, str]]:
    """The paragraphs that are not word for word the same."""
    return [pair for pair in zip(theirs, ours, strict=True) if pair[0].split() != pair[1].split()]


def table(rows: list[tuple[str, str, str]]) -> str:
    """Rows in columns; the numbers to the right."""
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{name:<{first}}  {value:>{second}}  {note}".rstrip() for name, value, note in rows)


def report(place: Path, number: int) -> None:
    """Measure, and print the table."""
    memory = {name: peak(name, place) for name in MEASURED}
    took, made = rounds(place, number)
    others = different(made["argos"], made["engine"])
    equal = f"{len(made['argos']) - len(others)}/{len(made['argos'])}"
    rows = [
        ("", "ratio", ""),
        ("whole issue: Argos Translate / newsletter", f"{took['argos'] / took['first']:.1f}×", "at least 5"),
        ("sentences: Argos Translate / our engine", f"{took['argos'] / took['engine']:.1f}×", ""),
        ("sentences: bare CTranslate2 / our engine", f"{took['bare'] / took['engine']:.0%}", "at least 85 %"),
        ("second run / first run", f"{took['second'] / took['first']:.1%}", "at most 2 %"),
        (
            "one paragraph edited / first run, newsletter open",
            f"{took['edit open'] / took['first']:.1%}",
            "at most 2 %",
        ),
        (
            "one paragraph edited / first run, opened anew",
            f"{took['edit anew'] / took['first']:.1%}",
            "loads the model",
        ),
        ("paragraphs as Argos Translate has them", equal, "all"),
        ("peak memory: whole issue / Argos Translate", f"{memory['letter'] / memory['argos']:.2f}×", ""),
        ("peak memory: our engine / bare CTranslate2", f"{memory['engine'] / memory['bare']:.2f}×", ""),
    ]
    print(table(rows))
    print("\nseconds: ", ", ".join(f"{name} {value:.2f}" for name, value in took.items()), f"; median of {number}")
    print("peak MB: ", ", ".join(f"{name} {value:.0f}" for name, value in memory.items()))
    for theirs, ours in others[:3]:
        print(*(line for line in difflib.ndiff([theirs], [ours]) if line[0] in "+-"), sep="\n")


def main() -> None:
    """Read the options and report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--package", type=Path, default=TINY, help="the package; the small sample unless given")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--items", type=int, default=10, help="fewer of the ten items, for a quick look")
    options.add_argument("--child", choices=MEASURED, help=argparse.SUPPRESS)
    options.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        MEASURED[chosen.child](chosen.place)()
        peak_size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(peak_size / (2**20 if sys.platform == "darwin" else 2**10))
        return
    os.environ[ITEMS] = str(chosen.items)
    place = Path(tempfile.mkdtemp(prefix="benchmark-"))
    # Argos Translate reads these when it is imported, and makes its folders there.
    names = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    os.environ |= {name: str(place / "home") for name in names} | {"ARGOS_PACKAGES_DIR": str(place / "packages")}
    try:
        from newsletter.translation import packages

        packages.install(chosen.package, place / "packages")
        report(place, chosen.rounds)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
