"""How ``Newsletter`` answers for several languages at once."""

from typing import TypeVar

_T = TypeVar("_T")


class ByLanguage(dict[str, _T]):
    """What there is to say of each language, by its tag; printed, it is one line."""

    def __str__(self) -> str:
        return " · ".join(f"{language}: {value}" for language, value in self.items())
