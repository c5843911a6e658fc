"""The contract: tasks are found by name, and each keeps what training and evaluation rely on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recurrent.common import config
from recurrent.common.config import Samples
from recurrent.common.errors import PipelineError
from recurrent.models.base import Model
from recurrent.tasks import base
from recurrent.tasks.base import Task
from recurrent.tasks.next_token import NextToken
from recurrent.tasks.regress import Regress
from recurrent.tasks.restore import Restore
from tests.project import ROOT
from tests.tasks import toys
from tests.training.toy import CPU, ORIGIN, table_task, toy_task

Made = tuple[Task, Model]


def made_by(make: Callable[..., Task], name: str, **settings: Any) -> Callable[[Path], Made]:
    """Return a function that makes a task in a folder, and a network for it."""

    def make_both(folder: Path) -> Made:
        task = make(folder)
        return task, toys.model_for(task, name, **settings)

    return make_both


TOYS = {
    "classify": made_by(toy_task, "RecurrentClassifier", cell="gru", dropout=0.5),
    "next_token": made_by(toys.next_token, "StatefulRnn", cell="lstm", dropout=0.5),
    "next_token, stateful": made_by(
        lambda folder: toys.next_token(folder, order="sequential"), "StatefulRnn", cell="lstm"
    ),
    "regress": made_by(table_task, "EntityEmbeddings"),
    "restore": made_by(toys.restore, "Stacked", bidirectional=True, dropout=0.5),
}


@pytest.fixture(params=TOYS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    return TOYS[request.param](tmp_path)


def test_every_task_of_the_parameters_is_found_and_tested() -> None:
    names = {
        variant.task
        for name in ("lectures", "beyond")
        for variant in config.load(name, ROOT).variants()
    }
    assert names == {name.split(",")[0] for name in TOYS}
    assert base.load("next_token") is NextToken
    assert all(base.load(name) for name in names)


def test_an_unknown_task_is_refused_by_its_file() -> None:
    with pytest.raises(PipelineError, match=r"there is no recurrent/tasks/translate\.py"):
        base.load("translate")
    with pytest.raises(PipelineError, match=r"generation\.py has no class Generation"):
        base.load("generation")


def test_a_seed_decides_the_order_of_the_batches(made: Made) -> None:
    task, _ = made
    first, again = (task.batches("train", 8, np.random.default_rng(3)) for _ in range(2))
    assert len(first) == len(again) > 1
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_batch_gives_inputs_targets_and_a_loss_that_trains_every_weight(made: Made) -> None:
    task, model = made
    for batch in task.batches("train", 8, np.random.default_rng(0)):
        ids, targets = task.take(batch)
        assert len(ids) == len(targets) == len(batch) <= 8
        assert ids.min() >= 0 and ids.max() < task.inputs and ids.any()
        loss = task.loss(model(ids)[0], targets)
        assert loss.shape == () and loss > 0
    loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_predictions_are_the_same_each_time_and_give_the_score(made: Made) -> None:
    task, model = made
    records, values = task.predictions(model.train(), "test")
    again = task.predictions(model.train(), "test")  # without dropout, too
    assert np.array_equal(records, again.records) and np.array_equal(values, again.values)
    assert len(records) == len(values) == len(set(records.tolist())) > 0
    if isinstance(task, Regress):
        assert (values > 0).all()
        return
    truth = task.data.labels if task.about.get("classes") else task.data.ids
    log_prob = values if values.ndim == 1 else values[np.arange(len(values)), truth[records]]
    assert (log_prob < 0).all()
    assert task.score(model, "test")["loss"] == pytest.approx(-log_prob.mean())


def test_an_empty_split_has_no_score(made: Made) -> None:
    task, model = made
    splits = getattr(task.data, "splits", None) or task.data.starts
    splits["valid"] = splits["valid"][:0]
    assert task.score(model, "valid") == {}
    assert len(task.predictions(model, "valid").records) == 0


def test_only_a_stateful_task_carries_its_state_and_no_gradient(made: Made) -> None:
    task, _ = made
    state = (torch.ones(1, 2, 3, requires_grad=True) * 2, torch.ones(1, 2, 3))
    carried = task.carry(state)
    assert (carried is not None) == task.about.get("stateful", False)
    if carried is not None:
        assert torch.equal(torch.stack(carried), torch.stack(state))
        assert not carried[0].requires_grad
        assert task.carry(None) is None


def test_a_whole_split_has_a_target_for_each_input(made: Made) -> None:
    task, _ = made
    if isinstance(task, Restore):
        with pytest.raises(PipelineError, match=r"cannot restore characters.*`method: descent`"):
            task.whole_split("train")
        return
    ids, targets = task.whole_split("train")
    assert ids.device == targets.device == CPU
    assert len(ids) == len(targets) > 0


def test_only_a_language_model_generates_text(made: Made) -> None:
    task, model = made
    wanted = Samples(prefixes=("ab",), length=3)
    if isinstance(task, NextToken):
        assert [len(text) for text in task.samples(model, wanted).values()] == [5]
        return
    with pytest.raises(PipelineError, match=r"cannot generate text\. Remove `samples`"):
        task.samples(model, wanted)


def test_what_a_trained_model_must_know_names_its_vocabulary_and_origin(made: Made) -> None:
    task, _ = made
    assert task.about["origin"] == ORIGIN
    assert len(task.about["vocabulary"]) == task.inputs - 1  # padding is no token
