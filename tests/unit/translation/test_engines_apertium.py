"""Apertium's stream, its names of languages, and what can go wrong with a program."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError, TranslationError
from newsletter.translation.engines import _stream
from newsletter.translation.engines.apertium import Apertium, _pair

LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])


@given(st.text(LETTERS, max_size=60))
def test_what_nobody_translates_comes_back(text: str) -> None:
    """Writing a sentence and reading it again is the sentence, whatever signs it holds."""
    sentence = _stream.plain(text)
    answer = _stream.read(sentence.text, sentence)
    assert _tidy(answer.text) == _tidy(text)
    assert not answer.doubt


@given(st.text(LETTERS, max_size=20), st.text(LETTERS, max_size=20), st.text(LETTERS, max_size=20))
def test_markup_that_nobody_translates_comes_back(before: str, inside: str, after: str) -> None:
    """The same with a tag inside a tag, and something to keep in it."""
    one, two, three = (_xml(text) for text in (before, inside, after))
    fragment = f'{one}<g id="1">a {two}<g id="2">b</g> <x id="3"/></g>{three}'
    sentence = _stream.tagged(fragment)
    answer = _stream.read(sentence.text, sentence)
    assert _tidy(answer.text) == _tidy(fragment)


def _tidy(text: str) -> str:
    """Without what may differ: spaces, and the straight apostrophe."""
    return "".join(text.replace("’", "'").split())


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("The river is high.", "The river is high.[]"),
        ("News", "News.[]"),
        ("A {b} [c]", r"A Qzxa \[c\].[]"),
        ("See https://a.example/x_y.", "See Qzxa.[]"),
        ("5%s, {a}{b}m", "5[]Qzxa, Qzxb[]Qzxc[]m.[]"),
        ("~20 *here", "[~]20 [*]here.[]"),
        ("Two\nlines\0", "Two lines .[]"),
        ("  ", ""),
    ],
)
def test_a_sentence_in_the_stream(source: str, written: str) -> None:
    """Its signs escaped, what must stay replaced, ended by a full stop of ours where it has none."""
    assert _stream.plain(source).text == written


@pytest.mark.parametrize(
    ("answer", "text", "doubt"),
    [
        ("El río.[]", "El río.", ""),
        ("El *Qzxa.[]", "El {name}.", ""),
        ("El río *gauges *x.[]", "El río gauges x.", "the dictionary lacks “gauges” and 1 more"),
        ("El @gauge.[]", "El gauge.", "the dictionary lacks “gauge”"),
        ("#cada *Valmora y *Seoul.[]", "cada Valmora y Seoul.", ""),
        ("El.[]", "El.", "Apertium lost “{name}”"),
        ("*Qzxa *Qzxa.[]", "{name} {name}.", "Apertium repeats what must stand once"),
        ("", "", "Apertium lost “{name}”"),
    ],
)
def test_an_answer_is_read(answer: str, text: str, doubt: str) -> None:
    """Marks are taken away; common words that no dictionary has are a doubt, names are not, lost pieces are."""
    sentence = _stream.plain("The {name} is high.")
    given = answer if "{name}" in text + doubt else f"{answer.removesuffix('[]')} Qzxa[]"
    found = _stream.read(given, sentence)
    assert found.text == (text if "{name}" in text + doubt else f"{text} {{name}}")
    assert found.doubt == doubt


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("[[t:g:1]]coche[[/]] [[t:g:1]]rojo[[/]] [[t:o:0]]aquí[[/]].[]", '<g id="1">coche rojo</g> aquí.'),
        ("[[t:g:1]]casa[[/]] de la [[t:g:1; t:g:2]]ciudad[[/]].[]", '<g id="1">casa de la <g id="2">ciudad</g></g>.'),
        (
            "[[t:g:2; t:g:1]]a[[/]] [[t:o:0]]y[[/]] [[t:g:1]]b[[/]].[]",
            '<g id="1"><g id="2">a</g></g> y <g id="1">b</g>.',
        ),
    ],
)
def test_tags_follow_their_words(answer: str, text: str) -> None:
    """Words of the grammar's own belong to a tag between two of its words; a foreign word parts it, which shows."""
    sentence = _stream.tagged('<g id="1">a <g id="2">b</g></g> c.')
    assert _stream.read(answer, sentence).text == text


@pytest.mark.parametrize(
    ("mode", "pair"),
    [
        ("eng-spa", ("en", "es")),
        ("eng-cat_valencia", ("en", "ca-valencia")),
        ("spa-eng_US", ("es", "en-US")),
        ("por_BR-spa", ("pt-BR", "es")),
        ("nob-nno", ("nb", "nn")),
        ("oci_aran-cat", ("oc-aranes", "ca")),
        ("eng-cat_iec2017", None),
        ("eng-spa-tagger", None),
    ],
)
def test_a_mode_is_a_pair_of_languages(mode: str, pair: tuple[str, str] | None) -> None:
    """Apertium's names as BCP 47 tags; a spelling without a tag is nobody's neighbour."""
    assert _pair(mode) == pair


def program(folder: Path, script: str) -> str:
    """A program that does something else than Apertium."""
    path = folder / "apertium"
    path.write_text(f'#!/bin/sh\ncase "$*" in *-l*) echo "  eng-spa";; *-V*) echo "Apertium 3";; *) {script};; esac\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "failed"),
        ("echo broken data >&2; exit 1", "failed (broken data)"),
        ("cat >/dev/null", "answered 0 sentences for 2"),
        ("cat; printf 'more\\0'", "answered 3 sentences for 2"),
        ("cat >/dev/null; printf 'one\\0'", "answered 1 sentences for 2"),
        ("sleep 5", "did not answer within 0.5 seconds"),
    ],
)
def test_a_program_that_fails(tmp_path: Path, script: str, words: str) -> None:
    """One sentence each, and nothing is used."""
    engine = Apertium(program=program(tmp_path, script), timeout=0.5)
    with pytest.raises(TranslationError) as caught:
        engine.translate(["One.", "Two."], source="en", target="es")
    assert words in str(caught.value)
    assert caught.value.hint


def test_no_program_and_no_pair(tmp_path: Path) -> None:
    """The package to install is named."""
    with pytest.raises(TranslationError, match="not installed") as caught:
        Apertium(program="no-such-apertium").pairs()
    assert "apt-get install apertium" in caught.value.hint
    with pytest.raises(TranslationError) as caught:
        Apertium(program=program(tmp_path, "cat")).translate(["Bonjour"], source="fr", target="ca")
    assert "apertium-fra-cat" in caught.value.hint


def test_a_mode_may_be_chosen(need: Callable[[str], str]) -> None:
    """Catalan in the spelling of 2017; one that is not installed is said with those that are."""
    need("apertium")
    engine = Apertium(modes={"ca": "eng-cat_iec2017"})
    assert "eng-cat_iec2017" in engine.version(source="en", target="ca")
    assert engine.fingerprint(source="en", target="ca") != Apertium().fingerprint(source="en", target="ca")
    with pytest.raises(TranslationError, match="eng-xyz") as caught:
        Apertium(modes={"es": "eng-xyz"}).pairs()
    assert "eng-spa" in caught.value.hint


@pytest.mark.parametrize(
    ("target", "source", "text"),
    [
        ("es", "The river is high.", "El río es alto."),
        ("ca", "The river is high.", "El riu és alt."),
        ("es", "Write to jane_doe@river.example or see https://river.example/a_b?c=1.", None),
        ("ca", "Hello {name}, 1,234 boats @river_cities #rivers", None),
    ],
)
def test_real_sentences(need: Callable[[str], str], target: str, source: str, text: str | None) -> None:
    """A translation, and what must stay stays."""
    need("apertium")
    (answer,) = Apertium().translate([source], source="en", target=target)
    assert not answer.doubt
    if text:
        assert answer.text == text
    for piece in ("jane_doe@river.example", "https://river.example/a_b?c=1", "{name}", "@river_cities", "#rivers"):
        assert (piece in answer.text) == (piece in source)


@pytest.mark.parametrize("target", ["es", "ca"])
def test_real_markup(need: Callable[[str], str], target: str) -> None:
    """Tags follow their words where the grammar moves them."""
    need("apertium")
    fragment = 'The <g id="1">new <g id="2">red car</g></g> of <x id="3"/> is here.'
    (answer,) = Apertium().translate_tagged([fragment], source="en", target=target)
    red = {"es": "coche rojo", "ca": "vermell"}[target]
    assert f"{red}</g>" in answer.text
    assert answer.text.count("<g ") == answer.text.count("</g>") == 2
    assert '<x id="3"/>' in answer.text


def test_a_sentence_does_not_act_on_the_next(need: Callable[[str], str]) -> None:
    """“New” at an end and “York” at a beginning are no city."""
    need("apertium")
    together = Apertium().translate(["It is new", "York is old."], source="en", target="es")
    alone = [Apertium().translate([text], source="en", target="es")[0] for text in ("It is new", "York is old.")]
    assert together == alone


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": Path("nowhere")}, "no folder nowhere"),
        ({"timeout": 0}, "no time to wait"),
        ({"timeout": 1e12}, "no time to wait"),
    ],
)
def test_an_option_that_cannot_be(options: dict[str, Any], words: str) -> None:
    """Said at once; a folder that is not there would only have no languages."""
    with pytest.raises(ConfigError, match=words):
        Apertium(**options)


def test_the_data_of_another_place(tmp_path: Path) -> None:
    """A mode whose files are gone has no fingerprint, and says which file."""
    (tmp_path / "modes").mkdir()
    (tmp_path / "modes" / "eng-spa.mode").write_text(f"lt-proc '{tmp_path}/gone.bin'")
    engine = Apertium(program=program(tmp_path, "cat"), data=tmp_path)
    with pytest.raises(TranslationError, match="cannot be read") as caught:
        engine.fingerprint(source="en", target="es")
    assert os.fspath(tmp_path / "gone.bin") in str(caught.value)
