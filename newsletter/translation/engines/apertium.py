"""Apertium (https://www.apertium.org): rules and dictionaries, offline, from the packages of Debian and others.

One run of the ``apertium`` program for a batch. Its formats for text let words of one line act on the next, so that we
write its stream format ourselves (https://wiki.apertium.org/wiki/Apertium_stream_format): each sentence ends in a null
character, which resets every stage; markup goes as word-bound blanks, which wander with their words; what must not be
touched goes as a word that no dictionary has.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import langcodes

from newsletter.errors import ConfigError, TranslationError
from newsletter.model import Translated
from newsletter.translation.engines import _stream
from newsletter.waiting import LONGEST_PAUSE

# What stands behind an underscore in a mode's name, and how BCP 47 says it; a region is recognised by its capitals.
_VARIANTS = {"valencia": "valencia", "aran": "aranes"}
_MODE = re.compile(r"([a-z]{2,3})(?:_(\w+?))?-([a-z]{2,3})(?:_(\w+))?")
_FILE = re.compile(r"'(/[^']+)'")


class Apertium:
    """Translates with the language pairs that are installed for the ``apertium`` program.

    ``modes`` chooses one of Apertium's own names by target language: ``{ ca = "eng-cat_iec2017" }`` writes Catalan in
    the spelling of 2017. ``data`` is the folder of another installation, ``timeout`` the seconds for a batch.
    """

    def __init__(
        self,
        *,
        modes: dict[str, str] | None = None,
        data: Path | None = None,
        program: str = "apertium",
        timeout: float = 120.0,
    ) -> None:
        if data and not data.is_dir():
            raise ConfigError(f"there is no folder {data}.", where="apertium, option data", hint="Correct it.")
        if not 0 < timeout <= LONGEST_PAUSE:
            hint = "Write seconds, such as 120."
            raise ConfigError(f"timeout = {timeout:g} is no time to wait.", where="apertium", hint=hint)
        self._chosen = dict(modes or {})
        self._data = ["-d", str(data)] if data else []
        self._folder = data or Path("/usr/share/apertium")
        self._program = program
        self._timeout = timeout

    @cached_property
    def _modes(self) -> dict[tuple[str, str], str]:
        """The name of the mode for each pair, by BCP 47 tags."""
        names = self._run(["-l"]).split()
        found = {pair: name for name in names if (pair := _pair(name))}
        for target, name in self._chosen.items():
            if name not in names:
                raise TranslationError(
                    f"Apertium has no mode {name!r}.",
                    where="apertium, option modes",
                    hint=f"It has: {', '.join(names) or 'none'}.",
                )
            source = name.partition("-")[0].partition("_")[0]
            found[langcodes.standardize_tag(source), target] = name
        return found

    @cached_property
    def _release(self) -> str:
        return self._run(["-V"]).strip().removeprefix("Apertium ")

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs that are installed, as BCP 47 tags."""
        return set(self._modes)

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, for the comment beside a draft."""
        return f"apertium {self._mode(source, target)} {self._release}"

    def fingerprint(self, *, source: str, target: str) -> str:
        """The hash of the mode and of every dictionary and rule that it names."""
        mode = self._folder / "modes" / f"{self._mode(source, target)}.mode"
        digest = hashlib.sha256(self._release.encode())
        try:
            commands = mode.read_text(encoding="utf-8")
            for file in (mode, *map(Path, _FILE.findall(commands))):
                digest.update(file.read_bytes())
        except OSError as error:
            raise TranslationError(
                f"Apertium's data cannot be read ({error.strerror}).", where=error.filename, hint="Install it again."
            ) from error
        return f"apertium {source} {target} {digest.hexdigest()}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence; one with a common word that the dictionary lacks is doubted."""
        return self._translate([_stream.plain(sentence) for sentence in sentences], source, target)

    def translate_tagged(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """As ``translate``, of XML fragments."""
        return self._translate([_stream.tagged(sentence) for sentence in sentences], source, target)

    def _translate(self, sentences: Sequence[_stream.Sentence], source: str, target: str) -> list[Translated]:
        mode = self._mode(source, target)
        wanted = [sentence for sentence in sentences if sentence.text]
        if not wanted:
            return [Translated(text="") for _ in sentences]
        output = self._run(["-z", "-f", "none", mode], "".join(f"{each.text}\0" for each in wanted))
        texts = output.split("\0")
        # Every stage of the pipeline adds a null character of its own at the end.
        if len(texts) <= len(wanted) or "".join(texts[len(wanted) :]).strip():
            raise TranslationError(
                f"Apertium answered {len(texts) - 1} sentences for {len(wanted)}.",
                where=f"apertium {mode}",
                hint="Nothing of it was used; install the language pair again, or choose another engine.",
            )
        answers = iter(texts)
        return [_stream.read(next(answers), each) if each.text else Translated(text="") for each in sentences]

    def _mode(self, source: str, target: str) -> str:
        if (source, target) not in self._modes:
            one, other = _code(source), _code(target)
            raise TranslationError(
                f"no Apertium language pair translates {source} to {target}.",
                where="apertium",
                hint=f"Debian may have it: apt-get install apertium-{one}-{other} (or apertium-{other}-{one}).",
            )
        return self._modes[source, target]

    def _run(self, arguments: Sequence[str], text: str = "") -> str:
        program = shutil.which(self._program)
        if program is None:
            raise TranslationError(
                f"the program {self._program!r} is not installed.",
                where="apertium",
                hint="On Debian: apt-get install apertium apertium-eng-spa (for English and Spanish).",
            )
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
                [program, *self._data, *arguments], input=text.encode(), capture_output=True, timeout=self._timeout
            )
        except subprocess.TimeoutExpired as error:
            raise TranslationError(
                f"Apertium did not answer within {self._timeout:g} seconds.",
                where="apertium",
                hint="Allow more with its option timeout.",
            ) from error
        if done.returncode != 0:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
            raise TranslationError(f"Apertium failed ({said}).", where="apertium", hint="Install it again.")
        return done.stdout.decode("utf-8", "replace")


def _pair(mode: str) -> tuple[str, str] | None:
    """The BCP 47 tags of a mode such as ``eng-cat_valencia``; None for spellings that BCP 47 has no name for."""
    match = _MODE.fullmatch(mode)
    if not match:
        return None
    source, target = _tag(match[1], match[2]), _tag(match[3], match[4])
    return (source, target) if source and target else None


def _tag(code: str, variant: str | None) -> str:
    if variant and not re.fullmatch("[A-Z]{2}", variant):
        variant = _VARIANTS.get(variant, "")
        if not variant:
            return ""
    tag = f"{code}-{variant}" if variant else code
    return langcodes.standardize_tag(tag) if langcodes.tag_is_valid(tag) else ""


def _code(tag: str) -> str:
    """Apertium's code of a language: ISO 639-3."""
    try:
        return langcodes.Language.get(tag).to_alpha3()
    except LookupError:
        return tag.partition("-")[0]
