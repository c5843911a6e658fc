"""A killed run ends like an undisturbed one: the same weights, history and samples."""

from pathlib import Path

import pytest
import torch

from recurrent.common.config import Samples
from recurrent.tracking.history import Finding
from recurrent.training.checkpoint import Checkpoint, Progress
from recurrent.training.optimizers import OPTIMIZERS
from tests.training.toy import WRITING, assert_same, descent, text_task, toy_task, train

WANTED = Samples(prefixes=("ab", "e"), length=6, every=2)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("keep", ["last", "best"])
def test_a_killed_run_ends_in_the_same_bits(tmp_path: Path, optimizer: str, keep: str) -> None:
    task = toy_task(tmp_path)
    training = descent(optimizer=optimizer, keep=keep, schedule="cosine", weight_decay=0.01)
    whole = train(task, tmp_path / "a", training)
    train(task, tmp_path / "b", training, stop_after=2)
    resumed = train(task, tmp_path / "b", training)
    assert_same(whole.weights, resumed.weights)
    assert whole.rows == resumed.rows
    assert len({row["train_loss_smoothed"] for row in resumed.rows}) == training.epochs


def test_a_stateful_run_writes_the_same_samples_after_a_kill(tmp_path: Path) -> None:
    task, training = text_task(tmp_path), descent(batch_size=4)
    whole = train(task, tmp_path / "a", training, spec=WRITING, samples=WANTED)
    assert [*whole.written] == ["2", "4"]
    assert whole.written["2"] != whole.written["4"]
    for epoch in (1, 2, 3):
        folder = tmp_path / str(epoch)
        train(task, folder, training, spec=WRITING, samples=WANTED, stop_after=epoch)
        resumed = train(task, folder, training, spec=WRITING, samples=WANTED)
        assert resumed.written == whole.written
        assert_same(whole.weights, resumed.weights)


def test_samples_do_not_change_what_is_learned(tmp_path: Path) -> None:
    task, training = text_task(tmp_path), descent(batch_size=4)
    afterwards = WANTED.model_copy(update={"every": None})
    silent = train(task, tmp_path / "a", training, spec=WRITING, samples=afterwards)
    writing = train(task, tmp_path / "b", training, spec=WRITING, samples=WANTED)
    assert silent.written == {}
    assert_same(silent.weights, writing.weights)


def test_a_killed_run_keeps_its_gradients_and_findings(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    training = descent(gradient_norms=3, alarm={"explodes": 1e-6})
    whole = train(task, tmp_path / "a", training)
    train(task, tmp_path / "b", training, stop_after=2)
    resumed = train(task, tmp_path / "b", training)
    assert resumed.gradients == whole.gradients
    assert resumed.findings == whole.findings and whole.findings[0].times == 40


def test_a_checkpoint_is_written_when_it_is_due(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    train(task, tmp_path / "a", descent(), checkpoint_every_s=3600.0)
    assert not (tmp_path / "a/checkpoint.safetensors").exists()
    train(task, tmp_path / "b", descent(), checkpoint_every_s=0.0)
    assert (tmp_path / "b/checkpoint.safetensors").exists()


@pytest.mark.parametrize("damage", ["cut short", "changed"])
def test_a_damaged_checkpoint_is_set_aside_with_a_warning(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    task, path = toy_task(tmp_path), tmp_path / "a" / "checkpoint.safetensors"
    train(task, tmp_path / "a", descent(), stop_after=2)
    content = path.read_bytes()
    if damage == "cut short":
        path.write_bytes(content[:-100])
    else:  # one bit of a weight: the file as such stays valid
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    resumed = train(task, tmp_path / "a", descent())
    assert_same(resumed.weights, train(task, tmp_path / "b", descent()).weights)
    assert "damaged" in capsys.readouterr().err
    assert path.with_suffix(".damaged").exists()


def test_a_checkpoint_returns_all_that_it_was_given(tmp_path: Path) -> None:
    progress = Progress(
        epoch=3,
        history=[{"epoch": 3, "train_loss": 0.1 + 0.2}],
        smoothed=1 / 3,
        batches=17,
        samples={"2": {"言": '言\n"語'}},
        gradients=[{"epoch": 1, "step": 1, "total": 0.5, "w": 0.25}],
        findings=[Finding("vanishing", 1, 1, "w", 1e-9)],
        weights={"w": torch.rand(2, 3)},
        kept={"w": torch.rand(2, 3)},
        optimizer={"0.step": torch.tensor(7.0)},
    )
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors")
    checkpoint.write(progress)
    read = checkpoint.read()
    assert read is not None
    for part in ("weights", "kept", "optimizer"):
        assert_same(getattr(progress, part), getattr(read, part))
    plain = ("epoch", "history", "smoothed", "batches", "samples", "gradients", "findings")
    assert [getattr(read, name) for name in plain] == [getattr(progress, name) for name in plain]
