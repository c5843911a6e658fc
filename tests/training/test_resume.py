"""A training that was killed ends as one that was not: weights, history and samples to the bit."""

from pathlib import Path

import pytest
import torch

from recurrent.experiments import Samples
from recurrent.training.checkpoint import Checkpoint, Progress
from recurrent.training.optimizers import OPTIMIZERS
from tests.training.toy import WRITING, assert_same, descent, text_task, toy_task, train

WANTED = Samples(prefixes=("ab", "e"), length=6, every=2)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("keep", ["last", "best"])
def test_a_killed_training_ends_in_the_same_bits(tmp_path: Path, optimizer: str, keep: str) -> None:
    task = toy_task(tmp_path)
    training = descent(optimizer=optimizer, keep=keep, schedule="cosine", weight_decay=0.01)
    undisturbed = train(task, tmp_path / "a", training)
    train(task, tmp_path / "b", training, stop_after=2)
    resumed = train(task, tmp_path / "b", training)
    assert_same(undisturbed.weights, resumed.weights)
    assert undisturbed.told == resumed.told
    assert len({row["train_loss_smoothed"] for row in resumed.told}) == training.epochs


def test_a_killed_training_that_reads_on_ends_in_the_same_bits(tmp_path: Path) -> None:
    task, training = text_task(tmp_path), descent(rate=[0.02, 0.01, 0.005], epochs=3, batch=4)
    undisturbed = train(task, tmp_path / "a", training, spec=WRITING)
    train(task, tmp_path / "b", training, spec=WRITING, stop_after=1)
    resumed = train(task, tmp_path / "b", training, spec=WRITING)
    assert_same(undisturbed.weights, resumed.weights)
    assert undisturbed.told == resumed.told


def test_samples_are_what_the_model_says_at_those_epochs(tmp_path: Path) -> None:
    task, training = text_task(tmp_path), descent(epochs=5, batch=4)
    whole = train(task, tmp_path / "a", training, spec=WRITING, samples=WANTED)
    assert [*whole.written] == ["2", "4"]
    for epoch, written in whole.written.items():
        killed = train(task, tmp_path / epoch, training, spec=WRITING, stop_after=int(epoch))
        assert written == task.samples(killed.model, WANTED)
        assert all(text.startswith(prefix) for prefix, text in written.items())
    assert whole.written["2"] != whole.written["4"], "the toy must have learnt in between"


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_samples_of_a_killed_training_are_all_there(tmp_path: Path, epoch: int) -> None:
    task, training = text_task(tmp_path), descent(batch=4)
    whole = train(task, tmp_path / "a", training, spec=WRITING, samples=WANTED)
    train(task, tmp_path / "b", training, spec=WRITING, samples=WANTED, stop_after=epoch)
    resumed = train(task, tmp_path / "b", training, spec=WRITING, samples=WANTED)
    assert resumed.written == whole.written
    assert [*resumed.written] == ["2", "4"]


def test_writing_leaves_what_is_learnt_as_it_is(tmp_path: Path) -> None:
    task, training = text_task(tmp_path), descent(batch=4)
    only_afterwards = WANTED.model_copy(update={"every": None})
    silent = train(task, tmp_path / "a", training, spec=WRITING, samples=only_afterwards)
    writing = train(task, tmp_path / "b", training, spec=WRITING, samples=WANTED)
    assert silent.written == {}
    assert_same(silent.weights, writing.weights)


def test_a_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    first, again = (train(task, tmp_path, descent()) for _ in range(2))
    assert_same(first.weights, again.weights)
    assert first.told == again.told


def test_a_checkpoint_of_another_training_is_not_resumed_from(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    train(task, tmp_path / "a", descent(rate=0.5), identity="other", stop_after=2)
    resumed = train(task, tmp_path / "a", descent())
    assert_same(resumed.weights, train(task, tmp_path / "b", descent()).weights)


def test_the_gradients_and_faults_of_a_killed_training_are_all_there(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    training = descent(gradient_norms=3, alarm={"explodes": 1e-6})
    whole = train(task, tmp_path / "a", training)
    train(task, tmp_path / "b", training, stop_after=2)
    resumed = train(task, tmp_path / "b", training)
    assert resumed.gradients == whole.gradients
    assert resumed.faults == whole.faults and whole.faults[0].times == 40


@pytest.mark.parametrize("damage", ["cut short", "of an older kind"])
def test_a_damaged_checkpoint_is_set_aside_with_a_warning(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    task, path = toy_task(tmp_path), tmp_path / "a" / "seed-0.safetensors"
    train(task, tmp_path / "a", descent(), stop_after=2)
    content = path.read_bytes()
    if damage == "cut short":
        path.write_bytes(content[:-100])
    else:  # the same length, so that the file as such stays good
        path.write_bytes(content.replace(b'\\"batches\\":', b'\\"baskets\\":'))
    resumed = train(task, tmp_path / "a", descent())
    assert_same(resumed.weights, train(task, tmp_path / "b", descent()).weights)
    assert "damaged" in capsys.readouterr().err
    assert (tmp_path / "a" / "seed-0.damaged").exists()


def test_a_checkpoint_gives_back_all_that_it_was_given(tmp_path: Path) -> None:
    progress = Progress(
        epoch=3,
        history=[{"epoch": 3, "train_loss": 0.1 + 0.2}],
        smoothed=1 / 3,
        batches=17,
        samples={"2": {"言": '言\n"語'}},
        weights={"w": torch.rand(2, 3)},
        kept={"w": torch.rand(2, 3)},
        optimizer={"0.step": torch.tensor(7.0)},
    )
    checkpoint = Checkpoint(tmp_path / "seed-0.safetensors", "toy")
    checkpoint.write(progress)
    read = checkpoint.read()
    assert read is not None
    for part in ("weights", "kept", "optimizer"):
        assert_same(getattr(progress, part), getattr(read, part))
    plain = ("epoch", "history", "smoothed", "batches", "samples")
    assert [getattr(read, name) for name in plain] == [getattr(progress, name) for name in plain]
