"""Publish a multilingual newsletter: translate, review, render, send.

    from newsletter import Newsletter

    letter = Newsletter.open("metropolis")
    issue = letter.issue("2017-11")

Names are imported when they are first used (PEP 562), so that ``import newsletter`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsletter.app import Newsletter
    from newsletter.delivery.plan import Plan
    from newsletter.errors import NewsletterError
    from newsletter.model import (
        Address,
        Batch,
        Edition,
        Image,
        Issue,
        Item,
        Message,
        Receipt,
        Segment,
        Subscriber,
    )

# Where the names live that are no nouns of newsletter.model.
_HOMES = {
    "Newsletter": "newsletter.app",
    "NewsletterError": "newsletter.errors",
    "Plan": "newsletter.delivery.plan",
}
__all__ = [
    "Address",
    "Batch",
    "Edition",
    "Image",
    "Issue",
    "Item",
    "Message",
    "Newsletter",
    "NewsletterError",
    "Plan",
    "Receipt",
    "Segment",
    "Subscriber",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'newsletter' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "newsletter.model")), name)


def __dir__() -> list[str]:
    return list(__all__)
