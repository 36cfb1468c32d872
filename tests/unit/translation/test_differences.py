"""Differences between two texts: readable by people, and lossless."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.translation import differences

WORDS = st.lists(
    st.sampled_from(["river", "the", "bank", " ", " ", ", ", "नदी", "می‌خواهم", "两百", "강은", "e\u0301", "👩‍🌾", "\n"])
)
TEXTS = st.text() | WORDS.map("".join)


def drawn(old: str, new: str) -> str:
    """The changes as a line: removals in [], additions in {}."""
    marks = {"same": "{}", "removed": "[{}]", "added": "{{{}}}"}
    return "".join(marks[change.kind].format(change.text) for change in differences.of(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("three centres", "three centres", "three centres", id="nothing"),
        pytest.param("three training centres", "four training centres", "[three]{four} training centres", id="word"),
        pytest.param("from 17 to 19 March", "from 18 to 20 March", "from [17]{18} to [19]{20} March", id="numbers"),
        pytest.param("It is open.", "It is not open.", "It is {not }open.", id="not"),
        pytest.param(
            "a red big bus is here", "a green new bus is here", "a [red big]{green new} bus is here", id="one piece"
        ),
        pytest.param("Hello, world", "Hello; world", "Hello[,]{;} world", id="sign"),
        pytest.param("a  word here", "a word here", "a[  ]{ }word here", id="white space"),
        pytest.param("यो किताब राम्रो छ", "यो किताबहरू राम्रो छ", "यो [किताब]{किताबहरू} राम्रो छ", id="Nepali by word"),
        pytest.param("فردا می‌خواهم بروم", "فردا می‌خواهیم بروم", "فردا [می‌خواهم]{می‌خواهیم} بروم", id="Persian ZWNJ"),
        pytest.param("강은 넓고 깊다", "강이 넓고 깊다", "[강은]{강이} 넓고 깊다", id="Korean by word"),
        pytest.param("我们种了两百棵树", "我们种了三百棵树", "我们种了[两]{三}百棵树", id="Chinese by character"),
        pytest.param("", "new", "{new}", id="from nothing"),
        pytest.param("old", "", "[old]", id="to nothing"),
        pytest.param("", "", "", id="empty"),
    ],
)
def test_changes_read_as_people_see_them(old: str, new: str, expected: str) -> None:
    """Words are compared as wholes, and changes that only a space parts are one."""
    assert drawn(old, new) == expected


def test_a_rewritten_text_is_shown_as_a_whole() -> None:
    """The few words that two unrelated sentences share would only confuse."""
    old = "Registration is free for members until 15 January."
    new = "The office will be closed during the last week of December."
    assert drawn(old, new) == f"[{old}]{{{new}}}"


@given(TEXTS, TEXTS)
def test_nothing_is_lost(old: str, new: str) -> None:
    """Same and removed give the old text, same and added the new one, and no change is empty."""
    changes = differences.of(old, new)
    assert "".join(change.text for change in changes if change.kind != "added") == old
    assert "".join(change.text for change in changes if change.kind != "removed") == new
    assert all(change.text for change in changes)


@given(TEXTS)
def test_the_same_text_has_no_difference(text: str) -> None:
    """A text and itself are one run, or none where it is empty."""
    assert [change.kind for change in differences.of(text, text)] == ["same"] * bool(text)


@given(TEXTS, TEXTS)
def test_neighbours_differ_in_kind(old: str, new: str) -> None:
    """A run is never cut in two, and a removal stands before the addition that replaces it."""
    kinds = [change.kind for change in differences.of(old, new)]
    assert all(one != other for one, other in pairwise(kinds))
    assert ("added", "removed") not in pairwise(kinds)
