"""Claims: where their values are found, the interval, and the rule of the verdict."""

from itertools import pairwise
from math import e, log
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures, rows
from recurrent.evaluation.claims import (
    Measurements,
    Missing,
    claim_rows,
    ends_in_cycle,
    interval,
    judge,
    reason_for,
    tally,
)
from recurrent.evaluation.estimates import Estimate
from recurrent.evaluation.quantities import Quantity, Statement
from recurrent.evaluation.rows import Claim
from tests.project import ROOT
from tests.small_experiment import RESULTS

QUANTITY: TypeAdapter[Quantity] = TypeAdapter(Quantity)
ABOUT: dict[str, Any] = {
    "row": "C1",
    "statement": "It learns.",
    "measured": "loss",
    "unit": "nats",
    "margin": 0.1,
}
MAPE = {"model": "net/lecture", "metric": "mape"}
OTHER = {"model": "net/other", "metric": "mape"}


def report(
    variant: str, *mape: float, source: str = "bundled", method: str = "descent"
) -> dict[str, Any]:
    by_seed = {str(seed): {"mape": one, "perplexity": e**one} for seed, one in enumerate(mape)}
    return {
        "experiment": "net",
        "variant": variant,
        "method": method,
        "origin": {"source": source, "name": "generated"},
        "by_seed": by_seed,
        "mean": by_seed["0"],
    }


REPORTS = {
    "net/lecture": report("lecture", 1.0, 2.0),
    "net/other": report("other", 4.0),
    "net/third": report("third", 0.5, 6.5),
    "net/counts": report("counts", 4.0, method="fit"),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def find(quantity: Any, wanted: str = "bundled") -> Estimate:
    measured = Measurements(REPORTS, RESULTS, wanted)
    return measured.estimate(QUANTITY.validate_python(quantity), "texts.claims.it")


def claim(**values: Any) -> Claim:
    """The row of one claim."""
    lecture = {
        "title": "a lecture",
        "given_by": "a lecturer",
        "headline": "loss",
        "better": "lower",
        "rows": {"C1": "a network"},
        "default_row": "C1",
        "published": [],
        "claims": {"it_learns": {**ABOUT, **values}},
    }
    known = lectures.LECTURES.validate_python({"texts": lecture})
    (row,) = claim_rows(known, REPORTS, RESULTS, "bundled")
    return row


class TestQuantities:
    """Each kind of quantity, and what it says if it has no value."""

    def test_a_metric_is_the_mean_over_seeds(self) -> None:
        found = find(MAPE)
        assert (found.mean, found.seeds, found.models) == (1.5, 2, ("net/lecture",))
        assert found.sources == {"bundled"}

    def test_a_network_of_one_seed_leaves_the_margin_alone_and_a_fitted_model_does_not(
        self,
    ) -> None:
        network, fitted = (
            find({"value": MAPE, "minus": {"model": name, "metric": "mape"}})
            for name in ("net/other", "net/counts")
        )
        assert network.mean == fitted.mean == -2.5
        assert (network.seeds, network.half_width) == (1, 0)
        assert fitted.seeds == 2 and fitted.half_width == find(MAPE).half_width > 0

    def test_a_metric_that_was_not_measured_is_refused_by_its_keys(self) -> None:
        place = r"lectures\.yaml: texts\.claims\.it\.minus\.metric: 'mpe' .*mape"
        with pytest.raises(PipelineError, match=place):
            find({"value": MAPE, "minus": {**MAPE, "metric": "mpe"}})

    def test_an_epoch_is_the_median_of_the_last_ones(self) -> None:
        rows = ["variant,seed,epoch,train_loss"]
        rows += [f"lecture,0,{epoch},{loss}" for epoch, loss in ((1, 9), (2, 1), (3, 5), (4, 2))]
        files.write_text(RESULTS.history("net"), "\n".join(rows) + "\n")
        quantity = {"model": "net/lecture", "metric": "train_loss", "epoch": 4}
        assert find(quantity).mean == 2
        assert find({**quantity, "last": 3}).mean == 2
        assert find({**quantity, "metric": "train_perplexity"}).mean == pytest.approx(2), "a log"
        with pytest.raises(Missing, match="net/lecture has no train_loss at epoch 5"):
            find({**quantity, "epoch": 5})
        with pytest.raises(Missing, match="no train_loss at epoch 4"):
            find({**quantity, "last": 5})
        with pytest.raises(Missing, match="no valid_loss at epoch 4"):
            find({**quantity, "metric": "valid_loss"})

    @pytest.mark.parametrize(
        ("wanted", "reason"),
        [("bundled", "not run"), ("upstream", "the corpus is unavailable")],
    )
    def test_a_model_that_was_not_run_is_missing(self, wanted: str, reason: str) -> None:
        for quantity in (
            {"model": "net/gone", "metric": "mape"},
            {"cycles": "net/gone"},
            {"table": "t.csv", "model": "net/gone", "column": "x"},
            {"report": "gone.json", "key": ["x"]},
        ):
            with pytest.raises(Missing, match=reason):
                find({"value": MAPE, "minus": quantity}, wanted)

    def test_a_number_of_a_report(self) -> None:
        origin = {"source": "no corpus", "name": "line"}
        files.write_json(Path("r.json"), {"origin": origin, "losses": {"9000": {"median": 0.5}}})
        found = find({"report": "r.json", "key": ["losses", "9000", "median"]})
        assert (found.mean, found.seeds, found.models) == (0.5, None, ())
        with pytest.raises(Missing, match=r"r\.json has no number losses\.9000"):
            find({"report": "r.json", "key": ["losses", "9000"]})

    def test_a_table_has_values_by_seed_and_by_model(self) -> None:
        rows = [
            "experiment,variant,seed,when,gradient,bound",
            "net,lecture,0,after,1,4",
            "net,lecture,0,after,3,4",
            "net,lecture,1,after,6,",
            "net,lecture,1,before,90,1",
            "net,other,0,after,50,100",
        ]
        files.write_text(Path("t.csv"), "\n".join(rows) + "\n")
        quantity = {"table": "t.csv", "where": {"when": "after"}, "column": "gradient"}
        found = find({**quantity, "model": "net/lecture", "reduce": "mean"})
        assert found.by_seed == {0: 2.0, 1: 6.0}
        found = find({**quantity, "over": "bound", "reduce": "max"})
        assert (found.by_seed, found.models) == ({0: 0.75}, ("net/lecture", "net/other"))
        with pytest.raises(PipelineError, match=r"texts\.claims\.it: 'norm' was not measured"):
            find({**quantity, "column": "norm"})
        with pytest.raises(Missing, match="no such rows"):
            find({**quantity, "where": {"when": "later"}})

    def test_a_table_of_a_study_has_no_models(self) -> None:
        files.write_text(Path("t.csv"), "factor,step,norm\n0.99,365,0.5\n1.01,365,37.8\n")
        found = find({"table": "t.csv", "where": {"factor": 1.01, "step": 365}, "column": "norm"})
        assert found == Estimate(37.8)

    def test_the_share_of_texts_that_end_in_a_cycle(self) -> None:
        texts = {"th": "the end the end the end", "and": "and so it never comes back"}
        by_seed = {"0": texts, "1": {"th": texts["th"]}}
        files.write_json(RESULTS.samples("net", "lecture"), {"by_seed": by_seed})
        assert find({"cycles": "net/lecture"}).by_seed == {0: 0.5, 1: 1.0}
        with pytest.raises(Missing, match="net/other has generated no text"):
            find({"cycles": "net/other"})

    def test_seconds_are_those_of_the_training_runs(self) -> None:
        jobs = ["job,seconds", '"net/lecture, seed 0",4.0', '"net/lecture, seed 1",6.0']
        jobs += ['"net/lecture_longer, seed 0",99.0', '"evaluate net/lecture",50.0']
        files.write_text(paths.SECONDS, "\n".join(jobs) + "\n")
        assert find({"seconds": "net/lecture"}).by_seed == {0: 4.0, 1: 6.0}
        with pytest.raises(Missing, match="net/other was not in the benchmark"):
            find({"seconds": "net/other"})

    def test_a_ratio_and_a_perplexity_are_logarithms(self) -> None:
        assert find({"value": MAPE, "over": 2}).mean == pytest.approx((log(1 / 2) + log(1)) / 2)
        assert find({**MAPE, "metric": "perplexity"}).mean == pytest.approx(1.5)
        with pytest.raises(Missing, match="0 has no logarithm"):
            find({"value": MAPE, "over": 0})

    def test_the_largest_is_the_one_whose_interval_reaches_furthest(self) -> None:
        third = {"model": "net/third", "metric": "mape"}
        found = find({"largest": [MAPE, OTHER, third]})
        assert found.mean == 3.5, "above 4, the mean of one seed, by its uncertainty"
        assert found.models == ("net/lecture", "net/other", "net/third")
        assert found.seeds == 1
        assert find({"smallest": [OTHER, 5]}).mean == 4


class TestRule:
    """The verdict of a value, a margin, and the variation over seeds."""

    @pytest.mark.parametrize(
        ("mean", "verdict"), [(0.8, "holds"), (0.9, "holds"), (1.05, "undecided"), (1.2, "fails")]
    )
    def test_the_margin_decides_alone_without_variation(self, mean: float, verdict: str) -> None:
        below = Statement(**ABOUT, value=0, below=1)
        _, low, high = interval(Estimate(mean), below)
        assert (low, high) == (pytest.approx(mean - 0.1), pytest.approx(mean + 0.1))
        assert judge(below, low, high) == verdict
        above = Statement(**ABOUT, value=0, above=1)
        mirrored = judge(above, 2 - high, 2 - low)
        assert mirrored == verdict

    def test_the_wider_of_margin_and_interval_counts(self) -> None:
        below = Statement(**ABOUT, value=0, below=1)
        _, low, high = interval(Estimate(0.5, variance=0.01, freedom=4, seeds=5), below)
        assert (low, high) == (
            pytest.approx(0.5 - 0.27764, abs=1e-4),
            pytest.approx(0.77764, abs=1e-4),
        )

    def test_the_interval_of_a_ratio_is_one_of_logarithms(self) -> None:
        ratio = Statement(**{**ABOUT, "margin": 0}, value=1, over=1, below=1)
        value, low, high = interval(Estimate(log(2), variance=0.01, freedom=4), ratio)
        assert value == 2
        assert low * high == pytest.approx(4, abs=1e-5)
        assert interval(Estimate(1e4), ratio)[0] == float("inf")

    def test_a_row_has_everything_that_the_page_needs(self) -> None:
        counts = {"model": "net/counts", "metric": "mape"}
        row = claim(value=MAPE, minus=counts, below=0)
        assert (row.id, row.lecture, row.row, row.relation, row.bound) == (
            "it_learns", "texts", "C1", "below", 0,
        )  # fmt: skip
        assert (row.value, row.seeds, row.source) == (-2.5, 2, "bundled")
        assert row.models == "net/lecture net/counts"
        assert row.verdict == "undecided", "two seeds that differ by 1 are worth little"
        assert row.reason is None

    def test_a_reason_is_given_where_a_claim_does_not_hold(self) -> None:
        why = {"bundled": "The text is too short.", "upstream": "never"}
        assert claim(value=OTHER, below=0, why=why).reason == "The text is too short."
        assert claim(value=OTHER, above=0, why=why).reason is None

    def test_a_reason_is_found_for_any_of_several_sources(self) -> None:
        statement = Statement.model_validate(
            {**ABOUT, "value": 1, "below": 0, "why": {"upstream": "It is short."}}
        )
        assert reason_for(statement, "stand-in, upstream") == "It is short."
        assert reason_for(statement, "own.txt") is None

    @pytest.mark.parametrize("folder", ["metrics", "metrics/upstream"])
    def test_every_committed_claim_that_does_not_hold_has_a_reason(self, folder: str) -> None:
        found = rows.read(ROOT / folder / "claims.csv", rows.Claim)
        assert found and not [one.id for one in found if one.verdict != "holds" and not one.reason]

    def test_a_claim_about_a_model_that_was_not_run_says_so(self) -> None:
        row = claim(value=MAPE, minus={"model": "net/gone", "metric": "mape"}, below=0)
        assert (row.value, row.verdict, row.reason) == (None, None, "not run")
        assert row.models == "net/lecture net/gone"

    def test_claims_with_a_verdict_are_counted(self) -> None:
        found = [claim(value=OTHER, above=0), claim(value=OTHER, below=0)]
        found.append(claim(value={"cycles": "net/gone"}, below=0))
        assert tally(found) == {"claims_hold": 1}
        assert tally([]) == {}


class TestCycle:
    """A text that ends in a repetition."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("for those the same the same the same the same th", True),
            ("for those who are the sinners are the sinners ar", True),
            ("for those who are the strangers that the strange", False),
            ("it is not all well", False),  # two equal letters are no cycle
            ("分开 我不的我 我不不 我不的我 我不不 我不的我 我不不", True),
            ("的" + " " * 40, True),
            ("", False),
            ("a", False),
        ],
    )
    def test_examples(self, text: str, expected: bool) -> None:
        assert ends_in_cycle(text) == expected

    @given(st.text("abc ", max_size=30), st.text("abc ", min_size=1, max_size=9), st.data())
    def test_a_text_that_repeats_for_long_enough_ends_in_a_cycle(
        self, start: str, cycle: str, data: st.DataObject
    ) -> None:
        rest = data.draw(st.integers(0, len(cycle)))
        times = 2 + len(start) // len(cycle)
        assert ends_in_cycle(start + cycle * times + cycle[:rest])

    @given(st.text(min_size=1, max_size=60))
    def test_a_text_whose_end_has_no_equal_characters_does_not(self, text: str) -> None:
        ending = text + "".join(map(chr, range(0x4E00, 0x4E00 + len(text) + 2)))
        assert all(one != other for one, other in pairwise(ending[-len(text) :]))
        assert not ends_in_cycle(ending)
