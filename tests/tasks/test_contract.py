"""Tasks: found by name, and each one keeps what the loop and the evaluation rely on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from recurrent import config as params
from recurrent.errors import PipelineError
from recurrent.tasks import base as contract
from recurrent.tasks.base import Task
from recurrent.tasks.classify import Classify
from recurrent.tasks.next_token import NextCharacter
from recurrent.tasks.regress import Regress
from recurrent.tasks.restore import Restore
from tests.pipeline.imports import ROOT
from tests.training.toy import (
    CPU,
    READING,
    RECURRENT,
    WRITING,
    Spec,
    fresh,
    table_task,
    text_task,
    toy_task,
    write_text,
)

EXPERIMENTS = params.load(ROOT / "params.yaml").experiments
Made = tuple[Task, Spec]
TOYS: dict[str, Callable[[Path], Made]] = {
    "classify": lambda folder: (toy_task(folder), RECURRENT),
    "next_character": lambda folder: (text_task(folder, "shuffled"), WRITING),
    "next_character, read on": lambda folder: (text_task(folder), WRITING),
    "regress": lambda folder: (table_task(folder), READING),
    "restore": lambda folder: (Restore(write_text(folder / "text", "shuffled"), CPU), WRITING),
}


@pytest.fixture(params=TOYS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """Each task on a toy, and the spec of a model for it."""
    return TOYS[request.param](tmp_path)


def test_a_task_is_found_by_its_name() -> None:
    assert contract.load("classify") is Classify
    assert contract.load("next_character") is NextCharacter
    assert contract.load("regress") is Regress


def test_every_experiments_task_is_there_and_has_a_toy_here() -> None:
    names = {experiment.task for experiment in EXPERIMENTS.values()}
    assert all(contract.load(name) for name in names)
    assert names == {name.split(",")[0] for name in TOYS}


def test_a_task_that_is_not_there_is_refused_by_its_file() -> None:
    says = r"params\.yaml: experiments: there is no stages/tasks/translate\.py"
    with pytest.raises(PipelineError, match=says):
        contract.load("translate")


def test_a_module_without_the_class_is_refused_by_the_class() -> None:
    with pytest.raises(PipelineError, match=r"recurrent/tasks/base\.py has no class Contract"):
        contract.load("contract")


def test_training_batches_are_the_same_from_the_same_seed(made: Made) -> None:
    task, _ = made
    first, again = (task.batches("train", 8, np.random.default_rng(3)) for _ in range(2))
    assert len(first) == len(again) > 2
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_inputs_and_targets_are_within_the_tasks_bounds(made: Made) -> None:
    task, _ = made
    for batch in task.batches("train", 8, np.random.default_rng(0)):
        ids, targets = task.take(batch)
        assert len(ids) == len(targets) == len(batch) <= 8
        assert ids.dtype in (torch.int32, torch.int64)
        assert ids.min() >= 0 and ids.max() < task.inputs and ids.any()
        if isinstance(task, Regress):  # it asks for a number
            assert targets.dtype == torch.float32 and targets.min() > 0 and targets.max() <= 1
            continue
        assert targets.dtype == torch.int64
        asked = targets[..., 1] if isinstance(task, Restore) else targets
        assert asked.min() >= 0 and asked.max() < task.outputs


def test_a_batchs_loss_is_one_number_to_learn_from(made: Made) -> None:
    task, spec = made
    model = fresh(task, spec)
    ids, targets = task.take(task.batches("train", 8)[0])
    loss = task.loss(model(ids)[0], targets)
    loss.backward()
    assert loss.shape == () and loss > 0
    assert all(weight.grad is not None for weight in model.parameters())


def test_answers_are_the_same_each_time_and_give_the_score(made: Made) -> None:
    task, spec = made
    model = fresh(task, spec)
    (records, logs), (again, logs_again) = (task.answers(model, "test") for _ in range(2))
    np.testing.assert_array_equal(records, again)
    np.testing.assert_array_equal(logs, logs_again)
    assert len(records) == len(logs) == len(set(records.tolist()))
    if isinstance(task, Regress):  # tests/tasks/test_regress.py has the rest
        assert (logs > 0).all()
        return
    assert (logs < 0).all()
    truth = task.data.labels if isinstance(task, Classify) else task.data.ids
    right = logs if logs.ndim == 1 else logs[np.arange(len(logs)), truth[records]]
    assert task.score(model, "test")["loss"] == pytest.approx(-right.mean())


def test_the_split_that_is_measured_has_records(made: Made) -> None:
    task, spec = made
    assert len(task.answers(fresh(task, spec), task.data.measured).records)


@pytest.mark.parametrize("name", [name for name in TOYS if name != "restore"])
def test_everything_is_on_the_cpu_with_its_targets(name: str, tmp_path: Path) -> None:
    ids, targets = TOYS[name](tmp_path)[0].everything("train")
    assert ids.device == targets.device == torch.device("cpu")
    assert len(ids) == len(targets) > 0
    assert ids.dim() == 2


def test_what_a_trained_model_must_know_is_plain_data(made: Made) -> None:
    about = made[0].about
    assert about["origin"] == {"source": "bundled", "name": "generated"}
    assert len(about["vocabulary"]) == made[0].inputs - 1  # padding is no character
