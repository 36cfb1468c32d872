"""Due times: zones, readers' own zones, and the two nights a year when clocks jump."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.schedule import due
from newsletter.errors import ConfigError

NOW = datetime(2026, 11, 13, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "reader", "expected"),
    [
        (None, "", "", "2026-11-13 08:00"),
        ("2017-11-13 09:00", "", "Asia/Seoul", "2017-11-13 08:00"),
        ("2017-11-13T09:00:30", "", "", "2017-11-13 08:00:30"),
        ("2017-11-13 09:00", "America/Mexico_City", "", "2017-11-13 15:00"),
        ("2017-11-13 09:00", "subscriber", "Asia/Kathmandu", "2017-11-13 03:15"),
        ("2017-11-13 09:00", "subscriber", "", "2017-11-13 08:00"),
        ("2017-11-13 09:00", "subscriber", "Atlantis/Capital", "2017-11-13 08:00"),
        ("2017-11-13 09:00+05:45", "subscriber", "Asia/Seoul", "2017-11-13 03:15"),
        (datetime(2017, 11, 13, 9), "", "", "2017-11-13 08:00"),  # noqa: DTZ001
        (datetime(2017, 11, 13, 9, tzinfo=timezone(timedelta(hours=9))), "", "", "2017-11-13 00:00"),
        ("2027-03-28 02:30", "Europe/Berlin", "", "2027-03-28 01:30"),
        ("2027-10-31 02:30", "Europe/Berlin", "", "2027-10-31 00:30"),
        ("2027-10-03 02:15", "Australia/Lord_Howe", "", "2027-10-02 15:45"),
        ("2011-12-30 12:00", "Pacific/Apia", "", "2011-12-30 22:00"),
    ],
)
def test_due(at: str | datetime | None, zone: str, reader: str, expected: str) -> None:
    """A missing time is moved by the gap, a doubled one is taken the first time, an unknown reader's zone is ours."""
    moment = due(at, zone, newsletter_zone="Europe/Madrid", subscriber_zone=reader, now=lambda: NOW)
    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "zone", "sentence"),
    [
        ("tomorrow", "", "'tomorrow' is no date and time"),
        ("2017-11-13", "", "is no date and time"),
        ("", "", "is no date and time"),
        ("2017-13-13 09:00", "", "is no date and time"),
        ("2017-11-13 09:00", "Europe/Atlantis", "unknown time zone 'Europe/Atlantis'"),
        ("2017-11-13 09:00", "europe/madrid", "unknown time zone"),
        ("2017-11-13 09:00", "../etc/passwd", "unknown time zone"),
    ],
)
def test_what_cannot_be_read(at: str, zone: str, sentence: str) -> None:
    """A sentence that shows how to write it, never a traceback."""
    with pytest.raises(ConfigError, match=sentence):
        due(at, zone, newsletter_zone="Europe/Madrid")


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_sentence(text: str) -> None:
    """Whatever somebody types."""
    with suppress(ConfigError):
        assert due(text, "", newsletter_zone="UTC").tzinfo is UTC
