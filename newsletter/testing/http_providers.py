"""What every mail provider with an HTTP API must hold, besides what all of them must."""

# ruff: noqa: S101 - a suite is made of assertions

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError, RejectedError, TemporaryError
from newsletter.model import Batch, Receipt
from newsletter.testing.damage import EVERY_PROVIDER, bodies
from newsletter.testing.providers import SECRET, ProviderContract, sample_batch


class HttpProviderContract(ProviderContract):
    """What every provider with an HTTP API must hold, and its samples: an answer in, receipts or an error out.

    A sample is ``<case>.json``: ``status``, ``headers``, ``body`` (JSON, or a string sent as it is), ``messages`` (how
    many were sent), and either ``receipts`` (``[id, error]`` or ``[id, error, outcome]`` each) or ``error`` (a class,
    with ``retry_after``). ``merged`` says that the provider was to fill the messages in.
    """

    samples: Path

    meanings: Mapping[int, type[DeliveryError]] = {
        **dict.fromkeys((400, 413, 422), RejectedError),
        **dict.fromkeys((301, 401, 402, 403, 404, 405), RefusedError),
        **dict.fromkeys((408, 409, 500, 502, 503, 504), OutcomeUnknown),
        429: TemporaryError,
    }
    """What an answer of a status alone means; a subclass says where its provider documents something else."""

    unreadable: tuple[bytes, ...] = (
        *(b"", b"<html>", b"[]", b"{}", b"null", b'{"data": 3}', b"\xff\xfe"),
        *(b"x" * 2_000_000, b"[" * 100_000),
    )
    """Bodies of a 200 from which nobody can know what was accepted."""

    def said(self, request: httpx.Request) -> str:
        """Everything a request says, as text in which values are found as they are."""
        return json.dumps(json.loads(request.content), ensure_ascii=False)

    def written(self, value: str) -> str:
        """A value as it stands in ``said``."""
        return json.dumps(value, ensure_ascii=False)[1:-1]

    def cases(self) -> list[tuple[str, dict[str, Any]]]:
        """The samples of the provider, by name; files that begin with an underscore are none."""
        found = [path for path in sorted(self.samples.glob("*.json")) if not path.name.startswith("_")]
        return [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in found]

    def outcome(
        self, folder: Path, reply: httpx.Response | Exception, *, messages: int = 2, merged: bool = False
    ) -> Any:
        """What a reply becomes: receipts, or the delivery error itself."""
        provider = self.provider(folder)
        batch = sample_batch(messages, field=self.field if merged else "")
        try:
            return self.send(provider, self.requests(provider, batch)[0], reply)
        except DeliveryError as error:
            return error

    def test_a_header_that_is_no_line_is_refused(self, tmp_path: Path) -> None:
        """It would begin another one, or break; nothing goes out, and whose it is is said."""
        bad = ["<a>\r\nBcc: x@y.example", "<a>\x85", "Séoul", "x" * 2000]
        for name, value in [*(("List-Unsubscribe", value) for value in bad), ("X Place", "x"), ("", "x")]:
            batch = self.batches(self.provider(tmp_path))[-1]
            last = replace(batch.messages[-1], headers={**batch.messages[-1].headers, name: value})
            changed = replace(batch, messages=(*batch.messages[:-1], last))
            with pytest.raises(RejectedError, match=r"the header .* (one line of ASCII|longer than)") as found:
                self.send(self.provider(tmp_path), changed, AssertionError("it went out"))
            assert last.key in str(found.value)

    def test_the_same_batch_makes_the_same_request(self, tmp_path: Path) -> None:
        """Byte for byte: a provider knows a repeated key only with the same body."""
        pairs = zip(*(self.batches(self.provider(tmp_path)) for _ in range(2)), strict=True)
        for batches in pairs:
            first, second = (self.provider(tmp_path).request(batch) for batch in batches)
            assert (first.method, first.url, first.content) == (second.method, second.url, second.content)
            assert first.headers == second.headers

    def test_requests_go_to_the_base_url(self, tmp_path: Path) -> None:
        """A region, a proxy or a test server can stand in for the provider."""
        for base in ("https://mail.example/base", "https://mail.example/base/"):
            url = str(self.make(tmp_path, base).request(sample_batch(1)).url)
            assert url.startswith("https://mail.example/base/")
            assert "//" not in url.removeprefix("https://")

    def test_nothing_of_a_message_is_lost(self, tmp_path: Path) -> None:
        """Addresses, subject, texts, headers and the message's key are all in the request."""
        batch = sample_batch(3)
        provider = self.provider(tmp_path)
        for one in self.requests(provider, batch):
            said = self.said(provider.request(one))
            for message in one.messages:
                left_out = provider.limits.forbids
                headers = [value for name, value in message.headers.items() if name.lower() not in left_out]
                for part in (message.to.email, message.subject, message.key, *headers):
                    assert self.written(part) in said

    def requests(self, provider: Any, batch: Batch) -> list[Batch]:
        """The batch, cut to what one request of the provider may hold."""
        limits = provider.limits
        most = limits.messages if batch.template else limits.finished or limits.messages
        size = min(most, len(batch.messages))
        cut = range(0, len(batch.messages), size)
        return [replace(batch, messages=batch.messages[start : start + size]) for start in cut]

    def test_a_template_is_sent_once_and_filled_in_by_the_provider(self, tmp_path: Path) -> None:
        """A provider that merges gets the edition once, and every reader's own values; nobody sees another's."""
        provider = self.provider(tmp_path)
        assert (provider.limits.merging == "provider") == bool(self.field)
        if not self.field:
            return
        for batch in self.requests(provider, sample_batch(3, field=self.field)):
            assert batch.template
            said = self.said(provider.request(batch))
            before_the_picture = batch.template.html.partition("<img")[0]
            assert said.count(self.written(before_the_picture)) == 1
            for message in batch.messages:
                for part in (message.to.email, message.key, *message.variables.values()):
                    assert self.written(part) in said

    def test_pictures_travel_inside_where_they_can(self, tmp_path: Path) -> None:
        """The HTML shows them by their Content-IDs then; a provider that cannot carry them leaves their addresses."""
        provider = self.provider(tmp_path)
        pictures = provider.limits.pictures
        for batch in self.batches(provider):
            said = self.said(provider.request(batch))
            assert ("cid:" in said, batch.edition.assets[0].url in said) == (pictures, not pictures)

    def test_the_key_is_never_shown(self, tmp_path: Path) -> None:
        """Not in a repr, and not in an error, even where the provider echoes it."""
        assert SECRET not in repr(self.provider(tmp_path)) + repr(vars(self.provider(tmp_path)))
        for status in (400, 401, 429, 500):
            error = self.outcome(tmp_path, httpx.Response(status, text=f"bad key {SECRET}"))
            assert SECRET not in f"{error} {error!r} {error.args}"

    def test_what_an_answer_means(self, tmp_path: Path) -> None:
        """Only what was surely not accepted is sent again; what nobody can know is unknown."""
        for status, kind in self.meanings.items():
            error = self.outcome(tmp_path, httpx.Response(status, text="no"))
            assert type(error) is kind, f"{status} became {error!r}"

    def test_a_provider_that_asks_for_time_gets_it(self, tmp_path: Path) -> None:
        """Retry-After in seconds or as a date, and nothing where it makes no sense."""
        table = {
            "7": 7.0,
            "0.5": 0.5,
            "-5": 0.0,
            "Wed, 21 Oct 2015 07:28:00 GMT": 0.0,
            "999999": 86_400.0,
            "soon": None,
        }
        for status in (429, 503):
            for value, seconds in table.items():
                error = self.outcome(tmp_path, httpx.Response(status, headers={"Retry-After": value}))
                assert isinstance(error, TemporaryError)
                assert error.retry_after == seconds, value

    def test_a_broken_connection(self, tmp_path: Path) -> None:
        """Before the request nothing was sent; after its first byte nobody can know."""
        table: dict[type[Exception], type[Exception]] = {
            httpx.ConnectError: TemporaryError,
            httpx.ConnectTimeout: TemporaryError,
            httpx.ReadError: OutcomeUnknown,
            httpx.ReadTimeout: OutcomeUnknown,
            httpx.WriteError: OutcomeUnknown,
            httpx.RemoteProtocolError: OutcomeUnknown,
        }
        for cause, kind in table.items():
            assert type(self.outcome(tmp_path, cause("broken"))) is kind, cause

    def test_an_answer_nobody_can_read(self, tmp_path: Path) -> None:
        """A success that does not name the messages is unknown: never a crash, never a guess."""
        for body in self.unreadable:
            error = self.outcome(tmp_path, httpx.Response(200, content=body), messages=1)
            assert type(error) is OutcomeUnknown, body[:20]

    @EVERY_PROVIDER
    @given(data=st.data(), status=st.sampled_from((200, 202, 400, 403, 422, 429, 500)))
    def test_whatever_is_answered(self, data: st.DataObject, status: int) -> None:
        """It becomes one receipt a message or a delivery error, never another exception."""
        provider = self.provider(Path())
        batch = self.requests(provider, sample_batch(2))[0]
        body = data.draw(bodies([case["body"] for _, case in self.cases()]))
        try:
            receipts: list[Receipt] = provider.read(httpx.Response(status, content=body), batch)
        except DeliveryError:
            return
        assert [receipt.key for receipt in receipts] == [message.key for message in batch.messages]
        assert all(bool(receipt.error) == (receipt.outcome != "sent") for receipt in receipts)

    def test_samples(self, tmp_path: Path) -> None:
        """Every recorded answer becomes the receipts or the error beside it."""
        assert self.cases(), f"there are no samples in {self.samples}"
        for name, case in self.cases():
            body = case["body"]
            content = body if isinstance(body, str) else json.dumps(body)
            response = httpx.Response(case["status"], headers=case.get("headers", {}), content=content.encode())
            found = self.outcome(tmp_path, response, messages=case["messages"], merged=case.get("merged", False))
            if isinstance(found, DeliveryError):
                got = {"error": type(found).__name__, "retry_after": getattr(found, "retry_after", None)}
            else:
                got = {"receipts": [[receipt.provider_id, receipt.error, receipt.outcome] for receipt in found]}
            assert {key: value for key, value in got.items() if value is not None} == _expected(case), name


def _expected(case: dict[str, Any]) -> dict[str, Any]:
    """What a sample says an answer means, with the outcomes that it leaves out."""
    kept: dict[str, Any] = {key: case[key] for key in ("error", "retry_after") if key in case}
    if "receipts" in case:
        outcomes = [row[2] if row[2:] else "failed" if row[1] else "sent" for row in case["receipts"]]
        kept["receipts"] = [[*row[:2], outcome] for row, outcome in zip(case["receipts"], outcomes, strict=True)]
    return kept
