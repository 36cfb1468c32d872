"""How an edition's merge fields are filled for a provider: by the provider itself where it can, else by us."""

from collections.abc import Mapping

from newsletter.delivery.envelope import Filling
from newsletter.delivery.providers import Provider
from newsletter.errors import RenderError
from newsletter.model import Edition, Template
from newsletter.rendering import fields
from newsletter.rendering.provider_fields import provider_fields, variables


def filling(edition: Edition, provider: Provider) -> Filling:
    """What fills the fields of an edition; with a template where the provider merges and nothing is in its way.

    A text in which the provider would find fields of its own is filled by us, and so is a subject with fields where
    the provider fills none there.
    """
    compiled = fields.compile(edition)
    if provider.limits.merging == "none":
        return Filling(fill=compiled.fill_all, fields=compiled.fields)
    try:
        merged = provider_fields(compiled, provider.name)
    except RenderError:
        return Filling(fill=compiled.fill_all, fields=compiled.fields)
    template = Template(subject=merged.subject, html=merged.html, text=merged.text)
    return Filling(fill=compiled.fill_all, fields=compiled.fields, template=template, variables=variables(compiled))


def merged(editions: Mapping[str, Edition], provider: Provider) -> frozenset[str]:
    """The languages whose edition the provider fills."""
    return frozenset(tag for tag, edition in editions.items() if filling(edition, provider).template)
