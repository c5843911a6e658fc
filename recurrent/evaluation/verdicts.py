"""Verdicts on published numbers, and how many numbers and systems have each."""

from collections.abc import Iterable
from typing import NamedTuple

from recurrent.evaluation.rows import Published

REPRODUCED = "reproduced"
SEED_NOISE = "within seed noise"
DIFFERS = "differs"
VERDICTS = (REPRODUCED, SEED_NOISE, DIFFERS)


class Tally(NamedTuple):
    """Counts of comparable numbers, and of systems; a system is a row of a lecture, such as A4."""

    reproduced: int
    within_seed_noise: int
    differs: int
    systems_reproduced: int
    systems_comparable: int


def tally(rows: Iterable[Published]) -> Tally:
    """Count each published number once, and each system that has one with a verdict.

    A system is reproduced if none of its numbers differs.
    """
    systems: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.verdict is not None:
            systems.setdefault((row.lecture, row.row), []).append(row.verdict)
    verdicts = [verdict for found in systems.values() for verdict in found]
    return Tally(
        reproduced=verdicts.count(REPRODUCED),
        within_seed_noise=verdicts.count(SEED_NOISE),
        differs=verdicts.count(DIFFERS),
        systems_reproduced=sum(DIFFERS not in found for found in systems.values()),
        systems_comparable=len(systems),
    )
