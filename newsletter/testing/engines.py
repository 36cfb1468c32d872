"""What every machine translator must hold."""

# ruff: noqa: S101 - a suite is made of assertions

from typing import Any

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


class EngineContract:
    """What every engine must hold; ``make`` builds one that translates ``pair``."""

    pair: tuple[str, str] = ("en", "es")

    def make(self) -> Any:
        """The engine under test."""
        raise NotImplementedError

    def translate(self, *sentences: str) -> list[Any]:
        """The answers of the engine under test."""
        source, target = self.pair
        answers: list[Any] = self.make().translate(sentences, source=source, target=target)
        return answers

    def test_the_pair_is_offered(self) -> None:
        """``pairs`` names what it translates, as BCP 47 tags, and ``version`` says in words what does."""
        engine = self.make()
        source, target = self.pair
        assert self.pair in engine.pairs()
        assert engine.version(source=source, target=target).strip()

    def test_one_answer_for_each_sentence(self) -> None:
        """As many answers as sentences, in order, whatever they hold; a doubt is said, never an exception."""
        answers = self.translate(*SENTENCES)
        assert len(answers) == len(SENTENCES)
        assert all(isinstance(answer.text, str) and isinstance(answer.doubt, str) for answer in answers)
        assert [self.translate(sentence)[0].text for sentence in SENTENCES] == [answer.text for answer in answers]

    def test_nothing_gives_nothing(self) -> None:
        """No sentence, no answer."""
        assert self.translate() == []

    def test_no_line_breaks_and_no_outer_space(self) -> None:
        """An answer is one sentence: it is put between its neighbours as it is."""
        for answer in self.translate(*SENTENCES):
            assert answer.text == answer.text.strip()
            assert "\n" not in answer.text

    def test_an_unknown_pair_is_refused(self) -> None:
        """One sentence that names the languages and the next step."""
        with pytest.raises(NewsletterError) as caught:
            self.make().translate(["Hello"], source=self.pair[0], target="tlh")
        assert "tlh" in str(caught.value)
        assert caught.value.hint
