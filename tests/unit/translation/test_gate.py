"""The review gate: what may be shown, what waits, and what stands in for the rest."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polib
import pytest

from newsletter import config
from newsletter.model import Issue, Item
from newsletter.translation import gate, review, segments
from newsletter.translation.catalogs import Catalog, State

TOML = """\
[newsletter]
name = "River Letter"
languages = ["en", "es", "ca"]
sender = "news@river-cities.example"

[translation]
review = "{review}"
item_fallback = "{item_fallback}"

[languages.ca]
fallback = ["es"]
"""

ISSUE = Issue(
    id="2026-11",
    language="en",
    date=date(2026, 11, 20),
    subject="Hello",
    items=(
        Item(id="forum", language="en", title="Forum", body="The forum.", file="forum.md"),
        Item(id="trees", language="en", title="Trees", body="The trees.", file="trees.md"),
    ),
)

ALL = {"Hello": "r", "Forum": "r", "The forum.": "r", "Trees": "r", "The trees.": "r"}


def catalog(folder: Path, language: str, states: Mapping[str, str]) -> Catalog:
    """A catalog in which each text is reviewed (r), a draft (d) or stale (s); one that is not named is missing."""
    path = folder / f"{language}.po"
    made = Catalog(path, language=language, project="River Letter", state=folder / f"{language}.json")
    made.sync(segments.split(ISSUE))
    made.save()
    po = polib.pofile(str(path))
    for entry in po:
        state = states.get(entry.msgid, "")
        entry.msgstr = f"{language}: {entry.msgid}" if state else ""
        entry.flags = ["fuzzy"] if state in {"d", "s"} else []
        entry.previous_msgid = "old" if state == "s" else None
    po.save()
    return Catalog(path, language=language, project="River Letter", state=folder / f"{language}.json")


def decide(
    folder: Path,
    ca: Mapping[str, str],
    *,
    es: Mapping[str, str] | None = None,
    policy: str = "required",
    item_fallback: str = "next",
) -> gate.Gate:
    (folder / config.FILE).write_text(TOML.format(review=policy, item_fallback=item_fallback), "utf-8")
    catalogs = {"ca": catalog(folder, "ca", ca), "es": catalog(folder, "es", ALL if es is None else es)}
    return gate.compose(ISSUE, catalogs, "ca", config=config.load(folder))


def shown(decision: gate.Gate) -> list[tuple[str, str, bool]]:
    return [(item.title, item.language, item.draft) for item in decision.issue.items]


def test_a_reviewed_language_is_open(tmp_path: Path) -> None:
    """Everything is translated and accepted: the edition may be sent."""
    decision = decide(tmp_path, ALL)
    assert decision.open
    assert (decision.issue.language, decision.issue.subject) == ("ca", "ca: Hello")
    assert shown(decision) == [("ca: Forum", "ca", False), ("ca: Trees", "ca", False)]


@pytest.mark.parametrize("state", ["d", "s"])
@pytest.mark.parametrize(
    ("policy", "is_open", "marked"), [("required", False, False), ("label", True, True), ("off", True, False)]
)
def test_what_waits_for_a_person(tmp_path: Path, state: str, policy: str, is_open: bool, marked: bool) -> None:
    """Drafts and stale translations hold the language, go out marked, or go out, as the policy says."""
    decision = decide(tmp_path, {**ALL, "The trees.": state}, policy=policy)
    assert decision.open is is_open
    assert shown(decision)[1] == ("ca: Trees", "ca", marked)
    assert decision.reasons == (() if is_open else ("trees: 1 not reviewed",))


@pytest.mark.parametrize(
    ("item_fallback", "reasons", "titles"),
    [
        ("next", (), [("ca: Forum", "ca", False), ("es: Trees", "es", False)]),
        ("omit", (), [("ca: Forum", "ca", False)]),
        ("hold", ("trees: 2 not translated",), [("ca: Forum", "ca", False)]),
    ],
)
def test_an_item_without_a_translation(
    tmp_path: Path, item_fallback: str, reasons: tuple[str, ...], titles: list[tuple[str, str, bool]]
) -> None:
    """It is shown in the next language, left out, or holds the language; the other items do not care."""
    states = {"Hello": "r", "Forum": "r", "The forum.": "r"}
    decision = decide(tmp_path, states, item_fallback=item_fallback)
    assert (decision.reasons, shown(decision)) == (reasons, titles)


def test_an_item_half_drafted_holds_the_language(tmp_path: Path) -> None:
    """Somebody has begun to translate it: it waits for them rather than going out in another language."""
    decision = decide(tmp_path, {"Hello": "r", "Forum": "r", "The forum.": "r", "Trees": "d"})
    assert decision.reasons == ("trees: 1 not reviewed",)


def test_a_fallback_is_gated_too(tmp_path: Path) -> None:
    """An unreviewed Spanish item is no better in the Catalan edition, so the source language stands in."""
    states = {"Hello": "r", "Forum": "r", "The forum.": "r"}
    decision = decide(tmp_path, states, es={**ALL, "Trees": "d"})
    assert shown(decision)[1] == ("Trees", "en", False)
    assert decision.fallbacks == {"trees": "en"}


def test_the_stricter_policy_holds_for_a_fallback(tmp_path: Path) -> None:
    """Spanish drafts may go out in Spanish editions; Catalan readers are promised reviewed text."""
    states = {"Hello": "r", "Forum": "r", "The forum.": "r"}
    toml = TOML.format(review="required", item_fallback="next") + '\n[languages.es]\nreview = "off"\n'
    (tmp_path / config.FILE).write_text(toml, "utf-8")
    catalogs = {"ca": catalog(tmp_path, "ca", states), "es": catalog(tmp_path, "es", {**ALL, "Trees": "d"})}
    decision = gate.compose(ISSUE, catalogs, "ca", config=config.load(tmp_path))
    assert decision.fallbacks == {"trees": "en"}


def test_an_edition_without_items_is_held(tmp_path: Path) -> None:
    """Leaving out every item leaves no newsletter."""
    decision = decide(tmp_path, {"Hello": "r"}, item_fallback="omit")
    assert decision.reasons == ("no item is translated",)


def test_a_drafted_subject_is_marked(tmp_path: Path) -> None:
    """Under ``label`` the issue's own words are marked as well as the items."""
    decision = decide(tmp_path, {**ALL, "Hello": "d"}, policy="label")
    assert (decision.open, decision.issue.draft) == (True, True)


def test_the_subject_cannot_fall_back(tmp_path: Path) -> None:
    """A mail has one subject, in its own language: without it the language is held."""
    decision = decide(tmp_path, {key: state for key, state in ALL.items() if key != "Hello"})
    assert decision.reasons == ("issue: 1 not translated",)


def test_the_review_counts_what_the_gate_sees(tmp_path: Path) -> None:
    """Segments by state, in all and by item."""
    states = {**ALL, "Trees": "d", "The trees.": "s"}
    decision = decide(tmp_path, states)
    counted = review.of(catalog(tmp_path, "ca", states), decision)
    assert counted.counts == {
        State.MISSING: 0,
        State.DRAFT: 1,
        State.STALE: 1,
        State.REVIEWED: 3,
        State.APPROVED: 0,
    }
    assert counted.items["trees"][State.REVIEWED] == 0
    assert str(counted) == "1 draft, 1 stale, 3 reviewed (held)"
