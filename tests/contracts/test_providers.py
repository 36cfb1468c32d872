"""Every provider holds the contract of newsletter.testing; each adds what only it promises."""

import json
import mailbox
import os
from email import message_from_bytes, policy
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import pytest

from newsletter import plugins
from newsletter.delivery.providers.folder import Folder
from newsletter.delivery.providers.resend import Resend
from newsletter.errors import ConfigError, RefusedError
from newsletter.plugins import Plugin, Secret
from newsletter.testing import SECRET, HttpProviderContract, ProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples"


class _Tag(msgspec.Struct, forbid_unknown_fields=True):
    """Resend's OpenAPI 1.5.0, ``Tag``: letters, digits, underscores and dashes, at most 256."""

    name: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,256}$")]
    value: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,256}$")]


class _Mail(msgspec.Struct, forbid_unknown_fields=True, rename={"sender": "from"}):
    """Resend's OpenAPI 1.5.0, ``SendEmailRequest``, without what a batch does not take."""

    sender: str
    to: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1)]
    subject: str
    html: str
    text: str
    reply_to: str | msgspec.UnsetType = msgspec.UNSET
    headers: dict[str, str] = {}
    tags: list[_Tag] = []


class TestResend(HttpProviderContract):
    """Resend."""

    samples = SAMPLES / "resend"

    def make(self, folder: Path, base_url: str) -> Resend:
        return Resend(key=Secret(SECRET), base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"id": f"r{n}"} for n, _ in enumerate(json.loads(request.content))]})

    def test_a_request_is_what_the_api_describes(self, tmp_path: Path) -> None:
        """Method, address, headers and every mail of the body are as in Resend's own description."""
        request = self.make(tmp_path, "https://api.resend.com").request(sample_batch(100))
        mails = msgspec.json.decode(request.content, type=Annotated[list[_Mail], msgspec.Meta(max_length=100)])
        assert (request.method, str(request.url)) == ("POST", "https://api.resend.com/emails/batch")
        assert request.headers["Authorization"] == f"Bearer {SECRET}"
        assert request.headers["Idempotency-Key"] == sample_batch(100).key
        assert [mail.to[0].rpartition("<")[2] for mail in mails] == [f"reader{n}@city.example>" for n in range(100)]

    def test_a_comma_in_a_name_makes_no_second_address(self, tmp_path: Path) -> None:
        """The name of a reader is quoted."""
        [mail] = json.loads(self.make(tmp_path, "https://api.resend.com").request(sample_batch(1)).content)
        assert mail["to"] == ['"Cities mee, No. 0" <reader0@city.example>']


class TestFolder(ProviderContract):
    """The folder."""

    def make(self, folder: Path, base_url: str) -> Folder:
        return Folder(path=folder / "outbox")

    def test_any_mail_program_can_read_it(self, tmp_path: Path) -> None:
        """Python's own Maildir reader finds every mail, with its subject."""
        self.send(self.provider(tmp_path), sample_batch(6))
        found = mailbox.Maildir(tmp_path / "outbox", factory=None)
        parsed = [message_from_bytes(found.get_bytes(name), policy=policy.default) for name in found.keys()]  # noqa: SIM118
        assert sorted(mail["Subject"] for mail in parsed) == sorted(m.subject for m in sample_batch(6).messages)

    @pytest.mark.parametrize("place", ["new/{}", "cur/{}:2,S", "cur/{}"])
    def test_a_mail_is_written_once(self, tmp_path: Path, place: str) -> None:
        """Sending again writes nothing, also after somebody read a mail and the program moved and marked it."""
        batch = sample_batch(3)
        self.send(self.provider(tmp_path), batch)
        outbox = tmp_path / "outbox"
        name = f"{batch.messages[0].key}.eml"
        (outbox / "new" / name).rename(outbox / place.format(name))
        self.send(self.provider(tmp_path), batch)
        assert len(list(outbox.rglob("*.eml*"))) == 3
        assert not list((outbox / "tmp").iterdir())

    def test_a_write_that_was_cut_off_is_made_good(self, tmp_path: Path) -> None:
        """Half a mail left in tmp by a crash becomes a whole one in new."""
        batch = sample_batch(1)
        (tmp_path / "outbox" / "tmp").mkdir(parents=True)
        (tmp_path / "outbox" / "tmp" / f"{batch.messages[0].key}.eml").write_bytes(b"From: half")
        self.send(self.provider(tmp_path), batch)
        [mail] = (tmp_path / "outbox" / "new").iterdir()
        assert mail.read_bytes().endswith(b"--\r\n")

    def test_a_folder_that_cannot_be_written_refuses(self, tmp_path: Path) -> None:
        """One sentence that names the folder, and the campaign pauses."""
        (tmp_path / "outbox").write_text("a file, not a folder")
        with pytest.raises(RefusedError, match="outbox: the folder cannot be written") as caught:
            self.send(self.provider(tmp_path), sample_batch(1))
        assert str(tmp_path / "outbox") in str(caught.value)

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
    def test_a_read_only_folder_refuses(self, tmp_path: Path) -> None:
        """The same sentence where the folder is write-protected."""
        tmp_path.chmod(0o500)
        with pytest.raises(RefusedError, match="cannot be written"):
            self.send(self.provider(tmp_path), sample_batch(1))
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"key": {"env": "TEST_KEY"}, "base_url": "api.resend.com"}, "no web address"),
        ({"key": {"env": "TEST_KEY"}, "base_url": "https://x/?a=1"}, "no web address"),
        ({"key": {"env": "TEST_BAD_KEY"}}, "the key has spaces"),
        ({"key": "re_123"}, "a secret does not belong into the file"),
        ({}, "needs the option 'key'"),
    ],
)
def test_resend_says_what_is_wrong_in_the_configuration(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    """A provider is built from newsletter.toml, or one sentence says why not."""
    monkeypatch.setenv("TEST_KEY", "re_123")
    monkeypatch.setenv("TEST_BAD_KEY", "re_123\nX-Injected: 1")
    with pytest.raises(ConfigError, match=sentence):
        plugins.build(Plugin(family="providers", name="resend", options=options))


def test_built_ins_come_through_the_plugin_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``use = "folder"`` and ``use = "resend"`` find the classes; a path is relative to the newsletter."""
    monkeypatch.setenv("TEST_KEY", "re_123")
    folder = plugins.build(Plugin(family="providers", name="folder", options={"path": "outbox"}, folder=tmp_path))
    resend = plugins.build(Plugin(family="providers", name="resend", options={"key": {"env": "TEST_KEY"}}))
    assert folder.path == tmp_path / "outbox"
    assert (resend.name, resend.base_url) == ("resend", "https://api.resend.com")
