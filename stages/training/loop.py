"""The one training loop: every network of every lecture learns here."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stages.errors import PipelineError
from stages.models.contract import Model
from stages.params import ClosedForm, Descent
from stages.training.checkpoint import (
    Checkpoint,
    Progress,
    Row,
    optimizer_tensors,
    restore_optimizer,
)
from stages.training.seeding import generator, seed_torch
from stages.training.tasks import Task

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


@dataclass(frozen=True)
class Watch:
    """Who a training is (its name and seed), and who hears of each epoch."""

    name: str
    seed: int
    checkpoint: Checkpoint
    tell: Callable[[Row], None]


def descend(model: Model, task: Task, training: Descent, watch: Watch) -> None:
    """Gradient descent, epoch by epoch; leaves the weights that `training.keep` asks for."""
    optimizer = OPTIMIZERS[training.optimizer](
        model.parameters(), lr=training.rate, weight_decay=training.weight_decay
    )
    progress = _resume(model, optimizer, watch)
    for epoch in range(progress.epoch + 1, training.epochs + 1):
        # Seeded anew each epoch: an epoch is the same whether or not a kill came before it.
        seed_torch(watch.name, watch.seed, "epoch", epoch)
        rng = generator(watch.name, watch.seed, "order", epoch)
        batches = list(task.batches("train", training.batch, rng))
        total, count = torch.zeros((), device=batches[0][0].device), 0
        model.train()
        for number, (ids, targets) in enumerate(batches):
            for group in optimizer.param_groups:
                group["lr"] = rate_at(training, epoch - 1 + number / len(batches))
            loss = task.loss(model(ids)[0], targets)
            optimizer.zero_grad()
            loss.backward()
            if training.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), training.clip_norm)
            optimizer.step()
            total += loss.detach() * len(targets)
            count += len(targets)
        scores = {f"valid_{name}": value for name, value in task.score(model, "valid").items()}
        row = {"epoch": epoch, "train_loss": total.item() / count, **scores}
        _refuse_nan(row, watch)
        progress.epoch = epoch
        progress.history.append(row)
        progress.weights = model.state_dict()
        progress.optimizer = optimizer_tensors(optimizer)
        if training.keep == "last" or row["valid_loss"] == min(_valid_losses(progress)):
            progress.kept = _copy(model.state_dict())
        watch.checkpoint.write(progress)
        watch.tell(row)
    model.load_state_dict(progress.kept)


def fit(model: Model, task: Task, training: ClosedForm, watch: Watch) -> None:
    """Learning in one call, told as one epoch."""
    model.cpu().fit(*task.everything("train"))
    model.to(task.device)
    scores = {f"valid_{name}": value for name, value in task.score(model, "valid").items()}
    watch.tell({"epoch": 1, "train_loss": task.score(model, "train")["loss"], **scores})


LEARN: dict[str, Callable[..., None]] = {"descent": descend, "closed_form": fit}


def _resume(model: Model, optimizer: torch.optim.Optimizer, watch: Watch) -> Progress:
    progress = watch.checkpoint.read()
    if progress is None:
        return Progress()
    model.load_state_dict(progress.weights)
    restore_optimizer(optimizer, progress.optimizer)
    for row in progress.history:
        watch.tell(row)
    return progress


def rate_at(training: Descent, epochs: float) -> float:
    """The rate once so many epochs, and fractions of one, are done."""
    if training.schedule == "constant":
        return training.rate
    return training.rate * (1 + math.cos(math.pi * epochs / training.epochs)) / 2


def _valid_losses(progress: Progress) -> list[float]:
    return [row["valid_loss"] for row in progress.history]


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def _refuse_nan(row: Row, watch: Watch) -> None:
    wrong = [name for name, value in row.items() if not math.isfinite(value)]
    if wrong:
        raise PipelineError(
            f"{' and '.join(wrong)} became {row[wrong[0]]} in epoch {row['epoch']} "
            f"(seed {watch.seed}).",
            where=watch.name,
            remedy="Lower its rate, or set clip_norm.",
        )
