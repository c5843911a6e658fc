"""The page of promises: a part of them, run again, replaces its own lines alone."""

from pathlib import Path

from tests.reliability.ledger import HEAD, RULE, Ledger, Promise


def test_a_part_run_again_replaces_its_own_lines_alone(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    broken = Promise("It holds", "a kill", injected=3, lost=1, result="BROKEN")
    Ledger([Promise("It stays", "a full disk", 1200, result="kept"), broken]).write(
        page, whole=False
    )
    first = page.read_text(encoding="utf-8")
    assert first.startswith(HEAD + RULE)
    assert "| It holds | a kill | 3 | 1 | BROKEN |\n" in first
    again = Promise("It holds", "a kill", injected=5, found="two", result="kept")
    Ledger([again, Promise("It is new", "a lie", 1, result="kept")]).write(page, whole=False)
    lines = page.read_text(encoding="utf-8").removeprefix(HEAD + RULE).splitlines()
    assert lines == [
        "| It stays | a full disk | 1,200 | 0 | kept |",
        "| It holds | a kill | 5 | 0 | kept: two |",
        "| It is new | a lie | 1 | 0 | kept |",
    ]


def test_the_whole_leaves_no_line_of_a_promise_that_nobody_makes_any_more(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    for text in ("It was", "It is"):
        Ledger([Promise(text, "a kill", 1, result="kept")]).write(page, whole=True)
    assert page.read_text(encoding="utf-8") == f"{HEAD}{RULE}| It is | a kill | 1 | 0 | kept |\n"
