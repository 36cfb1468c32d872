"""The Argos engine on a small real package: the same words as Argos Translate, and no harm from odd sentences."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from argostranslate.tokenizer import BPETokenizer
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import ConfigError, TranslationError
from newsletter.model import Alignment
from newsletter.translation import packages
from newsletter.translation.engines.argos import KEPT, Argos, guarded, heads
from newsletter.translation.engines.argos.alignment import align, words
from newsletter.translation.engines.argos.tokens import MosesBpe, Piece, SentencePiece

SAMPLES = Path(__file__).parents[2] / "samples" / "argos"
SENTENCES = (
    "The library closes at 8 on Friday.",
    "The general assembly approved the new budget on Tuesday evening.",
    "In March, 150 people visited the city museum.",
    "Maria Silva met Peter Novak at the library on Monday.",
    "Please send your comments before the end of the month.",
    "The Red Cross gave the primary school 24 thousand euros.",
    "Volunteers planted two hundred trees along the river.",
)
WHOLE = ("The", "library", "the", "members", "La", "biblioteca", "los", "socios", ".")  # one piece each

Edit = Callable[[Path], None]


def variant(folder: Path, target: str, edit: Edit | None = None, **metadata: str) -> Path:
    """The sample package as one into another language, edited."""
    made = packages.install(SAMPLES / "tiny-guided-en_es.argosmodel", folder.with_name(f"{folder.name}-{target}")).path
    kept = json.loads((made / "metadata.json").read_text())
    (made / "metadata.json").write_text(json.dumps(kept | {"to_code": target} | metadata))
    if edit:
        edit(made)
    folder.mkdir(exist_ok=True)
    return made.rename(folder / f"translate-en_{target}-1_0")


def rename(package: Path, names: Mapping[str, str]) -> None:
    """Give pieces of the model other names."""
    file = package / "model" / "shared_vocabulary.json"
    pieces = json.loads(file.read_text())
    assert names.keys() <= set(pieces)
    file.write_text(json.dumps([names.get(piece, piece) for piece in pieces]))


def with_bpe(package: Path) -> None:
    """A package of the older kind: Moses words and byte-pair merges, here such that known words stay whole."""
    (package / "sentencepiece.model").unlink()
    merges = []
    for word in WHOLE:
        letters = [*word[:-1], word[-1] + "</w>"]
        merges += [f"{''.join(letters[:at])} {letters[at]}" for at in range(1, len(letters))]
    (package / "bpe.model").write_text("\n".join(["#version: 0.2", *dict.fromkeys(merges)]) + "\n")
    rename(package, {f"▁{word}": word for word in WHOLE if word != "."})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is (es), with bpe.model (ca), with a target prefix (gl)."""
    made = tmp_path_factory.mktemp("packages")
    variant(made, "es")
    variant(made, "ca", with_bpe)
    variant(made, "gl", lambda package: rename(package, {"▁corrup": ">>glg<<"}), target_prefix=">>glg<<")
    return made


@pytest.fixture(scope="module")
def argos(folder: Path) -> Argos:
    return Argos(packages=folder)


def texts(argos: Argos, *sentences: str, target: str = "es") -> list[str]:
    return [answer.text for answer in argos.translate(sentences, source="en", target=target)]


REFERENCE = """
import json, sys
from argostranslate import translate
asked = json.load(sys.stdin)
answers = {}
for target, sentences in asked.items():
    found = translate.get_translation_from_codes("en", target)
    found.underlying.sentencizer = type("Whole", (), {"split_sentences": lambda self, text: [text]})()
    answers[target] = [found.underlying.translate(sentence) for sentence in sentences]
json.dump(answers, sys.stdout)
"""


def test_the_words_are_those_of_argos_translate(folder: Path, argos: Argos, tmp_path: Path) -> None:
    """Sentence by sentence the same answer, with pieces or byte pairs and with a target prefix."""
    asked = {"es": SENTENCES, "ca": ["The library.", "The members."], "gl": SENTENCES[:3]}
    places = {name: str(tmp_path / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REFERENCE],
        input=json.dumps(asked),
        env=os.environ | places | {"ARGOS_PACKAGES_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    ours = {target: texts(argos, *sentences, target=target) for target, sentences in asked.items()}
    assert ours == json.loads(run.stdout)
    assert ours["ca"][0] == "La biblioteca"
    assert "glg" not in "".join(ours["gl"])


@pytest.mark.parametrize("text", ["", "  ", "…", "42", "1,234.5 %", "— · —", "🎉", "½", "(2)"])
def test_nothing_to_translate_stays_as_it_is(argos: Argos, text: str) -> None:
    """What has no letter is its own translation, without a doubt."""
    (answer,) = argos.translate([text], source="en", target="es")
    assert (answer.text, answer.doubt) == (text.strip(), "")


def test_line_breaks_and_pictures_change_nothing(argos: Argos) -> None:
    """A sentence broken into lines is one sentence, and a picture at its edge stands there afterwards."""
    (whole,) = texts(argos, "The library closes at 8 on Friday.")
    assert texts(argos, "\n The library\r\ncloses at\u2028 8 on Friday. \n") == [whole]
    assert texts(argos, "🎉 The library closes at 8 on Friday. ✂️") == [f"🎉 {whole} ✂️"]


def test_capitals_are_translated_as_a_sentence_and_given_back(argos: Argos) -> None:
    """The package has learned small letters: in capitals it would spell."""
    assert texts(argos, "VOLUNTEERS PLANTED TWO HUNDRED TREES ALONG THE RIVER.") == [
        texts(argos, "Volunteers planted two hundred trees along the river.")[0].upper()
    ]


def test_a_long_sentence_goes_in_parts_and_says_so(argos: Argos) -> None:
    """No part is left out, its neighbours are as alone, and a person is asked."""
    part = "The library closes at 8 on Friday"
    long, short = argos.translate([", ".join([part] * 40), SENTENCES[1]], source="en", target="es")
    assert long.text.count("biblioteca") >= 2
    assert "too long for the package, translated in 2 parts" in long.doubt
    assert short.text == texts(argos, SENTENCES[1])[0]


def test_a_sentence_that_the_model_cannot_take_is_a_doubt(argos: Argos, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package can count to 300 pieces; the others of the batch are translated all the same."""
    monkeypatch.setattr(guarded, "LONGEST", 10_000)
    long, short = argos.translate(["The river is high, " * 60, SENTENCES[0]], source="en", target="es")
    assert (long.text, "too long for the package" in long.doubt) == ("", True)
    assert short.text == texts(argos, SENTENCES[0])[0]


def test_the_fingerprint_is_that_of_model_options_and_rules(folder: Path, argos: Argos) -> None:
    """Another package or beam, another fingerprint; the same in another process."""
    same = Argos(packages=folder)
    prints = [each.fingerprint(source="en", target="es") for each in (argos, same, Argos(packages=folder, beam=2))]
    assert prints[0] == prints[1] != prints[2]
    assert argos.fingerprint(source="en", target="gl") != prints[0]


def test_only_so_many_models_stay_in_memory(folder: Path, tmp_path: Path) -> None:
    """Nine languages do not take a gigabyte, and the one that was put away comes back."""
    for target in ("fr", "it", "de", "pt"):
        variant(tmp_path, target)
    engine = Argos(packages=tmp_path)
    for target in ("fr", "it", "de", "pt", "fr"):
        assert texts(engine, SENTENCES[0], target=target) == texts(Argos(packages=folder), SENTENCES[0])
        assert len(engine._models) <= KEPT


def test_what_is_installed_meanwhile_is_used(tmp_path: Path) -> None:
    """A preview stays open for days: a new package counts, its update too, and what was removed is gone."""
    engine = Argos(packages=tmp_path)
    assert engine.pairs() == set()
    first = variant(tmp_path, "es")
    before = texts(engine, SENTENCES[0])
    mark = engine.fingerprint(source="en", target="es")
    shutil.rmtree(first)
    assert engine.pairs() == set()
    variant(tmp_path, "es", broken_model, package_version="2.0").rename(tmp_path / "translate-en_es-2_0")
    assert engine.fingerprint(source="en", target="es") != mark
    with pytest.raises(TranslationError, match="cannot be loaded"):
        texts(engine, SENTENCES[0])
    assert before


def broken_model(package: Path) -> None:
    (package / "model" / "model.bin").write_bytes(b"no model")


def broken_pieces(package: Path) -> None:
    (package / "sentencepiece.model").write_bytes(b"no pieces")


def broken_merges(package: Path) -> None:
    with_bpe(package)
    (package / "bpe.model").write_text("not a pair of pieces\n")


def no_vocabulary(package: Path) -> None:
    (package / "model" / "shared_vocabulary.json").unlink()


@pytest.mark.parametrize("damage", [broken_model, broken_pieces, broken_merges, no_vocabulary])
def test_a_damaged_package_is_named(tmp_path: Path, damage: Edit) -> None:
    """One sentence with the package's place and the next step."""
    made = variant(tmp_path, "es", damage)
    with pytest.raises(TranslationError, match="cannot be loaded") as caught:
        texts(Argos(packages=tmp_path), "The library is open.")
    assert caught.value.where == str(made)
    assert caught.value.hint == "Install it again."


def test_a_beam_of_nothing_is_refused() -> None:
    """Before any model is loaded."""
    with pytest.raises(ConfigError, match="beam = 0"):
        Argos(beam=0)


def test_a_missing_pair_is_named_everywhere(argos: Argos) -> None:
    """Every question about a pair without a package gives the same sentence with the next step."""
    for ask in (argos.version, argos.fingerprint):
        with pytest.raises(TranslationError, match="newsletter languages install"):
            ask(source="en", target="ko")
    with pytest.raises(TranslationError, match="newsletter languages install"):
        argos.align([("a", "b")], source="en", target="ko")


# Alignment


def links(found: Alignment, source: str, target: str) -> dict[str, str]:
    """Each target word with the source word that it comes from most."""
    return {
        target[slice(*place)]: source[slice(*found.source[max(range(len(row)), key=row.__getitem__)])]
        for place, row in zip(found.target, found.weights, strict=True)
    }


def test_each_word_comes_from_its_source(argos: Argos) -> None:
    """The sample package was trained to align; a translation that a person changed is aligned as well."""
    pairs = [
        ("The library closes at 8 on Friday.", "La biblioteca cierra a las 8 el viernes."),
        ("Maria Silva met Peter Novak at the library on Monday.", "El lunes, Maria Silva vio a Peter Novak."),
    ]
    first, second = argos.align(pairs, source="en", target="es")
    right = {"biblioteca": "library", "cierra": "closes", "8": "8", "viernes": "Friday", ".": "."}
    assert right.items() <= links(first, *pairs[0]).items()
    assert {"Silva": "Silva", "Novak": "Novak"}.items() <= links(second, *pairs[1]).items()


def test_capitals_are_aligned_as_small_letters(argos: Argos) -> None:
    """The offsets are those of the text as it stands."""
    pair = ("THE LIBRARY CLOSES AT 8 ON FRIDAY.", "LA BIBLIOTECA CIERRA A LAS 8 EL VIERNES.")
    found = links(argos.align([pair], source="en", target="es")[0], *pair)
    assert {"BIBLIOTECA": "LIBRARY", "VIERNES": "FRIDAY"}.items() <= found.items()


def test_an_untrained_head_gives_way_to_all_heads(tmp_path: Path) -> None:
    """What a package lets us look at first may be an arbitrary head: then all are averaged, in memory only."""

    def mislead(package: Path) -> None:
        """Look at the first layer, whose heads align nothing."""
        file = package / "model" / "model.bin"
        data = bytearray(file.read_bytes())
        place, size = heads._scalars(data)["decoder/alignment_layer"]
        data[place : place + size] = (0).to_bytes(size, "little")
        file.write_bytes(data)

    made = variant(tmp_path, "es", mislead)
    before = (made / "model" / "model.bin").read_bytes()
    pair = ("The library closes at 8 on Friday.", "La biblioteca cierra a las 8 el viernes.")
    (found,) = Argos(packages=tmp_path).align([pair], source="en", target="es")
    assert {"biblioteca": "library", "8": "8", "viernes": "Friday"}.items() <= links(found, *pair).items()
    assert (made / "model" / "model.bin").read_bytes() == before


def test_a_model_of_another_layout_keeps_its_heads(tmp_path: Path) -> None:
    """What cannot be read is left alone."""
    (tmp_path / "model.bin").write_bytes(b"\x06\0\0\0\x05\0spec\0")
    assert heads.averaged(tmp_path) is None


def test_any_two_texts_are_aligned(argos: Argos) -> None:
    """Rows for the target's words, columns for the source's, each row adding up to one; whatever is in them."""
    odd = ["", "…", "Hi", "½ m² ＡＢＣ", "می‌خواهم 서울", "見る。", "a_b  c\u00a0d", "🎉", "The river is high, " * 60]
    pairs = [(source, target) for source in odd for target in odd]
    for (source, target), found in zip(pairs, argos.align(pairs, source="en", target="es"), strict=True):
        assert found.source == words(source)
        assert found.target == words(target)
        assert len(found.weights) == len(found.target)
        for row in found.weights:
            assert len(row) == len(found.source)
            assert sum(row) == pytest.approx(1 if row else 0)
    assert argos.align([], source="en", target="es") == []


def test_byte_pairs_are_aligned_too(argos: Argos) -> None:
    """Offsets come from comparing the pieces with the text."""
    pair = ("The  library.", "La biblioteca.")
    (found,) = argos.align([pair], source="en", target="ca")
    assert links(found, *pair)["biblioteca"] == "library"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The city’s plan, 1,234.5 m²!", ["The", "city’s", "plan", ",", "1,234.5", "m²", "!"]),
        ("«नेपाली» می\u200cخواهم", ["«", "नेपाली", "»", "می\u200cخواهم"]),
        ("G20峰会开始", ["G20", "峰", "会", "开", "始"]),
        ("", []),
    ],
)
def test_words_end_where_markup_may(text: str, expected: list[str]) -> None:
    """Punctuation stands alone, and so does each character of a script without spaces."""
    assert [text[slice(*place)] for place in words(text)] == expected


def test_pieces_add_up_to_words() -> None:
    """A word's row is the sum of its pieces' rows, by their share of characters."""
    source = [Piece("▁ab", 0, 2), Piece("▁c", 2, 4), Piece("d", 4, 5)]
    target = [Piece("▁x", 0, 1), Piece("y", 1, 2), Piece("▁z", 2, 4)]
    found = align(source, target, texts=("ab cd", "xy z"), rows=[[1, 0, 0], [0, 0.5, 0.5], [0.5, 0.25, 0.25]])
    assert found.weights == ((0.5, 0.5), (0.5, 0.5))


# Tokenizers


@pytest.fixture(scope="module")
def pieces(folder: Path) -> SentencePiece:
    return SentencePiece(folder / "translate-en_es-1_0" / "sentencepiece.model")


@pytest.fixture(scope="module")
def pairs(folder: Path) -> MosesBpe:
    return MosesBpe(folder / "translate-en_ca-1_0" / "bpe.model", source="en", target="ca")


def test_decoding_keeps_underscores_and_joiners(pieces: SentencePiece) -> None:
    """Argos Translate would write "a b"; a zero-width non-joiner is a letter's shape in Persian."""
    assert pieces.decode(["▁a", "_", "b", "▁می\u200cخ", "واهم"]) == "a_b می\u200cخواهم"


TEXT = st.text("abcTheé ½²&…“”'<_🎉서ऀ\u200c\u00a0", max_size=30)


@given(text=TEXT)
@example(text="The library & Tom's “plan”, x_y.")
def test_byte_pairs_are_those_of_argos_translate(text: str, pairs: MosesBpe, folder: Path) -> None:
    """Into pieces and back: the same words, the same escapes."""
    theirs = BPETokenizer(folder / "translate-en_ca-1_0" / "bpe.model", "en", "ca")
    assert pairs.encode(text) == theirs.encode(text)
    assert pairs.decode(pairs.encode(text)) == theirs.decode(theirs.encode(text))


@given(text=TEXT)
def test_pieces_cover_the_text_in_order(text: str, pieces: SentencePiece, pairs: MosesBpe) -> None:
    """Their places run forward inside the text, and the pieces are those that the model gets."""
    for tokenizer in (pieces, pairs):
        found = tokenizer.source(text)
        assert [piece.text for piece in found] == tokenizer.encode(text)
        assert all(0 <= piece.start <= piece.end <= len(text) for piece in found)
        assert [piece.start for piece in found] == sorted(piece.start for piece in found)


def test_a_person_sees_a_reason_never_an_exception(argos: Argos) -> None:
    """The oddest sentences of all at once, in order."""
    odd = ["", "🎉🎉", "ß" * 300, "A", "İ", "<b>", "%s", "\u200b", "x" * 3000, "。", "ALL 😀"]
    assert len(argos.translate(odd, source="en", target="es")) == len(odd)


def test_the_package_in_use_is_not_changed(folder: Path, argos: Argos, tmp_path: Path) -> None:
    """Neither translating nor aligning writes to the model."""
    place = folder / "translate-en_es-1_0" / "model"
    shutil.copytree(place, tmp_path / "before")
    argos.align([(SENTENCES[0], texts(argos, SENTENCES[0])[0])], source="en", target="es")
    assert {file.name: file.read_bytes() for file in place.iterdir()} == {
        file.name: file.read_bytes() for file in (tmp_path / "before").iterdir()
    }
