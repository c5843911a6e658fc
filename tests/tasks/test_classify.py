"""The task: batches without padding, scores that agree with the probabilities."""

from pathlib import Path

import numpy as np
import torch

from stages.models import contract
from tests.training.toy import RECURRENT, toy_task


def test_a_batch_has_no_padding_and_belongs_to_its_split(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    seen = 0
    for rows in task.batches("train", 16, np.random.default_rng(0)):
        ids, targets = task.take(rows)
        assert set(rows) <= set(task.data.splits["train"])
        assert (ids > 0).all()
        assert len(ids) == len(targets) <= 16
        seen += len(ids)
    assert seen == len(task.data.splits["train"])


def test_a_batch_keeps_each_name_with_its_label(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    for rows in task.batches("train", 16, np.random.default_rng(0)):
        ids, targets = task.take(rows)
        last = [task.data.vocabulary.characters[int(i)] for i in ids[:, -1]]
        assert [character in "abc" for character in last] == targets.bool().tolist()


def test_probabilities_stand_in_the_order_of_the_split(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    model = contract.build({**RECURRENT, "inputs": task.inputs, "outputs": task.outputs}).eval()
    table = np.exp(task.log_probabilities(model, "valid"))
    np.testing.assert_allclose(table.sum(axis=1), 1)
    for row, probabilities in zip(task.data.splits["valid"], table, strict=True):
        ids = task.ids[row, : task.data.lengths[row]][None]
        alone = model(ids)[0].double().softmax(dim=-1)[0].detach().numpy()
        np.testing.assert_allclose(probabilities, alone, rtol=1e-5)


def test_the_score_is_that_of_the_probabilities(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    model = contract.build({**RECURRENT, "inputs": task.inputs, "outputs": task.outputs})
    table = task.log_probabilities(model, "valid")
    labels = task.data.labels[task.data.splits["valid"]]
    score = task.score(model, "valid")
    assert score["accuracy"] == (table.argmax(axis=1) == labels).mean()
    np.testing.assert_allclose(score["loss"], -table[np.arange(len(labels)), labels].mean())


def test_an_empty_split_scores_nothing(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    task.data.splits["valid"] = task.data.splits["valid"][:0]
    model = contract.build({**RECURRENT, "inputs": task.inputs, "outputs": task.outputs})
    assert task.score(model, "valid") == {}


def test_everything_is_the_whole_split_padded(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    ids, labels = task.everything("train")
    assert len(ids) == len(labels) == len(task.data.splits["train"])
    assert torch.equal((ids > 0).sum(dim=1).max(), torch.tensor(4))
