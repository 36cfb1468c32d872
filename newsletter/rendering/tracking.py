"""Where a visit comes from, for the statistics of the newsletter's own sites: UTM parameters on links to them.

They name the issue and its language, never the reader. Other people's sites get none: they would only learn what the
newsletter's readers do.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from newsletter.config import Publication

EVERYWHERE = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """The parameters of one edition; ``hosts`` are the sites whose links get them, with their subdomains."""

    source: str
    medium: str
    campaign: str
    language: str
    hosts: frozenset[str]

    @classmethod
    def of(cls, publication: Publication, *, campaign: str, language: str) -> "Tracking | None":
        """As the newsletter has it, for one edition; None where it wants no statistics."""
        utm = publication.utm
        if not utm:
            return None
        own = urlsplit(publication.base_url).hostname or ""
        hosts = frozenset(host.lower() for host in (own, *utm.hosts) if host)
        return cls(source=utm.source, medium=utm.medium, campaign=campaign, language=language, hosts=hosts)

    def link(self, url: str) -> str:
        """The address with the parameters after its own; the same where they have no place.

        That is so for another site, another scheme, and an address that somebody has given such parameters already.
        """
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not self._own(parts.hostname or ""):
            return url
        if any(name.startswith("utm_") for name in parse_qs(parts.query, keep_blank_values=True)):
            return url
        values = {"source": self.source, "medium": self.medium, "campaign": self.campaign, "content": self.language}
        added = urlencode({f"utm_{name}": value for name, value in values.items() if value})
        before, sign, fragment = url.partition("#")
        if not parts.path and "?" not in before:
            before += "/"
        joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
        return f"{before}{joint}{added}{sign}{fragment}"

    def _own(self, host: str) -> bool:
        names = host.lower().split(".")
        return EVERYWHERE in self.hosts or any(".".join(names[start:]) in self.hosts for start in range(len(names)))
