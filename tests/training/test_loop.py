"""The one loop: it learns, repeats to the bit, resumes to the bit, and stops at NaN."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from stages.errors import PipelineError
from stages.models import contract
from stages.params import ClosedForm, Descent
from stages.training.checkpoint import Row
from stages.training.loop import LEARN, OPTIMIZERS, Watch, rate_at
from stages.training.seeding import seed_torch
from tests.training.toy import RECURRENT, descent, toy_task, watch


class Killed(Exception):
    """What a training hears when the machine stops."""


def train(
    folder: Path,
    training: Descent | ClosedForm,
    *,
    spec: dict[str, object] = RECURRENT,
    identity: str = "toy",
    stop_after: int | None = None,
) -> tuple[dict[str, Tensor], list[Row]]:
    """Weights and history; `stop_after` epochs the training is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    task = toy_task(folder / f"data{len(list(folder.iterdir()))}")
    heard: list[Row] = []
    listener = watch(folder, heard, identity)
    if stop_after is not None:
        listener = watch_until(stop_after, listener.tell, folder, identity)
    seed_torch("toy", 0, "weights")
    model = contract.build({**spec, "inputs": task.inputs, "outputs": task.outputs})
    with suppress(Killed):
        LEARN[training.kind](model, task, training, listener)
    return {name: value.clone() for name, value in model.state_dict().items()}, heard


def watch_until(
    epoch: int, tell: Callable[[Row, float | None], None], folder: Path, identity: str
) -> Watch:
    """A listener during whose call the training is killed."""

    def tell_or_die(row: Row, seconds: float | None) -> None:
        tell(row, seconds)
        if row["epoch"] == epoch:
            raise Killed

    return replace(watch(folder, [], identity), tell=tell_or_die)


def assert_same(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_it_learns_what_there_is_to_learn(tmp_path: Path) -> None:
    _, history = train(tmp_path, descent(epochs=12))
    assert history[-1]["valid_accuracy"] > 0.95
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 3
    assert [row["epoch"] for row in history] == list(range(1, 13))


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    first, heard = train(tmp_path / "a", descent())
    second, heard_again = train(tmp_path / "b", descent())
    assert_same(first, second)
    assert heard == heard_again


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("keep", ["last", "best"])
def test_a_killed_training_ends_in_the_same_bits(tmp_path: Path, optimizer: str, keep: str) -> None:
    training = descent(optimizer=optimizer, keep=keep, schedule="cosine", weight_decay=0.01)
    undisturbed, told = train(tmp_path / "a", training)
    train(tmp_path / "b", training, stop_after=2)
    resumed, told_again = train(tmp_path / "b", training)
    assert_same(undisturbed, resumed)
    assert told == told_again


def test_a_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    weights, told = train(tmp_path, descent())
    again, told_again = train(tmp_path, descent())
    assert_same(weights, again)
    assert told == told_again


def test_a_checkpoint_of_another_training_is_not_resumed_from(tmp_path: Path) -> None:
    train(tmp_path / "a", descent(rate=0.5), identity="other", stop_after=2)
    resumed, _ = train(tmp_path / "a", descent())
    fresh, _ = train(tmp_path / "b", descent())
    assert_same(resumed, fresh)


def test_a_damaged_checkpoint_is_set_aside_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path / "a", descent(), stop_after=2)
    path = tmp_path / "a" / "seed-0.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    resumed, _ = train(tmp_path / "a", descent())
    fresh, _ = train(tmp_path / "b", descent())
    assert_same(resumed, fresh)
    assert "damaged" in capsys.readouterr().err
    assert (tmp_path / "a" / "seed-0.damaged").exists()


def test_keep_best_keeps_the_epoch_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    training = descent(rate=1.0, epochs=6, keep="best")  # a rate at which the loss jumps about
    best, history = train(tmp_path / "a", training)
    losses = [row["valid_loss"] for row in history]
    lowest = losses.index(min(losses)) + 1
    assert lowest < 6, "the toy must have its best epoch before the last"
    until_then, _ = train(tmp_path / "b", descent(rate=1.0, epochs=6), stop_after=lowest)
    assert_same(best, until_then)


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    step = 0.1 * 1e-3  # rate times norm
    seed_torch("toy", 0, "weights")
    start = contract.build({**RECURRENT, "inputs": 7, "outputs": 2}).state_dict()
    clipped, _ = train(
        tmp_path, descent(optimizer="sgd", rate=0.1, clip_norm=1e-3, epochs=1, batch=1000)
    )
    moved = sum(float(((clipped[name] - start[name]) ** 2).sum()) for name in start) ** 0.5
    assert 0 < moved <= 3 * step * 1.001  # three batches, one of each length


def test_the_cosine_schedule_falls_from_the_rate_to_nothing() -> None:
    training = descent(rate=0.5, epochs=10, schedule="cosine")
    rates = [rate_at(training, epoch / 2) for epoch in range(21)]
    assert rates[0] == 0.5
    assert rates[10] == pytest.approx(0.25)
    assert rates[20] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)


def test_the_schedule_is_what_the_optimiser_steps_by(tmp_path: Path) -> None:
    constant, _ = train(tmp_path / "a", descent(optimizer="sgd", epochs=1, batch=1000))
    falling, _ = train(
        tmp_path / "b", descent(optimizer="sgd", epochs=1, batch=1000, schedule="cosine")
    )
    assert any(not torch.equal(constant[name], falling[name]) for name in constant)


def test_nan_stops_the_training_and_says_where(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"toy: .*became nan in epoch \d \(seed 0\).*rate"):
        train(tmp_path, descent(optimizer="sgd", rate=1e38, epochs=3))


def test_a_closed_form_is_told_as_one_epoch(tmp_path: Path) -> None:
    spec = {"module": "baselines", "name": "NaiveBayes", "settings": {}}
    _, history = train(tmp_path, ClosedForm(kind="closed_form"), spec=spec)
    assert [row["epoch"] for row in history] == [1]
    assert history[0].keys() == {"epoch", "train_loss", "valid_loss", "valid_accuracy"}
