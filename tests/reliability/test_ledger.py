"""The page of promises."""

from tests.reliability.ledger import HEAD, Promise, page, updated


def test_the_page_tells_what_is_kept_from_what_is_broken() -> None:
    kept = Promise("It stays", "a full disk", 1200, found="2 s", passed=True)
    assert page([kept, Promise("It holds", "a kill", 3, lost=1)]) == (
        f"{HEAD}"
        "| It stays | a full disk | 1,200 | kept: 2 s |\n"
        "| It holds | a kill | 3 | BROKEN, 1 lost |\n"
    )


def test_a_part_of_the_tests_updates_its_own_rows() -> None:
    before = page([Promise("It stays", "a", 1, passed=True), Promise("It holds", "b", 2)])
    again = [Promise("It holds", "b", 3, passed=True), Promise("It is new", "c", 4, passed=True)]
    assert updated(before, again) == page([Promise("It stays", "a", 1, passed=True), *again])
