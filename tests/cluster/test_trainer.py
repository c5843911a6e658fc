"""The process that trains for a Dask worker: what comes back, and how it ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recurrent.cluster.trainer import Stopped, Trainer, Trainers
from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import Run
from recurrent.training.store import HISTORY
from tests.cluster import work
from tests.small_experiment import variant
from tests.training.toy import PLAIN

RUN = Run(variant("small/one"), 7, "f" * 64)


@pytest.fixture
def trainers() -> Iterator[Trainers]:
    made = Trainers()
    yield made
    with made.lend() as trainer:
        trainer.stop()


def test_it_does_one_work_after_another_until_it_is_not_wanted(
    trainers: Trainers, tmp_path: Path
) -> None:
    with trainers.lend() as trainer:
        done = trainer.train(work.Half(RUN, PLAIN, tmp_path), tmp_path, lambda: True)
    assert done == "half of small/one, seed 7"
    assert (tmp_path / RUN.fingerprint / HISTORY).exists()
    with trainers.lend() as same, pytest.raises(PipelineError, match=r"explodes\. Lower `learn"):
        same.train(work.Fails(RUN, PLAIN, tmp_path), tmp_path, lambda: True)
    assert same is trainer and trainer.alive
    with trainers.lend() as same, pytest.raises(Stopped):
        same.train(work.Lasts(RUN, PLAIN, tmp_path), tmp_path, lambda: False)
    assert same is trainer and not trainer.alive


def test_a_process_that_may_still_be_training_is_not_lent_again(
    trainers: Trainers, tmp_path: Path
) -> None:
    def wanted() -> bool:
        raise OSError("the history cannot be read")

    with pytest.raises(OSError, match="history"), trainers.lend() as trainer:
        trainer.train(work.Lasts(RUN, PLAIN, tmp_path), tmp_path, wanted)
    assert not trainer.alive
    with trainers.lend() as another:
        assert another is not trainer


def test_a_process_that_dies_is_an_error_and_is_replaced(
    trainers: Trainers, tmp_path: Path
) -> None:
    with trainers.lend() as trainer, pytest.raises(RuntimeError, match="ended with status 9"):
        trainer.train(work.Dies(RUN, PLAIN, tmp_path), tmp_path, lambda: True)
    with trainers.lend() as another:
        assert another is not trainer and isinstance(another, Trainer)
