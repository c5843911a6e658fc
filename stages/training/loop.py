"""The one training loop: every network of every lecture learns here."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits
from torch import nn

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
    tell: Callable[[Row, float | None], None]  # an epoch, its seconds (None: told again)


def descend(model: Model, task: Task, training: Descent, watch: Watch) -> None:
    """Gradient descent, epoch by epoch; leaves the weights that `training.keep` asks for."""
    optimizer = OPTIMIZERS[training.optimizer](
        model.parameters(), lr=training.rate, weight_decay=training.weight_decay
    )
    progress = _resume(model, optimizer, watch)
    for epoch in range(progress.epoch + 1, training.epochs + 1):
        started = time.monotonic()
        train_loss = one_epoch(model, task, training, optimizer, epoch, watch)
        row = {"epoch": epoch, "train_loss": train_loss, **validation(model, task)}
        _refuse_nan(row, watch)
        progress.epoch = epoch
        progress.history.append(row)
        progress.weights = model.state_dict()
        progress.optimizer = optimizer_tensors(optimizer)
        if training.keep == "best" and _is_best(progress.history):
            progress.kept = {name: value.clone() for name, value in progress.weights.items()}
        watch.checkpoint.write(progress)
        watch.tell(row, time.monotonic() - started)
    if training.keep == "best":
        model.load_state_dict(progress.kept)


def one_epoch(
    model: Model,
    task: Task,
    training: Descent,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    watch: Watch,
) -> float:
    """Every training record once, in a new order; the mean loss on the way."""
    # Seeded anew each epoch: an epoch is the same whether or not a kill came before it.
    seed_torch(watch.name, watch.seed, "epoch", epoch)
    rng = generator(watch.name, watch.seed, "order", epoch)
    batches = task.batches("train", training.batch, rng)
    total, count = torch.zeros((), device=task.device), 0
    model.train()
    for number, rows in enumerate(batches):
        ids, targets = task.take(rows)
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
    return total.item() / count


def rate_at(training: Descent, epochs: float) -> float:
    """The rate once so many epochs, and fractions of one, are done."""
    if training.schedule == "constant":
        return training.rate
    return training.rate * (1 + math.cos(math.pi * epochs / training.epochs)) / 2


def validation(model: Model, task: Task) -> Row:
    """The scores to watch, on records that train nothing."""
    return {f"valid_{name}": value for name, value in task.score(model, "valid").items()}


def fit(model: Model, task: Task, training: ClosedForm, watch: Watch) -> None:
    """Learning in one call, told as one epoch."""
    started = time.monotonic()
    with threadpool_limits(limits=1):  # scikit-learn's sums depend on the number of threads
        model.cpu().fit(*task.everything("train"))
    model.to(task.device)
    seconds = time.monotonic() - started
    train_loss = task.score(model, "train")["loss"]
    watch.tell({"epoch": 1, "train_loss": train_loss, **validation(model, task)}, seconds)


LEARN: dict[str, Callable[..., None]] = {"descent": descend, "closed_form": fit}


def _resume(model: Model, optimizer: torch.optim.Optimizer, watch: Watch) -> Progress:
    progress = watch.checkpoint.read()
    if progress is None:
        return Progress()
    model.load_state_dict(progress.weights)
    restore_optimizer(optimizer, progress.optimizer)
    for row in progress.history:
        watch.tell(row, None)
    return progress


def _is_best(history: list[Row]) -> bool:
    """Whether the last epoch has the lowest validation loss so far."""
    return history[-1]["valid_loss"] == min(row["valid_loss"] for row in history)


def _refuse_nan(row: Row, watch: Watch) -> None:
    wrong = [name for name, value in row.items() if not math.isfinite(value)]
    if wrong:
        raise PipelineError(
            f"{' and '.join(wrong)} became {row[wrong[0]]} in epoch {row['epoch']} "
            f"(seed {watch.seed}).",
            where=watch.name,
            remedy="Lower its rate, or set clip_norm.",
        )
