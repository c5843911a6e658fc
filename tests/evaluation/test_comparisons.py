"""Which models are compared, and on which records."""

from typing import Any

import numpy as np
import pytest

from recurrent.evaluation import comparisons
from recurrent.evaluation.evaluation import Evaluation
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Comparison

LECTURE = Lecture(
    title="a lecture",
    given_by="a lecturer",
    headline="loss",
    better="lower",
    rows={"C1": "one"},
    default_row="C1",
    published=(),
    rivals={"net/vectors": "net/one_hot"},
    counterparts={"unseen/net": "net/lecture"},
)


def one(
    name: str,
    merit: list[float],
    ensemble: list[float] | None = None,
    *,
    first: int = 0,
    block: int = 1,
    text: str = "",
    split: str = "test",
    **changes: Any,
) -> Evaluation:
    """A measured variant; its method is `fit` if its name says so."""
    experiment, _, short = name.partition("/")
    report = {
        "experiment": experiment,
        "variant": short,
        "lecture": "lyrics",
        "task": "next_token",
        "method": "fit" if name.startswith("fit") else "descent",
        "dataset": "small",
        "split": split,
        "metric": "loss",
        "block": block,
        "text": text,
        "by_seed": {"0": {"loss": 1.0}},
        **changes,
    }
    records = np.arange(first, first + len(merit), dtype=np.int32)
    averaged = None if ensemble is None else np.array(ensemble)
    return Evaluation(report, records, np.array(merit), averaged)


def compared(*found: Evaluation) -> dict[str, list[Comparison]]:
    """The comparisons of each variant."""
    known = {one.name: one for one in found}
    rows = [*comparisons.on_same_records(known, known, {"lyrics": LECTURE})]
    return {
        name: own
        for name in known
        if (own := [r for r in rows if name == f"{r.experiment}/{r.variant}"])
    }


def test_a_network_is_compared_with_the_best_baseline() -> None:
    found = compared(
        one("net/gru", [-1.0, -2.0] * 50),
        one("fit/a", [-2.0, -2.5] * 50),
        one("fit/b", [-3.0, -3.0] * 50),
    )
    assert [*found] == ["net/gru"], "a baseline has no baseline"
    (row,) = found["net/gru"]
    assert (row.kind, row.rival, row.difference, row.verdict) == (
        "baseline",
        "fit/a",
        0.75,
        "better",
    )
    assert (row.metric, row.ensemble) == ("loss", False)


def test_ensembles_are_compared_with_ensembles() -> None:
    found = compared(
        one("net/gru", [-0.3] * 100, [-0.1] * 100),
        one("fit/a", [-0.4] * 100, [-0.2] * 100),
    )
    each, ensemble = found["net/gru"]
    assert (each.ensemble, ensemble.ensemble) == (False, True)
    assert (each.difference, ensemble.difference) == pytest.approx((0.1, 0.1))


def test_a_rival_takes_the_place_of_the_best_baseline_if_it_was_measured() -> None:
    ours, rival = one("net/vectors", [-0.1] * 100), one("net/one_hot", [-0.3] * 100)
    baseline = one("fit/a", [-0.2] * 100)
    (row,) = compared(ours, rival, baseline)["net/vectors"]
    assert (row.kind, row.rival, row.difference) == ("rival", "net/one_hot", 0.2)
    (row,) = compared(ours, baseline)["net/vectors"]
    assert (row.kind, row.rival) == ("baseline", "fit/a")


def test_a_text_is_shared_by_datasets_and_only_common_records_count() -> None:
    ours = one("net/gru", [9.0, 1.0, 2.0, 4.0], first=10, text="t", dataset="windows")
    theirs = one("fit/a", [1.0, 1.0, 1.0, 9.0], first=11, text="t", dataset="stream")
    (row,) = compared(ours, theirs)["net/gru"]
    assert row.difference == pytest.approx((0 + 1 + 3) / 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "another text"},
        {"dataset": "another"},
        {"task": "restore"},
        {"split": "train"},
        {"first": 99},  # one record in common has no standard error
    ],
)
def test_a_baseline_has_the_same_records_and_task(changes: dict[str, Any]) -> None:
    assert compared(one("net/gru", [-1.0] * 100), one("fit/a", [-2.0] * 100))
    assert not compared(one("net/gru", [-1.0] * 100, **changes), one("fit/a", [-2.0] * 100))


def test_the_error_is_that_of_blocks() -> None:
    ours = one("net/gru", [-1.0, -3.0, -2.0, -6.0] * 10, block=4)
    (row,) = compared(ours, one("fit/a", [0.0] * 40))["net/gru"]
    assert (row.difference, row.standard_error, row.verdict) == (-3.0, 0.0, "worse")


def by_seed(*losses: float) -> dict[str, dict[str, float]]:
    return {str(seed): {"loss": loss} for seed, loss in enumerate(losses)}


def test_the_error_covers_the_choice_of_seeds() -> None:
    merit, baseline = [-1.0, -1.2] * 50, one("fit/a", [-2.0, -2.0] * 50)
    (alone,) = compared(one("net/gru", merit), baseline)["net/gru"]
    (row,) = compared(one("net/gru", merit, by_seed=by_seed(0.6, 1.1, 1.6)), baseline)["net/gru"]
    assert alone.standard_error is not None and row.standard_error is not None
    assert row.standard_error**2 == pytest.approx(alone.standard_error**2 + 0.25 / 3, abs=1e-6)
    assert (alone.seeds, alone.degrees) == (1, 99)
    assert row.seeds == 3 and row.degrees == pytest.approx(2, abs=0.01)
    assert (alone.verdict, row.verdict) == ("better", "level")


def test_the_fewest_seeds_of_a_network_are_told() -> None:
    ours = one("net/vectors", [-0.1, -0.3] * 50, by_seed=by_seed(0.1, 0.2, 0.3))
    rival = one("net/one_hot", [-0.3, -0.4] * 50, by_seed=by_seed(0.3, 0.4))
    assert compared(ours, rival)["net/vectors"][0].seeds == 2
    fitted = one("net/vectors", [-0.1, -0.3] * 50, method="fit")
    assert (
        compared(fitted, one("net/one_hot", [0.1] * 100, method="fit"))["net/vectors"][0].seeds
        is None
    )


def report(
    loss: float, sd: float | None = None, bayes: float | None = None, count: int = 100
) -> Any:
    return {
        "lecture": "lyrics",
        "experiment": "unseen",
        "variant": "net",
        "split": "test",
        "count": count,
        "mean": {"loss": loss},
        "sd": None if sd is None else {"loss": sd},
        "bayes": None if bayes is None else {"loss": bayes},
    }


def held_out(**reports: Any) -> list[Comparison]:
    found = {"unseen/net": reports["here"], "net/lecture": reports.get("there")}
    known = {name: one for name, one in found.items() if one}
    return [*comparisons.held_out({"unseen/net": None}, known, {"lyrics": LECTURE})]


def test_a_held_out_variant_is_compared_with_its_counterpart() -> None:
    (row,) = held_out(here=report(2.5, 0.3, 1.0), there=report(1.5, 0.4, 0.75))
    assert (row.kind, row.rival, row.metric) == ("held_out", "net/lecture", "loss")
    assert (row.difference, row.sd, row.bayes) == (1.0, 0.5, 0.25)
    assert (row.standard_error, row.verdict) == (None, None)
    (row,) = held_out(here=report(2.5, None, 1.0), there=report(1.5, 0.4, None))
    assert (row.sd, row.bayes) == (None, None)


def test_without_a_counterpart_or_with_few_records_nothing_is_compared() -> None:
    assert held_out(here=report(2.5)) == []
    assert held_out(here=report(2.5), there=report(1.5, count=99)) == []
