"""What a user can get wrong: one sentence with place and next step, the right exit code, nothing lost, nothing sent."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ITEM = "issues/welcome/01-hello.md"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# file, what is replaced, by what, the command, the exit code, what the sentence must hold
CASES = {
    "front matter": (ITEM, "title: Hello", "title: Hello: again", ["plan"], 1, [ITEM + ":2", "double quotes"]),
    "front matter open": (ITEM, "---\n\nWrite", "\n\nWrite", ["plan"], 1, [ITEM, "---"]),
    "unknown key": (ITEM, "summary:", "sumary:", ["plan"], 1, [ITEM + ":3", "sumary", "summary"]),
    "missing title": (ITEM, "title: Hello from the secretariat\n", "", ["plan"], 1, [ITEM, "title"]),
    "missing image": (ITEM, "section: News", "image: {src: a.png, alt: A}", ["plan"], 1, [ITEM + ":4", "a.png"]),
    "missing image in the body": (ITEM, "Write in", "![A](b.png)\n\nWrite in", ["plan"], 1, [ITEM, "b.png"]),
    "unknown language": ("newsletter.toml", '"es", "fr"]', '"es", "xx"]', ["plan"], 2, ["newsletter.toml:6", "'xx'"]),
    "unknown table": ("newsletter.toml", "[outbox]", "[outbx]", ["plan"], 2, ["newsletter.toml:", "outbx", "outbox"]),
    "unknown option": (
        "newsletter.toml",
        'path = "outbox"',
        'folder = "o"',
        ["plan"],
        2,
        ["provider", "folder", "path"],
    ),
    "no TOML": ("newsletter.toml", "[outbox]", "[outbox", ["plan"], 2, ["newsletter.toml:", "TOML"]),
    "unknown provider": ("newsletter.toml", 'use = "folder"', 'use = "pigeon"', ["plan"], 2, ["pigeon", "resend"]),
    "no e-mail column": ("members.csv", "email,name", "who,name", ["plan"], 1, ["members.csv:1", "email"]),
    "no such issue": ("members.csv", "email", "email", ["plan", "2031-01"], 1, ["2031-01", "welcome"]),
    "a time that is none": ("members.csv", "email", "email", ["plan", "--at", "soon"], 2, ["soon", "2017-11-13 09:00"]),
    "a rate that is none": ("newsletter.toml", "second = 50", "second = 5e-324", ["plan"], 2, ["per_second", "0.001"]),
    "nothing to cancel": ("members.csv", "email", "email", ["cancel", "0123456789ab"], 1, ["0123456789ab"]),
    "no such plan": ("members.csv", "email", "email", ["approve", "0123456789ab", "--by", "A"], 1, ["0123456789ab"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_gets_one_sentence(run: Run, letter: Path, case: str) -> None:
    """The sentence names the place and the next step; no traceback, no secret, no mail."""
    name, old, new, command, code, says = CASES[case]
    edit(letter / name, old, new)
    ran = run("-C", "letter", *command, code=code)
    for words in says:
        assert words in ran.stderr, ran.stderr
    assert ran.stderr.startswith("Error: ")
    assert len(ran.stderr.splitlines()) == 1
    assert not list(letter.glob("outbox/new/*"))


def use_resend(letter: Path, key: str, base_url: str = "https://api.resend.example") -> None:
    toml = letter / "newsletter.toml"
    table = f'use = "resend"\nkey = {key}\nbase_url = "{base_url}"'
    text = re.sub(r'use = "folder".*\npath = "outbox"', table, toml.read_text("utf-8"))
    toml.write_text(text, "utf-8")


def test_a_secret_in_the_file(run: Run, letter: Path) -> None:
    """A key belongs into the environment; the sentence says how, and does not repeat it."""
    use_resend(letter, '"re_123456"')
    ran = run("-C", "letter", "plan", code=2)
    assert 'env = "NAME"' in ran.stderr
    assert "re_123456" not in ran.stderr


def test_no_newsletter_here(run: Run) -> None:
    """An empty folder is told from a broken one."""
    assert "newsletter init" in run("plan", code=2).stderr


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("alex.morgan@organisation.example,Again,en,,", "line 4: duplicate of line 2"),
        ("ALEX.MORGAN@Organisation.example ,Again,en,,", "line 4: duplicate of line 2"),
        ("no-address,Nobody,en,,", "line 4: "),
        ('eve@bad.example,"Eve\nBcc: all@bad.example",en,,', "line 4: "),
        ('"eve@bad.example\rBcc: x@bad.example",Eve,en,,', "line 4: "),
    ],
)
def test_a_bad_row_is_named_and_the_others_go_out(run: Run, letter: Path, row: str, says: str) -> None:
    """Nobody is mailed twice, no header is injected, and the good rows are planned."""
    with (letter / "members.csv").open("a", encoding="utf-8", newline="") as file:
        file.write(row + "\n")
    planned = run("-C", "letter", "plan", "--yes")
    assert says in planned.stderr, planned.stderr
    run("-C", "letter", "send")
    mails = [path.read_text("utf-8") for path in (letter / "outbox" / "new").iterdir()]
    assert len(mails) == 1
    assert not any(re.search(r"^Bcc:", mail, re.MULTILINE) for mail in mails)


def test_a_missing_package_is_named(run: Run, letter: Path) -> None:
    """The language, the pair and the command to install it; the catalog is there to be translated by hand."""
    ran = run("-C", "letter", "translate", "-l", "es", code=1)
    assert "no engine here translates en to es" in ran.stderr
    assert "newsletter languages install" in ran.stderr
    assert (letter / "issues/welcome/po/es.po").exists()


def test_a_damaged_catalog_is_left_alone(run: Run, letter: Path) -> None:
    """Merge markers stop everything, and the file keeps its bytes."""
    run("-C", "letter", "translate", code=1)
    path = letter / "issues/welcome/po/es.po"
    path.write_text(path.read_text("utf-8") + "<<<<<<< HEAD\n", "utf-8")
    before = path.read_bytes()
    assert "es.po:" in run("-C", "letter", "translate", code=1).stderr
    assert path.read_bytes() == before


def test_a_change_after_the_approval_is_refused(run: Run, letter: Path) -> None:
    """What goes out is what was approved, or nothing."""
    run("-C", "letter", "plan", "--yes")
    edit(letter / ITEM, "title: Hello", "title: Goodbye")
    refused = run("-C", "letter", "send", code=1)
    assert "changed after the plan was approved" in refused.stderr
    assert not list(letter.glob("outbox/new/*"))


def test_a_folder_that_cannot_be_written(run: Run, letter: Path) -> None:
    """A provider that can take nothing pauses the campaign; nothing is lost, and the mail goes out later."""
    run("-C", "letter", "plan", "--yes")
    (letter / "outbox").write_text("a file where the folder should be")
    ran = run("-C", "letter", "send", code=2)
    assert "cannot be written" in ran.stderr
    assert "outbox" in ran.stderr


def test_an_outbox_database_that_is_none(run: Run, letter: Path) -> None:
    """A file that is no database is named and left alone."""
    (letter / "newsletter.db").write_text("not a database, " * 100)
    ran = run("-C", "letter", "plan", code=2)
    assert "newsletter.db" in ran.stderr
    assert (letter / "newsletter.db").read_text().startswith("not a database")


def test_a_second_send_leaves_at_once(run: Run, letter: Path) -> None:
    """While one process holds the outbox another says so and exits with 75; the first is not disturbed."""
    run("-C", "letter", "plan", "--yes")
    script = (
        "import sys\nfrom pathlib import Path\nfrom newsletter.delivery.outbox import Outbox\n"
        "with Outbox('sqlite:///newsletter.db', Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, letter], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        ran = run("-C", "letter", "send", code=75)
        assert time.monotonic() - started < 20
        assert "another" in ran.stderr
        assert not list(letter.glob("outbox/new/*"))
    finally:
        holder.communicate("")
    run("-C", "letter", "send")
    assert len(list(letter.glob("outbox/new/*"))) == 1


def test_no_network(run: Run, letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at the provider's address: nothing is lost, work is left, and the exit code says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    use_resend(letter, '{ env = "HOME" }', f"http://127.0.0.1:{port}")
    monkeypatch.setattr("newsletter.delivery.sender.MOST_FAILURES", 2)
    run("-C", "letter", "plan", "--yes")
    ran = run("-C", "letter", "send", code=75)
    assert f"127.0.0.1:{port}" in ran.stderr
    shown = run("-C", "letter", "status").stdout.split()
    assert shown[-6:] == ["en", "1", "0", "0", "0", "0"]


def test_a_port_that_is_taken(run: Run, letter: Path) -> None:
    """The preview says which port, and which option chooses another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = run("-C", "letter", "preview", "--port", taken.getsockname()[1], code=2)
    assert "--port" in ran.stderr


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root writes everywhere")
def test_a_read_only_newsletter(letter: Path, tmp_path: Path) -> None:
    """Planning in a folder that cannot be written fails in one sentence."""
    letter.chmod(0o555)
    tmp_path.chmod(0o755)
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    try:
        ran = subprocess.run(
            [*drop, sys.executable, "-m", "newsletter", "-C", letter, "plan"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        )
    finally:
        letter.chmod(0o755)
    if "Permission denied" in ran.stderr and "Error:" not in ran.stderr:
        pytest.skip("an unprivileged user cannot read this Python")
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr.startswith("Error: ")
    assert "Traceback" not in ran.stderr
