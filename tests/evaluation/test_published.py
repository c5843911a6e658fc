"""Where our value of a published number is found, and the verdict on it."""

from math import inf, log, nan
from pathlib import Path
from typing import Any

import pytest

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures, published
from recurrent.evaluation.intervals import prediction_interval
from recurrent.evaluation.lectures import Lecture, Number
from recurrent.evaluation.published import Found, find, judge, published_rows
from tests.evaluation.test_comparisons import LECTURE as TINY
from tests.project import ROOT
from tests.small_experiment import RESULTS

UPSTREAM = {"source": "upstream", "name": "text.txt"}
REPORT: dict[str, Any] = {
    "experiment": "net",
    "variant": "lecture",
    "origin": UPSTREAM,
    "split": "test",
    "by_seed": {"0": {"mape": 0.09}, "1": {"mape": 0.11}},
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


def at(epoch: int, metric: str = "train_perplexity") -> Found:
    return find(number(metric=metric, epoch=epoch), REPORTS, RESULTS)


class TestFind:
    """Ours, in evaluations, histories, texts and reports."""

    @pytest.mark.parametrize(
        ("ensemble", "averaged", "expected"),
        [
            (False, {"mape": 0.095}, (0.1, 0.014142)),
            (True, {"mape": 0.095}, (0.095, None)),
        ],
    )
    def test_a_metric_is_the_mean_or_the_ensembles(
        self, ensemble: bool, averaged: Any, expected: tuple[float, float | None]
    ) -> None:
        reports = {"net/lecture": {**REPORT, "ensemble": averaged}}
        found = find(number(ensemble=ensemble), reports, RESULTS)
        assert (found.ours, found.sd) == expected
        assert (found.seeds, found.bayes, found.split) == (2, 0.08, "test")
        assert found.by_seed == (() if ensemble else (0.09, 0.11))
        assert (found.interval is None) == ensemble, "the seeds' spread is not the ensemble's"

    def test_a_single_seed_is_its_own_ensemble(self) -> None:
        one = {**REPORT, "ensemble": None, "by_seed": {"0": {"mape": 0.1}}}
        found = find(number(ensemble=True), {"net/lecture": one}, RESULTS)
        assert (found.ours, found.sd, found.interval) == (0.1, None, None)

    def test_a_metric_that_was_not_measured_is_refused_by_name(self) -> None:
        with pytest.raises(PipelineError, match=r"lectures\.yaml: A1\.mape: .*'mpe'.*mape"):
            find(number(metric="mpe"), REPORTS, RESULTS)

    def test_an_epoch_is_found_in_the_history(self) -> None:
        write_history("valid_loss", [[2.0, 1.0], [4.0, 1.5]])
        found = at(1, "valid_loss")
        assert (found.ours, found.seeds, found.split, found.source) == (3.0, 2, "valid", "upstream")
        assert found.sd == pytest.approx(2**0.5, abs=1e-6)

    def test_a_perplexity_is_a_geometric_mean_over_seeds(self) -> None:
        write_history("train_loss", [[log(9), log(2)], [log(9), log(8)]])
        found = at(2)
        assert found.ours == pytest.approx(4, abs=1e-6), "the mean of perplexities would be 5"
        assert found.by_seed == pytest.approx((log(2), log(8)))
        assert found.sd == pytest.approx(18**0.5, abs=1e-6), "of perplexities"

    def test_a_loss_too_large_for_a_perplexity_is_infinite(self) -> None:
        write_history("train_loss", [[800.0], [801.0]])
        assert (at(1).ours, at(1).place) == (inf, 800.5)
        assert judge(number(published=2.0, tolerance=0.1), at(1), "upstream")[0] == "differs"

    @pytest.mark.parametrize("metric", ["train_perplexity", "valid_loss"])
    def test_an_epoch_that_was_not_reached_or_logged_is_not_found(self, metric: str) -> None:
        write_history("train_loss", [[1.0] * 9])
        assert at(10, metric).ours is None

    def test_ours_is_the_most_frequent_text_cut_to_the_published_length(self) -> None:
        by_seed = {"0": {"th": "tha x"}, "1": {"th": "the x"}, "2": {"th": "the y"}}
        files.write_json(RESULTS.samples("net", "lecture"), {"by_seed": by_seed})
        for wanted_text, agree, verdict in (
            ("the", 2, "reproduced"),
            ("tha", 1, "within seed noise"),
            ("tho", 0, "differs"),
        ):
            wanted = number(prefix="th", published=wanted_text)
            found = find(wanted, REPORTS, RESULTS)
            assert (found.ours, found.agree, found.seeds) == ("the", agree, 3)
            assert judge(wanted, found, "upstream") == (verdict, None)
        tie = {"0": {"th": "the"}, "1": {"th": "tha"}}
        files.write_json(RESULTS.samples("net", "lecture"), {"by_seed": tie})
        for published_text in ("the", "tha"):
            wanted = number(prefix="th", published=published_text)
            found = find(wanted, REPORTS, RESULTS)
            assert judge(wanted, found, "upstream") == ("within seed noise", None)
        assert find(number(prefix="an", published="and"), REPORTS, RESULTS).ours is None

    def test_a_number_in_a_report_may_be_a_distribution_over_draws(self) -> None:
        draws = {"mean": 0.1, "sd": 0.02, "draws": 1000, "low": 0.07, "high": 0.15, "run": 0.2}
        losses = {"0": draws, "1000": 37.78}
        report = {"origin": {"source": "no corpus", "name": "line"}, "losses": losses}
        files.write_json(Path("line.json"), report)

        def of(key: str) -> Found:
            return find(number(report="line.json", key=("losses", key)), {}, RESULTS)

        drawn = of("0")
        assert (drawn.ours, drawn.sd, drawn.seeds, drawn.drawn) == (0.1, 0.02, 1000, True)
        assert drawn.interval == (0.07, 0.15)
        assert of("1000") == Found("no corpus", 37.78, 37.78)
        assert of("2000").ours is None


class TestJudge:
    """Reproduced, within seed noise or differs; or a reason."""

    def judge(self, *by_seed: float, **changes: Any) -> Any:
        place = sum(by_seed) / len(by_seed)
        found = Found(ours=place, place=place, interval=prediction_interval(by_seed))
        values = {"published": 0.979, "tolerance": 0.01}
        return judge(number(**{**values, **changes}), found, "upstream")

    @pytest.mark.parametrize("ours", [0.989, 0.969])
    def test_a_number_within_the_tolerance_is_reproduced(self, ours: float) -> None:
        assert self.judge(ours) == ("reproduced", None)

    @pytest.mark.parametrize("ours", [0.995, 0.95])
    def test_further_away_it_differs_in_either_direction(self, ours: float) -> None:
        assert self.judge(ours) == ("differs", None)

    def test_one_more_run_may_give_what_the_tolerance_does_not_allow(self) -> None:
        assert self.judge(0.95, 0.96) == ("within seed noise", None)
        assert self.judge(0.950, 0.951, 0.949)[0] == "differs"
        assert self.judge(0.95, 0.95)[0] == "differs", "no spread"
        assert self.judge(0.96, 0.998)[0] == "reproduced", "a wide spread takes nothing away"

    def test_perplexities_are_compared_in_nats(self) -> None:
        def perplexity(published: float, tolerance: float, *losses: float) -> Any:
            return self.judge(
                *losses, metric="train_perplexity", published=published, tolerance=tolerance
            )[0]

        assert perplexity(100.0, 0.05, log(104)) == "reproduced"
        assert perplexity(100.0, 0.05, log(106)) == "differs"
        assert perplexity(12.8, 0.05, log(1.03), log(8.9), log(15.5)) == "within seed noise"

    @pytest.mark.parametrize(("low", "verdict"), [(0.97, "reproduced"), (0.98, "differs")])
    def test_the_range_of_random_draws_decides_alone(self, low: float, verdict: str) -> None:
        found = Found(ours=0.979, place=0.979, interval=(low, 1.0), drawn=True)
        assert judge(number(published=0.979, tolerance=None), found, "upstream")[0] == verdict

    def test_a_single_number_is_no_random_draw(self) -> None:
        with pytest.raises(PipelineError, match=r"A1\.mape: .*not a distribution"):
            self.judge(0.979, tolerance=None)

    @pytest.mark.parametrize("value", [inf, nan])
    def test_what_is_not_finite_differs(self, value: float) -> None:
        assert self.judge(value, 0.979)[0] == "differs"

    def test_counts_and_texts_must_be_equal(self) -> None:
        count = {"published": 50_390, "tolerance": 0}
        assert self.judge(50_390, **count)[0] == "reproduced"
        assert self.judge(50_391, **count)[0] == "differs"
        text = number(published="the")
        assert judge(text, Found(ours="the"), "upstream")[0] == "reproduced"
        assert judge(text, Found(ours="tha"), "upstream")[0] == "differs"

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
        found = Found("no corpus", 0.1, 0.1)
        assert judge(number(published=0.1, tolerance=0), found, wanted) == ("reproduced", None)


def test_a_row_has_the_interval_in_the_metrics_own_unit_and_the_place_among_the_seeds() -> None:
    write_history("train_loss", [[log(2)], [log(8)], [log(4)]])
    published = {
        "row": "C1",
        "metric": "train_perplexity",
        "experiment": "net/lecture",
        "epochs": {1: 5.0},
    }
    lecture = Lecture.model_validate({**TINY.model_dump(), "published": [published]})
    (row,) = published_rows({"lyrics": lecture}, REPORTS, RESULTS, "upstream")
    assert row.low is not None and row.high is not None
    assert (row.ours, row.below, row.tolerance) == (4, 2, 0.05)
    assert (row.low, row.high) == (1, pytest.approx(125.216)), "no perplexity is below 1"
    assert (row.verdict, row.seeds) == ("within seed noise", 3)


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
