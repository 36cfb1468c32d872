"""Members' lists at a web address: every shape that is read, and that half a list is never taken for a whole one."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services import Asked, Reply, said, serve

from newsletter.audience.problems import Problem
from newsletter.audience.sources._pages import LARGEST, PAUSES, Pages
from newsletter.audience.sources.http import Http
from newsletter.errors import AudienceError, ConfigError
from newsletter.model import Address, Subscriber
from newsletter.plugins import Secret

KEY = "k3y-of-the-members"
ANA = {"email": "ana@city.example", "name": "Ana"}
BO = {"email": "bo@city.example", "name": "Bo"}
LINES = "application/x-ndjson"


class Service:
    """Answers with replies in order, the last one again and again, and keeps what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def read(*replies: Reply, path: str = "/members", **options: object) -> list[Subscriber | Problem]:
    """What a service with these answers is understood to have."""
    with serve(Service(*replies)) as url:
        return list(Http(url=url + path, **options).rows())


def emails(rows: Sequence[Subscriber | Problem]) -> list[str]:
    """The addresses of a list without problems."""
    assert not [row for row in rows if isinstance(row, Problem)]
    return [row.address.email.partition("@")[0] for row in rows if isinstance(row, Subscriber)]


def refusal(*replies: Reply, **options: object) -> AudienceError:
    """Why a list is not read; the key does not show in it."""
    with pytest.raises(AudienceError) as caught:
        read(*replies, key=Secret(KEY), **options)
    assert KEY not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ([ANA, BO], ""),
        ({"members": [ANA, BO]}, "members"),
        ({"data": {"members": [ANA, BO]}, "total": 2}, "data.members"),
        ({"data.members": [ANA, BO]}, "data.members"),
        ({"members": [ANA, BO], "links": {"next": {"href": None}}, "next": ""}, "members"),
    ],
)
def test_where_the_list_is(body: object, items: str) -> None:
    """The body itself, or what a dotted way leads to."""
    assert emails(read(said(body), items=items)) == ["ana", "bo"]


def test_every_key_is_a_column() -> None:
    """Nested ones by their way, those of later entries and pages too; what an entry lacks is empty."""
    first = {**ANA, "languages": ["ca", "es"], "work": {"role": "Mayor", "since": 2019}, "tags": [{"id": 1}]}
    rows = read(said([first, BO], Link="</2>; rel=next"), said([{"email": "cy@city.example", "phone": 5}]))
    assert rows[0] == Subscriber(
        address=Address(email="ana@city.example", name="Ana"),
        languages=("ca", "es"),
        fields={"work.role": "Mayor", "work.since": "2019", "tags": '[{"id":1}]'},
        line=1,
    )
    assert [row.fields for row in rows[1:] if isinstance(row, Subscriber)] == [
        {"work.role": "", "work.since": "", "tags": ""},
        {"work.role": "", "work.since": "", "tags": "", "phone": "5"},
    ]


def test_fields_name_the_ways() -> None:
    """Our columns by their keys; nothing else of an entry is kept."""
    entry = {"contact": {"mail": "ana@city.example"}, "full.name": "Ana", "job": "Mayor", "password": "x"}
    (row,) = read(said([entry]), fields={"email": "contact.mail", "name": "full.name", "Role": "job"})
    assert row == Subscriber(address=Address(email="ana@city.example", name="Ana"), fields={"Role": "Mayor"}, line=1)


def test_bad_entries_cost_themselves_only() -> None:
    """No address, no object: each is told with its number over all pages."""
    rows = read(said([ANA, "bo", {"name": "Cy"}], Link="</2>; rel=next"), said([None, BO]))
    assert [(row.kind, row.line) for row in rows if isinstance(row, Problem)] == [
        *(("shape", 2), ("empty", 3), ("shape", 4))
    ]
    assert str(rows[1]) == "entry 2: it is a text, not an object (bo)"
    assert isinstance(rows[-1], Subscriber)
    assert rows[-1].line == 5


def test_lines_of_json() -> None:
    """The content type says so; empty lines are none, and the next page is in the Link header."""
    body = b"\n".join(json.dumps(each).encode() for each in (ANA, BO)) + b"\n"
    first = Reply(body=body, type=f"{LINES}; charset=utf-8", headers=(("Link", '</2>; rel="last next"'),))
    assert emails(read(first, Reply(body=b"", type=LINES))) == ["ana", "bo"]


def test_pages_are_followed_with_the_key() -> None:
    """By the body or by the Link header, relative or not, until nothing more is named."""
    service = Service(
        said({"members": [ANA], "meta": {"next": "?page=2"}}),
        said({"members": [], "meta": {"next": "/members?page=3"}}),
        said({"members": [BO], "meta": {"next": None}, "next_cursor": "end"}),
    )
    with serve(service) as url:
        source = Http(url=f"{url}/members", key=Secret(KEY), items="members", next="meta.next")
        assert emails(list(source.rows())) == ["ana", "bo"]
    assert [asked.path for asked in service.asked] == ["/members", "/members?page=2", "/members?page=3"]
    assert {asked.headers["authorization"] for asked in service.asked} == {f"Bearer {KEY}"}
    assert KEY not in f"{source!r} {vars(source)}"


def test_the_key_in_another_header() -> None:
    """As it is, and not as a bearer token too."""
    service = Service(said([]))
    with serve(service) as url:
        assert list(Http(url=url, key=Secret(KEY), header="X-Api-Key").rows()) == []
    assert service.asked[0].headers["x-api-key"] == KEY
    assert "authorization" not in service.asked[0].headers


def test_the_key_goes_to_one_origin_only() -> None:
    """A next page elsewhere, or a redirect there, is an error, and nothing is asked there."""
    elsewhere = Service(said([BO]))
    with serve(elsewhere) as other:
        for reply in (
            said([ANA], Link=f"<{other}/2>; rel=next"),
            Reply(status=302, headers=(("Location", f"{other}/members"),)),
        ):
            refusal(reply)
    with serve(Service(said([ANA]))) as url:
        inside = url.replace("http://", "http://eve:pass@")
        assert "another place" in str(refusal(said([ANA], Link=f"<{inside}>; rel=next")))
    assert not elsewhere.asked


@pytest.mark.parametrize(
    ("reply", "options", "what"),
    [
        (Reply(status=401, body=KEY.encode()), {}, "the service does not know the key (401)."),
        (Reply(status=403), {}, "the service refuses this list to the key (403)."),
        (Reply(status=404), {}, "there is nothing at this address (404)."),
        (Reply(status=301), {}, "the service leads to another address (301)."),
        (Reply(status=500), {}, "the service answered 500 instead of a list."),
        (Reply(status=204), {}, "the service answered 204 instead of a list."),
        (Reply(status=503, headers=(("Retry-After", "7200"),)), {}, "the service answered 503 instead of a list."),
        (Reply(body=b"<!doctype html>", type="text/html"), {}, "the answer is a page for people (HTML), not JSON."),
        (
            Reply(body=b"[" * 100_000),
            {},
            "the answer is no JSON (maximum recursion depth exceeded while deserializing an object).",
        ),
        (Reply(body=b""), {}, "the answer breaks off."),
        (Reply(body=b'[{"email": "ana@city.exam'), {}, "the answer breaks off."),
        (Reply(body=b'{"email": "ana@city.example"}\n{"em', type=LINES), {}, "the answer breaks off."),
        (Reply(body=b"\xff\xfe"), {}, "the answer is no JSON (JSON is malformed: invalid character (byte 0))."),
        (Reply(body=b"email,name"), {}, "the answer is no JSON (JSON is malformed: invalid character (byte 0))."),
        (said({"members": [], "rest": {"of": []}}), {}, "the body is an object, not a list."),
        (said({"members": []}), {"items": "member"}, "'member' is nothing, not a list."),
        (said({"members": {"1": ANA}}), {"items": "members"}, "'members' is an object, not a list."),
        (said([{"mail_1": "ana@city.example"}]), {}, "no column is named email, only: mail_1."),
        (said([ANA]), {"fields": {"email": "mail"}}, "no entry has 'mail', only: email, name."),
        (
            said({"m": [ANA], "next": 2}),
            {"items": "m", "next": "next"},
            "'next' is a number, not the address of the next page.",
        ),
        (said([ANA], Link="</members>; rel=next"), {}, "its next page is one that was read already."),
        (said([ANA], Link="<http://[::1>; rel=next"), {}, "its next page has no address that can be read."),
        (said([{f"key{n}": 1 for n in range(501)}]), {}, "the entries have more than 500 different keys."),
        (Reply(body=b" " * (LARGEST + 1)), {}, f"the page is larger than {LARGEST:,} bytes."),
    ],
)
def test_what_is_refused(reply: Reply, options: dict[str, object], what: str) -> None:
    """One sentence with the address and the page; nothing of a list that cannot be understood to its end."""
    error = refusal(reply, **options)
    assert error.what == what
    assert "/members" in error.where


@pytest.mark.parametrize(
    "more",
    [
        *({"next": "/2"}, {"links": {"next": "/2"}}, {"_links": {"next": {"href": "/2"}}}, {"has_more": True}),
        *({"next_cursor": "abc"}, {"@odata.nextLink": "http://city.example/2"}, {"meta": {"next_cursor": 7}}),
    ],
)
def test_a_next_page_that_the_options_do_not_lead_to(more: dict[str, object]) -> None:
    """The list would end early: without the option ``next``, or with a slip in it."""
    for options in ({}, {"next": "paging.nxt"}):
        assert "there is more of the list" in refusal(said({"members": [ANA], **more}), items="members", **options).what


def paged(people: Sequence[dict[str, str]], *, size: int = 2, **more: object) -> Callable[[Asked], Reply]:
    """A service with numbered pages, which gives an empty one after the last."""

    def answer(asked: Asked) -> Reply:
        number = int(httpx.URL(asked.path).params.get("page", "1"))
        return said({"data": list(people[(number - 1) * size : number * size]), **more})

    return answer


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("path", ["/members", "/members?page=1&size=2"])
def test_numbered_pages(count: int, path: str) -> None:
    """Pages are counted until one is empty; other parameters stay."""
    people = [{"email": f"p{number}@city.example"} for number in range(count)]
    asked: list[str] = []

    def noted(request: Asked) -> Reply:
        asked.append(request.path)
        return paged(people)(request)

    with serve(noted) as url:
        rows = list(Http(url=url + path, items="data", page="page").rows())
    assert emails(rows) == [f"p{number}" for number in range(count)]
    assert len(asked) == -(-count // 2) + 1
    assert all(("size=2" in each) == ("size" in path) for each in asked)


def test_numbered_pages_whose_number_is_told() -> None:
    """A service that says how many there are is not asked for a page that it has not."""
    people = [{"email": f"p{number}@city.example"} for number in range(4)]
    service = paged(people, total=4)

    def strict(asked: Asked) -> Reply:
        return service(asked) if asked.path in ("/members", "/members?page=2") else Reply(status=404)

    with serve(strict) as url:
        assert len(emails(list(Http(url=f"{url}/members", items="data", page="page").rows()))) == 4


def test_a_parameter_that_the_service_does_not_know() -> None:
    """A list that comes again and again is no long list."""
    error = refusal(said({"data": [ANA]}), items="data", page="p")
    assert "each page is the same: the service does not know the parameter 'p'" in error.what
    error = refusal(said({"data": [ANA]}), items="data", page="p", path="/members?p=last")
    assert "p=last is no page to count on from" in error.what


def test_cursors() -> None:
    """What leads to the next page may be a word or a number for a parameter."""
    replies = (
        said({"data": [ANA], "cursor": "a/b=="}),
        said({"data": [BO], "cursor": 7}),
        said({"data": [], "cursor": ""}),
    )
    service = Service(*replies)
    with serve(service) as url:
        rows = list(Http(url=f"{url}/members?size=1", items="data", next="cursor", page="after").rows())
    assert emails(rows) == ["ana", "bo"]
    assert [httpx.URL(each.path).params.get("after") for each in service.asked] == [None, "a/b==", "7"]
    assert all(httpx.URL(each.path).params["size"] == "1" for each in service.asked)


@pytest.mark.parametrize("more", [{"total": 2}, {"count": 2}, {"meta": {"total": 3}}, {"pagination": {"total": 9}}])
def test_fewer_than_there_are(more: dict[str, object]) -> None:
    """A service that says how many entries there are is believed."""
    assert "by its own word, and 1 of them came" in refusal(said({"data": [ANA], **more}), items="data").what
    both = said({"data": [ANA, BO], "total": 2, "count": 2})
    assert emails(read(both, items="data")) == ["ana", "bo"]


def test_a_page_that_fails_in_the_middle_of_the_list() -> None:
    """Who was read before is no list."""
    assert refusal(said([ANA], Link="</2>; rel=next"), Reply(status=500)).where.endswith("/2, page 2")


def test_too_many_pages() -> None:
    """A service whose pages never end."""
    endless = [said([], Link=f"</{number}>; rel=next") for number in range(4)]
    assert refusal(*endless, pages=3).what == "the list has more than 3 pages."


def test_a_busy_service_is_asked_again() -> None:
    """It says for how long it is busy."""
    for status in (429, 503):
        assert emails(read(Reply(status=status, headers=(("Retry-After", "0"),)), said([ANA]))) == ["ana"]
    with serve(Service(Reply(status=429, headers=(("Retry-After", "7"),)))) as url:
        pauses: list[float] = []
        with pytest.raises(AudienceError, match="429"):
            list(pages(url, pauses.append).read(lambda _: ""))
    assert pauses == [7.0] * len(PAUSES)


def pages(url: str, sleep: Callable[[float], None], timeout: float = 300.0) -> Pages:
    """The pages at an address, with another clock."""
    return Pages(url=httpx.URL(url), headers={}, most=9, timeout=timeout, sleep=sleep)


@contextmanager
def raw(*answers: bytes) -> Iterator[str]:
    """The address of a server that says these bytes, one for each connection, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/members"
        thread.join()


def answered(body: bytes, *headers: str) -> bytes:
    """The bytes of an answer."""
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "Connection: close", "", ""]).encode() + body


WHOLE = json.dumps([ANA]).encode()


def test_a_page_that_breaks_off() -> None:
    """It is asked for again as a whole; where it never comes whole, the list is an error."""
    cut = answered(WHOLE[:9], f"Content-Length: {len(WHOLE)}")
    pauses: list[float] = []
    with raw(cut, b"", answered(WHOLE, f"Content-Length: {len(WHOLE)}")) as url:
        assert [page.body for page in pages(url, pauses.append).read(lambda _: "")] == [WHOLE]
    assert tuple(pauses) == PAUSES[:2]
    with raw(*[cut] * 4) as url, pytest.raises(AudienceError, match="cannot be read to the end"):
        list(pages(url, pauses.append).read(lambda _: ""))


def test_nobody_is_there() -> None:
    """A closed port is asked a few times."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    pauses: list[float] = []
    with pytest.raises(AudienceError, match="cannot be read to the end"):
        list(pages(url, pauses.append).read(lambda _: ""))
    assert tuple(pauses) == PAUSES


def test_lines_whose_end_nobody_can_tell() -> None:
    """Lines that end where the connection does, or come compressed, may be half of them; JSON tells its own end."""
    lines, packed = f"Content-Type: {LINES}", gzip.compress(WHOLE)
    zipped = (f"Content-Length: {len(packed)}", "Content-Encoding: gzip")
    for answer in (answered(WHOLE, lines), answered(packed, lines, *zipped)):
        with raw(answer) as url, pytest.raises(AudienceError, match="does not tell its length"):
            list(Http(url=url).rows())
    for answer in (answered(WHOLE), answered(packed, *zipped)):
        with raw(answer) as url:
            assert emails(list(Http(url=url).rows())) == ["ana"]


def test_a_service_without_end() -> None:
    """All pages together have a time; the pauses between them count."""
    pauses: list[float] = []
    busy = Reply(status=503, headers=(("Retry-After", "40"),))
    with serve(Service(busy)) as url, pytest.raises(AudienceError, match="within 100 seconds"):
        list(pages(url, pauses.append, timeout=100.0).read(lambda _: ""))
    assert pauses == [40.0, 40.0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "members.example"}, "no web address"),
        ({"url": "ftp://city.example/members"}, "no web address"),
        ({"url": "https://"}, "no web address"),
        ({"url": f"https://news:{KEY}@city.example"}, "a secret does not belong into the file"),
        ({"url": "https://city.example", "key": Secret(f"{KEY}\n")}, "the key has spaces"),
        ({"url": "https://city.example", "header": "X Key"}, "no name of a header"),
        ({"url": "https://city.example", "pages": 0}, "no number of pages"),
        ({"url": "https://city.example", "timeout": -1.0}, "no time to wait"),
    ],
)
def test_options_that_are_refused(options: dict[str, object], said: str) -> None:
    """Before anything is asked, and without the key."""
    with pytest.raises(ConfigError, match=said) as caught:
        Http(**options)
    assert KEY not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(("email", "name", "next", "items")) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def scripted() -> Iterator[tuple[Service, str]]:
    """A service, and its address, that many examples share."""
    service = Service()
    with serve(service) as url:
        yield service, url


@settings(deadline=None, max_examples=50)
@given(
    body=JSON | st.lists(st.fixed_dictionaries({"email": JSON}), max_size=4),
    cut=st.integers(0, 3),
    options=st.sampled_from(({}, {"items": "items", "next": "next"})),
)
def test_whatever_is_answered(scripted: tuple[Service, str], body: object, cut: int, options: dict[str, str]) -> None:
    """Each entry comes out at most once, in order, or the list is an AudienceError; never another exception."""
    service, url = scripted
    content = json.dumps(body).encode()
    service.replies = [Reply(body=content[: len(content) - cut])]
    try:
        rows = list(Http(url=url, **options).rows())
    except AudienceError:
        return
    assert not cut
    lines = [row.line for row in rows if isinstance(row, Subscriber) or not row.kept]
    assert lines == sorted(set(lines))
