"""The newsletter's own words: complete, valid, and falling back to the next best language."""

import re
import subprocess
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from newsletter import resources
from newsletter.rendering import messages

LANGUAGES = ("en", "es", "fr", "ca", "pt_BR", "ar", "fa", "ko", "ne")
LOCALES = resources.folder("locales")


def extracted() -> set[str]:
    """The messages that stand in the templates now."""
    with (LOCALES / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(resources.folder("templates")), methods, options)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def catalog(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALES / language / "LC_MESSAGES" / "messages.po"))


def test_the_template_is_up_to_date():
    """locales/messages.pot holds exactly the messages of the templates; else run pybabel (see babel.cfg)."""
    assert {entry.msgid for entry in polib.pofile(str(LOCALES / "messages.pot"))} == extracted()


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_are_complete(language):
    """Every message is translated, none is fuzzy or left over, and each keeps its placeholders."""
    entries = list(catalog(language))
    assert {entry.msgid for entry in entries} == extracted()
    for entry in entries:
        assert entry.translated()
        assert set(re.findall(r"%\(\w+\)s", entry.msgstr)) == set(re.findall(r"%\(\w+\)s", entry.msgid))
        assert "<" not in entry.msgstr


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_are_valid(language, need):
    """GNU gettext finds no fault, not even in the header."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    command = [need("msgfmt"), "--check", "--output-file=/dev/null", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_arabic_plurals_follow_gettext():
    """Babel's own header swaps two of the six forms; ours agrees with gettext's documentation."""
    plural = catalog("ar").metadata["Plural-Forms"]
    assert "n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5" in plural


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("fr", "Lire la suite"),
        ("pt-BR", "Leia mais"),
        ("fr-CA", "Lire la suite"),
        ("de", "Read more"),
        ("pt", "Leia mais"),
        ("pt-PT", "Leia mais"),
        ("es-MX", "Seguir leyendo"),
        ("fa-AF", "ادامهٔ مطلب"),
        ("gl", "Read more"),
    ],
)
def test_languages_fall_back(tag, expected):
    """A tag finds its own catalog, then the nearest one of its language, and at last the English words."""
    assert messages.translations(tag).gettext("Read more") == expected


def test_catalogs_are_chained(tmp_path, monkeypatch):
    """What the nearest catalog lacks comes from the next one of the language, never from one in another script."""
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    words = {
        "pt_BR": {"a": "a-br"},
        "pt": {"a": "a-pt", "b": "b-pt"},
        "zh": {"b": "b-hans"},
        "zh_Hant": {"a": "a-hant"},
    }
    for name, entries in words.items():
        folder = tmp_path / name / "LC_MESSAGES"
        folder.mkdir(parents=True)
        body = "\n".join(f'msgid "{key}"\nmsgstr "{text}"\n' for key, text in entries.items())
        (folder / "messages.po").write_text(header + body, encoding="utf-8")
    messages._compiled.cache_clear()
    monkeypatch.setattr(messages.resources, "folder", lambda name: tmp_path)
    found = {
        tag: [messages.translations(tag).gettext(key) for key in "abc"] for tag in ("pt-BR", "pt", "zh-TW", "zh-CN")
    }
    messages._compiled.cache_clear()
    assert found == {
        "pt-BR": ["a-br", "b-pt", "c"],
        "pt": ["a-pt", "b-pt", "c"],
        "zh-TW": ["a-hant", "b", "c"],
        "zh-CN": ["a", "b-hans", "c"],
    }


def test_fuzzy_messages_are_not_used(tmp_path, monkeypatch):
    """A translation that nobody reviewed does not reach readers."""
    folder = tmp_path / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "messages.po").write_text(
        header + '#, fuzzy\nmsgid "Read more"\nmsgstr "draft"\n\nmsgid "a"\nmsgstr "b"\n'
    )
    monkeypatch.setattr(messages.resources, "folder", lambda name: Path(tmp_path))
    words = messages.translations("xx")
    assert (words.gettext("Read more"), words.gettext("a")) == ("Read more", "b")
