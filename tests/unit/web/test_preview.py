"""The local preview: every language, as HTML and text, and nothing that is not the newsletter's."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from newsletter import Newsletter
from newsletter.web import preview


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Newsletter:
    return Newsletter.create(tmp_path_factory.mktemp("preview") / "letter", example="river-cities")


Get = Callable[..., httpx.Response]


@pytest.fixture
def get(letter: Newsletter) -> Get:
    """Ask the application for a path, as a browser would."""

    def request(path: str, host: str = "127.0.0.1") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(preview.application(letter))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.get(path, follow_redirects=True)

        return asyncio.run(ask())

    return request


def test_the_overview_shows_every_language(get: Get) -> None:
    """Each language has its frame, its subject and what the review gate says of it."""
    page = get("/").text
    for language in ("en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne"):
        assert f'src="{language}.html"' in page
    assert "may be sent" in page
    assert "فارسی" in page


def test_a_mail_is_shown_as_a_reader_gets_it(get: Get) -> None:
    """Fields are filled, pictures come from the preview itself, and the page can run nothing."""
    answer = get("/2026-11/ar.html")
    assert "reader@sample.example" in answer.text
    assert 'src="data:image/' in answer.text
    assert "/images/" not in answer.text
    assert "script" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "reader@sample.example" in get("/2026-11/ar.txt").text


@pytest.mark.parametrize(
    "path",
    [
        "/2031-01/",
        "/2026-11/xx.html",
        "/favicon.ico",
        "/2026-11/issue.toml",
        "/2026-11/images/forum.png",
        "/2026-11/po/es.po",
        "/2026-11/../../members.csv",
        "/2026-11/%2e%2e/%2e%2e/members.csv",
    ],
)
def test_no_other_file_is_served(get: Get, path: str) -> None:
    """Pictures are inside the pages; no file leaves the folder."""
    answer = get(path)
    assert answer.status_code == 404
    assert "@" not in answer.text


def test_another_host_name_is_refused(get: Get) -> None:
    """A web page elsewhere cannot reach the preview by a name that points here."""
    assert get("/", host="evil.example").status_code == 400


def test_a_mistake_is_explained_in_the_browser(letter: Newsletter, get: Get) -> None:
    """A broken item shows its sentence, and the preview goes on once it is mended."""
    path = Path(letter.config.folder, "issues/2026-11/01-riverbanks-forum.md")
    text = path.read_text("utf-8")
    path.write_text(text.replace("title: ", "title: <b>: ", 1), "utf-8")
    answer = get("/2026-11/")
    path.write_text(text, "utf-8")
    assert answer.status_code == 500
    assert "01-riverbanks-forum.md:2" in answer.text
    assert "<b>" not in answer.text
    assert get("/2026-11/").status_code == 200
