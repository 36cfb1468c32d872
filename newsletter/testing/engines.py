"""What every machine translator must hold."""

# ruff: noqa: S101 - a suite is made of assertions

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from newsletter.errors import NewsletterError

SENTENCES = (
    "The river is high.",
    "Write to jane_doe@river.example or see https://river.example/a_b?c=1.",
    "NEWS",
    "1,234 boats, 50 % more than in 2025",
    "Hello {name} & <b>friends</b>",
    "…",
    "Zażółć gęślą jaźń 서울 नेपाली فارسی",
)
"""Sentences that have broken engines: addresses, capitals, numbers, placeholders, punctuation alone, many scripts."""

FRAGMENTS = (
    '<g id="1">The river is high.</g>',
    'The <g id="1">red <g id="2">boat</g></g> is new.',
    'See <x id="1"/> and the <g id="2">new bridge</g>.',
    "Fish &amp; chips &lt; 5",
)
"""XML fragments as ``translate_tagged`` gets them: around everything, nested, something to keep, no markup at all."""


class EngineContract:
    """What every engine must hold; ``make`` builds one that translates ``pair``.

    What an engine need not have, ``align`` and ``translate_tagged``, is tested where it has it.
    """

    pair: tuple[str, str] = ("en", "es")

    def make(self) -> Any:
        """The engine under test."""
        raise NotImplementedError

    def translate(self, *sentences: str) -> list[Any]:
        """The answers of the engine under test."""
        source, target = self.pair
        answers: list[Any] = self.make().translate(sentences, source=source, target=target)
        return answers

    def able(self, method: str) -> Any:
        """The engine under test, if it has a method; the test is skipped otherwise."""
        engine = self.make()
        if not hasattr(engine, method):
            pytest.skip(f"it has no {method}, and need not")
        return engine

    def test_the_pair_is_offered(self) -> None:
        """``pairs`` names what it translates, as BCP 47 tags, and ``version`` says in words what does."""
        engine = self.make()
        source, target = self.pair
        assert self.pair in engine.pairs()
        assert all(one != other for one, other in engine.pairs())
        assert engine.version(source=source, target=target).strip()

    def test_the_fingerprint_stands_for_the_answers(self) -> None:
        """The same for another engine with the same options, so that what it answered is found again; one line."""
        source, target = self.pair
        first, second = (self.make().fingerprint(source=source, target=target) for _ in range(2))
        assert first == second
        assert isinstance(first, str)
        assert "\n" not in first

    def test_one_answer_for_each_sentence(self) -> None:
        """As many answers as sentences, in order, whatever they hold; a doubt is said, never an exception."""
        answers = self.translate(*SENTENCES)
        assert len(answers) == len(SENTENCES)
        assert all(isinstance(answer.text, str) and isinstance(answer.doubt, str) for answer in answers)
        assert [self.translate(sentence)[0].text for sentence in SENTENCES] == [answer.text for answer in answers]

    def test_nothing_gives_nothing(self) -> None:
        """No sentence, no answer."""
        assert self.translate() == []

    def test_many_sentences_at_once(self) -> None:
        """As many as an issue has: what an engine can only take in parts, it takes in parts, in order."""
        one, other = (answer.text for answer in self.translate(*SENTENCES[:2]))
        assert [answer.text for answer in self.translate(*SENTENCES[:2] * 100)] == [one, other] * 100

    def test_no_line_breaks_and_no_outer_space(self) -> None:
        """An answer is one sentence: it is put between its neighbours as it is."""
        for answer in self.translate(*SENTENCES, "A line\nbreak"):
            assert answer.text == answer.text.strip()
            assert "\n" not in answer.text

    def test_an_unknown_pair_is_refused(self) -> None:
        """One sentence that names the languages and the next step."""
        with pytest.raises(NewsletterError) as caught:
            self.make().translate(["Hello"], source=self.pair[0], target="tlh")
        assert "tlh" in str(caught.value)
        assert caught.value.hint

    def test_an_alignment_fits_its_sentences(self) -> None:
        """Words inside the texts, in order; one row a target word, one column a source word; a row adds up to one."""
        engine = self.able("align")
        source, target = self.pair
        pairs = [(text, answer.text) for text, answer in zip(SENTENCES, self.translate(*SENTENCES), strict=True)]
        pairs.append((SENTENCES[0], "Somebody else wrote quite another sentence."))
        found = engine.align(pairs, source=source, target=target)
        assert len(found) == len(pairs)
        for (text, translation), alignment in zip(pairs, found, strict=True):
            _assert_words(text, alignment.source)
            _assert_words(translation, alignment.target)
            assert len(alignment.weights) == len(alignment.target)
            for row in alignment.weights:
                assert len(row) == len(alignment.source)
                assert not row or sum(row) == pytest.approx(1, abs=0.05)
        assert engine.align([], source=source, target=target) == []

    def test_markup_comes_back(self) -> None:
        """Well-formed, nothing invented, and once where it is around everything; where it is not so, a doubt."""
        engine = self.able("translate_tagged")
        source, target = self.pair
        answers = engine.translate_tagged(FRAGMENTS, source=source, target=target)
        assert len(answers) == len(FRAGMENTS)
        for fragment, answer in zip(FRAGMENTS, answers, strict=True):
            ElementTree.fromstring(f"<s>{answer.text}</s>")  # noqa: S314 - the engine under test wrote it
            assert set(_tags(answer.text)) <= set(_tags(fragment)) or answer.doubt
            assert answer.text == answer.text.strip()
            assert "\n" not in answer.text
        assert _tags(answers[0].text) == _tags(FRAGMENTS[0]) or answers[0].doubt
        assert engine.translate_tagged([], source=source, target=target) == []


def _assert_words(text: str, words: tuple[tuple[int, int], ...]) -> None:
    place = 0
    for start, end in words:
        assert place <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        place = end


def _tags(fragment: str) -> list[str]:
    return sorted(re.findall(r"<[gx] [^>]*>", fragment))
