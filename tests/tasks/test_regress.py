"""Numbers asked for: shares of the largest logarithm, and errors as shares of what was measured."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recurrent.data.sales.dataset import Table
from recurrent.errors import PipelineError
from recurrent.config import Samples
from tests.training.toy import CPU, READING, fresh, table_task

WIDTHS = pytest.mark.parametrize("width", [0, 4])  # of vectors in place of the symbols


def test_the_targets_are_logarithms_as_a_share_of_the_largest_trained_on(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    splits, values = task.data.splits, task.data.values
    assert task.scale == np.log(values[splits["train"]].max())
    values[splits["test"][0]] = values.max() * 2  # only what trains sets the scale
    task.data.save(tmp_path / "table")
    again = type(task)(tmp_path / "table", CPU)
    assert again.scale == task.scale
    found = again.shares.double().numpy()
    np.testing.assert_allclose(np.exp(found * task.scale), values, rtol=1e-5)
    assert again.shares.dtype == torch.float32
    assert found[splits["train"]].max() == 1 < found[splits["test"][0]]


@WIDTHS
@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_batches_have_each_row_of_their_split_once(tmp_path: Path, split: str, width: int) -> None:
    task = table_task(tmp_path, width)
    batches = task.batches(split, 32, np.random.default_rng(0))
    rows = np.concatenate(batches)
    assert sorted(rows) == task.data.splits[split].tolist() != rows.tolist()
    assert {len(batch) for batch in batches[:-1]} <= {32}
    for batch in batches:
        inputs, shares = task.take(batch)
        vectors = task.data.vectors
        expected = task.data.ids if vectors is None else vectors
        np.testing.assert_array_equal(inputs.numpy(), expected[batch])
        logs = np.log(task.data.values[batch])
        np.testing.assert_allclose(shares.numpy() * task.scale, logs, rtol=1e-6)


@pytest.mark.parametrize(("width", "kind"), [(0, torch.int64), (4, torch.float32)])
def test_a_row_is_symbols_or_a_networks_vectors(
    tmp_path: Path, width: int, kind: torch.dtype
) -> None:
    task = table_task(tmp_path, width)
    rows, shares = task.everything("valid")
    assert rows.shape == (len(task.data.splits["valid"]), width or 3)
    assert (rows.dtype, shares.dtype) == (kind, torch.float32)
    taken, theirs = task.take(task.data.splits["valid"])
    assert torch.equal(rows, taken) and torch.equal(shares, theirs)
    assert (task.inputs, task.outputs) == (1 + 4 + 3 + 2, 1)


def test_the_loss_is_the_mean_absolute_difference(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    shares, targets = torch.tensor([[0.5], [0.25], [1.0]]), torch.tensor([0.25, 0.5, 0.9375])
    assert task.loss(shares, targets) == (0.25 + 0.25 + 0.0625) / 3


def test_answers_are_numbers_as_they_are_measured_in_the_order_of_the_split(
    tmp_path: Path,
) -> None:
    task = table_task(tmp_path)
    model = fresh(task, READING).train()
    rows, said = task.answers(model, "valid")
    np.testing.assert_array_equal(rows, task.data.splits["valid"])
    assert not model.training
    for row, found in zip(rows, said, strict=True):
        (share,), _ = model(task.rows[row][None])
        assert found == pytest.approx(float(np.exp(share.item() * task.scale)), rel=1e-5)
    assert len({*said}) > 1


def test_more_rows_than_are_asked_at_once_change_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = table_task(tmp_path)
    whole = task.answers(fresh(task, READING), "train").said
    monkeypatch.setattr("recurrent.tasks.regress.SCORING_BATCH", 7)
    parts = task.answers(fresh(task, READING), "train").said
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_the_score_is_that_of_the_answers(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    model = fresh(task, READING)
    rows, said = task.answers(model, "test")
    pairs = [(float(a), float(task.data.values[row])) for row, a in zip(rows, said, strict=True)]
    score = task.score(model, "test")
    assert score.keys() == {"loss", "mape"}
    assert score["mape"] == pytest.approx(np.mean([abs(a - v) / v for a, v in pairs]))
    with torch.inference_mode():
        shares, targets = model(task.take(rows)[0])[0], task.take(rows)[1]
    assert score["loss"] == pytest.approx(task.loss(shares, targets).item(), rel=1e-4)


def test_an_empty_split_scores_nothing(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    task.data.splits["valid"] = task.data.splits["valid"][:0]
    model = fresh(task, READING)
    assert task.score(model, "valid") == {}
    assert [len(part) for part in task.answers(model, "valid")] == [0, 0]


def test_one_row_says_nothing_of_the_next(tmp_path: Path) -> None:
    assert table_task(tmp_path).carry(torch.ones(2, 8)) is None


def test_samples_of_a_table_are_refused(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    with pytest.raises(PipelineError, match=r"continues no text\. Remove `samples`"):
        task.samples(fresh(task, READING), Samples(prefixes=("ab",), length=3))


def test_how_far_back_a_table_reaches_is_no_question(tmp_path: Path) -> None:
    says = r"params\.yaml: probes: a table has no steps"
    with pytest.raises(PipelineError, match=says):
        table_task(tmp_path).questions(3, 2, np.random.default_rng(0))


def test_a_task_knows_what_its_table_says_of_itself(tmp_path: Path) -> None:
    task = table_task(tmp_path)
    assert task.about == Table.load(tmp_path / "table").about()
    assert task.about["scale"] == task.scale
