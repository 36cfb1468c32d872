"""How fast editions are compiled and filled, and how many bytes an item takes; run it by hand, it is no test.

::

    npm install --prefix .node mjml@5
    python tests/benchmarks/rendering.py

Every row is a ratio within one run whose rounds take turns, so that it means the same on any machine; the median of
the rounds counts. The example newsletter is rendered in its nine languages.

Compiling has two rows against npm mjml, for its process goes on becoming faster as V8 optimises it. "loaded": the nine
editions of one issue in a process that is loaded and has compiled once, as a build would meet it, against our first
compile, with every cache emptied. "optimised": the same nine after some hundred rounds, against ours after as many. No
cache of ours holds what a document compiled to; they hold which tags were found to be without fault.

"door" is all that ``mjml.compile`` does, with its validation. "thorough" is the door for a document that is not spelt
plainly, here for a comment in it, so that lxml has to look. "compiler" is the compiler alone, shown the whole document,
with a ? for each letter that is not ASCII; the door shows it only the document's skeleton.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import mjml as bare
from rich.console import Console
from rich.table import Table

from newsletter import Newsletter
from newsletter.model import Edition, Issue
from newsletter.rendering import fields, mjml, skeleton, validation
from newsletter.rendering.editions import render
from newsletter.rendering.lint.size import encoded

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from npm_mjml import Npm, installed, modules

SETTLE = 0.3  # seconds: V8 goes on optimising in the background, which is no fault of whoever comes next
VALUES = {
    "recipient.name": "Núria Camps & Co",
    "recipient.email": "nuria@harbour.example",
    "recipient.organisation": "City of Valmora",
    "recipient.unsubscribe_url": "https://river-cities.example/u/" + "0a1b2c3d" * 8,
}


def main() -> None:
    """Print the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of every row")
    parser.add_argument("--warm", type=int, default=40, help="rounds of npm mjml before it counts as optimised")
    parser.add_argument("--node", default="node", help="the Node program")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        letter = Newsletter.create(Path(folder) / "river-cities", example="river-cities")
        issues = {language: gate.issue for language, gate in letter.gates(letter.issue()).items()}
        with sources() as seen:
            editions = {language: render(issue, letter.config) for language, issue in issues.items()}
        if installed():
            console.print(compiling(seen, rounds=options.rounds, warm=options.warm, node=options.node))
        else:
            console.print(f"no npm mjml in {modules()}: its rows are left out")
        console.print(filling(editions["en"], lambda: render(issues["en"], letter.config), rounds=options.rounds))
        console.print(sizes(issues, lambda issue: render(issue, letter.config)))


@contextmanager
def sources() -> Iterator[list[str]]:
    """Collects the MJML documents that are compiled meanwhile."""
    compile_, seen = mjml.compile, []

    def collected(source: str, name: str) -> str:
        seen.append(source)
        return compile_(source, name)

    mjml.compile = collected
    try:
        yield seen
    finally:
        mjml.compile = compile_


def compiling(documents: list[str], *, rounds: int, warm: int, node: str) -> Table:
    """The nine editions, by npm mjml in one process, by the door and by the compiler alone."""
    ours = {
        "door": [partial(mjml.compile, source, "t") for source in documents],
        "thorough": [partial(mjml.compile, source.replace("<p", "<!-- --><p"), "t") for source in documents],
        "compiler": [
            partial(bare.mjml2html, source.encode("ascii", "replace").decode(), fonts={}, disable_comments=True)
            for source in documents
        ],
    }
    columns = [column for name in ours for column in (name, "ratio")]
    table = Table("", "npm mjml", *columns, title="compiling nine editions, in ms")
    for name, before, processes in (("loaded", 0, rounds), ("optimised", warm, 1)):
        theirs, times = [], {kind: [] for kind in ours}
        for _ in range(processes):
            npm = Npm(node)
            npm.compile(documents[0])
            for _ in range(before):
                _npm(npm, documents)
            for _ in range(rounds if before else 1):
                theirs.append(_npm(npm, documents))
                time.sleep(SETTLE)
                for kind, compiles in ours.items():
                    if not before:
                        forget()
                    times[kind].append(timed(lambda compiles=compiles: [compile_() for compile_ in compiles]))
            npm.close()
        them = statistics.median(theirs)
        cells = [(f"{one * 1000:.1f}", f"{them / one:.1f}x") for one in map(statistics.median, times.values())]
        table.add_row(name, f"{them * 1000:.1f}", *(cell for pair in cells for cell in pair))
    return table


def forget() -> None:
    """Empty every cache of the door."""
    for cached in (skeleton._start, skeleton._ends, validation._end, validation._element):
        cached.cache_clear()


def _npm(npm: Npm, documents: list[str]) -> float:
    """Seconds within the Node process, without the way there and back."""
    return sum(npm.compile(source).seconds for source in documents)


def filling(edition: Edition, rendered: Callable[[], Edition], *, rounds: int, count: int = 500) -> Table:
    """Fields filled into a compiled edition, against rendering the edition for each reader."""
    compiled = fields.compile(edition)
    columns = {field: [value] * count for field, value in VALUES.items()}

    def fill() -> None:
        list(compiled.fill_all(columns, count))

    filled, whole = [], []
    for _ in range(rounds):
        filled.append(timed(fill) / count)
        whole.append(timed(rendered))
    one, other = statistics.median(filled), statistics.median(whole)
    table = Table("messages a second", "rendered one by one", "ratio", title="filling fields")
    table.add_row(f"{1 / one:,.0f}", f"{1 / other:,.0f}", f"{other / one:,.0f}x")
    return table


def sizes(issues: dict[str, Issue], rendered: Callable[[Issue], Edition]) -> Table:
    """Bytes of each language's HTML as sent: in all, without any but one item, and for each further one."""
    title = "size as sent, in KB (1,000 bytes)"
    table = Table("language", "encoding", "items", "all", "raw", "an item", "items up to 100 KB", title=title)
    for language, issue in issues.items():
        html = rendered(issue).html
        size, encoding = encoded(html)
        one = encoded(rendered(replace(issue, items=issue.items[:1])).html)[0]
        each = (size - one) / (len(issue.items) - 1)
        room = len(issue.items) + int((100_000 - size) // each)
        raw = f"{len(html.encode()) / 1000:.1f}"
        cells = (str(len(issue.items)), f"{size / 1000:.1f}", raw, f"{each / 1000:.1f}", str(room))
        table.add_row(language, encoding, *cells)
    return table


def timed(run: Callable[[], object]) -> float:
    """Seconds that ``run`` takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
