"""Numbers and systems are counted once each."""

from recurrent.evaluation.verdicts import Tally, tally
from tests.report.example import published


def test_a_system_is_reproduced_if_none_of_its_numbers_differs() -> None:
    rows = [
        published(row="A1", verdict="reproduced"),
        published(row="A1", verdict="within seed noise"),
        published(row="A1", verdict=None, reason="one character's loss"),
        published(row="A2", verdict="reproduced"),
        published(row="A2", verdict="differs"),
        published(row="A3", verdict=None, reason="not run"),
        published(row="A1", lecture="another", verdict="differs"),
    ]
    assert tally(rows) == Tally(2, 1, 2, systems_reproduced=1, systems_comparable=3)
    assert tally([]) == Tally(0, 0, 0, 0, 0)
