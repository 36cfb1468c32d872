"""Themes: single files may be overridden, and every fault in a template has its file and line."""

import os

import pytest

from newsletter.errors import ConfigError, RenderError
from newsletter.rendering.theme import Theme


def theme(tmp_path, files: dict[str, str], *, name: str = "default") -> Theme:
    folder = tmp_path / "templates" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    return Theme.load(name, project=tmp_path, language="es")


def test_a_newsletter_overrides_single_files(tmp_path):
    """One file in the newsletter's own folder replaces that file; the others come from the library."""
    mine = theme(tmp_path, {"_styles.j2": "mine", "a.j2": "{% include '_styles.j2' %}"})
    assert mine.render("a.j2", {}) == "mine"
    assert mine.environment.get_template("_prose.j2").filename.endswith("default/_prose.j2")


@pytest.mark.parametrize("name", ["default", "bulletin", "announcement"])
def test_what_all_themes_share_is_overridden_once(tmp_path, name):
    """A partial in the newsletter's templates/default holds for every theme that has none of its own."""
    theme(tmp_path, {"_footer.mjml.j2": "our footer"})
    mine = Theme.load(name, project=tmp_path, language="es")
    assert mine.render("_footer.mjml.j2", {}) == "our footer"


def test_changes_are_noticed_while_running(tmp_path):
    """A live preview sees an edited template, and a new one that overrides the library's."""
    assert theme(tmp_path, {"a.j2": "one"}).render("a.j2", {}) == "one"
    theme(tmp_path, {"a.j2": "three"})
    os.utime(tmp_path / "templates" / "default" / "a.j2", (1, 1))
    assert theme(tmp_path, {}).render("a.j2", {}) == "three"
    assert theme(tmp_path, {}).render("_styles.j2", {}).strip() == ""
    assert theme(tmp_path, {"_styles.j2": "mine"}).render("_styles.j2", {}) == "mine"


def test_a_new_theme_may_lean_on_the_default_one(tmp_path):
    """A theme that exists only in the newsletter's folder finds the default theme's partials and tokens."""
    mine = theme(tmp_path, {"a.j2": "{% include '_styles.j2' %}ok"}, name="mine")
    assert mine.render("a.j2", {}).strip() == "ok"
    assert [path.parent.name for path in mine.tokens] == ["default"]


@pytest.mark.parametrize("name", ["modern", "", "..", "default/../default"])
def test_an_unknown_theme_is_an_error(tmp_path, name):
    """The error names the line and the themes there are, the newsletter's own among them."""
    (tmp_path / "newsletter.toml").write_text("# mine\n\n[theme]\nname = 'x'\n")
    (tmp_path / "templates" / "ours").mkdir(parents=True)
    with pytest.raises(ConfigError, match=f"no theme {name!r}") as caught:
        Theme.load(name, project=tmp_path, language="en")
    assert caught.value.where == f"{tmp_path / 'newsletter.toml'}:4"
    assert "Use one of: announcement, bulletin, default, ours," in caught.value.hint


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("<mjml><mj-body>\n{% if x %}\n<mj-blok>{{ x }}</mj-blok>\n{% endif %}</mj-body></mjml>", "mj-blok", 3),
        ('<mjml><mj-body>\n\n<mj-section colour="{{ x }}"></mj-section></mj-body></mjml>', "colour", 3),
        ("<mjml><mj-body>{{ x }}\n<mj-section>\n</mj-body></mjml>", "not well-formed", 3),
        ("<mjml><mj-body>\n{% block a %}<mj-hero></mj-hero>{% endblock %}</mj-body></mjml>", "mj-hero", 2),
        ("\n<mj-hero></mj-hero>\n", "mj-hero", 2),
    ],
)
def test_what_is_no_mjml_is_found_in_the_template(tmp_path, text, what, line):
    """A designer reads the line of the theme's own file, not that of the document made from it."""
    mine = theme(
        tmp_path,
        {"bad.mjml.j2": text, "whole.mjml.j2": '<mjml><mj-body>{% include "bad.mjml.j2" %}</mj-body></mjml>'},
    )
    with pytest.raises(RenderError, match=what) as caught:
        mine.compile("bad.mjml.j2" if "<mjml>" in text else "whole.mjml.j2", {"x": "words"})
    assert caught.value.where == f"{tmp_path / 'templates' / 'default' / 'bad.mjml.j2'}:{line}"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\n\n{{ nobody }}", 3, "'nobody' is undefined"),
        ("{{ recipient.nmae }}", 1, "has no attribute 'nmae'"),
        ("a\n{{ 1 / 0 }}", 2, "division by zero"),
        ("a\n{{ 'x' | wrap('y') }}", 2, "str"),
        ("a\n{% blok x %}", 2, "unknown tag 'blok'"),
        ("a\n{{ self.footer() }}", 2, "no attribute 'footer'"),
        ("a\n{% include 'gone.j2' %}", 2, "lacks 'gone.j2'"),
        ("a\n{% from 'base.j2' import gone %}\n{{ gone() }}", 3, "does not export the requested name 'gone'"),
        ("{% extends 'base.j2' %}\n{% block footr %}x{% endblock %}", 2, "no block 'footr'"),
        (
            "{% extends 'base.j2' %}\n{% block footer %}{% block new %}{{ 1 / 0 }}{% endblock %}{% endblock %}",
            2,
            "zero",
        ),
        ("\n{% extends 'bad.mjml.j2' %}", 2, "leads to itself"),
        ("\n\n{% include 'bad.mjml.j2' %}", 3, "leads to itself"),
        ("a\n{% include 'latin.j2' %}", None, "not UTF-8"),
        ("a\n{{ _('Hello %(nmae)s', name=1) }}", 2, "'nmae'"),
    ],
)
def test_a_template_error_has_a_line(tmp_path, text, line, what):
    """A designer reads the file and the line, never a traceback."""
    mine = theme(tmp_path, {"base.j2": "{% block footer %}{% endblock %}", "latin.j2": "", "bad.mjml.j2": text})
    (tmp_path / "templates" / "default" / "latin.j2").write_bytes("\n\ncafé".encode("latin-1"))
    with pytest.raises(RenderError) as caught:
        mine.render("bad.mjml.j2", {"recipient": {}})
    assert what in caught.value.what
    assert caught.value.where.endswith(f"bad.mjml.j2:{line}" if line else "latin.j2:3")


def test_mjml_is_escaped_and_text_is_not(tmp_path):
    """Jinja's own rule would leave .mjml.j2 unescaped."""
    mine = theme(tmp_path, {"a.mjml.j2": "{{ x }}", "a.txt.j2": "{{ x }}"})
    assert mine.render("a.mjml.j2", {"x": "<b>&"}) == "&lt;b&gt;&amp;"
    assert mine.render("a.txt.j2", {"x": "<b>&"}) == "<b>&"


def test_words_are_translated(tmp_path):
    """The theme speaks the reader's language, and a value in a message is escaped."""
    mine = theme(tmp_path, {"a.mjml.j2": "{% trans language=x %}This item is in {{ language }}.{% endtrans %}"})
    assert mine.render("a.mjml.j2", {"x": "<b>"}) == "Esta noticia está en &lt;b&gt;."
