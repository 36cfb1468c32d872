"""Blocks through engines good and bad: nothing is lost or invented without a doubt that says so."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Alignment, Translated
from newsletter.translation import packages
from newsletter.translation.engines.argos import Argos
from newsletter.translation.markup import blocks
from newsletter.translation.markup.blocks import Block
from newsletter.translation.markup.inline import Inline, parse
from newsletter.translation.pairs import Pair

SAMPLE = Path(__file__).parents[2] / "samples/argos/tiny-guided-en_es.argosmodel"

Say = Callable[[str], str | Translated]


class Engine:
    """Answers every sentence with what a function makes of it; counts what it is asked for."""

    def __init__(self, say: Say, *, target: str = "es", tagged: Say | None = None, garbage: int | None = None) -> None:
        self.source, self.target = "en", target
        self.asked: list[list[str]] = []
        self._say, self._tagged, self._garbage = say, tagged, garbage

    def translate(self, sentences: Sequence[str]) -> list[Translated]:
        """What the function makes of each."""
        self.asked.append(list(sentences))
        return [self._answer(self._say(sentence)) for sentence in sentences]

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment] | None:
        """Nothing, or anything."""
        if self._garbage is None:
            return None
        rng = random.Random(self._garbage)

        def words(text: str) -> tuple[tuple[int, int], ...]:
            limits = sorted(rng.randint(0, len(text) + rng.randint(0, 2)) for _ in range(8))
            return tuple(zip(limits[::2], limits[1::2], strict=True))

        def weights(rows: int, columns: int) -> tuple[tuple[float, ...], ...]:
            return tuple(tuple(rng.random() for _ in range(columns)) for _ in range(rows))

        made = ((words(source), words(target)) for source, target in pairs)
        shapes = (rng.choice([4, 4, 4, 3]) for _ in pairs)
        return [
            Alignment(source=here, target=there, weights=weights(rows, len(here)))
            for (here, there), rows in zip(made, shapes, strict=True)
        ]

    def translate_tagged(self, sentences: Sequence[str]) -> list[Translated] | None:
        """What the other function makes of each XML fragment."""
        tagged = self._tagged
        return [self._answer(tagged(sentence)) for sentence in sentences] if tagged else None

    @staticmethod
    def _answer(said: str | Translated) -> Translated:
        return said if isinstance(said, Translated) else Translated(text=said)


SPANISH = {
    "Read the annual report on our website.": "Lea el informe anual en nuestra web.",
    "the annual report": "El informe anual.",
    "our": "nuestro",
    "Write to X1 now!": "¡Escriba ahora a X1!",
    "A map": "Un mapa",
    "Nobody was hurt.": "Nadie resultó herido.",
    "It rained.": "Llovió.",
    "River Letter is free.": "La Carta del Río es gratis.",
    "X1 is free.": "X1 es gratis.",
}


def spanish(sentence: str) -> str:
    return SPANISH.get(sentence, sentence)


def one(text: str, engine: blocks.Pair, keep: Sequence[str] = ()) -> Block:
    (block,) = blocks.translate([text], engine, keep=keep)
    return block


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Nobody was hurt. It rained.", "Nadie resultó herido. Llovió."),
        ("*Nobody was hurt. It rained.*", "*Nadie resultó herido. Llovió.*"),
        ("*Nobody was hurt.* It rained.", "*Nadie resultó herido.* Llovió."),
        ("**[Nobody was hurt](u)**.", "[**Nadie resultó herido**](u)."),
        ("[Nobody was hurt. It rained.](u)", "[Nobody was hurt. It rained.](u)"),
        ("Read [the annual report](a.pdf) on our website.", "Lea [el informe anual](a.pdf) en nuestra web."),
        ("Write to <a@b.example> now!", "¡Escriba ahora a <a@b.example>!"),
        ("It rained.\\\nNobody was hurt.", "Llovió.\\\nNadie resultó herido."),
        ("![A map](m.png) It rained.", "![Un mapa](m.png) Llovió."),
        ("It rained. 2026. https://a.example/b_c", "Llovió. 2026. https://a.example/b_c"),
        ("River Letter is free.", "River Letter es gratis."),
    ],
)
def test_markup_goes_along(source: str, target: str) -> None:
    """Sentences, links, emphasis, items, alternative texts and names, each in its place."""
    block = one(source, Engine(spanish), ["River Letter"])
    assert block == Block(text=target)


def test_an_emphasis_whose_place_is_not_known_is_left_out() -> None:
    """The words are all there, and the reviewer is told."""
    block = one("Read the annual report on *our* website.", Engine(spanish))
    assert block.text == "Lea el informe anual en nuestra web."
    assert [note[:22] for note in block.notes] == ["the emphasis of “our” "]


def test_a_link_whose_place_is_not_known_stands_after_the_sentence() -> None:
    """It is never lost, and its words are translated."""
    block = one("Read the annual report on [our](u) website.", Engine(spanish))
    assert (block.text, block.doubts) == ("Lea el informe anual en nuestra web. [nuestro](u)", ())
    assert block.notes[0].startswith("the link “our” stands after its sentence")


def test_an_engine_that_loses_carriers_gets_the_pieces() -> None:
    """The address stays where it stood, between its translated neighbours."""
    engine = Engine(lambda text: spanish({"Write to": "Escriba a", "now": "Ahora."}.get(text, "Nada de esto.")))
    block = one("Write to <a@b.example> now!", engine)
    assert (block.text, block.doubts) == ("Escriba a <a@b.example> Ahora!", ())
    assert block.notes[0].startswith("a sentence was translated in pieces")


def test_a_name_that_is_altered_is_carried() -> None:
    """It is tried in the text first, for its grammar."""
    engine = Engine(lambda text: text.replace("Letter", "Carta"))
    assert one("The River Letter of [May](u) is free.", engine, ["River Letter"]) == Block(
        text="The River Letter of [May](u) is free."
    )
    assert one("See #RiverLetter.", engine) == Block(text="See #RiverLetter.")


def test_an_engine_that_carries_markup_is_let_do_it() -> None:
    """Tags in the order of its own words; characters of XML stay characters."""
    engine = Engine(spanish, tagged=lambda text: '<g id="2">B &amp; C</g>: <x id="3"/>, <g id="1">a</g>')
    assert one("*a* [B & C](u) `x<y`", engine).text == "[B & C](u): `x<y`, *a*"


@pytest.mark.parametrize(
    "answer", ["plain", '<g id="1">a</g>', '<g id="1"></g><g id="2">b</g>', '</g><g id="1"><g id="2">a</g>', ""]
)
def test_markup_that_an_engine_breaks_is_put_back_by_us(answer: str) -> None:
    """The plain way is taken for that sentence."""
    assert one("one *two* and [three](u) four", Engine(str, tagged=lambda _text: answer)) == Block(
        text="one *two* and [three](u) four"
    )


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        (lambda _text: "", "the engine wrote nothing for “It rained.”"),
        (lambda _text: "<b>Llovió.</b>", "the engine wrote HTML: <b>"),
        (lambda text: Translated(text=text, doubt="it is guessing"), "it is guessing"),
        (lambda text: f"{text} https://c.example", "the item https://c.example was invented"),
    ],
)
def test_what_no_translation_can_be_is_held(said: Say, doubt: str) -> None:
    """Nothing, HTML, an invented address, and what the engine doubts itself."""
    assert doubt in one("It rained.", Engine(said)).doubts


def test_a_reference_is_held() -> None:
    """Its address is not in the block."""
    assert one("[a report][1]", Engine(str)).doubts[0].startswith("it has a link whose address stands elsewhere")


def test_there_is_no_space_between_chinese_sentences() -> None:
    """The gap is the target language's."""
    engine = Engine({"It rained.": "下雨了。", "Nobody was hurt.": "无人受伤。"}.__getitem__, target="zh-Hans")
    assert one("*It rained. Nobody was hurt.*", engine).text == "*下雨了。无人受伤。*"
    assert one("https://a.example/b. <c@d.example>", engine).text == "https://a.example/b. <c@d.example>"


def test_plain_text_stays_plain_text() -> None:
    """A title is no Markdown: its asterisks are neither read nor escaped."""
    made = blocks.translate(["2 *3* 4 rivers", "2 *3* 4 rivers"], Engine(str.upper), plain={0})
    assert [block.text for block in made] == ["2 *3* 4 RIVERS", "2 *3* 4 RIVERS"]
    assert blocks.translate(["a * b & c"], Engine(lambda _t: "1. a *b* c"), plain={0})[0].text == "1. a *b* c"
    assert blocks.translate(["a b"], Engine(lambda _t: "1. a *b* c"))[0].text == "1\\. a \\*b\\* c"
    added = blocks.translate(["It rained."], Engine(lambda text: f"{text} https://c.example"), plain={0})[0]
    assert added.doubts == ("the item https://c.example was invented",)


def test_everything_is_one_batch() -> None:
    """Sentences, phrases and alternative texts of all blocks go together, each once, and plain ones without more."""
    engine = Engine(str)
    blocks.translate(["It rained.", "It rained. *Now* it is dry. ![A map](m)", "It rained."], engine)
    assert engine.asked == [["It rained.", "Now it is dry.", "A map", "Now"]]


WORDS = st.sampled_from(
    ["It", "rained.", "Now", "Seoul", "is", "dry!", "See", "2026", "한국어", "العربية", "(x)", "a_b", "–"]
)
PIECE = st.one_of(
    WORDS,
    st.builds("[{}]({})".format, WORDS, st.sampled_from(["u", "https://a.example/x_y"])),
    st.builds("*{}*".format, st.lists(WORDS, min_size=1, max_size=3).map(" ".join)),
    st.builds("**{} [{} *{}*](u)**".format, WORDS, WORDS, WORDS),
    st.sampled_from(["`code`", "<a@b.example>", "https://c.example/d", "@river", "{name}", "%s", "River Letter"]),
    st.sampled_from(["\\\n", "![A map](m.png)", "[![](i)](u)", "[](v)", "[call `f`](w)"]),
)
BLOCK = st.lists(PIECE, min_size=1, max_size=8).map(" ".join)


def shuffled(text: str) -> str:
    words = text.split()
    random.Random(len(text)).shuffle(words)
    return " ".join(words)


SAYINGS: list[Say] = [
    str,
    str.upper,
    shuffled,
    lambda text: " ".join(text.split()[:-1]),
    lambda text: f"{text} {text}",
    lambda text: text.replace("X", "Y").replace("(", "[").replace("River", "Río"),
    lambda text: "".join(char for char in text if char.isascii()),
    lambda text: f"<p>{text}</p>",
    lambda text: f"*{text}* [x](y) https://z.example",
    lambda text: "",
    lambda text: "\x00\u2028 \t",
    lambda text: Translated(text=text, doubt="it is guessing"),
]


def kept(text: str) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """The links, and the items with their own text where they have any."""
    inline = parse(text)
    items = Counter((item.kind, item.target, inline.of(item)) for item in inline.protected)
    return Counter((span.target,) for span in inline.spans if span.kind == "link"), items


def nested(inline: Inline) -> bool:
    return not any(one.crosses(other) for one in inline.spans for other in inline.spans)


@given(
    st.lists(BLOCK, min_size=1, max_size=3),
    st.sampled_from(SAYINGS),
    st.none() | st.sampled_from(SAYINGS),
    st.none() | st.integers(0, 99),
    st.sampled_from(["es", "zh", "ar"]),
)
def test_nothing_is_lost_or_invented_without_a_doubt(
    texts: list[str], say: Say, tagged: Say | None, garbage: int | None, target: str
) -> None:
    """Whatever the engine does: links and items as in the source, emphasis too or a note, or the block is held."""
    engine = Engine(say, target=target, tagged=tagged, garbage=garbage)
    made = blocks.translate(texts, engine, keep=["River Letter"])
    assert len(made) == len(texts)
    for source, block in zip(texts, made, strict=True):
        if not block.doubts:
            assert kept(block.text) == kept(source)
            assert block.text.count("River Letter") >= source.count("River Letter")
            assert nested(parse(block.text))
            emphasis = Counter(span.kind for span in parse(source).spans) - Counter(
                s.kind for s in parse(block.text).spans
            )
            assert not emphasis or block.notes or len(parse(source).spans) > 1


@given(BLOCK)
def test_an_engine_that_changes_nothing_changes_nothing(text: str) -> None:
    """Through an engine that copies, a block is the same Inline again, or says in a note where it is not."""
    block = one(text, Engine(str))
    assert parse(block.text) == parse(text) or block.notes


@pytest.fixture(scope="module")
def argos(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A real package, trained with an alignment on sentences of a few patterns."""
    folder = tmp_path_factory.mktemp("packages")
    packages.install(SAMPLE, folder)
    return Pair(Argos(packages=folder), source="en", target="es")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (
            "You can read [the annual report](r.pdf) on *our website*.",
            "Puede leer [el informe anual](r.pdf) en *nuestra página web*.",
        ),
        (
            "**Maria Silva** said that [the city museum](m) needs *a new roof*.",
            "**Maria Silva** dijo que [el museo municipal](m) necesita *un tejado nuevo*.",
        ),
        (
            "The volunteers asked [**Carlos Ruiz**](c) for *more money*.",
            "Los voluntarios pidieron *más dinero* a [**Carlos Ruiz**](c).",
        ),
        (
            "On *Friday*, [the neighbours](n) cleaned **the main square**.",
            "El *viernes*, [los vecinos](n) limpiaron **la plaza mayor**.",
        ),
        (
            "**The library will be closed during the first week of August.** Nobody was hurt in *the accident*.",
            "**La biblioteca permanecerá cerrada durante la primera semana de agosto.** "
            "Nadie resultó herido en *el accidente*.",
        ),
    ],
)  # fmt: skip
def test_a_real_engine_with_attention(argos: Pair, source: str, target: str) -> None:
    """Spans go where their words went, also where their order changed."""
    assert one(source, argos) == Block(text=target)
