"""A classifier's metrics by hand, its tables, and its sample names."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.names.dataset import CLASSES, LabelledNames
from recurrent.data.vocabulary import Vocabulary
from recurrent.evaluation import classification
from recurrent.evaluation.measured import Measured


def answers(male: list[float]) -> NDArray[np.float64]:
    """Probabilities of both classes, from that of the first."""
    first = np.array(male, dtype=np.float64)
    return np.stack([first, 1 - first], axis=1)


def of(*labels: int) -> NDArray[np.uint8]:
    return np.array(labels, dtype=np.uint8)


# Answers 男 男 男 女 女: right, right, wrong, right, wrong.
PROBABILITIES, LABELS = answers([0.95, 0.85, 0.75, 0.25, 0.45]), of(0, 0, 1, 1, 0)


def test_metrics_are_those_computed_by_hand() -> None:
    found = classification.metrics(PROBABILITIES, LABELS, {})
    assert found["accuracy"] == 3 / 5
    losses = [math.log(p) for p in (0.95, 0.85, 0.25, 0.75, 0.45)]
    assert found["log_loss"] == pytest.approx(-sum(losses) / 5)
    # Bins: 0.5 holds 0.55, wrong; 0.7 holds 0.75 twice, half right; 0.8 and 0.9 hold one, right.
    gaps = 1 * abs(0.55 - 0) + 2 * abs(0.75 - 0.5) + 1 * abs(0.85 - 1) + 1 * abs(0.95 - 1)
    assert found["calibration_error"] == pytest.approx(gaps / 5)


def test_tables_are_by_label() -> None:
    assert classification.by_class(PROBABILITIES, LABELS) == {
        "男": {"precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3), "names": 3},
        "女": {"precision": 1 / 2, "recall": 1 / 2, "names": 2},
    }
    assert classification.confusion(PROBABILITIES, LABELS) == {
        "男": {"男": 2, "女": 1},
        "女": {"男": 1, "女": 1},
    }


def test_a_class_that_is_never_answered_has_precision_0_and_no_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    found = classification.by_class(answers([0.9, 0.8]), of(0, 1))
    assert found["女"] == {"precision": 0.0, "recall": 0.0, "names": 1}
    assert not recwarn.list


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_metrics_are_in_range_and_tables_agree_with_them(drawn: list[tuple[float, int]]) -> None:
    probabilities, labels = answers([p for p, _ in drawn]), of(*[label for _, label in drawn])
    found = classification.metrics(probabilities, labels, {})
    assert all(math.isfinite(value) and value >= 0 for value in found.values())
    assert found["calibration_error"] <= 1
    counts = classification.confusion(probabilities, labels)
    right = sum(counts[name][name] for name in CLASSES)
    assert sum(sum(row.values()) for row in counts.values()) == len(labels)
    assert right / len(labels) == pytest.approx(found["accuracy"])
    table = classification.calibration(probabilities, labels)
    assert sum(line["names"] for line in table) == len(labels)
    assert sum(line["names"] * line["accuracy"] for line in table) == pytest.approx(right)


class TestMeasure:
    """Two seeds on three test names."""

    FIRST, SECOND = answers([0.9, 0.4, 0.2]), answers([0.6, 0.1, 0.7])

    @pytest.fixture
    def data(self) -> LabelledNames:
        vocabulary = Vocabulary("王甲乙丙丁")
        ids, lengths = vocabulary.encode_rows(["王甲", "王乙", "王丙", "王丁"])
        rows = {"train": [1], "valid": [], "test": [0, 2, 3]}
        return LabelledNames(
            vocabulary=vocabulary,
            ids=ids,
            lengths=lengths,
            labels=of(0, 0, 1, 0),
            splits={name: np.array(chosen, dtype=np.int32) for name, chosen in rows.items()},
            male_probability=np.array([0.9, 0.9, 0.2, 0.8], dtype=np.float32),
            origin={"source": "bundled", "name": "generated"},
        )

    def measure(self, data: LabelledNames, *seeds: NDArray[np.float64]) -> Measured:
        log_probs = {number: np.log(found) for number, found in enumerate(seeds)}
        return classification.measure(data, data.splits["test"], log_probs)

    def test_each_seed_the_ensemble_and_bayes_are_measured(self, data: LabelledNames) -> None:
        found, labels = self.measure(data, self.FIRST, self.SECOND), of(0, 1, 0)
        for seed, probabilities in enumerate((self.FIRST, self.SECOND)):
            everyone = {"new_given_name": np.ones(3, dtype=bool)}
            expected = classification.metrics(probabilities, labels, everyone)
            assert found.by_seed[seed] == pytest.approx(expected)
        averaged = (self.FIRST + self.SECOND) / 2
        assert found.ensemble == pytest.approx(classification.metrics(averaged, labels, everyone))
        assert found.bayes == data.bayes("test")
        assert found.details["confusion"] == classification.confusion(self.FIRST, labels)

    def test_names_that_training_has_seen_in_part_are_measured_apart(
        self, data: LabelledNames
    ) -> None:
        data.splits["train"] = np.array([0, 1], dtype=np.int32)  # the first test name, too
        found = self.measure(data, self.FIRST)  # right, right, wrong
        assert found.details["groups"] == {
            "seen_given_name": 1,
            "new_given_name": 2,
            "not_trained_on": 2,
        }
        assert found.by_seed[0]["accuracy_seen_given_name"] == 1
        assert found.by_seed[0]["accuracy_new_given_name"] == 1 / 2
        assert found.by_seed[0]["accuracy_not_trained_on"] == 1 / 2

    def test_the_merit_of_a_name_is_the_share_of_seeds_that_are_right(
        self, data: LabelledNames
    ) -> None:
        found = self.measure(data, self.FIRST, self.SECOND)
        assert found.records.tolist() == [0, 2, 3]
        assert found.merit.tolist() == [1.0, 1.0, 0.5]
        assert found.ensemble_merit is not None
        assert found.ensemble_merit.tolist() == [1.0, 1.0, 0.0]  # 0.45 for 男, the label

    def test_a_single_seed_is_no_ensemble(self, data: LabelledNames) -> None:
        found = self.measure(data, self.FIRST)
        assert (found.ensemble, found.ensemble_merit) == (None, None)

    def test_samples_are_names_of_the_test_split_by_the_first_seed(
        self, data: LabelledNames
    ) -> None:
        shown = self.measure(data, self.FIRST, self.SECOND).samples
        assert [sample["name"] for sample in shown["right"]] == ["王甲", "王丙"]
        assert [sample["name"] for sample in shown["wrong"]] == ["王丁"]


def test_samples_run_from_the_surest_to_the_least_sure() -> None:
    found = classification.samples(PROBABILITIES, LABELS, ["甲", "乙", "丙", "丁", "戊"])
    assert found["right"][0] == {"name": "甲", "label": "男", "answer": "男", "probability": 0.95}
    assert [sample["name"] for sample in found["right"]] == ["甲", "乙", "丁"]
    assert [sample["name"] for sample in found["wrong"]] == ["丙", "戊"]


@pytest.mark.parametrize("count", [0, 1, 9, 11, 200])
def test_no_name_is_shown_twice_and_the_extremes_are_shown(count: int) -> None:
    names = [f"name {rank}" for rank in range(count)]
    sure = np.linspace(0.99, 0.6, count).tolist()
    found = classification.samples(answers(sure), of(*[0] * count), names)
    shown = [sample["name"] for sample in found["right"]]
    assert len(shown) == len(set(shown)) == min(count, classification.SAMPLES)
    assert shown[:1] == names[:1] and shown[-1:] == names[-1:]
