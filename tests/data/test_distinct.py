"""Each text once, whatever the number of rows that are in memory at a time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.names import distinct
from recurrent.data.names.distinct import Distinct

LABELS, UNKNOWN = ("男", "女"), "未知"
ROWS = st.lists(
    st.tuples(
        st.text("王李丁\U00020000é", min_size=1, max_size=2), st.sampled_from([*LABELS, UNKNOWN])
    )
)


def by_hand(rows: list[tuple[str, str]]) -> tuple[dict[str, str], Counter[str]]:
    """The same, row by row."""
    given: dict[str, set[str]] = {}
    for text, label in rows:
        given.setdefault(text, set()).add(label)
    found = {text: UNKNOWN if len(labels) > 1 else min(labels) for text, labels in given.items()}
    times = Counter(text for text, _ in rows)
    repeated: Counter[str] = Counter()
    for text, count in times.items():
        kind = "repeated with another label" if len(given[text]) > 1 else "repeated"
        repeated[kind] += count - 1
    return found, +repeated


@given(ROWS, st.integers(1, 5), st.integers(1, 4))
def test_the_first_of_equal_texts_stays_with_the_label_that_all_agree_on(
    rows: list[tuple[str, str]], at_once: int, parts: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "AT_ONCE", at_once)
        patch.setattr(distinct, "PARTS", parts)
        kept = Distinct(LABELS, UNKNOWN)
        for row in rows:
            kept.add(*row)
        assert len(kept) == len(rows)
        table, repeated = kept.table()
    expected, counted = by_hand(rows)
    assert [*zip(table["name"], table["label"], strict=True)] == [*expected.items()]
    assert repeated == counted


def test_rows_that_wait_no_longer_are_bytes_side_by_side() -> None:
    kept = Distinct(LABELS, UNKNOWN)
    for number in range(distinct.AT_ONCE):
        kept.add(chr(0x4E00 + number % 5000), "男")
    assert not kept._waiting
    (packed,) = kept._texts
    assert packed.memory_usage(deep=True) < 20 * distinct.AT_ONCE
    table, repeated = kept.table()
    assert len(table) == 5000
    assert repeated == {"repeated": distinct.AT_ONCE - 5000}
