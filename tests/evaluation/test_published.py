"""Where our value of a published number is found, and the verdict on it."""

from math import log
from pathlib import Path
from typing import Any

import pytest

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures, published
from recurrent.evaluation.lectures import Number
from recurrent.evaluation.published import Found, find, judge, published_rows
from tests.project import ROOT
from tests.small_experiment import RESULTS

UPSTREAM = {"source": "upstream", "name": "text.txt"}
REPORT: dict[str, Any] = {
    "experiment": "net",
    "variant": "lecture",
    "origin": UPSTREAM,
    "split": "test",
    "by_seed": {"0": {}, "1": {}},
    "mean": {"mape": 0.1},
    "sd": {"mape": 0.01},
    "ensemble": {"mape": 0.09},
    "bayes": {"mape": 0.08},
}
REPORTS = {"net/lecture": REPORT}


def number(**changes: Any) -> Number:
    values = {"row": "A1", "metric": "mape", "id": "A1.mape", "name": "net/lecture"}
    return Number(**{**values, **changes})


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_history(metric: str, by_seed: list[list[float]]) -> None:
    """A value for each epoch, from epoch 1 on, for each seed; and one of another variant."""
    rows = [
        f"lecture,{seed},{epoch},{value!r}"
        for seed, values in enumerate(by_seed)
        for epoch, value in enumerate(values, start=1)
    ]
    text = "\n".join([f"variant,seed,epoch,{metric}", *rows, "other,0,1,99", ""])
    files.write_text(RESULTS.history("net"), text)


def at(epoch: int, metric: str = "train_perplexity", last: int = 1) -> Found:
    return find(number(metric=metric, epoch=epoch, last=last), REPORTS, RESULTS)


class TestFind:
    """Ours, in evaluations, histories, texts and reports."""

    @pytest.mark.parametrize(
        ("ensemble", "averaged", "expected"),
        [
            (False, {"mape": 0.09}, (0.1, 0.01)),
            (True, {"mape": 0.09}, (0.09, None)),
            (True, None, (0.1, None)),  # of a single seed
        ],
    )
    def test_a_metric_is_the_mean_or_the_ensembles(
        self, ensemble: bool, averaged: Any, expected: tuple[float, float | None]
    ) -> None:
        reports = {"net/lecture": {**REPORT, "ensemble": averaged}}
        found = find(number(ensemble=ensemble), reports, RESULTS)
        assert (found.ours, found.sd) == expected
        assert (found.seeds, found.bayes, found.split) == (2, 0.08, "test")

    def test_a_metric_that_was_not_measured_is_refused_by_name(self) -> None:
        with pytest.raises(PipelineError, match=r"lectures\.yaml: A1\.mape: .*'mpe'.*mape"):
            find(number(metric="mpe"), REPORTS, RESULTS)

    def test_an_epoch_is_found_in_the_history(self) -> None:
        write_history("valid_loss", [[2.0, 1.0], [4.0, 1.5]])
        found = at(1, "valid_loss")
        assert (found.ours, found.seeds, found.split, found.source) == (3.0, 2, "valid", "upstream")
        assert found.sd == pytest.approx(2**0.5, abs=1e-6)

    def test_a_perplexity_is_that_of_each_seeds_loss(self) -> None:
        write_history("train_loss", [[log(9), log(2)], [log(9), log(8)]])
        found = at(2)
        assert found.ours == pytest.approx(5, abs=1e-6), "of the mean loss it would be 4"
        assert found.sd == pytest.approx(18**0.5, abs=1e-6)

    def test_a_median_is_that_of_the_last_epochs_of_each_seed(self) -> None:
        first: list[float] = [1000, 1, 1, 1, 1, 4, 6, 70, 70, 70, 70, 1000]  # 2 to 11: median 5
        second: list[float] = [1000, *[7] * 6, *[90] * 4, 1000]
        write_history("valid_loss", [first, second])
        assert at(11, "valid_loss", last=10).ours == 6
        write_history("train_loss", [[log(1), log(2), log(8), log(99)]])
        assert at(4, last=4).ours == pytest.approx(5, abs=1e-6), "of perplexities"

    @pytest.mark.parametrize("epochs", [[9, 9], [12, 9], [0, 0]])
    def test_with_too_few_epochs_nothing_is_found(self, epochs: list[int]) -> None:
        write_history("train_loss", [[1.0] * count for count in epochs])
        assert at(10, last=10).ours is None
        assert at(10, "valid_loss").ours is None, "the history has no such column"

    def test_a_text_is_the_first_seeds_as_long_as_the_published_one(self) -> None:
        by_seed = {"0": {"th": "the x"}, "1": {"th": "tha x"}, "2": {"th": "the y"}}
        files.write_json(RESULTS.samples("net", "lecture"), {"by_seed": by_seed})
        found = find(number(prefix="th", published="the"), REPORTS, RESULTS)
        assert (found.ours, found.agree, found.seeds) == ("the", 2, 3)
        assert find(number(prefix="an", published="and"), REPORTS, RESULTS).ours is None

    def test_a_number_in_a_report_may_be_a_distribution_over_draws(self) -> None:
        draws = {"mean": 0.1, "sd": 0.02, "draws": 1000, "low": 0.07, "high": 0.15, "run": 0.2}
        losses = {"0": draws, "1000": 37.78}
        report = {"origin": {"source": "no corpus", "name": "line"}, "losses": losses}
        files.write_json(Path("line.json"), report)

        def of(key: str) -> Found:
            return find(number(report="line.json", key=("losses", key)), {}, RESULTS)

        assert of("0") == Found("no corpus", 0.1, 0.02, 1000, low=0.07, high=0.15)
        assert of("1000") == Found("no corpus", 37.78)
        assert of("2000").ours is None


class TestJudge:
    """Reproduced, better or differs; or a reason."""

    def judge(self, ours: Any, sd: float | None = None, **changes: Any) -> Any:
        values = {"published": 0.979, "tolerance": 0.01, "better": "higher"}
        return judge(number(**{**values, **changes}), Found(ours=ours, sd=sd), "upstream")

    @pytest.mark.parametrize(
        ("ours", "better", "verdict"),
        [
            (0.989, "higher", "reproduced"),
            (0.969, None, "reproduced"),
            (0.995, "higher", "better"),
            (0.995, "lower", "differs"),
            (0.995, None, "differs"),
            (0.95, "higher", "differs"),
            (0.95, "lower", "better"),
        ],
    )
    def test_a_number_within_the_tolerance_is_reproduced(
        self, ours: float, better: str | None, verdict: str
    ) -> None:
        assert self.judge(ours, better=better) == (verdict, None)

    def test_two_deviations_widen_the_tolerance_and_never_narrow_it(self) -> None:
        assert self.judge(0.95, 0.001)[0] == "differs"
        assert self.judge(0.95, 0.02)[0] == "reproduced"
        assert self.judge(0.97, 0.0001)[0] == "reproduced"

    def test_counts_and_texts_must_be_equal(self) -> None:
        count = {"published": 50_390, "tolerance": 0, "better": None}
        assert [self.judge(ours, **count)[0] for ours in (50_390, 50_391)] == [
            "reproduced",
            "differs",
        ]
        assert [self.judge(ours, published="the")[0] for ours in ("the", "tha")] == [
            "reproduced",
            "differs",
        ]

    @pytest.mark.parametrize(
        ("found", "wanted", "reason"),
        [
            (Found("bundled", 0.979), "bundled", "another corpus"),
            (Found("mine.txt", 0.979), "upstream", "the corpus is unavailable"),
            (Found("bundled"), "bundled", "another corpus"),
            (Found(run=False), "bundled", "not run"),
            (Found(run=False), "upstream", "the corpus is unavailable"),
            (Found(), "upstream", "not run"),
            (Found(ours=0.979), "upstream", "one character's loss"),
        ],
    )
    def test_without_a_verdict_there_is_a_reason(
        self, found: Found, wanted: str, reason: str
    ) -> None:
        judged = number(published=0.979, no_verdict="one character's loss")
        assert judge(judged, found, wanted) == (None, reason)

    @pytest.mark.parametrize("wanted", ["bundled", "upstream"])
    def test_a_study_is_comparable_whatever_the_source(self, wanted: str) -> None:
        found = Found("no corpus", 0.1, 0.02)
        assert judge(number(published=0.061), found, wanted) == ("reproduced", None)
        assert judge(number(published=0.059), found, wanted) == ("differs", None)


def test_every_published_number_has_its_row() -> None:
    known = lectures.load(ROOT / "lectures.yaml")
    rows = [*published_rows(known, {}, RESULTS, "bundled")]
    numbers = [one for lecture in known.values() for one in lecture.numbers]
    assert [row.id for row in rows] == [one.id for one in numbers]
    assert {row.reason for row in rows} == {published.NOT_RUN}
    first = {row.row: row for row in reversed(rows)}
    assert (first["A4"].experiment, first["A4"].variant) == ("nietzsche_rnn", "lecture")
    assert (first["D5"].experiment, first["D5"].variant) == (
        "data/studies/powers/report.json",
        None,
    )
