from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recurrent import files
from recurrent.evaluation import replication
from recurrent.evaluation.line import Line
from tests.evaluation.figures import figure
from tests.evaluation.lecture import (
    BUNDLED,
    EVALUATIONS,
    LECTURES,
    SETTINGS,
    UPSTREAM,
    evaluation,
    experiment,
    made_up,
    table,
)

OWN = {"source": "own file", "name": "mine.txt"}


def test_the_columns_are_those_that_the_page_and_the_reader_expect() -> None:
    table = pd.DataFrame([Line(*[None] * len(Line._fields))])  # type: ignore[arg-type]
    assert table.to_csv(index=False).splitlines()[0] == (
        "row,experiment,source,protocol,metric,printed,ours,spread,seeds,floor,verdict"
    )


def headline(name: str, lines: list[Line]) -> Line:
    (line,) = (
        x for x in lines if x.experiment == name and x.metric == "accuracy" and x.printed is None
    )
    return line


def test_every_printed_figure_and_every_experiment_has_its_lines(tmp_path: Path) -> None:
    files.write_json(
        tmp_path / "clean/names.json", {"origin": UPSTREAM, "most_frequent": {"王": 50}}
    )
    unmet = "not run: the corpus could not be had"
    ours = "held-out, small"
    count, u = "count of 王", "upstream"
    assert table(tmp_path) == [
        Line("B1", "clean/names.json", u, "lecture", count, 50, 50, None, None, None, "reproduced"),
        Line("B2", "net", u, "lecture", "accuracy", 0.979, 0.97, 0.001, 3, 0.99, "reproduced"),
        Line("B4", "never_run", u, "lecture", "accuracy", 0.979, None, None, None, None, unmet),
        Line("B2", "net", u, ours, "accuracy", None, 0.97, 0.001, 3, 0.99, ""),
        Line("B2", "net", u, ours, "log_loss", None, 0.3, 0.3, 3, 0.1, ""),
        Line("B2", "net", u, ours, "calibration_error", None, 0.02, 0.02, 3, None, ""),
        Line("B3", "bayes", u, ours, "accuracy", None, 0.95, None, 1, 0.99, "baseline"),
        Line("B3", "bayes", u, ours, "log_loss", None, 0.3, None, 1, 0.1, ""),
        Line("B3", "bayes", u, ours, "calibration_error", None, 0.02, None, 1, None, ""),
    ]


@pytest.mark.parametrize("origin", [BUNDLED, OWN])
def test_a_line_says_which_corpus_it_was_measured_on(
    tmp_path: Path, origin: dict[str, str]
) -> None:
    files.write_json(tmp_path / "clean/names.json", {"origin": origin, "most_frequent": {"王": 50}})
    lines = table(tmp_path, {"net": evaluation(0.97, 3, origin)})
    measured = [line for line in lines if line.ours is not None]
    assert len(measured) == 5
    source = "bundled" if origin is BUNDLED else "mine.txt"
    assert {line.source for line in measured} == {source}
    printed = [line for line in measured if line.printed is not None]
    assert all(line.verdict.startswith("not comparable") for line in printed)


@pytest.mark.parametrize("report", [None, {"origin": UPSTREAM, "most_frequent": {"李": 1}}])
def test_a_figure_that_no_report_holds_is_left_empty(
    tmp_path: Path, report: dict[str, object] | None
) -> None:
    if report:
        files.write_json(tmp_path / "clean/names.json", report)
    line = table(tmp_path)[0]
    assert (line.printed, line.ours) == (50, None)
    assert line.verdict.startswith("not run")


def test_an_unknown_source_has_no_floor(tmp_path: Path) -> None:
    lines = table(tmp_path, {"net": {**evaluation(0.97, 3), "floor": None}})
    assert {line.floor for line in lines} == {None}


def test_experiments_of_other_lectures_and_those_not_evaluated_have_no_lines(
    tmp_path: Path,
) -> None:
    settings = made_up(net=experiment("net", lecture="another"), bayes=experiment("bayes"))
    lines = table(tmp_path, {"net": EVALUATIONS["net"]}, settings)
    assert {line.protocol for line in lines} == {"lecture"}


def against(difference: float) -> dict[str, Any]:
    compared = {"difference": difference, "standard_error": 0.003, "blocks": 100}
    return {"baseline": "bayes", "seeds": compared, "together": compared}


def test_a_network_stands_against_the_best_model_without_one(tmp_path: Path) -> None:
    evaluations = {"net": {**evaluation(0.93, 1), "against": against(-0.01)}}
    line = headline("net", table(tmp_path, evaluations))
    assert line.verdict == "behind bayes (-0.0100 ± 0.0030)"


def test_without_a_baseline_nothing_is_said(tmp_path: Path) -> None:
    assert headline("net", table(tmp_path, {"net": evaluation(0.93, 1)})).verdict == ""


def test_the_seeds_together_are_a_line_of_their_own(tmp_path: Path) -> None:
    net = {**evaluation(0.93, 3), "together": {"accuracy": 0.95}, "against": against(0.01)}
    lines = table(tmp_path, {"net": net})
    together = next(line for line in lines if line.metric == "accuracy, seeds together")
    assert (together.experiment, together.ours, together.spread) == ("net", 0.95, None)
    assert together.verdict == "beats bayes (+0.0100 ± 0.0030)"


def test_a_printed_figure_of_the_seeds_together_stands_beside_ours_together(
    tmp_path: Path,
) -> None:
    wanted = figure(printed=0.95, tolerance=0.001, together=True)
    lecture = LECTURES["made_up"].model_copy(update={"figures": [wanted]})
    net = {**evaluation(0.93, 3), "together": {"accuracy": 0.95}}
    line, *_ = replication.table({"made_up": lecture}, SETTINGS, {"net": net}, tmp_path)
    metric, u = "accuracy, seeds together", "upstream"
    expected = Line("B2", "net", u, "lecture", metric, 0.95, 0.95, None, 3, 0.99, "reproduced")
    assert line == expected


def test_a_baseline_with_a_rival_stands_against_it(tmp_path: Path) -> None:
    bayes = {**evaluation(0.94, 1), "against": {**against(-0.01), "baseline": "net"}}
    line = headline("bayes", table(tmp_path, {"bayes": bayes}))
    assert line.verdict == "baseline: behind net (-0.0100 ± 0.0030)"


def test_an_experiment_that_is_measured_otherwise_than_its_lecture_has_no_such_line(
    tmp_path: Path,
) -> None:
    net = {**evaluation(0.93, 3), "together": {"loss": 0.2}}
    metrics = {line.metric for line in table(tmp_path, {"net": net})}
    assert "accuracy" in metrics and not any("together" in metric for metric in metrics)


def test_held_out_text_stands_against_the_lectures_split(tmp_path: Path) -> None:
    lecture = LECTURES["made_up"].model_copy(update={"counterparts": {"net_held_out": "net"}})
    settings = made_up(net=experiment("net"), net_held_out=experiment("net"))

    def lines(**changes: Any) -> list[Line]:
        whole = {"protocol": "its training text", "characters": 100}
        theirs = {**EVALUATIONS["net"], **whole, **changes}
        held_out = {**evaluation(0.9, 3), "floor": {"accuracy": 0.97}, "on": "the last tenth"}
        evaluations = {"net": theirs, "net_held_out": held_out}
        return replication.table({"made_up": lecture}, settings, evaluations, tmp_path)

    (gap,) = (line for line in lines() if line.metric == "difference of accuracy")
    assert (gap.row, gap.experiment) == ("B2", "net_held_out")
    assert gap.protocol == "held-out against its training text"
    assert (gap.ours, gap.floor) == (pytest.approx(-0.07), None)
    assert gap.spread == pytest.approx(0.001 * 2**0.5, abs=1e-6)
    assert gap.verdict == "of its source: -0.0200"
    assert headline("net_held_out", lines()).protocol == "held-out, the last tenth"
    (gap,) = (line for line in lines(floor=None) if line.metric == "difference of accuracy")
    assert gap.verdict == ""
    few = lines(characters=99)
    assert not [line for line in few if line.metric == "difference of accuracy"], "luck alone"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epoch": 160, "last": 10}, "train_perplexity, median of epochs 151 to 160"),
        ({"epoch": 40, "last": 2}, "train_perplexity, median of epochs 39 to 40"),
        ({"epoch": 160}, "train_perplexity, epoch 160"),
        ({"together": True}, "train_perplexity, seeds together"),
        ({}, "train_perplexity"),
    ],
)
def test_a_metric_says_of_which_epochs_it_is_and_whether_of_the_seeds_together(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    wanted = figure(metric="train_perplexity", **changes)
    lecture = LECTURES["made_up"].model_copy(update={"figures": [wanted]})
    (line,) = replication.table({"made_up": lecture}, made_up(), {}, tmp_path)
    assert line.metric == words
