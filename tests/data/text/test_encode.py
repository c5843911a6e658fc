"""A text in each way of splitting it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.errors import PipelineError
from recurrent.data.splits import SPLITS
from recurrent.data.text.encode import Settings, encode
from tests.data.texts import ORIGIN, TEN_EACH, cleaned, encoded, some_text

RANDOM: dict[str, Any] = {"split": "random", "valid": 0.2, "test": 0.0}
LAST: dict[str, Any] = {"split": "last", "valid": 0.0, "test": 0.0}


def test_the_ids_number_the_sorted_characters_of_the_text(tmp_path: Path) -> None:
    text = "the cat\r\nsat. " * 15
    settings = Settings.model_validate({**TEN_EACH, "stride": 2})
    data, report = encode(cleaned(tmp_path, text), settings)
    assert data.vocabulary.characters == ("\0", *sorted(set(text)))
    assert data.vocabulary.decode(data.ids) == text
    assert report == {
        "origin": ORIGIN,
        "characters": 210,
        "vocabulary": len(set(text)) + 1,
        **{split: len(data.starts[split]) for split in SPLITS},
    }
    assert (report["train"], report["valid"], report["test"]) == (82, 5, 5)


def test_line_ends_become_spaces_one_by_one(tmp_path: Path) -> None:
    text = "one\ntwo\r\nthree\n" * 8
    data = encoded(tmp_path, text, [1.0] * len(text), newlines="space")
    assert data.vocabulary.decode(data.ids) == "one two  three " * 8
    assert data.nats is None, "the source wrote another text"
    assert encoded(tmp_path, some_text(99), [1.0] * 99, newlines="space").nats is not None


def test_the_first_characters_are_encoded_as_if_they_were_the_whole_text(tmp_path: Path) -> None:
    text = "a" * 60 + "b" * 40 + "c" * 100
    nats = [float(place) for place in range(200)]
    data = encoded(tmp_path, text, nats, characters=100)
    assert data.vocabulary.decode(data.ids) == text[:100]
    assert data.vocabulary.characters == ("\0", "a", "b")
    assert data.stretches == {"train": (0, 80), "valid": (80, 90), "test": (90, 100)}
    assert data.nats is not None
    assert data.nats.tolist() == nats[:100]
    assert encoded(tmp_path, text, characters=201).vocabulary.decode(data.ids) == text[:100]


@given(
    st.integers(100, 300), st.integers(1, 8), st.integers(1, 9), st.sampled_from(["last", "every"])
)
def test_contiguous_windows_stay_in_their_stretch_and_held_out_characters_count_once(
    scratch: Path, length: int, window: int, stride: int, targets: str
) -> None:
    changes: dict[str, Any] = {"window": window, "stride": stride, "targets": targets, "test": 0.15}
    data = encoded(scratch, some_text(length), **changes)
    assert data.stretches
    for split, (first, stop) in data.stretches.items():
        starts = data.starts[split]
        assert first <= starts.min()
        assert starts.max() + window < stop  # the last target
        if split == "train":
            assert set(np.diff(starts)) <= {stride}
            continue
        offsets = [window] if targets == "last" else [*range(1, window + 1)]
        predicted = sorted(start + offset for start in starts.tolist() for offset in offsets)
        assert predicted == [*range(first + offsets[0], predicted[-1] + 1)]
        assert stop - 1 - predicted[-1] < len(offsets)


@given(st.integers(30, 300), st.integers(1, 8), st.integers(1, 9), st.floats(0, 0.5))
def test_a_random_split_divides_all_windows(
    scratch: Path, length: int, window: int, stride: int, share: float
) -> None:
    changes = {**RANDOM, "valid": share, "window": window, "stride": stride, "targets": "last"}
    data = encoded(scratch, some_text(length), **changes)
    everywhere = np.concatenate([*data.starts.values()])
    assert sorted(everywhere.tolist()) == [*range(0, length - window, stride)]
    assert data.stretches is None
    assert len(data.starts["test"]) == 0
    assert len(data.starts["valid"]) == max(1, int(share * len(everywhere)))
    assert all((np.diff(starts) > 0).all() for starts in data.starts.values())


def test_random_windows_are_those_that_the_lectures_library_draws(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(104), **RANDOM, seed=42, exclude_last=5)
    drawn = np.random.RandomState(42).permutation(20)[:4]  # of 25 windows, without the last 5
    assert data.starts["valid"].tolist() == sorted(4 * drawn)
    assert set(range(80, 100, 4)) <= set(data.starts["train"].tolist())
    other = encoded(tmp_path, some_text(104), **RANDOM, seed=43, exclude_last=5)
    assert other.starts["valid"].tolist() != data.starts["valid"].tolist()


def test_the_last_window_validates(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(50), **LAST, window=3, stride=3)
    assert data.starts["valid"].tolist() == [45]
    assert data.starts["train"].tolist() == [*range(0, 45, 3)]
    assert len(data.starts["test"]) == 0
    assert data.stretches is None


@pytest.mark.parametrize(
    ("length", "changes", "split"),
    [
        (4, {"valid": 0.0, "test": 0.0}, "train"),
        (40, {}, "valid"),
        (40, {"valid": 0.5}, "test"),
        (5, RANDOM, "train"),
        (4, LAST, "train"),
    ],
)
def test_a_text_without_a_window_for_each_split_is_refused(
    tmp_path: Path, length: int, changes: dict[str, Any], split: str
) -> None:
    with pytest.raises(
        PipelineError, match=rf"the split {split} has no window of 4.*Lower `window`"
    ):
        encoded(tmp_path, some_text(length), **changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"order": "sequential", "targets": "last"}, "needs `targets: every`"),
        ({**RANDOM, "order": "sequential"}, "need `split: contiguous`"),
        ({**LAST, "test": 0.1}, "need `split: contiguous`"),
        ({**LAST, "valid": 0.2}, "remove `valid`"),
        ({**RANDOM, "stride": 2}, "`stride` at least as large as `window`"),
        ({"valid": 0.5, "test": 0.5}, "leave nothing to train on"),
        ({"windows": 3}, "windows: unknown key"),
        ({"window": 0}, "window: .*got 0"),
        ({"stride": 1.5}, r"stride: .*got 1\.5"),
        ({"targets": "first"}, "targets: .*'first'"),
        ({"split": "none"}, "split: .*'none'"),
        ({"valid": 1.0}, r"valid: .*got 1\.0"),
        ({"newlines": False}, "newlines: .*False"),
        ({"characters": 0}, "characters: .*got 0"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        encoded(tmp_path, some_text(100), **changes)
