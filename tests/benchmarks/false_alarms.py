"""Counts how often each check accuses translations that people made: ``false_alarms.py FOLDER…`` of PO files.

Only accepted entries of at least 60 characters that end like a sentence and have no sign of code in them count, at most
1,000 a language, taken evenly from all files; ``--all`` takes the others too. XML tags are left out, for manuals are
written in them. The table has, for each check and language, the share of the paragraphs with a finding at each level,
in percent: block/warn/info. The last rows are the paragraphs, and the time each took.
"""

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import polib

from newsletter.translation import checks
from newsletter.translation.checks import Candidate
from newsletter.translation.glossary import Glossary

LANGUAGES = ("fr", "es", "ca", "pt-BR", "ar", "fa", "ko", "ne", "zh", "ja")
LEVELS = ("block", "warn", "info")
SHORTEST, MOST = 60, 1000
PROSE = re.compile(r"(?s)(?!.*(?:[%_={}#<>|\\\[\]`&*~$]|--)).*[.!?]\Z")
TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def pairs(folders: list[Path], *, everything: bool) -> dict[str, list[Candidate]]:
    """The translations of each language, one for each source text."""
    found: defaultdict[str, dict[str, Candidate]] = defaultdict(dict)
    for folder in folders:
        newsletter = next((path for path in folder.resolve().parents if (path / "newsletter.toml").exists()), None)
        glossary = Glossary.load(newsletter) if newsletter else Glossary()
        for path in sorted(folder.rglob("*.po")):
            language = language_of(path)
            for candidate in candidates(path, language, glossary) if language else ():
                prose = len(candidate.source) >= SHORTEST and PROSE.match(candidate.source)
                if candidate.target and (prose or everything):
                    found[language][candidate.source] = candidate
    return {language: sampled(list(found[language].values())) for language in LANGUAGES if found[language]}


def language_of(path: Path) -> str:
    """The language by the file's name or its folder's; empty where it is none of ours."""
    tags = (tag.replace("_", "-").replace("zh-CN", "zh") for tag in (path.stem, path.parent.name))
    return next((tag for tag in tags if tag in LANGUAGES), "")


def candidates(path: Path, language: str, glossary: Glossary) -> Iterator[Candidate]:
    for entry in polib.pofile(str(path)).translated_entries():
        source, target = (re.sub(r"[ \n\t]+", " ", TAG.sub("", text)).strip() for text in (entry.msgid, entry.msgstr))
        role = (entry.msgctxt or "").partition("|")[2] or "body"
        yield Candidate(source, target, language, role=role, glossary=glossary)


def sampled(found: list[Candidate]) -> list[Candidate]:
    return found[:: -(-len(found) // MOST)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--all", action="store_true", help="short entries and program messages as well")
    parser.add_argument("--show", default="", help="print what this check says, as in Numbers or Numbers:block")
    arguments = parser.parse_args()
    columns = pairs(arguments.folders, everything=arguments.all)
    counts: Counter[tuple[str, str, str]] = Counter()
    took = {}
    for language, found in columns.items():
        start = time.perf_counter()
        for candidate in found:
            for check in checks.all_checks():
                name, findings = type(check).__name__, list(check.find(candidate))
                counts.update((name, language, level) for level in {finding.level for finding in findings})
                for finding in findings:
                    if arguments.show in {name, f"{name}:{finding.level}"}:
                        print(f"{language} {finding.message}\n  {candidate.source}\n  {candidate.target}")
        took[language] = (time.perf_counter() - start) / len(found) * 1000
    if not arguments.show:
        print_table(counts, columns, took)


def print_table(
    counts: Counter[tuple[str, str, str]], columns: dict[str, list[Candidate]], took: dict[str, float]
) -> None:
    print(f"{'block/warn/info %':17}", *(f"{language:>14}" for language in columns))
    for name in (type(check).__name__ for check in checks.all_checks()):
        shares = [[100 * counts[name, one, level] / len(found) for level in LEVELS] for one, found in columns.items()]
        print(f"{name:17}", *(f"{'/'.join(f'{share:.1f}' for share in cell):>14}" for cell in shares))
    print(f"{'paragraphs':17}", *(f"{len(found):14}" for found in columns.values()))
    print(f"{'ms each':17}", *(f"{took[language]:14.2f}" for language in columns))


if __name__ == "__main__":
    main()
