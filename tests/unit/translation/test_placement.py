"""Where the markup of a sentence goes in its translation, by hand-made evidence."""

import pytest

from newsletter.model import Alignment
from newsletter.translation.markup.inline import Inline, exchange, parse
from newsletter.translation.markup.markdown import write
from newsletter.translation.markup.placement import Answer, differences, locate, place, unknown


def aligned(source: str, target: str, links: str) -> Alignment:
    """An alignment of white-space words; ``links`` says for each target word the source words it comes from."""

    def words(text: str) -> tuple[tuple[int, int], ...]:
        starts = [place for place in range(len(text)) if text[place] != " " and (place == 0 or text[place - 1] == " ")]
        return tuple((start, start + len(text[start:].split()[0])) for start in starts)

    count = len(words(source))
    rows = [[int(number) for number in row.split("+")] for row in links.split()]
    weights = tuple(tuple(1 / len(row) if column in row else 0.0 for column in range(count)) for row in rows)
    return Alignment(source=words(source), target=words(target), weights=weights)


def placed(markdown: str, target: str, links: str = "", **phrases: str) -> str | None:
    """The translation with its markup, as Markdown."""
    source = parse(markdown)
    alignment = aligned(source.text, target, links) if links else None
    known = {words.replace("_", " "): phrase for words, phrase in phrases.items()}
    found = place(source, Answer(text=target, alignment=alignment, phrases=known))
    return write(found.inline)[0] if found else None


@pytest.mark.parametrize(
    ("markdown", "target", "links", "expected"),
    [
        ("Read [the report](u) today.", "Lea hoy el informe.", "0 3 1 2", "Lea hoy [el informe](u)."),
        ("*All* members [vote](u)", "[vote] de todos", "2 0 0", "[[vote](u)] *de todos*"),
        ("[The *new* law](u) passed", "Pasó la ley nueva", "3 0 2 1", "Pasó [la ley *nueva*](u)"),
        ("**The end.**", "El fin.", "0 1", "**El fin.**"),
        ("**The end**.", "El fin.", "0 1", "**El fin**."),
        ("*“Yes,”* she said", "Dijo: «Sí»", "2 0", "Dijo: *«Sí»*"),
        ("a *b* c", "x y", "0 0", "x y"),
        ("a [b](u) c", "x y", "0 0", None),
    ],
)
def test_attention_says_where(markdown: str, target: str, links: str, expected: str | None) -> None:
    """The words that come from the marked ones, without punctuation that stood outside."""
    assert placed(markdown, target, links) == expected


@pytest.mark.parametrize(
    ("target", "phrase", "expected"),
    [
        ("Lea el informe anual en la web", "El informe anual", "Lea [el informe anual](u) en la web"),
        ("Parte del informe anual falta", "el informe anual", "Parte [del informe anual](u) falta"),
        ("El informe y el informe", "el informe", "El informe y el informe [el informe](u)"),
        ("Nada de eso", "el informe", "Nada de eso [el informe](u)"),
        ("我们的年度报告在这里", "年度报告", "我们的[年度报告](u)在这里"),
    ],
)
def test_the_translated_words_say_where(target: str, phrase: str, expected: str) -> None:
    """Where they occur once, as they are or nearly so; otherwise the link stands after the sentence."""
    assert placed("Read [it](u) now", target, it=phrase) == expected


def test_the_phrase_wins_where_attention_touches_it() -> None:
    """Attention finds the place, the phrase its limits; where they contradict each other, attention is believed."""
    assert placed("See [our report](u) now", "Vea ya nuestro informe", "0 3 0 2", our_report="nuestro informe") == (
        "Vea ya [nuestro informe](u)"
    )
    assert placed("a [b](u) c", "b x y", "0 1 2", b="b") == "b [x](u) y"


def test_what_grows_too_much_is_not_believed() -> None:
    """Four words for one are a guess."""
    assert placed("a *b*", "x y z v w", "0 1 1 1 1") == "x y z v w"


@pytest.mark.parametrize(
    ("markdown", "answer", "expected"),
    [
        ("See `code` now", "Vea X1 ya", "Vea X1 ya"),
        ("See `code` now", "X1 X1 ya", None),
        ("See `code` now", "Vea X12", None),
        ("See `code` now", "지금 X1을 보세요", "지금 X1을 보세요"),
        ("See *`code`* now", "Ya X1 vea", "Ya *X1* vea"),
    ],
)
def test_items_come_back_once_each(markdown: str, answer: str, expected: str | None) -> None:
    """A carrier that is lost, altered or doubled is no translation; one inside a span shows where the span is."""
    source = exchange(parse(markdown), ["X1"])
    found = place(source, Answer(text=answer, phrases={}))
    marked = found and [found.inline.of(span) for span in found.inline.spans]
    assert (found and found.inline.text) == (expected and expected.replace("*", ""))
    assert not expected or marked == ["X1"] * expected.count("*X1*")


def test_names_may_be_repeated_but_not_altered() -> None:
    """Another language may say a name again where the source has a pronoun."""
    source = parse("River Letter is free", keep=["River Letter"])
    assert locate(source, "River Letter: River Letter es gratis")
    assert locate(source, "La Carta del Río es gratis") is None


def test_what_stands_around_everything_needs_no_evidence() -> None:
    """Only spans around a part of the words are looked for."""
    assert [span.kind for span in unknown(parse("**[All *of* it](u)**."))] == ["em"]


def test_an_alignment_of_other_texts_is_not_used() -> None:
    """Offsets beyond the text and rows of another length come from a faulty engine."""
    source = parse("a *b*")
    bad = Alignment(source=((0, 1), (2, 99)), target=((0, 1),), weights=((0.0, 1.0),))
    worse = Alignment(source=((0, 1),), target=((0, 1),), weights=((0.0, 1.0),))
    for alignment in (bad, worse):
        found = place(source, Answer(text="x y", alignment=alignment, phrases={}))
        assert found
        assert found.inline == Inline(text="x y")
        assert len(found.notes) == 1


def test_differences_are_said() -> None:
    """What is lost, what is invented, and nothing else."""
    source, target = parse("[a](u) [b](v) `c` {d}"), parse("[a](u) [b](w) {d} `c`")
    assert sorted(differences(source, target)) == ["the link v is missing or changed", "the link w was invented"]
