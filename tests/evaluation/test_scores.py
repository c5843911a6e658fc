"""Scores as rows, for `dvc metrics`, and as headline numbers."""

from typing import Any

import pytest

from recurrent.evaluation.rows import Score
from recurrent.evaluation.scores import flat, score_rows, source_of, summary
from tests.evaluation.test_comparisons import LECTURE
from tests.report.example import published

REPORT: dict[str, Any] = {
    "experiment": "net",
    "variant": "lecture",
    "lecture": "lyrics",
    "method": "descent",
    "metric": "loss",
    "origin": {"source": "own file", "name": "mine.txt"},
    "split": "test",
    "records": "the last 200 of 2,000 characters",
    "count": 200,
    "by_prefix": True,
    "bayes": {"loss": 0.5},
    "by_seed": {"0": {}, "1": {}},
    "mean": {"loss": 2.0, "perplexity": 7.4, "loss_in_view": 1.0},
    "sd": {"loss": 0.1, "perplexity": 0.7, "loss_in_view": 0.0},
    "ensemble": {"loss": 1.9, "perplexity": 6.7},
}


def test_each_metric_has_a_row() -> None:
    rows = [*score_rows(REPORT, LECTURE)]
    assert [row.metric for row in rows] == ["loss", "perplexity", "loss_in_view"]
    loss, _, in_view = rows
    assert (loss.ours, loss.sd, loss.ensemble, loss.bayes, loss.seeds) == (2.0, 0.1, 1.9, 0.5, 2)
    assert (loss.source, loss.method, loss.by_prefix, loss.row) == (
        "mine.txt",
        "descent",
        True,
        "C1",
    )
    assert (in_view.ensemble, in_view.bayes) == (None, None)


def test_a_loss_on_few_records_has_no_row() -> None:
    assert [*score_rows({**REPORT, "count": 99}, LECTURE)] == []


@pytest.mark.parametrize("source", ["bundled", "upstream", "stand-in"])
def test_a_source_is_named(source: str) -> None:
    assert source_of({"source": source, "name": "file.txt"}) == source
    assert source_of(REPORT["origin"]) == "mine.txt"


def test_dvcs_metrics_are_flat_and_share_their_keys() -> None:
    assert flat(REPORT) == {"loss": 2.0, "perplexity": 7.4, "bayes": 0.5}
    assert flat({**REPORT, "bayes": None}).keys() == {"loss", "perplexity"}


def score(name: str, ours: float, **changes: Any) -> Score:
    experiment, _, variant = name.partition("/")
    own = {"experiment": experiment, "variant": variant, "by_prefix": False, **changes}
    (first, *_) = score_rows({**REPORT, **own}, LECTURE)
    return first._replace(ours=ours)


def test_the_summary_counts_published_numbers() -> None:
    verdicts = ("reproduced", "within seed noise", "differs", None)
    rows = [published(verdict=verdict) for verdict in verdicts]
    assert summary([], rows, {}) == {"reproduced": 2, "differs": 1}


def test_the_summary_has_the_best_held_out_score_on_the_most_records() -> None:
    scores = [
        score("a/a", 1.0, split="train"),
        score("a/b", 1.1, by_prefix=True),
        score("a/c", 1.2, records="fewer", count=150),
        score("a/d", 2.0),
        score("a/e", 1.9),
    ]
    assert summary(scores, [], {"lyrics": LECTURE}) == {"lyrics": 1.9}
    better = LECTURE.model_copy(update={"better": "higher"})
    assert summary(scores, [], {"lyrics": better})["lyrics"] == 2.0
    assert summary(scores[:1], [], {"lyrics": LECTURE}) == {}
