"""Tables of a lecture's own: a line for each of their cells."""

from pathlib import Path
from typing import Any

import pytest

from recurrent import files
from recurrent.evaluation import replication
from recurrent.evaluation.lectures import Comparison
from recurrent.evaluation.line import Line
from tests.evaluation.lecture import (
    BUNDLED,
    EVALUATIONS,
    LECTURES,
    SETTINGS,
    evaluation,
    made_up,
    table,
)


def compared(
    evaluations: dict[str, dict[str, Any]],
    metric: str = "accuracy",
    epoch: int | None = None,
    last: int = 1,
) -> list[Line]:
    """The lines of a table of its own, with an empty cell."""
    comparison = Comparison(
        row="B3",
        title="how deep: accuracy",
        metric=metric,
        epoch=epoch,
        last=last,
        columns=["plain", "residual"],
        rows={"1 layer": ["net", None], "2 layers": ["deep", "bayes"]},
    )
    lecture = LECTURES["made_up"].model_copy(update={"figures": [], "comparisons": [comparison]})
    lines = replication.table({"made_up": lecture}, made_up(), evaluations, Path("metrics"))
    assert all(line.protocol == comparison.title for line in lines)
    return lines


def test_a_comparison_has_a_line_for_each_of_its_cells() -> None:
    title, u = "how deep: accuracy", "upstream"
    assert compared({**EVALUATIONS, "deep": evaluation(0.9, 2, BUNDLED)}) == [
        Line("B3", "net", u, title, "accuracy", None, 0.97, 0.001, 3, 0.99, ""),
        Line("B3", "deep", "bundled", title, "accuracy", None, 0.9, 0.001, 2, 0.99, ""),
        Line("B3", "bayes", u, title, "accuracy", None, 0.95, None, 1, 0.99, ""),
    ]


def test_a_cell_that_is_empty_or_not_evaluated_has_no_line() -> None:
    assert [line.experiment for line in compared(EVALUATIONS)] == ["net", "bayes"]
    assert compared({}) == []


def test_an_experiment_trained_for_fewer_epochs_than_its_comparison_has_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rows in {
        "net": "0,1,9.0\n0,2,0.0\n1,1,9.0\n1,2,0.0\n",
        "deep": "0,1,9.0\n",
        "bayes": "0,1,9.0\n0,2,0.0\n0,3,9.0\n",
    }.items():
        files.write_text(tmp_path / f"metrics/history/{name}.csv", f"seed,epoch,train_loss\n{rows}")
    evaluations = {**EVALUATIONS, "deep": evaluation(0.9, 1)}
    title, words, u = "how deep: accuracy", "train_perplexity, epoch 2", "upstream"
    assert compared(evaluations, "train_perplexity", 2) == [
        Line("B3", "net", u, title, words, None, 1.0, 0.0, 2, None, ""),
        Line("B3", "bayes", u, title, words, None, 1.0, None, 1, None, ""),
    ]


def test_a_comparison_may_be_of_the_last_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, losses in {"net": (9, 1, 2, 6), "bayes": (9, 1)}.items():
        rows = [f"0,{epoch},{loss}" for epoch, loss in enumerate(losses, start=1)]
        text = "\n".join(["seed,epoch,train_loss", *rows, ""])
        files.write_text(tmp_path / f"metrics/history/{name}.csv", text)
    (line,) = compared(EVALUATIONS, "train_loss", 4, last=3)
    words = "train_loss, median of epochs 2 to 4"
    assert (line.experiment, line.metric, line.ours) == ("net", words, 2)


def test_comparisons_come_after_the_lines_of_their_experiments(tmp_path: Path) -> None:
    comparison = Comparison(
        row="B3", title="a table", metric="accuracy", columns=["ours"], rows={"net": ["net"]}
    )
    lecture = LECTURES["made_up"].model_copy(update={"comparisons": [comparison]})
    lines = replication.table({"made_up": lecture}, SETTINGS, EVALUATIONS, tmp_path)
    assert lines[:-1] == table(tmp_path)
    assert (lines[-1].protocol, lines[-1].ours) == ("a table", 0.97)
