"""Where ours is found for a printed figure."""

from math import log
from pathlib import Path
from typing import Any

import pytest

from recurrent import files
from recurrent.errors import PipelineError
from recurrent.evaluation.published import find, verdict
from tests.evaluation.figures import figure

EVALUATION: dict[str, Any] = {"origin": {"source": "upstream", "name": "text.txt"}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the history and the samples of one experiment."""
    monkeypatch.chdir(tmp_path)
    history = tmp_path / "metrics/history/net.csv"
    history.parent.mkdir(parents=True)
    history.write_text("seed,epoch,valid_loss\n0,1,2.0\n0,2,1.0\n1,1,4.0\n1,2,1.5\n")
    by_seed = {"0": {"th": "the"}, "1": {"th": "tha"}, "2": {"th": "the"}}
    files.write_json(tmp_path / "metrics/samples/net.json", {"by_seed": by_seed})
    return tmp_path


def test_a_figure_of_an_epoch_is_found_in_the_history(project: Path) -> None:
    wanted = figure(metric="valid_loss", epoch=1)
    found = find(wanted, {"net": EVALUATION}, project / "metrics")
    assert (found["ours"], found["seeds"], found["source"]) == (3.0, 2, "upstream")
    assert found["spread"] == pytest.approx(2**0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("together", "averaged", "expected"),
    [
        (False, {"mape": 0.09}, (0.1, 0.01)),
        (True, {"mape": 0.09}, (0.09, None)),
        (True, None, (0.1, None)),  # of one seed: its own
    ],
)
def test_a_figure_of_the_seeds_together_is_that_of_their_answers_averaged(
    project: Path, together: bool, averaged: Any, expected: tuple[float, float | None]
) -> None:
    one = {"mean": {"mape": 0.1}, "spread": {"mape": 0.01}, "by_seed": {0: {}, 1: {}}}
    floor = {"floor": {"mape": 0.08}}
    evaluation = {**EVALUATION, **one, **floor, **({"together": averaged} if averaged else {})}
    wanted = figure(metric="mape", together=together)
    found = find(wanted, {"net": evaluation}, project / "metrics")
    assert (found["ours"], found["spread"]) == expected
    assert (found["seeds"], found["floor"], found["source"]) == (2, 0.08, "upstream")


@pytest.mark.parametrize(("metric", "together"), [("acuracy", False), ("log_loss", True)])
def test_a_metric_that_was_not_measured_is_refused_by_name(
    project: Path, metric: str, together: bool
) -> None:
    measured = {"mean": {"accuracy": 0.9, "log_loss": 0.2}, "together": {"accuracy": 0.9}}
    evaluation = {**EVALUATION, **measured, "by_seed": {0: {}}, "floor": None}
    with pytest.raises(PipelineError, match=rf"lectures\.yaml: net has no '{metric}'.*accuracy"):
        find(figure(metric=metric, together=together), {"net": evaluation}, project / "metrics")


def test_an_epoch_that_was_not_run_leaves_the_field_empty_and_says_so(project: Path) -> None:
    wanted = figure(metric="valid_loss", epoch=3)
    found = find(wanted, {"net": EVALUATION}, project / "metrics")
    assert "ours" not in found
    said = verdict(wanted, None, None, found["source"], "upstream", missing=found["missing"])
    assert said == "not run: no valid_loss of epoch 3"


def write_history(project: Path, metric: str, by_seed: list[list[float]]) -> None:
    """A value an epoch, from epoch 1 on, for each seed."""
    lines = [
        f"{seed},{epoch},{value!r}"
        for seed, values in enumerate(by_seed)
        for epoch, value in enumerate(values, start=1)
    ]
    path = project / "metrics/history/net.csv"
    path.write_text("\n".join([f"seed,epoch,{metric}", *lines, ""]))


def at(project: Path, epoch: int, metric: str = "train_perplexity", **changes: Any) -> Any:
    wanted = figure(metric=metric, epoch=epoch, **changes)
    return find(wanted, {"net": EVALUATION}, project / "metrics")


def test_a_perplexity_is_that_of_each_seeds_loss_before_the_mean(project: Path) -> None:
    write_history(project, "train_loss", [[log(9), log(2)], [log(9), log(8)]])
    found = at(project, 2)
    assert found["ours"] == pytest.approx(5, abs=1e-6), "of the mean loss it would be 4"
    assert found["spread"] == pytest.approx(18**0.5, abs=1e-6)
    assert found["seeds"] == 2


def test_a_perplexity_is_of_the_loss_of_its_own_name(project: Path) -> None:
    write_history(project, "valid_loss", [[log(3)]])
    assert at(project, 1, "valid_perplexity")["ours"] == pytest.approx(3, abs=1e-6)
    assert at(project, 1, "valid_loss")["ours"] == pytest.approx(log(3), abs=1e-6)
    assert "ours" not in at(project, 1, "train_perplexity")


def test_the_last_ten_are_each_seeds_median_of_the_epochs_up_to_that_one(project: Path) -> None:
    first: list[float] = [
        1000,
        1,
        1,
        1,
        1,
        4,
        6,
        70,
        70,
        70,
        70,
        1000,
    ]  # 2 to 11: four less, 4, 6, four more
    second: list[float] = [1000, *[7] * 6, *[90] * 4, 1000]
    write_history(project, "valid_loss", [first, second])
    found = at(project, 11, "valid_loss", last=10)
    assert (found["ours"], found["seeds"]) == (6, 2)  # of 5 and 7
    assert found["spread"] == pytest.approx(2**0.5, abs=1e-6)


def test_a_median_perplexity_is_the_median_of_perplexities(project: Path) -> None:
    write_history(project, "train_loss", [[log(1), log(2), log(8), log(99)]])
    assert at(project, 4, last=4)["ours"] == pytest.approx(5, abs=1e-6), "not 4"


@pytest.mark.parametrize(
    ("epochs", "epoch"),
    [([9, 9], 9), ([9, 9], 10), ([12, 9], 10), ([14, 15], 20), ([0, 0], 10)],
)
def test_fewer_epochs_than_asked_for_are_no_run(
    project: Path, epochs: list[int], epoch: int
) -> None:
    write_history(project, "train_loss", [[1.0] * count for count in epochs])
    found = at(project, epoch, last=10)
    assert "ours" not in found
    assert verdict(figure(), found.get("ours"), None, "upstream", wanted="bundled") == "not run"


def test_as_many_epochs_as_asked_for_are_a_run(project: Path) -> None:
    write_history(project, "train_loss", [[0.0] * 10, [0.0] * 12])
    assert at(project, 10, last=10)["ours"] == 1


def test_a_text_is_that_of_the_first_seed_and_says_how_many_agree(project: Path) -> None:
    wanted = figure(metric="get_next", prefix="th", printed="the")
    found = find(wanted, {"net": EVALUATION}, project / "metrics")
    assert found["ours"] == "the"
    assert found["remark"] == " (2 of 3 seeds write this)"


def test_only_as_much_text_is_compared_as_the_lecture_prints(project: Path) -> None:
    wanted = figure(metric="get_next", prefix="th", printed="th")
    assert find(wanted, {"net": EVALUATION}, project / "metrics")["ours"] == "th"


@pytest.mark.parametrize("change", [{"prefix": "an"}, {"experiment": "other", "prefix": "th"}])
def test_a_text_that_was_not_asked_for_leaves_the_field_empty(
    project: Path, change: dict[str, object]
) -> None:
    wanted = figure(metric="get_next", printed="the", **change)
    evaluations = {"net": EVALUATION, "other": EVALUATION}
    assert find(wanted, evaluations, project / "metrics") == {}


def test_a_metric_that_the_history_lacks_leaves_the_field_empty(project: Path) -> None:
    assert "ours" not in at(project, 1, "train_loss")


DRAWS = {"mean": 0.1, "spread": 0.02, "seeds": 1000, "low": 0.07, "high": 0.15, "run": 0.2}


def computed(project: Path, value: object, **changes: Any) -> Any:
    origin = {"source": "no corpus", "name": "line"}
    path = project / "metrics/demonstrations/line/report.json"
    files.write_json(path, {"origin": origin, "losses": {"0": value}})
    wanted = figure(
        experiment=None, report="demonstrations/line/report.json", key=["losses", "0"], **changes
    )
    return wanted, find(wanted, {}, project / "metrics")


def test_a_figure_of_a_random_draw_is_the_mean_over_draws_with_its_range(project: Path) -> None:
    _, found = computed(project, DRAWS)
    assert (found["ours"], found["spread"], found["seeds"]) == (0.1, 0.02, 1000)
    assert found["remark"] == " (95 % of draws: 0.07 to 0.15)"


@pytest.mark.parametrize("wanted", ["bundled", "upstream"])
def test_what_no_corpus_has_a_part_in_is_comparable_whatever_the_source(
    project: Path, wanted: str
) -> None:
    for printed, said in ((0.061, "reproduced"), (0.059, "not reproduced")):
        asked, found = computed(project, DRAWS, printed=printed, tolerance=0.0, better=None)
        assert verdict(asked, found["ours"], found["spread"], found["source"], wanted) == said


def test_a_number_in_a_report_is_itself(project: Path) -> None:
    _, found = computed(project, 37.78)
    assert found == {"ours": 37.78, "source": "no corpus"}
