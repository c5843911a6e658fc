"""A text by each way of splitting it, and the numbers that lesson six prints of Nietzsche."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data import encoders as contract
from recurrent.data.text import encode as running_text
from recurrent.data.text.dataset import SPLITS, RunningText
from recurrent.errors import PipelineError
from recurrent.validation import checked
from tests.data.texts import ORIGIN, TEN_EACH, cleaned, encoded, some_text

RANDOM: dict[str, Any] = {"split": "random", "valid": 0.2, "test": 0.0}
LAST: dict[str, Any] = {"split": "last", "valid": 0.0, "test": 0.0}


def everywhere(data: RunningText) -> list[int]:
    """The windows of all splits together, in the order of the text."""
    return sorted(int(start) for begins in data.begins.values() for start in begins)


def test_the_ids_are_the_text_over_its_own_sorted_characters(tmp_path: Path) -> None:
    text = "the cat\r\nsat. " * 6
    data = encoded(tmp_path, text)
    assert data.vocabulary.characters == ("\0", *sorted(set(text)))
    assert data.vocabulary.decode(data.ids) == text
    assert data.origin == ORIGIN


def test_the_report_counts_what_the_arrays_hold(tmp_path: Path) -> None:
    settings = running_text.Settings.model_validate({**TEN_EACH, "stride": 2})
    data, report = running_text.encode(cleaned(tmp_path, some_text(200)), settings)
    assert report == {
        "origin": ORIGIN,
        "characters": 200,
        "vocabulary": 7,  # six characters and padding
        **{split: len(data.begins[split]) for split in SPLITS},
    }
    assert (report["train"], report["valid"], report["test"]) == (78, 4, 4)


def test_newlines_become_spaces_one_for_one(tmp_path: Path) -> None:
    text = "one\ntwo\r\nthree\n" * 8
    data = encoded(tmp_path, text, newlines="space")
    assert data.vocabulary.decode(data.ids) == "one two  three " * 8


def test_the_source_is_known_only_of_the_text_that_it_wrote(tmp_path: Path) -> None:
    nats = [1.0] * 100
    assert encoded(tmp_path, some_text(100), nats, newlines="space").nats is not None
    text = some_text(99) + "\n"
    assert encoded(tmp_path, text, nats, newlines="keep").nats is not None
    assert encoded(tmp_path, text, nats, newlines="space").nats is None


def test_the_first_so_many_characters_are_the_whole_text(tmp_path: Path) -> None:
    text = "a" * 60 + "b" * 40 + "c" * 100
    nats = [float(place) for place in range(200)]
    data = encoded(tmp_path, text, nats, characters=100)
    assert data.vocabulary.decode(data.ids) == text[:100]
    assert data.vocabulary.characters == ("\0", "a", "b")
    assert data.stretches == {"train": (0, 80), "valid": (80, 90), "test": (90, 100)}
    assert data.nats is not None
    assert data.nats.tolist() == nats[:100]


@given(
    st.integers(100, 300), st.integers(1, 8), st.integers(1, 9), st.sampled_from(["last", "every"])
)
def test_contiguous_windows_stay_in_their_stretch_and_held_out_ones_count_all_once(
    scratch: Path, length: int, steps: int, stride: int, targets: str
) -> None:
    data = encoded(
        scratch, some_text(length), steps=steps, stride=stride, targets=targets, test=0.15
    )
    assert data.stretches
    for split, (first, end) in data.stretches.items():
        begins = data.begins[split]
        assert first <= begins.min()
        assert begins.max() + steps < end  # the last target
        if split == "train":
            assert set(np.diff(begins)) <= {stride}
            continue
        offsets = [steps] if targets == "last" else [*range(1, steps + 1)]
        predicted = sorted(start + offset for start in begins.tolist() for offset in offsets)
        assert predicted == [*range(predicted[0], predicted[-1] + 1)]
        assert predicted[0] == first + offsets[0]
        assert end - 1 - predicted[-1] < len(offsets)


@given(st.integers(30, 300), st.integers(1, 8), st.integers(1, 9), st.floats(0, 0.5))
def test_a_random_split_shares_out_all_windows(
    scratch: Path, length: int, steps: int, stride: int, share: float
) -> None:
    changes = {**RANDOM, "valid": share, "steps": steps, "stride": stride, "targets": "last"}
    data = encoded(scratch, some_text(length), **changes)
    assert everywhere(data) == [*range(0, length - steps, stride)]  # so none is in two splits
    assert data.stretches is None
    assert len(data.begins["test"]) == 0
    assert len(data.begins["valid"]) == max(1, int(share * len(everywhere(data))))
    for begins in data.begins.values():
        assert (np.diff(begins) > 0).all()


def test_the_random_windows_are_those_that_the_lectures_library_draws(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(104), **RANDOM, seed=42, spared=5)
    drawn = np.random.RandomState(42).permutation(20)[:4]  # 25 windows side by side, 5 spared
    assert data.begins["valid"].tolist() == sorted(4 * drawn)
    assert set(range(80, 100, 4)) <= set(data.begins["train"].tolist())


def test_a_random_split_is_drawn_from_everywhere_by_its_seed(tmp_path: Path) -> None:
    first, again, other = (
        encoded(tmp_path, some_text(4000), **RANDOM, seed=seed).begins["valid"]
        for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
    assert abs(first.mean() - 2000) < 300


def test_the_last_window_alone_validates(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(50), **LAST, steps=3, stride=3)
    assert data.begins["valid"].tolist() == [45]
    assert data.begins["train"].tolist() == [*range(0, 45, 3)]
    assert len(data.begins["test"]) == 0
    assert data.stretches is None


@pytest.mark.parametrize(
    ("length", "changes", "split"),
    [
        (4, {"valid": 0.0, "test": 0.0}, "train"),
        (40, {}, "valid"),
        (40, {"valid": 0.5}, "test"),
        (90, {"valid": 0.48, "test": 0.48}, "train"),
        (4, RANDOM, "train"),
        (5, RANDOM, "train"),
        (4, LAST, "train"),
    ],
)
def test_a_text_without_a_window_for_each_split_is_refused(
    tmp_path: Path, length: int, changes: dict[str, Any], split: str
) -> None:
    message = rf"{length} characters leave no window of 4 for {split}.*Shorten the windows"
    with pytest.raises(PipelineError, match=message):
        encoded(tmp_path, some_text(length), **changes)


@pytest.mark.parametrize("kind", [RANDOM, LAST])
@pytest.mark.parametrize("change", [{"order": "consecutive", "targets": "every"}, {"test": 0.1}])
def test_windows_split_one_by_one_cannot_be_read_on_or_held_out(
    tmp_path: Path, kind: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(PipelineError, match=r"split one by one.*take `split: contiguous`"):
        encoded(tmp_path, some_text(100), **{**kind, **change})


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"order": "consecutive", "targets": "last"}, "take `targets: every`"),
        ({**LAST, "valid": 0.2}, "leave out `valid`"),
        ({**RANDOM, "targets": "every", "steps": 4, "stride": 2}, "take `stride` as `steps`"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(PipelineError, match=says):
        encoded(tmp_path, some_text(100), **settings)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"stepz": 3}, "here: stepz: unknown key"),
        ({"steps": 0}, "here: steps: .*greater than or equal to 1"),
        ({"stride": 1.5}, "here: stride"),
        ({"targets": "first"}, "here: targets"),
        ({"split": "none"}, "here: split"),
        ({"valid": 1.0}, "here: valid"),
        ({"newlines": False}, "here: newlines"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(PipelineError, match=named):
        checked(contract.load("running_text").Settings, {**TEN_EACH, **change}, "here")
