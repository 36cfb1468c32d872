"""Checks of the organisation's own words: names, terms, forbidden terms, acronyms."""

from collections.abc import Iterator

import regex

from newsletter.translation import glossary, wordforms
from newsletter.translation.checks import Candidate, Finding
from newsletter.translation.glossary import Mention, Term

_ACRONYM = regex.compile(r"(?<![\p{L}\p{N}])(?=[A-Z0-9]*[A-Z][A-Z0-9]*[A-Z])[A-Z][A-Z0-9]{1,7}(?![\p{L}\p{N}])")


class Names:
    """Each name of the source stands in the translation, as it is or in a listed form.

    Only names that are kept, or have a form in the language, are looked for. It warns: an unlisted transliteration is
    no mistake. False alarms: none of the 159 names in the example newsletter.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        for mention in candidate.glossary.mentions(candidate.source, candidate.language):
            wanted = _forms(mention, candidate.language)
            if wanted and not any(_stands(candidate, form) for form in wanted):
                yield Finding(level="warn", message=f"the name {mention.text} is not in it ({' or '.join(wanted)})")


class Terms:
    """Each term of the source has one of its translations. False alarms for common words: 2 to 3 %, Arabic 22 %."""

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        for mention in candidate.glossary.mentions(candidate.source, candidate.language):
            terms = [term for term in mention.terms if term.status != "forbidden"]
            if terms and not any(_used(candidate, term) for term in terms):
                wanted = " or ".join(target for term in terms for target in term.targets)
                yield Finding(level="warn", message=f"{mention.text} should be {wanted}")


class Forbidden:
    """No forbidden translation of a term is used."""

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        for mention in candidate.glossary.mentions(candidate.source, candidate.language):
            for term in mention.terms:
                if term.status == "forbidden" and _used(candidate, term):
                    yield Finding(level="block", message=f"{term.target} must not stand for {mention.text}")


class Acronyms:
    """Acronyms are the same. News: 5 to 10 % of correct paragraphs, Arabic 20 %, so it only informs."""

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        given = candidate.translation.text
        missing = [text for text in dict.fromkeys(_ACRONYM.findall(candidate.original.text)) if text not in given]
        if missing and candidate.original.text.upper() != candidate.original.text:
            yield Finding(level="info", message=f"{', '.join(missing)} is not in it")


def _forms(mention: Mention, language: str) -> tuple[str, ...]:
    """What may stand for a name in a language; empty where anything may."""
    if mention.name is None:
        return ()
    listed = glossary.forms(mention.name, language)
    if mention.name.keep == "yes":
        return tuple(dict.fromkeys((mention.text, *listed, mention.name.name, *mention.name.aliases)))
    return (*listed, *mention.name.aliases) if listed else ()


def _stands(candidate: Candidate, form: str) -> bool:
    return wordforms.contains(candidate.translation.text, form, language=candidate.language, match="name")


def _used(candidate: Candidate, term: Term) -> bool:
    text, language = candidate.translation.text, candidate.language
    return any(wordforms.contains(text, target, language=language, match=term.match) for target in term.targets)
