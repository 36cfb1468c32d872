"""The package index: read, kept for when there is no network, and never believed more than it deserves."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import TranslationError
from newsletter.translation import packages
from newsletter.translation.packages import index, transport
from newsletter.translation.packages.transport import Patience

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HASTY = Patience(connect=1, read=0.2, whole=0.5, pause=0)


def entry(source: str = "en", target: str = "pb", version: str = "1.9", **more: Any) -> dict[str, Any]:
    """An entry as the index has them."""
    return {
        "package_version": version,
        "argos_version": "1.9.0",
        "from_code": source,
        "from_name": "English",
        "to_code": target,
        "to_name": "Portuguese (Brazil)",
        "links": [f"https://packages.example/translate-{source}_{target}.argosmodel", "ipfs://QmV5bmf8iqKpoGoyuTzE"],
        "code": f"translate-{source}_{target}",
        **more,
    }


def encoded(*entries: object) -> bytes:
    return json.dumps(entries).encode()


def test_an_index_becomes_offers(tmp_path: Path) -> None:
    """BCP 47 tags, and only links that can be trusted; what is no package for a pair is passed over."""
    file = tmp_path / "index.json"
    plain = ["http://packages.example/a", "ipfs://a", "file:///etc/passwd", "https://", "https://[::1", ""]
    file.write_bytes(
        encoded(
            entry(),
            entry("en", "zt"),
            entry(type="sbd", links=["https://packages.example/splitter"]),
            entry("en", "es", links=plain),
            entry("../en", "es"),
            {},
        )
    )
    found = index.available(tmp_path, index=str(file), now=NOW)
    assert [(offer.code, offer.source, offer.target, offer.version, offer.size) for offer in found.offers] == [
        ("translate-en_pb", "en", "pt-BR", "1.9", None),
        ("translate-en_zt", "en", "zh-Hant", "1.9", None),
    ]
    assert found.offers[0].urls == ("https://packages.example/translate-en_pb.argosmodel",)
    assert (found.fetched, found.note) == (NOW, "")


def test_the_newest_offer_of_a_pair_counts(tmp_path: Path) -> None:
    """1.10 is newer than 1.9; another pair is none."""
    file = tmp_path / "index.json"
    file.write_bytes(encoded(entry(version="1.9"), entry(version="1.10"), entry(version="1.1"), entry("pb", "en")))
    offers = index.available(tmp_path, index=str(file)).offers
    found = index.offered(offers, "en", "pt-BR")
    assert found is not None
    assert found.version == "1.10"
    assert index.offered(offers, "en", "ne") is None


def test_a_fresh_list_is_not_asked_for_again(tmp_path: Path, server: Any) -> None:
    """Once a day is enough; after that, or when somebody wants it fresh, the server is asked."""
    server.answers["/index.json"] = server.status(200, encoded(entry()))
    url = f"{server.url}/index.json"
    first = index.available(tmp_path / "packages", index=url, now=NOW)
    second = index.available(tmp_path / "packages", index=url, now=NOW + timedelta(hours=23))
    assert (second, len(server.asked)) == (first, 1)
    index.available(tmp_path / "packages", index=url, now=NOW + timedelta(hours=25))
    assert len(server.asked) == 2
    index.available(tmp_path / "packages", index=url, now=NOW + timedelta(hours=25), fresh=timedelta())
    index.available(tmp_path / "packages", index=url, now=NOW - timedelta(days=400))  # the clock was put back
    server.answers["/other.json"] = server.answers["/index.json"]
    index.available(tmp_path / "packages", index=f"{server.url}/other.json", now=NOW)
    assert len(server.asked) == 5
    assert packages.installed(tmp_path / "packages") == []


def test_the_default_is_the_index_of_argos_translate(
    tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its setting counts, so that whoever has a mirror sets it once."""
    server.answers["/mirror/index.json"] = server.status(200, encoded(entry()))
    monkeypatch.setattr(packages.settings(), "remote_package_index", f"{server.url}/mirror/index.json")
    assert len(index.available(tmp_path, now=NOW).offers) == 1


def _refused(server: Any) -> str:
    server.stop()
    return "cannot be reached"


def _stalls(server: Any) -> str:
    server.answers["/index.json"] = server.stall(b"[")
    return "did not answer in time"


def _drips(server: Any) -> str:
    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not server.over.wait(0.05):
            handler.wfile.write(b" ")

    server.answers["/index.json"] = drip
    return "did not answer in time"


def _breaks_off(server: Any) -> str:
    server.answers["/index.json"] = server.file(encoded(entry()), cuts=[20])
    return "broke off"


def _fails(server: Any) -> str:
    server.answers["/index.json"] = server.status(500)
    return "answered 500"


def _answers_a_page(server: Any) -> str:
    server.answers["/index.json"] = server.status(200, b"<html>Sign in to the hotel's network</html>")
    return "it is a web page"


def _answers_something_else(server: Any) -> str:
    server.answers["/index.json"] = server.status(200, encoded({**entry(), "links": "https://packages.example"}))
    return "this is no package index"


def _is_endless(server: Any) -> str:
    server.answers["/index.json"] = server.status(200, bytes(index.GREATEST + 1))
    return "larger than"


def _redirects_without_end(server: Any) -> str:
    server.answers["/index.json"] = server.status(302, Location="/index.json")
    return "redirects without end"


def _redirects_to_plain_http(server: Any) -> str:
    server.answers["/index.json"] = server.status(302, Location="http://192.0.2.1/index.json")
    return "is not HTTPS"


FAULTS = [
    _refused,
    _stalls,
    _drips,
    _breaks_off,
    _fails,
    _answers_a_page,
    _answers_something_else,
    _is_endless,
    _redirects_without_end,
    _redirects_to_plain_http,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_without_an_index_one_sentence_says_why(tmp_path: Path, server: Any, fault: Any) -> None:
    """The address, what went wrong and what can be done without; nothing is kept."""
    says, url = fault(server), f"{server.url}/index.json"
    with pytest.raises(TranslationError, match=says) as caught:
        index.available(tmp_path, index=url, now=NOW, patience=HASTY)
    assert str(caught.value).startswith(f"{url}: ")
    assert "newsletter languages install FILE" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_the_last_list_stands_in_and_says_how_old_it_is(tmp_path: Path, server: Any, fault: Any) -> None:
    """Offline is no reason to show nothing; the last good list is not overwritten."""
    url = f"{server.url}/index.json"
    server.answers["/index.json"] = server.status(200, encoded(entry()))
    first = index.available(tmp_path, index=url, now=NOW)
    kept = (tmp_path / "index.json").read_bytes()
    says = fault(server)
    second = index.available(tmp_path, index=url, now=NOW + timedelta(days=3), patience=HASTY)
    assert second.offers == first.offers
    assert says in second.note
    assert second.note.startswith(f"{url}: ")
    assert second.note.endswith("This list is of 2026-11-22, 3 days old.")
    assert (tmp_path / "index.json").read_bytes() == kept


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 5}'])
def test_a_damaged_kept_list_is_none(tmp_path: Path, server: Any, text: str) -> None:
    """It is asked for again, and kept whole."""
    (tmp_path / "index.json").write_text(text)
    server.answers["/index.json"] = server.status(200, encoded(entry()))
    assert len(index.available(tmp_path, index=f"{server.url}/index.json", now=NOW).offers) == 1
    assert json.loads((tmp_path / "index.json").read_bytes())["fetched"] == "2026-11-22T09:00:00Z"


def test_a_list_that_cannot_be_kept_is_shown_all_the_same(tmp_path: Path, server: Any) -> None:
    """And says what failed."""
    server.answers["/index.json"] = server.status(200, encoded(entry()))
    (tmp_path / "index.json").mkdir()
    found = index.available(tmp_path, index=f"{server.url}/index.json", now=NOW)
    assert len(found.offers) == 1
    assert "index.json: the file cannot be written" in found.note


@pytest.mark.parametrize(("text", "says"), [(None, "no such package index"), ("<html>", "this is no package index")])
def test_an_index_in_a_file_is_named(tmp_path: Path, text: str | None, says: str) -> None:
    """A mirror on a stick: the file is in the sentence."""
    file = tmp_path / "mirror.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(TranslationError, match=says) as caught:
        index.available(tmp_path, index=str(file))
    assert str(file) in str(caught.value)


def test_sizes_are_asked_for_without_downloading(tmp_path: Path, server: Any) -> None:
    """The first link that tells counts; one that does not answer at once leaves the size unknown."""
    server.answers |= {"/a": server.status(200, bytes(1234)), "/slow": server.stall()}
    server.answers["/slow"] = lambda handler: server.over.wait(20)
    (tmp_path / "index.json").write_bytes(
        encoded(
            entry(links=[f"{server.url}/none", f"{server.url}/a"]),
            entry("en", "es", links=[f"{server.url}/slow"]),
            entry("en", "fr", links=[f"{server.url}/none"]),
        )
    )
    offers = index.available(tmp_path, index=str(tmp_path / "index.json")).offers
    assert [offer.size for offer in index.sized(offers, patience=HASTY)] == [1234, None, None]
    assert {method for method, _, _ in server.asked} == {"HEAD"}
    assert {path for _, path, _ in server.asked} == {"/none", "/a", "/slow"}


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://packages.example/a", True),
        ("http://127.0.0.1:8000/a", True),
        ("http://[::1]/a", True),
        ("http://localhost/a", True),
        ("http://packages.example/a", False),
        ("http://127.0.0.1.packages.example/a", False),
        ("ftp://packages.example/a", False),
        ("//packages.example/a", False),
    ],
)
def test_who_is_trusted(url: str, trusted: bool) -> None:
    """HTTPS, or this very computer."""
    assert transport.trusted(url) == trusted
