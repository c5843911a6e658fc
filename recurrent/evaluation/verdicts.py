"""Verdicts on published numbers, and how many numbers and systems have each."""

from collections.abc import Iterable
from typing import NamedTuple

from recurrent.evaluation.rows import Published

REPRODUCED = "reproduced"
SEED_NOISE = "within seed noise"
DIFFERS = "differs"
GOOD = (REPRODUCED, SEED_NOISE)


class Tally(NamedTuple):
    """Counts of comparable numbers, and of systems; a system is a row of a lecture, such as A4."""

    reproduced: int
    within_seed_noise: int
    differs: int
    systems_reproduced: int
    systems_comparable: int


def by_system(rows: Iterable[Published]) -> dict[tuple[str, str], list[Published]]:
    """Group published numbers by lecture and row: each row of a lecture is a system."""
    found: dict[tuple[str, str], list[Published]] = {}
    for row in rows:
        found.setdefault((row.lecture, row.row), []).append(row)
    return found


def compared(rows: Iterable[Published]) -> list[Published]:
    """Return the rows that have a verdict."""
    return [row for row in rows if row.verdict is not None]


def of_system(rows: Iterable[Published]) -> str:
    """Return the verdict of a system: it is reproduced if none of its numbers differs."""
    return DIFFERS if any(row.verdict == DIFFERS for row in rows) else REPRODUCED


def tally(rows: Iterable[Published]) -> Tally:
    """Count published numbers by verdict, and the systems that have at least one verdict."""
    known = compared(rows)
    systems = by_system(known).values()
    verdicts = [row.verdict for row in known]
    return Tally(
        reproduced=verdicts.count(REPRODUCED),
        within_seed_noise=verdicts.count(SEED_NOISE),
        differs=verdicts.count(DIFFERS),
        systems_reproduced=sum(of_system(found) == REPRODUCED for found in systems),
        systems_comparable=len(systems),
    )
