"""Each text is kept once, whatever the size of a chunk."""

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


def row_by_row(rows: list[tuple[str, str]]) -> tuple[dict[str, str], Counter[str]]:
    """The plain twin of `Distinct`."""
    labels: dict[str, set[str]] = {}
    for text, label in rows:
        labels.setdefault(text, set()).add(label)
    found = {text: UNKNOWN if len(own) > 1 else min(own) for text, own in labels.items()}
    repeated: Counter[str] = Counter()
    for text, count in Counter(text for text, _ in rows).items():
        kind = "repeated with another label" if len(labels[text]) > 1 else "repeated"
        repeated[kind] += count - 1
    return found, +repeated


@given(ROWS, st.integers(1, 5), st.integers(1, 4))
def test_the_first_of_equal_texts_stays_with_the_label_that_all_agree_on(
    rows: list[tuple[str, str]], chunk: int, parts: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "CHUNK", chunk)
        patch.setattr(distinct, "PARTS", parts)
        kept = Distinct(LABELS, UNKNOWN)
        for row in rows:
            kept.add(*row)
        assert len(kept) == len(rows)
        table, repeated = kept.table()
    expected, counts = row_by_row(rows)
    assert [*zip(table["name"], table["label"], strict=True)] == [*expected.items()]
    assert repeated == counts
