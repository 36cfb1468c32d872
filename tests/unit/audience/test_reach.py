"""Members of whom nobody gets the mail are told, and why."""

from newsletter.audience import reach
from newsletter.audience.reach import Reach


def test_one_contact_who_is_reached_is_enough() -> None:
    """Whatever becomes of the others, and in whatever order they stand on the list."""
    heard = Reach()
    for organisation, reason in (
        ("Valmora", "suppressed: bounced"),
        ("Valmora", ""),
        ("Riudelpont", ""),
        ("RIUDELPONT", "suppressed: complained"),
        ("Hanbit", "suppressed: unsubscribed"),
        ("hanbit  ", "'x' is no mail address"),
        ("Hanbit", "suppressed: unsubscribed"),
        ("Abshar", "their language waits for review"),
        ("", "'y' is no mail address"),
    ):
        heard.heard(organisation, reason)
    assert heard.unreached() == (
        "Abshar (their language waits for review)",
        "Hanbit (suppressed: unsubscribed, 2 times; 'x' is no mail address)",
    )


def test_a_list_of_readers_names_no_members() -> None:
    """Whoever has a million organisations on a list gets no report, and the memory stays bounded."""
    for reason in ("suppressed: bounced", ""):
        heard = Reach()
        for number in range(reach.MOST + 10):
            heard.heard(f"Organisation {number}", reason)
        heard.heard("Hanbit", "suppressed: bounced")
        assert heard.unreached() == ()
