import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.names.dataset import LabelledNames
from recurrent.data.vocabulary import Vocabulary
from recurrent.evaluation import classification
from recurrent.evaluation.measured import Measured

CLASSES = ["男", "女"]


def answers(male: list[float]) -> NDArray[np.float64]:
    """Probabilities of both classes, from that of the first."""
    first = np.array(male, dtype=np.float64)
    return np.stack([first, 1 - first], axis=1)


def of(*labels: int) -> NDArray[np.uint8]:
    return np.array(labels, dtype=np.uint8)


# Called 男 男 男 女 女: right, right, wrong, right, wrong.
PROBABILITIES = answers([0.95, 0.85, 0.75, 0.25, 0.45])
LABELS = of(0, 0, 1, 1, 0)
NAMES = ["甲甲", "乙乙", "丙丙", "丁丁", "戊戊"]


def test_the_figures_of_a_seed_are_those_computed_by_hand() -> None:
    figures = classification.measure(PROBABILITIES, LABELS)
    assert figures["accuracy"] == 3 / 5
    losses = [math.log(p) for p in (0.95, 0.85, 0.25, 0.75, 0.45)]
    assert figures["log_loss"] == pytest.approx(-sum(losses) / 5)
    # Bins: 0.5 holds 0.55, wrong; 0.7 holds 0.75 twice, half right; 0.8 and 0.9 hold one, right.
    gaps = 1 * abs(0.55 - 0) + 2 * abs(0.75 - 0.5) + 1 * abs(0.85 - 1) + 1 * abs(0.95 - 1)
    assert figures["calibration_error"] == pytest.approx(gaps / 5)


def test_precision_and_recall_are_by_class() -> None:
    assert classification.by_class(PROBABILITIES, LABELS, CLASSES) == {
        "男": {"precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3), "names": 3},
        "女": {"precision": 1 / 2, "recall": 1 / 2, "names": 2},
    }


def test_a_class_never_called_has_no_precision_and_no_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    found = classification.by_class(answers([0.9, 0.8]), of(0, 1), CLASSES)
    assert found["女"] == {"precision": 0.0, "recall": 0.0, "names": 1}
    assert not recwarn.list


def test_confusion_is_by_label_then_by_answer() -> None:
    assert classification.confusion(PROBABILITIES, LABELS, CLASSES) == {
        "男": {"男": 2, "女": 1},
        "女": {"男": 1, "女": 1},
    }


def test_calibration_sets_confidence_beside_accuracy() -> None:
    approx = pytest.approx
    assert classification.calibration(PROBABILITIES, LABELS) == [
        {"names": 1, "confidence": approx(0.55), "accuracy": 0.0},
        {"names": 2, "confidence": approx(0.75), "accuracy": 0.5},
        {"names": 1, "confidence": approx(0.85), "accuracy": 1.0},
        {"names": 1, "confidence": approx(0.95), "accuracy": 1.0},
    ]


def test_certainty_belongs_to_the_last_bin() -> None:
    table = classification.calibration(answers([1.0, 0.97]), of(0, 0))
    assert [line["names"] for line in table] == [2]


def test_labels_of_one_class_alone_are_measured_too() -> None:
    figures = classification.measure(answers([0.8, 0.8]), of(0, 0))
    assert figures["accuracy"] == 1.0
    assert figures["log_loss"] == pytest.approx(-math.log(0.8))


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_figures_are_in_range_and_the_tables_agree_with_them(
    drawn: list[tuple[float, int]],
) -> None:
    probabilities, labels = answers([p for p, _ in drawn]), of(*[label for _, label in drawn])
    figures = classification.measure(probabilities, labels)
    assert all(math.isfinite(value) and value >= 0 for value in figures.values())
    assert figures["calibration_error"] <= 1
    counts = classification.confusion(probabilities, labels, CLASSES)
    right = sum(counts[name][name] for name in CLASSES)
    assert sum(sum(row.values()) for row in counts.values()) == len(labels)
    assert right / len(labels) == pytest.approx(figures["accuracy"])
    table = classification.calibration(probabilities, labels)
    assert sum(line["names"] for line in table) == len(labels)
    assert sum(line["names"] * line["accuracy"] for line in table) == pytest.approx(right)


class TestMeasured:
    """One experiment as a whole: two seeds on the test names of a dataset."""

    FIRST, SECOND = answers([0.9, 0.4, 0.2]), answers([0.6, 0.1, 0.7])

    @pytest.fixture
    def data(self) -> LabelledNames:
        vocabulary = Vocabulary("甲乙丙丁")
        ids, lengths = vocabulary.encode_rows(["甲", "乙", "丙", "丁"])
        rows = {"train": [1], "valid": [], "test": [0, 2, 3]}
        return LabelledNames(
            vocabulary=vocabulary,
            ids=ids,
            lengths=lengths,
            labels=of(0, 0, 1, 0),
            splits={name: np.array(chosen, dtype=np.int32) for name, chosen in rows.items()},
            oracle=np.array([0.9, 0.9, 0.2, 0.8], dtype=np.float32),
            origin={"source": "bundled", "name": "generated"},
        )

    def measured(self, data: LabelledNames, *seeds: NDArray[np.float64]) -> Measured:
        logs = {number: np.log(found) for number, found in enumerate(seeds)}
        return classification.measured(data, data.splits["test"], logs)

    def test_the_report_is_of_each_seed_and_of_all(self, data: LabelledNames) -> None:
        report = self.measured(data, self.FIRST, self.SECOND).report
        labels = of(0, 1, 0)
        assert (report["names"], report["protocol"]) == (3, "held-out")
        assert report["floor"] == data.floor("test")
        for seed, found in enumerate((self.FIRST, self.SECOND)):
            assert report["by_seed"][seed] == pytest.approx(classification.measure(found, labels))
        assert report["mean"]["accuracy"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-6)
        averaged = (self.FIRST + self.SECOND) / 2
        assert report["together"] == pytest.approx(classification.measure(averaged, labels))
        counted = classification.confusion(self.FIRST, labels, CLASSES)
        assert report["first_seed"]["confusion"] == counted

    def test_a_names_merit_is_the_share_of_the_seeds_that_are_right(
        self, data: LabelledNames
    ) -> None:
        found = self.measured(data, self.FIRST, self.SECOND)
        assert found.records.tolist() == [0, 2, 3]
        assert found.merit.tolist() == [1.0, 1.0, 0.5]
        assert found.together is not None
        assert found.together.tolist() == [1.0, 1.0, 0.0]  # 0.45 of 男, who is one

    def test_a_single_seed_is_no_ensemble(self, data: LabelledNames) -> None:
        found = self.measured(data, self.FIRST)
        assert found.together is None
        assert "together" not in found.report and "spread" not in found.report

    def test_samples_are_test_names_by_the_first_seed(self, data: LabelledNames) -> None:
        shown = self.measured(data, self.FIRST, self.SECOND).samples
        assert [sample["name"] for sample in shown["right"]] == ["甲", "丙"]
        assert [sample["name"] for sample in shown["wrong"]] == ["丁"]


class TestSamples:
    def test_the_right_ones_run_from_the_surest_to_the_least_sure(self) -> None:
        found = classification.samples(PROBABILITIES, LABELS, NAMES, CLASSES)
        assert found["right"] == [
            {"name": "甲甲", "label": "男", "answer": "男", "probability": 0.95},
            {"name": "乙乙", "label": "男", "answer": "男", "probability": 0.85},
            {"name": "丁丁", "label": "女", "answer": "女", "probability": 0.75},
        ]

    def test_of_the_wrong_ones_the_surest_come_first(self) -> None:
        found = classification.samples(PROBABILITIES, LABELS, NAMES, CLASSES)
        assert [(s["name"], s["answer"], s["probability"]) for s in found["wrong"]] == [
            ("丙丙", "男", 0.75),
            ("戊戊", "女", 0.55),
        ]

    @pytest.mark.parametrize("count", [0, 1, 3, 9, 10, 11, 25, 200])
    def test_no_name_is_shown_twice_and_the_extremes_are_shown(self, count: int) -> None:
        names = [f"name {rank}" for rank in range(count)]
        sure = np.linspace(0.99, 0.6, count).tolist()
        found = classification.samples(answers(sure), of(*[0] * count), names, CLASSES)
        shown = [sample["name"] for sample in found["right"]]
        assert len(shown) == len(set(shown)) == min(count, classification.SAMPLES)
        assert shown[:1] == names[:1]
        assert shown[-1:] == names[-1:]
        assert found["wrong"] == []
