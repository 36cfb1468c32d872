"""What SMTP hands over, read by programs that are not ours: nothing of a mail is changed on its way.

Python before 3.13 garbled what it wrote itself, and reads leniently what others write; so Nodemailer's parser, Perl's
Encode and, where there is one, Python 3.13 read as well. The server refuses what Gmail refuses.
"""

import asyncio
import dataclasses
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import amazon
import pytest
from msgspec.structs import replace
from test_smtp_servers import Mailbox, aiosmtpd, send

from newsletter.delivery.envelope import Envelope, Filling
from newsletter.delivery.lease import Member
from newsletter.model import Address, Message
from newsletter.testing import sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "rendering" / "editions.json"
EACH = 40  # mails a language
ONCE = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Unsubscribe", "List-Id")

PYTHON = r"""
import json, pathlib, sys
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

def person(mail, name):  # the older parser, since the newer one puts a space between two encoded words of a name
    text, address = parseaddr(mail[name])
    return [str(make_header(decode_header(text))), address]

def read(data):
    old, new = message_from_bytes(data), message_from_bytes(data, policy=policy.default)
    faults = [str(fault) for part in new.walk() for fault in part.defects]
    faults += [str(fault) for value in new.values() for fault in value.defects]
    assert not faults, faults
    bodies = [new.get_body((kind,)).get_content() for kind in ("plain", "html")]
    lists = {name: str(value) for name, value in new.items() if name.startswith(("List-", "Feedback-"))}
    return [str(new["Subject"]), *(person(old, name) for name in ("From", "To", "Reply-To")), lists, *bodies]

print(json.dumps([read(path.read_bytes()) for path in sorted(pathlib.Path(sys.argv[1]).iterdir())]))
"""
NODE = r"""
const fs = require("fs"), path = require("path"), {simpleParser} = require(process.argv[2]);
(async () => {
  const mails = [];
  for (const name of fs.readdirSync(process.argv[1]).sort()) {
    const mail = await simpleParser(fs.readFileSync(path.join(process.argv[1], name)));
    const person = (field) => [mail[field].value[0].name, mail[field].value[0].address];
    const lists = {};
    for (const {line} of mail.headerLines) {
      const [field, value] = line.split(/: ([^]*)/);
      if (/^(List|Feedback)-/.test(field)) lists[field] = value;
    }
    const people = ["from", "to", "replyTo"].map(person);
    mails.push([mail.subject, ...people, lists, mail.text, mail.html]);
  }
  console.log(JSON.stringify(mails));
})();
"""
PERL = r"""
use Encode; use JSON::PP; my @mails;
for my $file (sort glob("$ARGV[0]/*")) {
  open my $handle, "<:raw", $file; local $/; my ($head) = split /\r\n\r\n/, <$handle>, 2;
  $head =~ s/\r\n(?=[ \t])//g;
  my %lists; my %fields = map { /^([^:]+): (.*)$/s } split /\r\n/, $head;
  for (keys %fields) { $lists{$_} = $fields{$_} if /^(List|Feedback)-/ }
  my @people = map { $fields{$_} =~ /^(?:(.*?) )?<?([^<> ]+\@[^<> ]+?)>?$/; my ($name, $email) = ($1 // "", $2);
    $name =~ s/^"(.*)"$/$1/ and $name =~ s/\\(.)/$1/g; [decode("MIME-Header", $name), $email] } qw(From To Reply-To);
  push @mails, [decode("MIME-Header", $fields{Subject}), @people, \%lists];
}
print JSON::PP->new->ascii->encode(\@mails);
"""


class Strict(Mailbox):
    """A server that takes no mail which Gmail would refuse, or which goes beyond RFC 5322."""

    async def handle_DATA(self, server: Any, session: object, envelope: Any) -> str:  # noqa: N802
        data: bytes = envelope.content
        head = data.partition(b"\r\n\r\n")[0]
        names = re.findall(rb"^([!-9;-~]+):", head, re.MULTILINE)
        lines = data.split(b"\r\n")
        faults = [
            not data.isascii() or b"\0" in data,
            b"\n" in data.replace(b"\r\n", b"") or b"\r" in data.replace(b"\r\n", b""),
            max(map(len, lines)) > 998,
            any(len(line) > 76 for line in head.split(b"\r\n") if b"=?" in line),
            any(names.count(name.encode()) != 1 for name in ONCE),
            any(not re.match(rb"[!-9;-~]+: \S|[ \t]\S", line) for line in head.split(b"\r\n")),
            bool(message_from_bytes(data, policy=policy.default).defects),
        ]
        if any(faults):
            return f"550 5.7.1 This mail is not RFC 5322 compliant ({faults.index(True)})"
        return await super().handle_DATA(server, session, envelope)


def _words() -> dict[str, list[str]]:
    """Words of each language as an edition has them, and signs that names and subjects are made of."""
    editions = json.loads(SAMPLES.read_text(encoding="utf-8"))
    found = {}
    for language, edition in editions.items():
        text = " ".join([edition["subject"], edition["preheader"], *(item["title"] for item in edition["items"])])
        found[language] = [
            *text.split(),
            "«Pont»,",
            "O’Neill",
            '"Q"',
            "(B)",
            "–",
            "a_b",
            "=?",
            "👩‍🌾",
            "@home",
            "x;y",
            "50%",
        ]
    return found


def _mails(language: str, words: list[str]) -> list[Message]:
    """Mails as a campaign writes them, the same in every run; subjects and names of up to thirty words."""
    chance = random.Random(language)

    def some(most: int) -> str:
        return " ".join(chance.choices(words, k=chance.randint(1, most)))

    found = []
    for number in range(EACH):
        sender = Address(email="news@river-cities.example", name=some(4))
        envelope = Envelope(
            sender=sender,
            reply_to=Address(email="office+news@river-cities.example", name=some(6)),
            unsubscribe_url=chance.choice(["", "https://river-cities.example/leave"]),
        )
        subject, text = some(30), "\n".join(some(40) for _ in range(3)) + "\n"
        body = f"<p>{chance.choice(words[:20])} {number}</p>\n"
        member = Member(key=f"{chance.getrandbits(128):032x}", email=f"r{number}@city.example", name=some(12))
        fill = Filling(fields=(), fill=lambda _, __, found=(subject, body, text): [found])
        say = {"newsletter": "River Cities", "campaign": "c" * 32, "language": language, "secret": b"s" * 32}
        found += envelope.messages([member], fill, **say)
    return found


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Message]]:
    """A folder of what a strict server took, and what was to be said, in the same order."""
    folder = tmp_path_factory.mktemp("mails")
    messages = [mail for language, words in _words().items() for mail in _mails(language, words)]
    batch = sample_batch(1)
    batch = replace(batch, edition=dataclasses.replace(batch.edition, assets=()), messages=tuple(messages))
    box = Strict()
    with aiosmtpd(box) as (port, _):
        receipts = send(port, batch, host="127.0.0.1", security="none")
    assert {(receipt.outcome, receipt.error) for receipt in receipts} == {("sent", "")}
    assert [to for to, _ in box.mails] == [message.to.email for message in messages]
    for number, (_, data) in enumerate(box.mails):
        (folder / f"{number:04}.eml").write_bytes(data)
    return folder, messages


def _asked(*command: str) -> Any:
    return json.loads(subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout)


def _python(name: str, folder: Path, need: Callable[[str], str]) -> Any:
    program = sys.executable if name == "python" else shutil.which(name)
    if program is None or subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"{name} is not installed")
    return _asked(program, "-c", PYTHON, str(folder))


def _node(_: str, folder: Path, need: Callable[[str], str]) -> Any:
    parser = amazon.local_ses().parents[2] / "mailparser"
    if not parser.is_dir():
        need(f"npm install --prefix .node mailparser (for {parser})")
    return _asked(need("node"), "-e", NODE, str(folder), str(parser))


def _perl(_: str, folder: Path, need: Callable[[str], str]) -> Any:
    return _asked(need("perl"), "-e", PERL, str(folder))


@pytest.mark.parametrize(
    ("name", "reader"), [("python", _python), ("python3.13", _python), ("node", _node), ("perl", _perl)]
)
def test_what_others_read_is_what_was_written(
    taken: tuple[Path, list[Message]], need: Callable[[str], str], name: str, reader: Callable[..., Any]
) -> None:
    """Subject, names, addresses, the headers of the list and both texts of 360 mails in nine languages."""
    folder, messages = taken
    found = reader(name, folder, need)
    assert len(found) == len(messages) == 9 * EACH
    for (subject, sender, to, answers, lists, *texts), message in zip(found, messages, strict=True):
        assert subject == message.subject
        for person, address in ((sender, message.sender), (to, message.to), (answers, message.reply_to)):
            assert address
            assert person == [address.name, address.email]
        assert lists == {key: value for key, value in message.headers.items() if key.startswith(("List-", "Feedback-"))}
        if texts:
            assert [text.replace("\r\n", "\n").strip() for text in texts] == [
                message.text.strip(),
                message.html.strip(),
            ]


def test_the_server_refuses_what_it_should() -> None:
    """Else it would prove nothing: a mail with two senders, and one with a bare line feed."""
    good = b"\r\n".join(name.encode() + b": x" for name in ONCE)
    asked = {
        "": good + b"\r\n\r\nHello\r\n",
        "a second From": good + b"\r\nFrom: y\r\n\r\nHello\r\n",
        "a bare line feed": good + b"\r\n\r\nHel\nlo\r\n",
        "a long line": good + b"\r\n\r\n" + b"x" * 999 + b"\r\n",
    }
    for why, content in asked.items():
        envelope = SimpleNamespace(rcpt_tos=["a@x.example"], content=content)
        answer = asyncio.run(Strict().handle_DATA(None, None, envelope))
        assert answer.startswith("550" if why else "250"), why
