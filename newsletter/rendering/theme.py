"""Themes: folders of Jinja templates, of which a newsletter may override single files.

A template is looked for in the newsletter's own ``templates/<theme>``, then in that theme as it was installed, and
then in the same two places of the default theme, which holds what all themes share. Every fault in a template is a
RenderError with its file and line.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, nodes
from jinja2.exceptions import TemplateSyntaxError

from newsletter import resources
from newsletter.config import FILE
from newsletter.errors import ConfigError, RenderError
from newsletter.rendering import messages, mjml, plaintext
from newsletter.tomlfile import place

DEFAULT = "default"

_FILLED = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}")  # what Jinja puts something else for


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """A theme in one language: ``render`` fills one of its templates, ``tokens`` are its ``theme.toml`` files.

    ``tokens`` begins with the most general one, the default theme's.
    """

    environment: Environment
    files: tuple[Path, ...]
    tokens: tuple[Path, ...]

    @classmethod
    def load(cls, name: str, *, project: Path, language: str) -> "Theme":
        """The theme ``name`` of the newsletter in ``project``; a ConfigError where nobody has it."""
        installed, own = resources.folder("templates"), project / "templates"
        if not re.fullmatch(r"[\w-]+", name) or not any((place / name).is_dir() for place in (own, installed)):
            known = sorted({path.name for place in (own, installed) if place.is_dir() for path in place.iterdir()})
            raise ConfigError(
                f"there is no theme {name!r}.",
                where=place(project / FILE, "theme", "name"),
                hint=f"Use one of: {', '.join(known)}, or make the folder {own / name}.",
            )
        names = dict.fromkeys((name, DEFAULT))
        folders = tuple(folder for each in names for folder in (own / each, installed / each) if folder.is_dir())
        files = tuple(sorted(path for folder in folders for path in folder.rglob("*.j2")))
        tokens = tuple(path for folder in reversed(folders) if (path := folder / "theme.toml").is_file())
        return cls(environment=_environment(folders, language, files=files), files=files, tokens=tokens)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """The text of ``template`` with ``values``."""
        try:
            _refuse_stray_blocks(self.environment, template)
            return self.environment.get_template(template).render(values)
        except TemplateNotFound as error:
            where = _line(error) or template
            raise RenderError(f"the theme lacks {error.name!r}.", where=where, hint="Add that file.") from None
        except TemplateSyntaxError as error:
            where = f"{error.filename or error.name or template}:{error.lineno}"
            raise RenderError(f"{error.message}", where=where, hint="Correct the template.") from None
        except UnicodeDecodeError as error:
            raise self._not_utf8(error) from None
        except RecursionError as error:
            hint = "A template of your own replaces the one of that name, so it cannot extend or include it."
            raise RenderError("this template leads to itself.", where=_line(error) or template, hint=hint) from None
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            where = _line(error) or template
            raise RenderError(f"{_reason(error)}.", where=where, hint="Correct the template.") from error

    def compile(self, template: str, values: Mapping[str, Any]) -> str:
        """The HTML of an MJML ``template``; what is no MJML is reported where it stands in the theme's own files."""
        source = self.render(template, values)
        try:
            return mjml.compile(source, template)
        except RenderError as error:
            name, _, place = error.where.partition(":")
            number = place.partition(":")[0]
            line = source.split("\n")[int(number) - 1] if name == template and number.isdecimal() else ""
            error.where = self._origin(line) or f"{error.where} (rendered)"
            raise

    def _not_utf8(self, error: UnicodeDecodeError) -> RenderError:
        """The error for the file that cannot be read; Jinja does not say which one it is."""
        where = next((str(path) for path in self.files if path.read_bytes() == error.object), "")
        line = error.object.count(b"\n", 0, error.start) + 1
        return RenderError("the template is not UTF-8.", where=f"{where}:{line}", hint="Save it with that encoding.")

    def _origin(self, line: str) -> str:
        """The file and line of the theme that a rendered line came from; empty where none or several may be it."""
        found = []
        for path in self.files:
            texts = path.read_text(encoding="utf-8").splitlines()
            for number, text in enumerate(texts, 1):
                pattern = ".*".join(map(re.escape, _FILLED.split(text.strip())))
                # What stands after an include follows the last line of the included file.
                more = ".*" if number == len(texts) else ""
                if "<" in text and re.fullmatch(pattern + more, line.strip()):
                    found.append(f"{path}:{number}")
        return found[0] if len(found) == 1 else ""


@lru_cache(maxsize=64)
def _environment(folders: tuple[Path, ...], language: str, *, files: tuple[Path, ...]) -> Environment:  # noqa: ARG001
    """Jinja for these folders, kept: compiling the templates takes most of a rendering. Changed files are noticed.

    ``files`` are those in the folders: a new one may stand in front of one that is already loaded.
    """
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=_escapes,  # noqa: S701 - everything but the text part is escaped
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(messages.translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["wrap"] = plaintext.wrap
    return environment


def _refuse_stray_blocks(environment: Environment, name: str) -> None:
    """Refuse a block that no template above has: Jinja would leave out its words without a word of its own."""
    (file, tree), *above = _ancestry(environment, name)
    known = {block.name for _, other in above for block in other.find_all(nodes.Block)}
    for block in tree.body if above else ():
        if isinstance(block, nodes.Block) and block.name not in known:
            raise RenderError(
                f"the template that this one extends has no block {block.name!r}.",
                where=f"{file}:{block.lineno}",
                hint=f"It has: {', '.join(sorted(known)) or 'none'}.",
            )


def _ancestry(environment: Environment, name: str) -> Iterator[tuple[str, nodes.Template]]:
    """A template and those that it extends, each with its file."""
    seen: set[str] = set()
    while name and name not in seen and environment.loader:
        seen.add(name)
        source, file, _ = environment.loader.get_source(environment, name)
        extends = "extends" in source  # hardly any template does, and parsing takes time
        tree = environment.parse(source, name, file) if extends or len(seen) > 1 else nodes.Template([])
        yield file or name, tree
        above = tree.find(nodes.Extends)
        name = above.template.value if above and isinstance(above.template, nodes.Const) else ""


def _escapes(name: str | None) -> bool:
    """Everything is markup but the text part; Jinja's own rule would not escape ``.mjml.j2``."""
    return name is None or not name.endswith(".txt.j2")


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"a translation or template uses the unknown name {error}"
    # Designers know no classes: 'newsletter.rendering.look.Palette object' is a Palette to them.
    return re.sub(r"'(?:\w+\.)*(\w+) object'", r"\1", str(error)).rstrip(".") or type(error).__name__


def _line(error: Exception) -> str:
    """The innermost template line that an exception passed through; Jinja writes those into the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
