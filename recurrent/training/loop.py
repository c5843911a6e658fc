"""The training loop: every network of every lecture is trained here."""

import math
import operator
from collections.abc import Callable

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from recurrent.common.config import Descent, Fit, Runtime
from recurrent.common.errors import PipelineError
from recurrent.models.base import Model
from recurrent.tasks.base import Task
from recurrent.tracking.history import Row
from recurrent.training.callbacks import Callbacks
from recurrent.training.checkpoint import Progress, Written, optimizer_tensors, restore_optimizer
from recurrent.training.forward import Forward
from recurrent.training.gradients import Gradients, global_norm
from recurrent.training.health import check_epoch, nan_error
from recurrent.training.optimizers import make_optimizer, set_learning_rate
from recurrent.training.seeding import generator, seed_torch

MOMENTUM = 0.98  # of the moving average that lesson six publishes as its training loss


def descend(
    model: Model, task: Task, training: Descent, callbacks: Callbacks, runtime: Runtime
) -> Written:
    """Train by gradient descent; return the text that the model generated during training.

    The model ends with the weights that `training.keep` selects.
    """
    optimizer = make_optimizer(model, training, callbacks.name)
    if callbacks.samples:  # fail on an unusable prefix now, not after hours of training
        task.samples(model, callbacks.samples.model_copy(update={"length": 1}))
    progress = resume(model, optimizer, callbacks)
    gradients = Gradients(model, training)
    forward = Forward(model, runtime, task.device)
    for epoch in range(progress.epoch + 1, training.epochs + 1):
        losses, sizes = train_epoch(forward, task, training, optimizer, gradients, epoch, callbacks)
        norms = check_epoch(gradients, losses, epoch, progress, callbacks)
        batch_losses = losses.tolist()
        row: Row = {
            "epoch": epoch,
            "train_loss": math.fsum(map(operator.mul, batch_losses, sizes)) / sum(sizes),
            "train_loss_smoothed": smooth(progress, batch_losses, training),
            **validate(model, task),
            "gradient_norm": global_norm(norms).median().item(),
            "gradient_norm_max": global_norm(norms).max().item(),
        }
        refuse_nan(row, progress, callbacks)
        progress.epoch = epoch
        progress.history.append(row)
        progress.weights = model.state_dict()
        if training.keep == "best" and is_best(progress.history):
            progress.kept = {name: value.clone() for name, value in progress.weights.items()}
        samples = callbacks.samples
        if samples and samples.every and epoch % samples.every == 0:
            progress.samples[str(epoch)] = dict(task.samples(model, samples))
        if callbacks.checkpoint.due():
            progress.optimizer = optimizer_tensors(optimizer)
            callbacks.checkpoint.write(progress)
        callbacks.epoch(row)
    if training.keep == "best":
        model.load_state_dict(progress.kept)
    refuse_overflow(model, task, training, progress, callbacks)
    return progress.samples


def train_epoch(
    forward: Forward,
    task: Task,
    training: Descent,
    optimizer: torch.optim.Optimizer,
    gradients: Gradients,
    epoch: int,
    callbacks: Callbacks,
) -> tuple[Tensor, list[int]]:
    """Train on every record once, in a new order; return each batch's mean loss and its size."""
    # Seed each epoch, so that a resumed run draws the same numbers.
    seed_torch(callbacks.name, callbacks.seed, "epoch", epoch)
    rng = generator(callbacks.name, callbacks.seed, "order", epoch)
    batches = task.batches("train", training.batch_size, rng)
    if not batches:
        raise PipelineError(
            f"the training text does not fill one batch of {training.batch_size}.",
            where=callbacks.name,
            remedy="Lower `batch_size`, or `window` in its dataset.",
        )
    losses = torch.empty(len(batches), device=task.device)
    sizes, state = [], None
    forward.model.train()
    for number, batch in enumerate(batches):
        ids, targets = task.take(batch)
        set_learning_rate(optimizer, training, epoch - 1 + number / len(batches))
        logits, state = forward(ids, state)
        loss = task.loss(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        gradients.clip()
        optimizer.step()
        losses[number] = loss.detach()
        sizes.append(targets.numel())
        # Free this batch's autograd graph: none may exist while a CUDA graph is captured.
        state = task.carry(state)
        del logits, loss
    return losses.cpu(), sizes  # one copy per epoch, so that the device never waits


def smooth(progress: Progress, losses: list[float], training: Descent) -> float:
    """Return the moving average of batches' losses, corrected for its start at 0.

    It starts anew wherever a list of learning rates changes, as with each call of fast.ai's `fit`.
    """
    rates, done = training.learning_rate, progress.epoch
    if isinstance(rates, tuple) and done and rates[done] != rates[done - 1]:
        progress.smoothed, progress.batches = 0.0, 0
    for loss in losses:
        progress.smoothed = MOMENTUM * progress.smoothed + (1 - MOMENTUM) * loss
    progress.batches += len(losses)
    return progress.smoothed / (1 - MOMENTUM**progress.batches)


def validate(model: Model, task: Task) -> Row:
    """Return the scores on validation records."""
    return {f"valid_{name}": value for name, value in task.score(model, "valid").items()}


def fit(model: Model, task: Task, training: Fit, callbacks: Callbacks, runtime: Runtime) -> Written:
    """Train in one call of the model's own `fit`, on one thread."""
    with threadpool_limits(limits=1):  # scikit-learn's sums depend on the number of threads
        model.cpu().fit(*task.whole_split("train"))
    model.to(task.device)
    train_loss = task.score(model, "train")["loss"]
    callbacks.epoch({"epoch": 1, "train_loss": train_loss, **validate(model, task)})
    return {}


METHODS: dict[str, Callable[..., Written]] = {"descent": descend, "fit": fit}


def resume(model: Model, optimizer: torch.optim.Optimizer, callbacks: Callbacks) -> Progress:
    """Continue from the checkpoint, if there is one, and repeat its callbacks."""
    progress = callbacks.checkpoint.read()
    if progress is None:
        return Progress()
    model.load_state_dict(progress.weights)
    restore_optimizer(optimizer, progress.optimizer)
    callbacks.gradients(progress.gradients)
    callbacks.findings(progress.findings)
    for row in progress.history:
        callbacks.epoch(row)
    return progress


def is_best(history: list[Row]) -> bool:
    """Return whether the last epoch has the lowest validation loss so far."""
    return history[-1]["valid_loss"] == min(row["valid_loss"] for row in history)


def refuse_nan(row: Row, progress: Progress, callbacks: Callbacks) -> None:
    """Stop the run if one of an epoch's numbers is NaN or infinite."""
    wrong = [name for name, value in row.items() if not math.isfinite(value)]
    if wrong:
        epoch, what = int(row["epoch"]), " and ".join(wrong)
        message = f"{what} became {row[wrong[0]]} in epoch {epoch}"
        raise nan_error(what, message, epoch, progress, callbacks)


@torch.inference_mode()
def refuse_overflow(
    model: Model, task: Task, training: Descent, progress: Progress, callbacks: Callbacks
) -> None:
    """Stop the run if the weights overflow in its last step, which no other loss would show."""
    model.eval()
    ids, targets = task.take(task.batches("train", training.batch_size)[0])
    if not task.loss(model(ids)[0], targets).isfinite():
        message = "the loss is NaN or infinite after the last step"
        raise nan_error("the final weights", message, progress.epoch, progress, callbacks)
