"""Are blocks of neighbouring records long enough? Print standard errors for several lengths.

Records of a text depend on their neighbours, so standard errors count a block of them as one. If
blocks are too short, the error is too small: it grows with longer blocks. Run this as
`python -m benchmarks.blocks` in a project that has been evaluated.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from recurrent.common import config, console, paths
from recurrent.evaluation import rows
from recurrent.evaluation.evaluation import Evaluation
from recurrent.evaluation.paired import over_records
from recurrent.evaluation.rows import Comparison

LENGTHS = (50, 100, 200, 400, 800)
MIN_BLOCKS = 5  # an error estimated from fewer says little
# In characters: the shortest line that counts, the longest way to its repeat, the shortest song.
MIN_LINE, MAX_DISTANCE, MIN_SONG = 6, 1000, 60


def main() -> None:
    """Print the table of errors, and the length of a song if songs are not marked."""
    table = Table("model", "rival", "records", *map(str, LENGTHS))
    for row, difference in compared():
        cells = [f"{error:.4f}" if error else "" for error in errors(difference)]
        table.add_row(f"{row.experiment}/{row.variant}", row.rival, f"{len(difference):,}", *cells)
    Console(width=160).print(table)
    for key in config.load().corpora:
        path = paths.clean(key) / "text.txt"
        if path.is_file() and "\n\n" not in (text := path.read_text(encoding="utf-8")):
            starts = songs(text.split("\n"))
            if len(starts) > 1:
                mean = np.diff(starts).mean()
                console.note(f"{key}: about {len(starts)} songs, {mean:.0f} characters each")


def compared() -> Iterator[tuple[Comparison, NDArray[np.float64]]]:
    """Yield the comparisons of language models, and the difference on each record."""
    for results in paths.PIPELINES.values():
        for row in rows.read(results.comparisons, Comparison):
            if row.kind == "held_out" or row.metric != "loss" or row.ensemble:
                continue
            one = Evaluation.load(results, row.experiment, row.variant)
            experiment, _, variant = row.rival.partition("/")
            places = [
                place
                for place in paths.PIPELINES.values()
                if place.merits(experiment, variant).is_file()
            ]
            other = Evaluation.load(places[0], experiment, variant)
            _, here, there = np.intersect1d(one.records, other.records, return_indices=True)
            yield row, one.merit[here] - other.merit[there]


def errors(difference: NDArray[np.float64]) -> list[float | None]:
    """Return the standard error for each length of a block; None with too few blocks."""
    return [
        sqrt(over_records(difference, length).variance)
        if len(difference) >= MIN_BLOCKS * length
        else None
        for length in LENGTHS
    ]


def songs(lines: Sequence[str]) -> list[int]:
    """Return where songs start, as far as repeated lines show it.

    A refrain repeats within its song, so overlapping stretches from a line to its repeat are one
    song.
    """
    seen: dict[str, list[int]] = defaultdict(list)
    place = 0
    for line in lines:
        if len(line) >= MIN_LINE:
            seen[line].append(place)
        place += len(line) + 1
    stretches = sorted(
        (first, second + len(line))
        for line, found in seen.items()
        for first, second in pairwise(found)
        if second - first < MAX_DISTANCE
    )
    joined: list[list[int]] = []
    for first, end in stretches:
        if joined and first <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([first, end])
    return [first for first, end in joined if end - first > MIN_SONG]


if __name__ == "__main__":
    console.run(main)
