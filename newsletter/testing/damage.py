"""Answers and calls as broken software sends them, for properties of Hypothesis."""

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EVERY_PROVIDER = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.differing_executors])
"""For a property of a suite, which is one test that runs for many providers."""

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
"""Anything that JSON can say."""


@st.composite
def bodies(draw: st.DrawFn, good: list[Any]) -> bytes:
    """A body: bytes of any kind, any JSON, or a good one with some of its values replaced by others."""
    kind = draw(st.sampled_from(("bytes", "json", "damaged", "damaged")))
    if kind == "bytes":
        return draw(st.binary(max_size=200))
    value = draw(VALUES) if kind == "json" else _damaged(draw, draw(st.sampled_from(good)))
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def _damaged(draw: st.DrawFn, value: Any) -> Any:
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if isinstance(value, dict):
        return {name: _damaged(draw, part) for name, part in value.items()}
    return [_damaged(draw, part) for part in value] if isinstance(value, list) else value
