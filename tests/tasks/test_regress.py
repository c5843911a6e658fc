"""Regression: targets are shares of the largest logarithm, predictions are in the data's unit."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recurrent.common.errors import PipelineError
from recurrent.tasks.regress import Regress
from tests.tasks.toys import model_for
from tests.training.toy import CPU, table_task


def test_targets_are_logarithms_over_the_largest_of_training(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    splits, values = task.data.splits, task.data.values
    assert task.scale == np.log(values[splits["train"]].max())
    values[splits["test"][0]] = values.max() * 2  # only training rows set the scale
    task.data.save(tmp_path / "table")
    again = Regress(tmp_path / "table", CPU)
    assert again.scale == task.scale
    targets = again.targets.double().numpy()
    np.testing.assert_allclose(np.exp(targets * task.scale), values, rtol=1e-5)
    assert targets[splits["train"]].max() == 1 < targets[splits["test"][0]]


@pytest.mark.parametrize(("width", "dtype"), [(0, torch.int64), (4, torch.float32)])
def test_a_row_has_levels_or_a_networks_vectors(
    tmp_path: Path, width: int, dtype: torch.dtype
) -> None:
    task = table_task(tmp_path, width)
    assert (task.inputs, task.outputs) == (1 + 4 + 3 + 2, 1)
    rows = np.concatenate(task.batches("valid", 32, np.random.default_rng(0)))
    assert sorted(rows) == task.data.splits["valid"].tolist() != rows.tolist()
    inputs, targets = task.take(rows)
    assert (inputs.dtype, targets.dtype) == (dtype, torch.float32)
    expected = task.data.ids if task.data.vectors is None else task.data.vectors
    np.testing.assert_array_equal(inputs, expected[rows])
    whole, all_targets = task.whole_split("valid")
    order = np.argsort(rows)
    assert torch.equal(whole, inputs[order]) and torch.equal(all_targets, targets[order])


def test_the_loss_is_the_mean_absolute_difference(tmp_path: Path) -> None:
    outputs, targets = torch.tensor([[0.5], [0.25], [1.0]]), torch.tensor([0.25, 0.5, 0.9375])
    assert table_task(tmp_path).loss(outputs, targets) == (0.25 + 0.25 + 0.0625) / 3


def test_predictions_and_scores_are_in_the_unit_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = table_task(tmp_path)
    model = model_for(task, "EntityEmbeddings")
    rows, predicted = task.predictions(model, "test")
    np.testing.assert_array_equal(rows, task.data.splits["test"])
    outputs = model(task.rows[rows])[0][:, 0].detach().double().numpy()
    np.testing.assert_allclose(predicted, np.exp(outputs * task.scale), rtol=1e-5)
    assert len({*predicted}) > 1
    values = task.data.values[rows]
    score = task.score(model, "test")
    assert score["mape"] == pytest.approx(np.mean(np.abs(predicted - values) / values))
    loss = task.loss(model(task.rows[rows])[0], task.targets[rows]).item()
    assert score["loss"] == pytest.approx(loss, rel=1e-4)
    monkeypatch.setattr("recurrent.tasks.regress.SCORING_BATCH", 7)
    np.testing.assert_allclose(task.predictions(model, "test").values, predicted, rtol=1e-5)


def test_a_table_has_no_probe_batch(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"params\.yaml: examined: a table has no time steps"):
        table_task(tmp_path).probe_batch(3, 2, np.random.default_rng(0))
