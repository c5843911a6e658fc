"""One experiment measured: in characters, never with the answer in view, and what it writes."""

import math
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from recurrent import files, paths
from recurrent.errors import PipelineError
from recurrent.evaluation.foresight import answers_by_prefix, answers_in_view
from recurrent.config import Samples
from recurrent.models import base as contract
from stages import evaluate
from tests.data.texts import encoded, some_text
from tests.small_experiment import BOTH_WAYS, IN_VIEW, ONE_WAY, REAL, measured, trained
from tests.training.toy import READING, some_table

STREAM: dict[str, Any] = {"order": "consecutive"}
WANTED = Samples(prefixes=("ab", "fad"), length=7)

pytestmark = pytest.mark.usefixtures("project", "restored_torch")


def nats(gave: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    return pytest.approx(-float(gave.mean()), abs=1e-5)


def test_every_task_of_an_experiment_can_be_measured() -> None:
    assert {experiment.task for experiment in REAL.experiments.values()} <= set(evaluate.KINDS)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    evaluate.refuse_no_numbers("small", {"loss": 1.5, "records": 3})
    with pytest.raises(PipelineError, match="small: loss on its held-out records is no number"):
        evaluate.refuse_no_numbers("small", {"loss": value, "accuracy": 0.5})


def overflowing(seed: int, weight: float) -> None:
    """A trained model with finite weights by which the logits of two symbols run away."""
    file = contract.seed_file(paths.model("small"), seed)
    model = contract.restore(contract.read_spec(paths.model("small")), file)
    state = model.state_dict()
    state["h2o.bias"][1:3] = weight
    state["h2o.weight"][1], state["h2o.weight"][2] = weight, -weight
    contract.save(model, file)


@pytest.mark.parametrize("seeds", [1, 2])
@pytest.mark.parametrize(
    ("weight", "what"), [(3e38, "loss and perplexity"), (1e4, "perplexity")], ids=["nan", "high"]
)
@pytest.mark.parametrize("changes", [{}, STREAM, {"targets": "last"}])
def test_answers_that_are_no_numbers_are_refused_by_the_experiments_name(
    tmp_path: Path, changes: dict[str, Any], weight: float, what: str, seeds: int
) -> None:
    trained(encoded(tmp_path, some_text(400), **changes), ONE_WAY, seeds=seeds)
    overflowing(0, weight)
    with pytest.raises(PipelineError, match=f"small: {what} on its held-out records is no number"):
        measured(seeds=seeds)


@pytest.mark.parametrize("changes", [{}, STREAM])
def test_a_network_that_looks_ahead_is_measured_by_prefix(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    task, models = trained(encoded(tmp_path, some_text(400), **changes), BOTH_WAYS)
    found = measured(samples=WANTED)
    for seed, model in enumerate(models):
        figures = found.report["by_seed"][seed]
        assert figures["loss"] == nats(answers_by_prefix(model, task, "test").said)
        assert figures[IN_VIEW] == nats(answers_in_view(model, task, "test").said)
        assert figures["loss"] != pytest.approx(figures[IN_VIEW], abs=1e-3)
    assert {IN_VIEW, "loss"} < found.report["mean"].keys() & found.report["spread"].keys()
    assert found.records.tolist() == answers_by_prefix(models[0], task, "test").records.tolist()
    assert found.merit.mean() == pytest.approx(-found.report["mean"]["loss"], abs=1e-5)
    assert found.report["protocol"] == "held-out by prefix"
    assert found.samples == {}, "it cannot write"


@pytest.mark.parametrize("hidden", [5, 6, 7, 8, 100])  # sums of some sizes differ by their row
def test_a_network_of_one_direction_is_measured_as_it_answers_and_writes(
    tmp_path: Path, hidden: int
) -> None:
    spec = {**ONE_WAY, "settings": {"cell": "gru", "hidden": hidden}}
    task, models = trained(encoded(tmp_path, some_text(400), **STREAM), spec)
    found = measured(samples=WANTED)
    assert not [name for name in found.report["mean"] if "in_view" in name]
    for seed, model in enumerate(models):
        gave = task.answers(model, "test").said
        assert found.report["by_seed"][seed]["loss"] == nats(gave)
        assert found.samples["by_seed"][str(seed)] == task.samples(model, WANTED)
    assert "while_training" not in found.samples
    assert measured().samples == {}, "nobody asked"


def test_only_what_is_of_its_text_is_written_on(tmp_path: Path) -> None:
    trained(encoded(tmp_path, some_text(400), **STREAM), ONE_WAY)
    wanted = Samples(prefixes=("xyz", "fad"), length=7)
    by_seed = measured(samples=wanted).samples["by_seed"]
    assert [[*texts] for texts in by_seed.values()] == [["fad"], ["fad"]]
    assert measured(samples=Samples(prefixes=("xyz",), length=7)).samples == {}


def test_of_its_training_text_only_what_trained_it_counts(tmp_path: Path) -> None:
    whole: dict[str, Any] = {**STREAM, "valid": 0.0, "test": 0.0}
    task, (model,) = trained(encoded(tmp_path, some_text(400), **whole), ONE_WAY, seeds=1)
    found = measured(seeds=1)
    batches = task.batches("train", 32)
    asked = {int(begin) + n for batch in batches for begin in batch for n in range(1, 5)}
    assert found.records.tolist() == sorted(asked)
    assert len(asked) < 399
    assert found.report["on"] == f"the {len(asked)} characters that trained it"
    places, gave = task.answers(model, "train")
    kept = [float(ln) for place, ln in zip(places, gave, strict=True) if place in asked]
    assert found.report["mean"]["loss"] == pytest.approx(-np.mean(kept), abs=1e-5)


def test_what_was_written_while_training_stands_beside_it(tmp_path: Path) -> None:
    trained(encoded(tmp_path, some_text(400), **STREAM), ONE_WAY)
    earlier = {"0": {"40": {"ab": "abc"}}, "1": {}}
    files.write_json(paths.model("small") / "samples.json", earlier)
    assert measured(samples=WANTED).samples["while_training"] == earlier


@pytest.mark.parametrize("spec", [ONE_WAY, BOTH_WAYS])
def test_a_network_that_restores_is_asked_for_what_is_hidden_and_never_to_write(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    task, models = trained(encoded(tmp_path, some_text(400)), spec, "restore")
    found = measured("restore", samples=WANTED)
    for seed, model in enumerate(models):
        score = task.score(model, "test")
        assert found.report["by_seed"][seed] == {
            "restored": pytest.approx(score["restored"], abs=1e-6),
            "restoring_loss": pytest.approx(score["loss"], abs=1e-5),
            "restored_by_the_commonest_character": ANY,
        }
    assert found.samples.keys() == {"restored"}


def test_a_regression_is_measured_by_the_numbers_that_it_answers_and_writes_nothing() -> None:
    task, models = trained(some_table(), {**READING}, "regress")
    found = measured("regress", samples=WANTED)
    rows = task.data.splits["test"]
    values, said = task.data.values[rows], [task.answers(m, "test").said for m in models]
    for seed, each in enumerate(said):
        share = float((abs(each - values) / values).mean())
        assert found.report["by_seed"][seed] == {"mape": pytest.approx(share, abs=1e-6)}
    together = float((abs((said[0] + said[1]) / 2 - values) / values).mean())
    assert found.report["together"] == {"mape": pytest.approx(together, abs=1e-6)}
    assert found.records.tolist() == rows.tolist()
    assert (found.report["protocol"], found.report["on"]) == ("held-out", "the last 48 rows")
    assert found.samples == {}


def test_a_report_names_its_dataset_and_where_its_text_is_from(tmp_path: Path) -> None:
    task, _ = trained(encoded(tmp_path, some_text(400)), ONE_WAY)
    report = measured().report
    assert (report["fingerprint"], report["dataset"]) == ("0", "small")
    assert report["origin"] == task.about["origin"]


def test_scores_are_of_held_out_text_alone() -> None:
    figures: dict[str, Any] = {"mean": {"loss": 2.0}, "spread": {"loss": 0.1}}
    evaluations = {
        "ours": {**figures, "protocol": "held-out", "together": {"loss": 1.9}},
        "one": {"mean": {"loss": 3.0}, "protocol": "held-out"},
        "memory": {**figures, "protocol": "its training text"},
    }
    assert evaluate.scores(evaluations) == {
        "ours": {"loss": 2.0, "loss_spread": 0.1, "loss_together": 1.9},
        "one": {"loss": 3.0},
    }
