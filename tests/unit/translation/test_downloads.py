"""Downloads: resumed where they broke off, from the first link that works, and never trusted twice without proof."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import TranslationError
from newsletter.translation import packages
from newsletter.translation.packages import downloads, lockfile
from newsletter.translation.packages.index import Offer
from newsletter.translation.packages.transport import Patience

HASTY = Patience(connect=1, read=0.2, tries=3, pause=0)
Make = Callable[..., bytes]


@pytest.fixture
def data(argosmodel: Make) -> bytes:
    """A package of some 300 kB that does not compress."""
    return argosmodel(**{"model/model.bin": bytes(n * n * 7 % 251 for n in range(300_000))})


def offer(server: Any, *paths: str) -> Offer:
    """What the index would say of a package at these paths."""
    urls = tuple(path if "://" in path else f"{server.url}{path}" for path in paths or ("/a",))
    return Offer(code="translate-en_pb", source="en", target="pt-BR", version="1.9", urls=urls)


def left(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()} - {".busy"}


def model(place: Path) -> bytes:
    (package,) = packages.installed(place)
    return (package.path / "model" / "model.bin").read_bytes()


def test_a_package_is_downloaded_and_locked(tmp_path: Path, server: Any, data: bytes) -> None:
    """Progress goes up to all of it; address, hash and size are written down; nothing but the package is left."""
    server.answers["/a"] = server.file(data)
    seen: list[tuple[int, int]] = []
    lock = tmp_path / "packages.lock"
    made = downloads.install(
        offer(server), tmp_path / "p", lock=lock, progress=lambda done, total: seen.append((done, total))
    )
    assert (made.source, made.target) == ("en", "pt-BR")
    assert (seen[0], seen[-1], sorted(seen)) == ((0, len(data)), (len(data), len(data)), seen)
    assert left(tmp_path / "p") == {"translate-en_pb-1_9"}
    (locked,) = lockfile.read(lock)
    assert (locked.url, locked.size) == (f"{server.url}/a", len(data))


@pytest.mark.parametrize("etag", ['"one"', 'W/"one"', ""])
def test_a_dropped_connection_is_resumed(tmp_path: Path, server: Any, data: bytes, etag: str) -> None:
    """Only what is missing is asked for; where the server cannot say that it is the same file, all of it is."""
    server.answers["/a"] = server.file(data, cuts=[100_000, 50_000], etag=etag)
    downloads.install(offer(server), tmp_path, patience=HASTY)
    strong = etag == '"one"'
    assert server.ranges() == (["", "bytes=100000-", "bytes=150000-"] if strong else ["", "", ""])
    assert [headers.get("If-Range") for _, _, headers in server.asked][1:] == [etag if strong else None] * 2
    assert len(model(tmp_path)) == 300_000


def test_the_next_run_goes_on_where_the_last_one_gave_up(tmp_path: Path, server: Any, data: bytes) -> None:
    """After the last try one sentence says so; the bytes are kept, and the same file is finished later."""
    server.answers["/a"] = server.file(data, cuts=[1000, 1000, 1000])
    with pytest.raises(TranslationError, match=r"en→pt-BR 1\.9 cannot be downloaded \(.*broke off\).*same command"):
        downloads.install(offer(server), tmp_path, patience=HASTY)
    assert left(tmp_path) == {"translate-en_pb-1_9.part", "translate-en_pb-1_9.part.json"}
    seen: list[int] = []
    downloads.install(offer(server), tmp_path, patience=HASTY, progress=lambda done, total: seen.append(done))
    assert server.ranges() == ["", "bytes=1000-", "bytes=2000-", "bytes=3000-"]
    assert seen[0] == 3000
    assert left(tmp_path) == {"translate-en_pb-1_9"}


def test_a_finished_download_is_not_repeated(tmp_path: Path, server: Any, data: bytes) -> None:
    """Whoever was interrupted between the last byte and the installation installs without a network."""
    (tmp_path / "translate-en_pb-1_9.part").write_bytes(data)
    state = f'{{"url": "{server.url}/a", "validator": "x", "total": {len(data)}}}'
    (tmp_path / "translate-en_pb-1_9.part.json").write_text(state)
    downloads.install(offer(server), tmp_path, patience=HASTY)
    assert server.asked == []
    assert len(model(tmp_path)) == 300_000


def test_a_server_without_ranges_starts_anew(tmp_path: Path, server: Any, data: bytes) -> None:
    """The range was asked for, the answer is the whole, and it does not go behind the old bytes."""
    server.answers["/a"] = server.file(data, cuts=[100_000], ranged=False)
    downloads.install(offer(server), tmp_path, patience=HASTY)
    assert server.ranges() == ["", "bytes=100000-"]
    assert len(model(tmp_path)) == 300_000


@pytest.mark.parametrize("honest", [True, False])
def test_another_file_by_now_starts_anew(
    tmp_path: Path, server: Any, data: bytes, argosmodel: Make, honest: bool
) -> None:
    """A file that was replaced in between is never the end of the old one, even if the server ignores If-Range."""
    other = argosmodel(**{"model/model.bin": b"new" * 100_000})
    server.answers["/a"] = server.file(data, cuts=[100_000] * 3)
    with pytest.raises(TranslationError):
        downloads.install(offer(server), tmp_path, patience=Patience(tries=1))
    serve = server.file(other, etag='"two"')

    def careless(handler: Any) -> None:
        del handler.headers["If-Range"]
        serve(handler)

    server.answers["/a"] = serve if honest else careless
    downloads.install(offer(server), tmp_path, patience=HASTY)
    assert server.ranges() == ["", "bytes=100000-"] + ([] if honest else [""])
    assert model(tmp_path) == b"new" * 100_000


def test_a_file_that_became_shorter_starts_anew(tmp_path: Path, server: Any, data: bytes, argosmodel: Make) -> None:
    """The server has nothing at that place (416)."""
    server.answers["/a"] = server.file(data, cuts=[100_000])
    with pytest.raises(TranslationError):
        downloads.install(offer(server), tmp_path, patience=Patience(tries=1))
    server.answers["/a"] = server.file(argosmodel())
    downloads.install(offer(server), tmp_path, patience=HASTY)
    assert server.ranges() == ["", "bytes=100000-", ""]
    assert model(tmp_path) == b"model"


def test_an_answer_in_pieces_is_put_together(tmp_path: Path, server: Any, data: bytes) -> None:
    """A server may give less than it was asked for, and say so."""

    def piece(handler: Any) -> None:
        start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        end = min(start + 120_000, len(data))
        headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}", "ETag": '"one"'}
        server.status(206, data[start:end], **headers)(handler)

    server.answers["/a"] = piece
    downloads.install(offer(server), tmp_path, patience=HASTY)
    assert server.ranges() == ["", "bytes=120000-", "bytes=240000-"]
    assert len(model(tmp_path)) == 300_000


def test_a_redirect_is_followed(tmp_path: Path, server: Any, data: bytes) -> None:
    """The lock keeps the address of the index, not where it happened to lead today."""
    server.answers |= {"/a": server.status(302, Location="/b"), "/b": server.file(data)}
    lock = tmp_path / "packages.lock"
    downloads.install(offer(server), tmp_path / "p", lock=lock, patience=HASTY)
    assert [path for _, path, _ in server.asked] == ["/a", "/b"]
    assert lockfile.read(lock)[0].url == f"{server.url}/a"


@pytest.mark.parametrize(
    ("answer", "asked", "says"),
    [
        (lambda server: server.status(404), 1, "answered 404"),
        (lambda server: server.status(500), 3, "answered 500"),
        (lambda server: server.status(200, b"<html>", Content_Type="text/html; charset=utf-8"), 1, "a web page"),
        (lambda server: server.status(200, Content_Length=str(2**40)), 1, "larger than 1 GiB"),
        (lambda server: server.stall(b"PK"), 3, "did not answer in time"),
        (lambda server: server.file(b"PK" * 100, cuts=[9] * 9, etag=""), 3, "broke off"),
        (lambda server: server.status(302, Location="/bad"), 6, "redirects without end"),
        (lambda server: server.status(302, Location="http://192.0.2.1/a"), 1, "http://192.0.2.1 is not HTTPS"),
    ],
)
def test_the_next_link_is_tried(tmp_path: Path, server: Any, data: bytes, answer: Any, asked: int, says: str) -> None:
    """What may be better in a moment is asked again, the rest is not; without another link the sentence says why."""
    server.answers |= {"/bad": answer(server), "/good": server.file(data)}
    with pytest.raises(TranslationError, match=says) as caught:
        downloads.install(offer(server, "/bad"), tmp_path, patience=HASTY)
    assert len(server.asked) == asked
    assert server.url.removeprefix("http://") in str(caught.value)
    downloads.install(offer(server, "/bad", "/good"), tmp_path, patience=HASTY)
    assert server.asked[-1][1] == "/good"
    assert len(model(tmp_path)) == 300_000


def test_an_unreachable_server_is_named(tmp_path: Path, server: Any) -> None:
    """Nobody listens there."""
    server.stop()
    with pytest.raises(TranslationError, match="cannot be reached"):
        downloads.install(offer(server), tmp_path, patience=HASTY)


@pytest.mark.parametrize(
    ("pair", "says"), [(("en", "pb"), "is not the translate-en_pb 1.9"), (("en", "es"), "not what was asked for")]
)
def test_a_file_that_is_another_one_is_refused(
    tmp_path: Path, server: Any, data: bytes, argosmodel: Make, pair: tuple[str, str], says: str
) -> None:
    """Other bytes than the lock has, or another pair than the index said: nothing changes, nothing is resumed later."""
    lock, place = tmp_path / "packages.lock", tmp_path / "packages"
    server.answers["/a"] = server.file(data)
    made = downloads.install(offer(server), place, lock=lock)
    written = lock.read_bytes()
    server.answers["/a"] = server.file(argosmodel(*pair))
    with pytest.raises(TranslationError, match=says) as caught:
        downloads.install(offer(server), place, lock=lock)
    assert f"{server.url}/a" in str(caught.value)
    assert (lock.read_bytes(), packages.installed(place), left(place)) == (written, [made], {made.path.name})


def test_a_whole_download_that_is_no_package_is_refused(tmp_path: Path, server: Any, data: bytes) -> None:
    """Without a length the connection just ends; the archive itself tells that half of it is missing."""

    def endless(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(data[:-1000])

    server.answers["/a"] = endless
    with pytest.raises(TranslationError, match="damaged or no package"):
        downloads.install(offer(server), tmp_path, patience=HASTY)
    assert left(tmp_path) == set()
