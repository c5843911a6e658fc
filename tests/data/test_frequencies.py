"""Characters are counted exactly, the most frequent first."""

from collections import Counter
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.frequencies import HEAD, count_characters

TEXTS = st.text(st.sampled_from("ab,\"'\r\n\t 不分，") | st.characters(codec="utf-8"))


def counted(folder: Path) -> list[tuple[str, int]]:
    table = pd.read_csv(folder / "frequencies.csv", keep_default_na=False)
    return list(zip(table["character"], table["count"], strict=True))


def test_ties_are_in_the_order_of_code_points(tmp_path: Path) -> None:
    report = count_characters(["b,a\n", '"b",\n'], tmp_path)
    assert counted(tmp_path) == [("\n", 2), ('"', 2), (",", 2), ("b", 2), ("a", 1)]
    assert report == {"distinct_characters": 5, "most_frequent": dict(counted(tmp_path))}


@given(TEXTS.filter(lambda text: "\0" not in text))
def test_each_character_is_counted(scratch: Path, content: str) -> None:
    report = count_characters(content, scratch)
    assert dict(counted(scratch)) == Counter(content)
    assert report["most_frequent"] == dict(counted(scratch)[:HEAD])
