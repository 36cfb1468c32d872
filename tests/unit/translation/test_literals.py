"""What every language writes the same, found in the same way by all who look for it."""

import pytest

from newsletter.translation import literals
from newsletter.translation.engines import _stream
from newsletter.translation.markup.inline import parse
from newsletter.translation.prose import plain, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://a.example/x_(y), or www.b.example.", ["https://a.example/x_(y)", "www.b.example"]),
        ("(https://a.example/x) https://a.example/ü?q=1&r=%20#s!", ["https://a.example/x", "https://a.example/ü?q=1&r=%20#s"]),
        ("https://a.example/x를 여세요, 见https://a.example/y。", ["https://a.example/x", "https://a.example/y"]),
        ("j_doe+x@a.example, josé@café.example에", ["j_doe+x@a.example", "josé@café.example"]),
        ("@river_city, not a@b or @", ["@river_city"]),
        ("{name} {{ city }} {} {user.name} 50 % de", ["{name}", "{{ city }}", "{}", "{user.name}"]),
        ("%(count)d %s개 %sand", ["%(count)d", "%s"]),
        ("awww.x {a b} 5 %, https:// #tag #5", []),
    ],
)  # fmt: skip
def test_what_is_a_literal(text: str, expected: list[str]) -> None:
    """Addresses without what follows them, handles, placeholders; in Korean a particle follows at once."""
    assert [found[0] for found in literals.find(text)] == expected
    assert [part for part in parse(text).protected if part.kind == "literal"] == [
        part for part in parse(text).protected if parse(text).of(part) in expected
    ]
    assert list(read(text).literals) == list(plain(text).literals) == expected
    assert list(_stream.plain(text).kept.values())[: len(expected)] == expected


def test_hashtags_are_for_engines_only() -> None:
    """An engine must not touch them, a person may write another one; a number sign is none."""
    inline = parse("#rivers2026 is no #5 or a#b")
    assert [(item.kind, inline.of(item)) for item in inline.protected] == [("name", "#rivers2026")]
    assert list(_stream.plain("In #rivers2026 and #5").kept.values()) == ["#rivers2026"]
    assert read("In #rivers2026").literals == ()
    assert read("In #rivers2026").words == ["In", "rivers2026"]
