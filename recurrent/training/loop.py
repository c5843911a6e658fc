"""The one training loop: every network of every lecture learns here."""

import math
import operator
import time
from collections.abc import Callable

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from recurrent.config import Runtime
from recurrent.errors import PipelineError
from recurrent.experiments import ClosedForm, Descent
from recurrent.locking import leave_if_abandoned
from recurrent.models.base import Model
from recurrent.tasks.base import Task
from recurrent.tracking.history import Row
from recurrent.training.callbacks import Watch
from recurrent.training.checkpoint import Progress, Written, optimizer_tensors, restore_optimizer
from recurrent.training.forward import Forward
from recurrent.training.gradients import Gradients, total
from recurrent.training.health import examined, no_number
from recurrent.training.optimizers import optimizer_of, set_rate
from recurrent.training.seeding import generator, seed_torch

MOMENTUM = 0.98  # of the moving average that the lectures print as their training loss


def descend(model: Model, task: Task, training: Descent, watch: Watch, runtime: Runtime) -> Written:
    """Gradient descent, epoch by epoch; leaves the weights that `training.keep` asks for.

    Returns what the model wrote on its way.
    """
    optimizer = optimizer_of(model, training, watch.name)
    if watch.samples:  # what cannot be written is refused before hours of training
        task.samples(model, watch.samples.model_copy(update={"length": 1}))
    progress = _resume(model, optimizer, watch)
    gradients = Gradients(model, training)
    forward = Forward(model, runtime, task.device)
    for epoch in range(progress.epoch + 1, training.total + 1):
        started = time.monotonic()
        losses, sizes = one_epoch(forward, task, training, optimizer, gradients, epoch, watch)
        norms = examined(gradients, losses, epoch, progress, watch)
        each = losses.tolist()
        row = {
            "epoch": epoch,
            "train_loss": math.fsum(map(operator.mul, each, sizes)) / sum(sizes),
            "train_loss_smoothed": smoothed(progress, each),
            **validation(model, task),
            "gradient_norm": total(norms).median().item(),
            "gradient_norm_max": total(norms).max().item(),
        }
        _refuse_nan(row, progress, watch)
        progress.epoch = epoch
        progress.history.append(row)
        progress.weights = model.state_dict()
        progress.optimizer = optimizer_tensors(optimizer)
        if training.keep == "best" and _is_best(progress.history):
            progress.kept = {name: value.clone() for name, value in progress.weights.items()}
        if watch.samples and watch.samples.every and epoch % watch.samples.every == 0:
            progress.samples[str(epoch)] = dict(task.samples(model, watch.samples))
        watch.checkpoint.write(progress)
        watch.tell(row, time.monotonic() - started)
        leave_if_abandoned()
    if training.keep == "best":
        model.load_state_dict(progress.kept)
    _refuse_overflow(model, task, training, progress, watch)
    return progress.samples


def one_epoch(
    forward: Forward,
    task: Task,
    training: Descent,
    optimizer: torch.optim.Optimizer,
    gradients: Gradients,
    epoch: int,
    watch: Watch,
) -> tuple[Tensor, list[int]]:
    """Every training record once, in a new order; each batch's mean loss, and its targets."""
    # Seeded anew each epoch: an epoch is the same whether or not a kill came before it.
    seed_torch(watch.name, watch.seed, "epoch", epoch)
    rng = generator(watch.name, watch.seed, "order", epoch)
    batches = task.batches("train", training.batch, rng)
    if not batches:
        raise PipelineError(
            f"its training text does not fill one batch of {training.batch}.",
            where=watch.name,
            remedy="Lower `batch`, or `steps` in its dataset.",
        )
    losses = torch.empty(len(batches), device=task.device)
    sizes, state = [], None
    forward.model.train()
    for number, batch in enumerate(batches):
        ids, targets = task.take(batch)
        set_rate(optimizer, training, epoch - 1 + number / len(batches))
        logits, state = forward(ids, task.carry(state))
        loss = task.loss(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        gradients.clip()
        optimizer.step()
        losses[number] = loss.detach()
        sizes.append(targets.numel())
    return losses.cpu(), sizes  # read once an epoch: the device never waits


def smoothed(progress: Progress, losses: list[float]) -> float:
    """The moving average of all batches' losses so far, rid of its bias towards 0."""
    for loss in losses:
        progress.smoothed = MOMENTUM * progress.smoothed + (1 - MOMENTUM) * loss
    progress.batches += len(losses)
    return progress.smoothed / (1 - MOMENTUM**progress.batches)


def validation(model: Model, task: Task) -> Row:
    """The scores to watch, on records that train nothing."""
    return {f"valid_{name}": value for name, value in task.score(model, "valid").items()}


def fit(model: Model, task: Task, training: ClosedForm, watch: Watch, runtime: Runtime) -> Written:
    """Learning in one call, told as one epoch; on one thread, however many the machine may use."""
    started = time.monotonic()
    with threadpool_limits(limits=1):  # scikit-learn's sums depend on the number of threads
        model.cpu().fit(*task.everything("train"))
    model.to(task.device)
    seconds = time.monotonic() - started
    train_loss = task.score(model, "train")["loss"]
    watch.tell({"epoch": 1, "train_loss": train_loss, **validation(model, task)}, seconds)
    return {}


LEARN: dict[str, Callable[..., Written]] = {"descent": descend, "closed_form": fit}


def _resume(model: Model, optimizer: torch.optim.Optimizer, watch: Watch) -> Progress:
    progress = watch.checkpoint.read()
    if progress is None:
        return Progress()
    model.load_state_dict(progress.weights)
    restore_optimizer(optimizer, progress.optimizer)
    watch.tell_gradients(progress.gradients)
    watch.tell_faults(progress.faults)
    for row in progress.history:
        watch.tell(row, None)
    return progress


def _is_best(history: list[Row]) -> bool:
    """Whether the last epoch has the lowest validation loss so far."""
    return history[-1]["valid_loss"] == min(row["valid_loss"] for row in history)


def _refuse_nan(row: Row, progress: Progress, watch: Watch) -> None:
    wrong = [name for name, value in row.items() if not math.isfinite(value)]
    if wrong:
        epoch, what = int(row["epoch"]), " and ".join(wrong)
        said = f"{what} became {row[wrong[0]]} in epoch {epoch} (seed {watch.seed})."
        raise no_number(what, said, epoch, progress, watch)


@torch.inference_mode()
def _refuse_overflow(
    model: Model, task: Task, training: Descent, progress: Progress, watch: Watch
) -> None:
    """The last step may leave weights whose answers overflow, and no later loss tells of it."""
    model.eval()
    ids, targets = task.take(task.batches("train", training.batch)[0])
    if not task.loss(model(ids)[0], targets).isfinite():
        what = "the weights that its last step left"
        said = f"with {what}, its loss is no number (seed {watch.seed})."
        raise no_number(what, said, progress.epoch, progress, watch)
