"""Tables of results: what is written is read back as it was."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recurrent.evaluation import rows
from recurrent.evaluation.rows import Comparison, Published, Score

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
NAMES = st.text("abc_/ ,\"'北", min_size=1)
COUNTS = st.integers(0, 10**6)
PUBLISHED = st.builds(
    Published,
    id=NAMES,
    lecture=NAMES,
    row=NAMES,
    experiment=NAMES,
    variant=st.none() | NAMES,
    seeds=st.none() | COUNTS,
    metric=NAMES,
    epoch=st.none() | COUNTS,
    split=st.none() | NAMES,
    source=NAMES,
    published=NUMBERS | st.just("for those"),
    ours=st.none() | NUMBERS | st.just(" the"),
    sd=st.none() | NUMBERS,
    low=st.none() | NUMBERS,
    high=st.none() | NUMBERS,
    bayes=st.none() | NUMBERS,
    verdict=st.none() | NAMES,
    reason=st.none() | NAMES,
    tolerance=st.none() | NUMBERS,
    below=st.none() | COUNTS,
    ensemble=st.booleans(),
    agree=st.none() | COUNTS,
)


@given(found=st.lists(PUBLISHED, max_size=4))
def test_published_numbers_are_read_as_they_were_written(
    scratch: Path, found: list[Published]
) -> None:
    rows.write(scratch / "published.csv", Published, found)
    assert rows.read(scratch / "published.csv", Published) == found


def test_other_rows_keep_their_types_too(tmp_path: Path) -> None:
    score = Score(
        "names", "B2", "a", "b", "fit", "bundled", "test", "r", 9, "m", 1.0, None, 1, None, 2.0
    )
    compared = Comparison("rival", "names", "a", "b", "c/d", "test", "m", True, -0.5, 0.25, "worse")
    rows.write(tmp_path / "scores.csv", Score, [score])
    rows.write(tmp_path / "comparisons.csv", Comparison, [compared])
    assert rows.read(tmp_path / "scores.csv", Score) == [score]
    assert rows.read(tmp_path / "comparisons.csv", Comparison) == [compared]


def test_a_table_without_rows_keeps_its_header_and_a_missing_one_has_none(tmp_path: Path) -> None:
    rows.write(tmp_path / "scores.csv", Score, [])
    assert (tmp_path / "scores.csv").read_text().startswith("lecture,row,experiment,variant,")
    assert rows.read(tmp_path / "scores.csv", Score) == []
    assert rows.read(tmp_path / "nowhere.csv", Score) == []
