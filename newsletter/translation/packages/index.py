"""The Argos package index: which language packages are offered, and where.

The list is kept in the packages' folder with its date, so that what is offered can be shown without a network; it has
neither sizes nor checksums (see ``lockfile``).
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from newsletter.errors import TranslationError
from newsletter.translation import packages, po
from newsletter.translation.packages import order, tag, transport
from newsletter.translation.packages.transport import Patience

FILE = "index.json"
FRESH = timedelta(days=1)
"""How old a kept list may be before it is asked for again; the index changes a few times a year."""

GREATEST = 10 * 2**20
"""Bytes that the index may have; it has 40 kB."""

_PATIENT = Patience()
_HASTY = Patience(connect=3, read=3)  # for sizes, which nobody needs
_AT_ONCE = 4
_HINT = "Check the connection and try again, or install packages from files: newsletter languages install FILE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One package that can be downloaded; ``source`` and ``target`` are BCP 47 tags.

    ``size`` is the download's in bytes, None where it is not known.
    """

    code: str
    source: str
    target: str
    version: str
    urls: tuple[str, ...]
    size: int | None = None

    def __str__(self) -> str:
        return f"{self.source}→{self.target} {self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """What was offered when the list was ``fetched``; ``note`` says why it is not newer, where it could not be."""

    url: str
    fetched: datetime
    offers: tuple[Offer, ...]
    note: str = ""


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the index; only those of type ``translate`` are packages for a pair."""

    type: str = "translate"
    from_code: str = ""
    to_code: str = ""
    package_version: str = ""
    links: tuple[str, ...] = ()


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The list as it is kept on disk."""

    url: str
    fetched: datetime
    packages: tuple[_Entry, ...]


def available(
    chosen: Path | None,
    *,
    index: str = "",
    fresh: timedelta = FRESH,
    now: datetime | None = None,
    patience: Patience = _PATIENT,
) -> Index:
    """What can be downloaded, from ``index``: an address, a file, or by default what Argos Translate is set to.

    A kept list younger than ``fresh`` is taken as it is, and an older one where the index cannot be had; without one
    that is a TranslationError.
    """
    now = now or datetime.now(UTC)
    url = index or str(packages.settings().remote_package_index)
    if "://" not in url:
        data = po.read(Path(url))
        if data is None:
            raise TranslationError("there is no such package index.", where=url, hint="Check package_index.")
        return Index(url=url, fetched=now, offers=_offers(_parse(data, url)))
    place = packages.folder(chosen) / FILE
    kept = _kept(place, url)
    if kept is not None and timedelta() <= now - kept.fetched < fresh:
        return Index(url=url, fetched=kept.fetched, offers=_offers(kept.packages))
    try:
        entries = _fetch(url, patience)
    except TranslationError as error:
        if kept is None:
            raise
        note = f"{error.where}: {error.what} This list is of {kept.fetched:%Y-%m-%d}, {_age(now - kept.fetched)} old."
        return Index(url=url, fetched=kept.fetched, offers=_offers(kept.packages), note=note)
    return Index(url=url, fetched=now, offers=_offers(entries), note=_keep(place, url, now, entries))


def offered(offers: Iterable[Offer], source: str, target: str) -> Offer | None:
    """The newest offer for a pair."""
    found = [offer for offer in offers if (offer.source, offer.target) == (source, target)]
    return max(found, key=lambda offer: order(offer.version), default=None)


def sized(offers: Iterable[Offer], *, patience: Patience = _HASTY) -> list[Offer]:
    """The same offers with the sizes that their servers name; what does not answer at once stays without."""
    with transport.client(patience) as http, ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda offer: replace(offer, size=_size(http, offer)), offers))


def _size(http: httpx.Client, offer: Offer) -> int | None:
    for url in offer.urls:
        try:
            response = http.head(url).raise_for_status()
        except httpx.HTTPError:
            continue
        if (length := response.headers.get("Content-Length", "")).isdecimal():
            return int(length)
    return None


def _fetch(url: str, patience: Patience) -> tuple[_Entry, ...]:
    try:
        return _parse(transport.read(url, greatest=GREATEST, patience=patience), url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = transport.why(error) if isinstance(error, httpx.HTTPError) else "it is no web address"
        raise TranslationError(f"the package index is not available: {reason}.", where=url, hint=_HINT) from error


def _parse(data: bytes, url: str) -> tuple[_Entry, ...]:
    try:
        return msgspec.json.decode(data, type=tuple[_Entry, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = "it is a web page" if data.lstrip()[:1] == b"<" else error
        raise TranslationError(f"this is no package index ({why}).", where=url, hint=_HINT) from error


def _offers(entries: Iterable[_Entry]) -> tuple[Offer, ...]:
    """What can be had of the index: packages of a pair with at least one link that we trust."""
    return tuple(
        Offer(
            code=packages.code(tag(entry.from_code), tag(entry.to_code)),
            source=tag(entry.from_code),
            target=tag(entry.to_code),
            version=entry.package_version,
            urls=urls,
        )
        for entry in entries
        if entry.type == "translate"
        and packages.is_code(entry.from_code)
        and packages.is_code(entry.to_code)
        and (urls := tuple(link for link in entry.links if transport.trusted(link)))
    )


def _kept(place: Path, url: str) -> _Kept | None:
    """The list on disk, if it is one and of this address; otherwise it is asked for anew."""
    try:
        kept = msgspec.json.decode(po.read(place) or b"", type=_Kept)
    except (TranslationError, msgspec.DecodeError):
        return None
    return kept if kept.url == url and kept.fetched.tzinfo else None


def _keep(place: Path, url: str, now: datetime, entries: tuple[_Entry, ...]) -> str:
    """Write the list down; where that fails, the list is good all the same, and the answer says what failed."""
    try:
        po.write(place, msgspec.json.encode(_Kept(url=url, fetched=now, packages=entries)))
    except TranslationError as error:
        return str(error)
    return ""


def _age(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))  # a clock may have been put back
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
