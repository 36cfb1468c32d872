"""Which language a text is in: by its little words where they settle it, else by py3langid's model.

The model takes 0.6 s and 120 MB to load, more than drafting an edited paragraph; in nine languages the words below
settle nearly every sentence without it. It is asked about neighbours only: languages in the same script that an
engine, or a person, might have put in by mistake.
"""

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import Protocol

import regex

from newsletter.translation import prose

SURE = 0.9
"""The least probability at which the model is believed, of the languages it was asked about."""

_NEIGHBOURS: Mapping[str, tuple[str, ...]] = {
    "Latn": ("en", "fr", "es", "ca", "pt", "it", "de"),
    "Arab": ("ar", "fa", "ur"),
    "Deva": ("ne", "hi", "mr"),
    "Cyrl": ("ru", "uk", "bg", "sr", "mk", "be"),
}
"""By script; where a script has one language alone, the script says it all."""

_LITTLE_WORDS = {
    "en": "the of and to in is are was for with that this from by have has will be been which their its on at it or an",
    "fr": "le la les des et du une est dans pour qui que par sur au aux avec sont ont cette ces plus leur ses été vous",
    "es": "el la los las de y en del un una es por para con que se su sus al como más este esta son ha han lo fue muy",
    "ca": "el la els les de i en del dels un una és per amb que es seva al com més aquest aquesta són ha han als va",
    "pt": "o a os as de e em do da dos das no na nos nas um uma é por para com que se sua ao como mais foi são pelo",
    "it": "il la i gli le di e in del della dei delle un una è per con che si al come più sono da nel questo nella",
    "de": "der die das und in den von zu mit ist für auf im dem des ein eine nicht sich als auch werden wird bei",
    "ar": "في من على إلى أن التي الذي هذا هذه عن مع كما أو وقد بين ما لا كان كانت ذلك",
    "fa": "و در به از که این را با است برای آن یک های شود بر تا کرد شد یا هم نیز",
    "ur": "کے کی کا میں ہے سے اور کو نے پر یہ ہیں کہ کر",
    "ne": "र छ मा लाई पनि छन् गर्न हो यो भएको गर्ने तथा बाट ले भने हुन्छ गर्नुहोस् यस",
    "hi": "के में की है और से का को पर यह हैं ने कि लिए",
}


class _Model(Protocol):
    labels: list[str]

    def set_languages(self, langs: list[str]) -> None: ...

    def classify(self, text: str) -> tuple[str, float]: ...


def other_language(text: str, *, expected: str, source: str) -> str:
    """The language a text is in, where that is surely not the expected one; else empty. Tags have no territory."""
    rivals = _rivals(expected, source)
    if not rivals or _settled(text, expected, rivals) or expected not in _model().labels:
        return ""
    found, probability = _asked(tuple(sorted({expected, *rivals}))).classify(text)
    return found if found != expected and probability >= SURE else ""


def _rivals(expected: str, source: str) -> tuple[str, ...]:
    near = _NEIGHBOURS.get(prose.script(expected), ())
    return tuple(language for language in dict.fromkeys((*near, source)) if language != expected) if near else ()


def _settled(text: str, expected: str, rivals: tuple[str, ...]) -> bool:
    """Whether at least two little words are of the expected language alone, and twice as many as of any other."""
    if expected not in _LITTLE_WORDS:
        return False
    words = regex.findall(r"[\p{L}\p{M}]+", text.lower())
    counts = {language: sum(word in _own(language) for word in words) for language in (expected, *rivals)}
    return counts[expected] >= max(2, *(2 * counts[rival] for rival in rivals))


@lru_cache(maxsize=32)
def _own(language: str) -> frozenset[str]:
    """The little words that no other of the languages has."""
    words = set(_LITTLE_WORDS.get(language, "").split())
    return frozenset(words.difference(*(text.split() for key, text in _LITTLE_WORDS.items() if key != language)))


@lru_cache(maxsize=32)
def _asked(languages: tuple[str, ...]) -> _Model:
    """The model for those of the languages that it knows."""
    model = copy(_model())  # the great tables are shared
    model.set_languages([language for language in languages if language in model.labels])
    return model


@lru_cache(maxsize=1)
def _model() -> _Model:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model: _Model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return model
