"""Translation memories of other tools, in and out: TMX 1.4b, which OmegaT and most others read and write.

Both ways stream, so that the size of a file does not matter. Source of the format: the TMX 1.4b specification
(LISA OSCAR, 2005). Our own context, origin and approval travel in ``<prop>`` elements, which others keep or ignore.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from langcodes import Language, tag_distance
from langcodes.tag_parser import LanguageTagError
from lxml import etree

from newsletter.errors import TranslationError
from newsletter.translation.memory import DATE, Memory
from newsletter.translation.memory.matching import Remembered

_TOOL = "newsletter"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DOCTYPE = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
_DATE = re.compile("([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Inline codes hold another format's markup: Markdown and placeholders are text to us, tags are nothing.
_CODES = frozenset(("bpt", "ept", "it", "ph", "ut"))
_TAG = re.compile(r"\s*</?[^<>]*>\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of an import: ``segments`` understood, ``added`` new or newer than what was there.

    ``skipped`` counts the translations into languages the newsletter does not have, ``unsourced`` the units that have
    no text in its source language.
    """

    segments: int
    added: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    unsourced: int = 0

    def __str__(self) -> str:
        parts = [f"{self.segments} segments, {self.added} of them new"]
        parts += [f"{count} in {language} skipped" for language, count in sorted(self.skipped.items())]
        parts += [f"{self.unsourced} without the source language skipped"] if self.unsourced else []
        return ", ".join(parts)


def write(memory: Memory, path: Path, *, source: str, languages: Iterable[str] | None = None) -> int:
    """Write the memory, or what of it is in some languages, to a TMX file; how many translations."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    count = 0
    try:
        with temporary.open("wb") as stream, etree.xmlfile(stream, encoding="utf-8") as xml:
            xml.write_declaration()
            xml.write_doctype(_DOCTYPE)
            with xml.element("tmx", version="1.4"):
                xml.write("\n", _header(source), "\n")
                with xml.element("body"):
                    for row in memory.rows(languages):
                        xml.write("\n", _unit(row))
                        count += 1
                    xml.write("\n")
        temporary.replace(path)
    except OSError as error:
        hint = "Name a file in a folder that can be written, on a disk that is not full."
        raise TranslationError(f"the file cannot be written ({error.strerror}).", where=path, hint=hint) from error
    finally:
        temporary.unlink(missing_ok=True)
    return count


def read(memory: Memory, path: Path, *, source: str, languages: Iterable[str]) -> Imported:
    """Put the translations of a TMX file from ``source`` into ``languages`` into the memory: all or, on error, none.

    A file's ``en-US`` counts as the newsletter's ``en`` and the other way round, never one script for another.
    """
    reader = _Reader(path, source=source, languages=[tag for tag in languages if tag != source])
    added = memory.add(reader)
    return Imported(segments=reader.segments, added=added, skipped=reader.skipped, unsourced=reader.unsourced)


class _Reader:
    """The translations in a file, and while they pass, the counts of what is left out."""

    def __init__(self, path: Path, *, source: str, languages: Sequence[str]) -> None:
        self.segments = self.unsourced = 0
        self.skipped: Counter[str] = Counter()
        self._path = path
        self._source = source
        self._known = (source, *languages)
        self._ours = False
        self._date = ""

    def __iter__(self) -> Iterator[Remembered]:
        try:
            self._date = datetime.fromtimestamp(self._path.stat().st_mtime, UTC).strftime(DATE)
            with self._path.open("rb") as stream:  # a name would let lxml unzip, or fetch, what it stands for
                yield from self._rows(stream)
        except etree.XMLSyntaxError as error:
            what = " ".join((error.msg or "it is empty").partition(", line ")[0].split())
            raise self._refusal(f"the TMX file is damaged ({what}).", line=error.lineno) from error
        except OSError as error:
            what = f"the file cannot be read ({error.strerror or error})."
            raise TranslationError(what, where=self._path, hint="Check its name.") from error

    def _rows(self, stream: IO[bytes]) -> Iterator[Remembered]:
        found = etree.iterparse(
            stream,
            events=("end",),
            tag=("{*}header", "{*}tu"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        checked = False
        for _event, element in found:
            if not checked:
                self._check(element.getroottree())
                checked = True
            if _name(element) == "header":
                self._ours = element.get("creationtool") == _TOOL
            else:
                yield from self._unit(element)
                _forget(element)
        if not checked:
            self._check(found.root.getroottree())

    def _check(self, document: "etree._ElementTree") -> None:
        declared: Any = document.docinfo.internalDTD
        if declared is not None and declared.entities():
            # They could blow a small file up to gigabytes, or read other files into it.
            raise self._refusal("the file declares XML entities, which no TMX needs.")
        if _name(document.getroot()) != "tmx":
            raise self._refusal("this is no TMX file.")

    def _unit(self, unit: "etree._Element") -> Iterator[Remembered]:
        variants = self._variants(unit)
        source = variants.pop(self._source, None)
        if source is None:
            self.unsourced += 1
            return
        props = {prop.get("type"): prop.text or "" for prop in unit.iterfind("{*}prop")} if self._ours else {}
        for language, (variant, text) in variants.items():
            self.segments += 1
            yield Remembered(
                source_language=self._source,
                target_language=language,
                context=props.get("x-context", ""),
                source=source[1],
                target=text,
                origin=props.get("x-origin") or self._path.name,
                approved=props.get("x-status") == "approved",
                author=_first((variant, unit), ("changeid", "creationid")),
                date=_iso(_first((variant, unit), ("changedate", "creationdate"))) or self._date,
            )

    def _variants(self, unit: "etree._Element") -> "dict[str, tuple[etree._Element, str]]":
        """Our languages in a unit, each with its text; a language's own tag before a variant of it."""
        found: dict[str, tuple[etree._Element, str]] = {}
        exact = set()
        for variant in unit.iterfind("{*}tuv"):
            tag = (variant.get(_LANG) or variant.get("lang") or "").replace("_", "-")
            language = _nearest(tag, self._known)
            segment = variant.find("{*}seg")
            text = self._text(segment) if segment is not None else ""
            if language is None:
                self.skipped[tag] += 1
            elif text.strip() and language not in exact:
                found[language] = (variant, text)
                exact |= {language} & {tag}
        return found

    def _text(self, element: "etree._Element") -> str:
        parts = [element.text or ""]
        children: Iterable[Any] = element
        for child in children:
            if child.tag is etree.Entity:
                raise self._refusal(f"{child.text} stands for something the file does not have.", line=child.sourceline)
            inside = self._text(child)
            parts += ["" if _name(child) in _CODES and _TAG.fullmatch(inside) else inside, child.tail or ""]
        return "".join(parts)

    def _refusal(self, what: str, *, line: int | None = None) -> TranslationError:
        hint = "Export it again from the tool that made it; nothing was imported."
        return TranslationError(what, where=f"{self._path}:{line}" if line else self._path, hint=hint)


def _header(source: str) -> "etree._Element":
    return etree.Element(
        "header",
        creationtool=_TOOL,
        creationtoolversion=version(_TOOL),
        segtype="paragraph",
        adminlang="en",
        srclang=source,
        datatype="plaintext",
        attrib={"o-tmf": _TOOL},
    )


def _unit(row: Remembered) -> "etree._Element":
    unit = etree.Element("tu", srclang=row.source_language)
    status = "approved" if row.approved else "reviewed"
    for name, value in (("x-context", row.context), ("x-origin", row.origin), ("x-status", status)):
        if value:
            etree.SubElement(unit, "prop", type=name).text = _clean(value)
    for language, text in ((row.source_language, row.source), (row.target_language, row.target)):
        variant = etree.SubElement(unit, "tuv", {_LANG: language})
        etree.SubElement(variant, "seg").text = _clean(text)
    if row.author:
        variant.set("changeid", _clean(row.author))
    if row.date:
        variant.set("changedate", re.sub("[-:]", "", row.date))
    return unit


def _clean(text: str) -> str:
    """The text without what XML cannot hold: control characters."""
    return _NOT_XML.sub("", text)


def _name(element: "etree._Element") -> str:
    return etree.QName(element).localname


def _forget(element: "etree._Element") -> None:
    """Free what was read; lxml would keep the whole file."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _first(elements: "Iterable[etree._Element]", names: Sequence[str]) -> str:
    return next((value for element in elements for name in names if (value := element.get(name))), "")


def _iso(date: str) -> str:
    """TMX's way to write a date as ours; empty where it is another."""
    return _DATE.sub(r"\1-\2-\3T\4:\5:\6Z", date) if _DATE.fullmatch(date) else ""


@cache
def _nearest(tag: str, known: tuple[str, ...]) -> str | None:
    """Which of our languages a tag means: the same, or else another region's."""
    for ours in known:
        if ours.lower() == tag.lower():
            return ours
    try:
        meant = Language.get(tag).maximize()
    except LanguageTagError:
        return None
    near = [ours for ours in known if _kin(Language.get(ours).maximize(), meant)]
    return min(near, key=lambda ours: tag_distance(tag, ours), default=None)


def _kin(one: Language, other: Language) -> bool:
    return (one.language, one.script) == (other.language, other.script)
