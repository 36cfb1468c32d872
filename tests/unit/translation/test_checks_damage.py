"""The reviewed translations of the example: as they are, and damaged as machines and slips of the hand damage them."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polib
import pytest

from newsletter.translation import checks
from newsletter.translation.checks import Candidate
from newsletter.translation.glossary import Glossary

EXAMPLE = Path(__file__).parents[3] / "examples" / "river-cities"


@pytest.fixture(scope="module")
def reviewed() -> list[Candidate]:
    """All translations of the eight languages."""
    glossary = Glossary.load(EXAMPLE)
    return [
        Candidate(
            entry.msgid,
            entry.msgstr,
            path.stem.replace("_", "-"),
            role=str(entry.msgctxt).partition("|")[2],
            glossary=glossary,
        )
        for path in sorted(EXAMPLE.glob("issues/*/po/*.po"))
        for entry in polib.pofile(str(path)).translated_entries()
    ]


def test_what_people_wrote_is_not_held(reviewed: list[Candidate]) -> None:
    """Nothing in the example would block."""
    assert {candidate.base for candidate in reviewed} == {"ar", "ca", "es", "fa", "fr", "ko", "ne", "pt"}
    found = [(one.target, finding) for one in reviewed for finding in checks.find(one) if finding.level == "block"]
    assert found == []


def first(pattern: str, new: str) -> Callable[[Candidate], str]:
    return lambda candidate: re.sub(pattern, new, candidate.target, count=1)


DAMAGES: dict[str, tuple[Callable[[Candidate], str], set[str]]] = {
    "a link without its address": (first(r"\[([^\]]*)\]\([^)]*\)", r"\1"), {"block"}),
    "a link to another address": (first(r"\]\(([^)]*)\)", r"](\1x)"), {"block"}),
    "no emphasis": (first(r"(\*\*?)([^*]+)\1", r"\2"), {"warn"}),
    "a changed year": (first("2027|۲۰۲۷|२०२७", "2072"), {"block", "warn"}),
    "not translated": (lambda one: one.source if len(one.source) > 80 else one.target, {"block"}),
    "a loop": (lambda one: one.target + " la la" * 4, {"block"}),
    "cut off": (lambda one: one.target[: len(one.target) * 2 // 5] if len(one.source) > 60 else "…", {"block", "warn"}),
    "nothing": (lambda _one: "…", {"block"}),
    "HTML": (lambda one: f"{one.target}<p>", {"block"}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(reviewed: list[Candidate], damage: str) -> None:
    """Each damage to each translation, at its level."""
    harm, levels = DAMAGES[damage]
    damaged = [(one, replace(one, target=harm(one))) for one in reviewed if harm(one) != one.target]
    assert len(damaged) >= 8
    for one, worse in damaged:
        before = {finding.message for finding in checks.find(one)}
        found = {finding.level for finding in checks.find(worse) if finding.message not in before}
        assert found & levels, worse
