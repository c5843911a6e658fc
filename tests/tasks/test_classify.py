"""Classifying: batches without padding, scores that agree with the answers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recurrent.errors import PipelineError
from recurrent.config import Samples
from tests.training.toy import fresh, toy_task


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


def test_answers_stand_in_the_order_of_the_split(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    model = fresh(task).eval()
    rows, logs = task.answers(model, "valid")
    np.testing.assert_array_equal(rows, task.data.splits["valid"])
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1)
    for row, found in zip(rows, logs, strict=True):
        ids = task.ids[row, : task.data.lengths[row]][None]
        alone = model(ids)[0].double().log_softmax(dim=-1)[0].detach().numpy()
        np.testing.assert_allclose(found, alone, rtol=1e-5)


def test_nothing_is_dropped_out_of_what_answers(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    model = fresh(task).train()
    first, again = (task.answers(model, "valid").said for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_score_is_that_of_the_answers(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    model = fresh(task)
    rows, logs = task.answers(model, "valid")
    labels = task.data.labels[rows]
    score = task.score(model, "valid")
    assert score["accuracy"] == (logs.argmax(axis=1) == labels).mean()
    np.testing.assert_allclose(score["loss"], -logs[np.arange(len(labels)), labels].mean())


def test_an_empty_split_scores_nothing(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    task.data.splits["valid"] = task.data.splits["valid"][:0]
    assert task.score(fresh(task), "valid") == {}


def test_everything_is_the_whole_split_padded(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    ids, labels = task.everything("train")
    assert len(ids) == len(labels) == len(task.data.splits["train"])
    assert torch.equal((ids > 0).sum(dim=1).max(), torch.tensor(4))


def test_one_name_says_nothing_of_the_next(tmp_path: Path) -> None:
    assert toy_task(tmp_path).carry(torch.ones(2, 8)) is None


def test_samples_of_a_classifier_are_refused(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    with pytest.raises(PipelineError, match=r"continues no text\. Remove `samples`"):
        task.samples(fresh(task), Samples(prefixes=("ab",), length=3))
