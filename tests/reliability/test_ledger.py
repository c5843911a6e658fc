"""The page of promises."""

from tests.reliability.ledger import HEAD, Promise, page


def test_the_page_tells_what_is_kept_from_what_is_broken() -> None:
    kept = Promise("It stays", "a full disk", 1200, found="2 s", passed=True)
    assert page([kept, Promise("It holds", "a kill", 3, lost=1)]) == (
        f"{HEAD}"
        "| It stays | a full disk | 1,200 | kept: 2 s |\n"
        "| It holds | a kill | 3 | BROKEN, 1 lost |\n"
    )
