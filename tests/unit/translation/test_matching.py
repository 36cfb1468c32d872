"""What the memory finds for a new text, and what it does with numbers, addresses and placeholders that changed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memories import FORUM, FRENCH, find, found, memory, row

from newsletter.translation.memory import matching, values
from newsletter.translation.memory.matching import Kind


def test_the_same_text_in_the_same_place_comes_first(tmp_path: Path) -> None:
    """Context decides between two translations of one text, and is told apart from elsewhere."""
    made = memory(tmp_path, row(FORUM, "Ailleurs", context="other|body", approved=True), row(FORUM, FRENCH))
    here, elsewhere = found(made, FORUM, "forum|body"), found(made, FORUM, "new|body")
    assert (here.kind, here.text, here.score) == (Kind.CONTEXT, FRENCH, 100)
    assert (elsewhere.kind, elsewhere.text) == (Kind.EXACT, "Ailleurs")


def test_no_context_is_not_the_same_context(tmp_path: Path) -> None:
    """A text from a TMX file, which has no place, is never taken for one of the same place."""
    assert found(memory(tmp_path, row(FORUM, FRENCH, context="")), FORUM).kind is Kind.EXACT


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"date": "2026-01-01T00:00:00Z"}, {"date": "2026-02-01T00:00:00Z"}),
        ({"date": "2026-02-01T00:00:00Z"}, {"date": "2026-01-01T00:00:00Z", "approved": True}),
    ],
)
def test_of_equals_the_approved_then_the_latest_wins(
    tmp_path: Path, older: dict[str, object], newer: dict[str, object]
) -> None:
    """Two issues translated one text differently."""
    made = memory(tmp_path, row(FORUM, "A", origin="2026-01", **older), row(FORUM, "B", origin="2026-02", **newer))
    assert found(made, FORUM, "forum|body").text == "B"


@pytest.mark.parametrize("text", ["It’s “here”,\n now", 'It\'s  "here", now', 'It\u2019s\u00a0"here", now'])
def test_white_space_and_quotes_make_no_difference(tmp_path: Path, text: str) -> None:
    """What an editor's slip changes is the same text."""
    assert found(memory(tmp_path, row('It\'s "here", now', "C’est ici")), text).kind is Kind.EXACT


def test_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    """Texts from a Mac write é as two characters."""
    made = memory(tmp_path, row("Cafe\u0301 open", "Café ouvert"))
    assert found(made, "Caf\u00e9 open").kind is Kind.EXACT


def test_a_negation_is_a_draft_with_the_difference_noted(tmp_path: Path) -> None:
    """One word more turns the sense around, so it is never exact, and the reviewer is told the word."""
    made = memory(tmp_path, row("The house is open on all days of this week", "La maison est ouverte"))
    match = found(made, "The house is not open on all days of this week")
    assert (match.kind, match.difference) == (Kind.FUZZY, "was: is open now: is not open")
    assert match.score < 100


def test_a_text_that_repeats_itself_is_compared_soon() -> None:
    """A list of a thousand like words, such as a table's, holds up nobody; difflib would take a minute."""
    old, new = (" ".join("ab"[n % 2 if n % period else 0] for n in range(3000)) for period in (5, 7))
    assert matching.difference(old, new).startswith("was: ")


def test_less_similar_texts_are_suggestions_then_nothing(tmp_path: Path) -> None:
    """From 75 percent on a text is shown, from 85 on it is a draft."""
    made = memory(tmp_path, row("one two three four five six seven eight nine ten", "X"))
    match = found(made, "one two three four five six seven eight blah blah")
    assert match.kind is Kind.SUGGESTION
    assert 75 <= match.score < 85
    assert "it has: X" in str(match)
    assert find(made, "one two three nothing else here is at all alike") is None


def test_another_language_pair_is_not_looked_at(tmp_path: Path) -> None:
    """English to Spanish knows nothing of English to French."""
    made = memory(tmp_path, row(FORUM, FRENCH))
    assert made.find(FORUM, source="en", target="es") is None


def test_long_texts_are_found_among_many(tmp_path: Path) -> None:
    """The comparison of word by word that long texts go through first loses none that are alike."""
    words = [
        "city",
        "forum",
        "river",
        "people",
        "training",
        "centre",
        "council",
        "market",
        "bridge",
        "garden",
        "school",
    ]
    texts = [" ".join(words[(n * k + k) % len(words)] + str(n % 7) * (k % 2) for k in range(40)) for n in range(1, 400)]
    made = memory(tmp_path, *(row(text, f"t{n}", context=f"i{n}|body") for n, text in enumerate(texts)))
    changed = [f"Yesterday {text} indeed" for text in texts[::40]]
    matches = made.find_all([("x|body", text) for text in changed], source="en", target="fr")
    assert [match.kind for match in matches if match] == [Kind.FUZZY] * len(changed)


def test_texts_without_spaces_are_compared_too(tmp_path: Path) -> None:
    """A long Chinese paragraph is no single word."""
    text = "城市论坛汇集了来自三大洲的三个培训中心讨论了公共交通和水资源管理的未来并且签署了一项协议"
    made = memory(tmp_path, row(text, "X", source_language="zh"))
    match = made.find(f"昨天{text}", source="zh", target="fr")
    assert match is not None
    assert match.kind is Kind.FUZZY


# Numbers, addresses, placeholders


@pytest.mark.parametrize(
    ("old", "target", "new", "wanted"),
    [
        (
            "In 2017, 12 cities came",
            "En 2017, 12 villes sont venues",
            "In 2018, 15 cities came",
            "En 2018, 15 villes sont venues",
        ),
        ("In 2017 5 came", "Fem 2017 vingueren 5", "In 2018 5 came", "Fem 2018 vingueren 5"),
        ("On day 3 of 5", "5 / 3", "On day 5 of 3", "3 / 5"),
        ("In 2017 came 12", "۱۲ در ۲۰۱۷", "In 2018 came 34", "۳۴ در ۲۰۱۸"),
        ("In 12 places", "१२ ठाउँमा", "In 7 places", "७ ठाउँमा"),
        ("some 1,234 trees", "unos 1.234 árboles", "some 22,500 trees", "unos 22.500 árboles"),
        ("some 1,234.5 m", "٬".join(("۱", "۲۳۴")) + "٫۵ م", "some 2,500.7 m", "۲٬۵۰۰٫۷ م"),
        ("at 9:30, 9 came", "à 9 h 30, 9 sont venus", "at 10:30, 10 came", "à 10 h 30, 10 sont venus"),
        (
            "see https://a.example/1 now",
            "voir https://a.example/1.",
            "see https://b.example/2 now",
            "voir https://b.example/2.",
        ),
        ("see [x](news/1.html)", "voir [x](news/1.html)", "see [x](news/2.html)", "voir [x](news/2.html)"),
        (
            "see https://a.example/1",
            "https://a.example/1를 보세요",
            "see https://b.example",
            "https://b.example를 보세요",
        ),
        ("ask a@b.example", "demandez à a@b.example", "ask c@d.example", "demandez à c@d.example"),
        ("ask a@b.example", "a@b.example에 물어보세요", "ask c@d.example", "c@d.example에 물어보세요"),
        ("dear {name}", "cher {name}", "dear {city}", "cher {city}"),
    ],
)
def test_changed_numbers_and_addresses_are_put_in(tmp_path: Path, old: str, target: str, new: str, wanted: str) -> None:
    """In the translation's own digits and separators, where it is clear which belongs where."""
    match = found(memory(tmp_path, row(old, target)), new, "forum|body")
    assert (match.kind, match.text, match.strays) == (Kind.NUMBERS, wanted, ())
    assert match.difference


@pytest.mark.parametrize(
    ("old", "target", "new"),
    [
        ("From 3 to 3 people", "De 3 à 3 personnes", "From 3 to 4 people"),  # which 3?
        ("In all 5 cities", "Dans les cinq villes", "In all 6 cities"),  # written as a word
        ("In all 5 cities", "5 villes, oui 5", "In all 6 cities"),  # more often than in the source
        ("some 950 trees", "unos 950 árboles", "some 1,200 trees"),  # how it groups digits is not known
        ("on 11/13/2017 at", "le 13 novembre 2017 à", "on 12/13/2017 at"),  # the month is a word
        ("in 2017 we met", "در ۱۳۹۶", "in 2018 we met"),  # another calendar
    ],
)
def test_unclear_numbers_make_no_clean_match(tmp_path: Path, old: str, target: str, new: str) -> None:
    """Where it is not clear which number belongs where, the old translation stays as it is, as a fuzzy match."""
    match = found(memory(tmp_path, row(old, target)), new)
    assert (match.kind, match.text) == (Kind.FUZZY, target)
    assert 85 <= match.score < 100


@given(old=st.lists(st.integers(0, 10**6), min_size=1, max_size=5), data=st.data())
def test_put_in_numbers_are_the_new_texts_numbers(old: list[int], data: st.DataObject) -> None:
    """Whatever the numbers and their order in the translation, it never has any but the new ones."""
    new = data.draw(st.lists(st.integers(0, 10**6), min_size=len(old), max_size=len(old)))
    order = data.draw(st.permutations(range(len(old))))
    target = " - ".join(str(old[place]) for place in order)
    made = values.refit(target, old=" and ".join(map(str, old)), new=" and ".join(map(str, new)))
    if made is None:
        assert len(set(old)) < len(old)
    else:
        assert sorted(made.split(" - ")) == sorted(map(str, new))


def test_one_changed_link_in_a_similar_text_is_put_in(tmp_path: Path) -> None:
    """A fuzzy match points where the new text points."""
    old = "Read the [report](https://a.example/2017) of the assembly of all the cities"
    made = memory(tmp_path, row(old, "Lisez le [rapport](https://a.example/2017)"))
    match = found(made, "Read the new [report](https://a.example/2018) of the assembly of all the cities")
    assert (match.kind, match.text, match.strays) == (Kind.FUZZY, "Lisez le [rapport](https://a.example/2018)", ())


def test_other_links_are_named(tmp_path: Path) -> None:
    """A match never hides that its links are not those of the new text."""
    made = memory(tmp_path, row("Read the whole report of the assembly of cities", "Lisez le rapport {name}"))
    match = found(made, "Read the whole report of the assembly of cities https://a.example")
    assert match.strays == ("https://a.example", "{name}")
    assert "not in both: https://a.example, {name}" in str(match)
