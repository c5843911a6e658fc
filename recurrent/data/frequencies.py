"""Character frequencies of a clean corpus, which the lectures show first."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pandas as pd

HEAD = 20  # characters in the report; the table has all of them


def count_characters(texts: Iterable[str], out: Path) -> dict[str, object]:
    """Write `frequencies.csv`, most frequent first; return its length and its first rows."""
    found = Counter(chain.from_iterable(texts))
    counts = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    table = pd.DataFrame(counts, columns=["character", "count"])
    table.to_csv(out / "frequencies.csv", index=False)
    return {"distinct_characters": len(counts), "most_frequent": dict(counts[:HEAD])}
