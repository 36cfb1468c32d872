"""Secrets in newsletter.toml: what is surely one, what may be, and that none is ever shown."""

import string
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from surroundings import TOML, Around, said

from newsletter.doctor import secrets
from newsletter.doctor.verdicts import Verdict
from newsletter.tomlfile import TomlFile

HEX = "0123456789abcdef" * 4


def find(text: str) -> list[Verdict]:
    """What is found in a file with this text."""
    return secrets.find(
        TomlFile(path=Path("newsletter.toml"), lines=tuple(text.splitlines()), tables=tomllib.loads(text))
    )


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("key = 'SG.{}'", f"{HEX[:22]}.{HEX[:43]}"),
        ("key = {{ env = 're_{}' }}", "AbCdEf12_Gh34567890IjKlMnOpQrSt"),
        ("# key = 'xkeysib-{}-AbCdEfGh12345678'", HEX),
        ("token = 'key-{}'", HEX[:32]),
        ("token = '{}'", f"{HEX[:32]}-{HEX[:8]}-{HEX[:8]}"),
        ("x = 'mlsn.{}'", HEX),
        ("access = 'AKIA{}'", "ABCDEFGH12345678"),
        ("x = 'api-{}'", HEX[:32].upper()),
        ("signing = 'whsec_{}'", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("x = '{}:fx'", "279a2e9d-83b3-c416-7e2d-f721593e42a0"),
        ("url = 'postgresql://letters:{}@db.example/x'", "hunter2"),
        ("# see https://me:{}@river.example", "hunter2"),
        ("password = '{}'", "hunter2"),
        ("api_key = '{}'", "00000000-1111-2222-3333-444444444444"),
        ("key = {{ env = '{}' }}", "279a2e9d-83b3-c416-7e2d-f721593e42a0"),
        ("key = {{ env = '{}' }}", "not a name"),
    ],
)
def test_what_is_surely_a_secret(line: str, secret: str) -> None:
    """A known form, a secret's name, a password in an address, a key where its variable belongs; comments count."""
    (found,) = find(f"[provider]\nuse = 'x'\n{line.format(secret)}\n")
    assert found.level == "problem"
    assert found.message.startswith("newsletter.toml:3")
    assert secret not in found.message + found.fix


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("q8Zk2LmXw0PfT7bYc4Rd9VnE", "warning"),
        ("9f86d081884c7d659a2feaa0c55ad015", "warning"),
        ("river-cities-letter-of-spring", ""),
        ("bulletin-2026-bulletin-2026", ""),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaa1", ""),
        ("Q8Zk2LmX", ""),
    ],
)
def test_what_may_be_a_secret(value: str, level: str) -> None:
    """A long value as mixed as if drawn by lot."""
    assert [verdict.level for verdict in find(f"[provider]\nserver = '{value}'\n")] == ([level] if level else [])


@pytest.mark.parametrize(
    "line",
    [
        "key = { env = 'RESEND_KEY' }",
        "path = 'packages/q8Zk2LmXw0PfT7bYc4Rd9VnE'",
        "glossaries = { es = 'def3a26b-3e84-45b3-84ae-0c0aaf3525f7' }",
        "project_id = 'def3a26b-3e84-45b3-84ae-0c0aaf3525f7'",
        "public_key = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw'",
        "url = 'sqlite:///newsletter.db'",
        "url = 'https://user@river.example/x:y@z'",
        "# a key belongs into the environment",
        "per_second = 50",
    ],
)
def test_what_is_none(line: str) -> None:
    """A variable, a path, an identifier, what is public."""
    assert find(f"[provider]\n{line}\n") == []


@given(
    st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=20, max_size=60),
    st.sampled_from(["key", "server"]),
)
def test_no_secret_is_ever_shown(secret: str, key: str) -> None:
    """Whatever it is, and whatever it is taken for."""
    for verdict in find(f"[provider]\n{key} = '{secret}'\n"):
        assert secret not in verdict.message + verdict.fix


def test_a_clean_file_is_said_to_be_clean(around: Around) -> None:
    """As the examples are."""
    assert said(secrets.look(around())) == [("ok", "newsletter.toml has no secret in it.")]
    assert said(secrets.look(around(toml=f"# re_AbCdEf12_Gh34567890IjKlMnOpQrSt\n{TOML}")))[0][0] == "problem"
