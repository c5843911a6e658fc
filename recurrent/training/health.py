"""What a training says of itself: gradients that explode or vanish, and numbers that are none."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.experiments import Alarm
from recurrent.tracking.history import EXPLODING, NOT_A_NUMBER, VANISHING, Fault
from recurrent.training.callbacks import Watch
from recurrent.training.checkpoint import Progress
from recurrent.training.gradients import Gradients, recorded, short, total


def examined(
    gradients: Gradients, losses: Tensor, epoch: int, progress: Progress, watch: Watch
) -> Tensor:
    """The norms of an epoch's gradients (steps, parameters), once recorded and found sound."""
    norms, names = gradients.of_epoch(), [*gradients.parameters]
    training = gradients.training
    if training.gradient_norms is not None:
        rows = recorded(norms, names, epoch, training.gradient_norms)
        progress.gradients += rows
        watch.tell_gradients(rows)
    for fault in faults(losses, norms, names, epoch, training.alarm):
        add(progress.faults, fault)
    watch.tell_faults(progress.faults)
    fatal = [fault for fault in progress.faults if fault.kind == NOT_A_NUMBER]
    if fatal:
        raise PipelineError(
            f"its loss or a gradient is no number: {fatal[0]} (seed {watch.seed}).",
            where=watch.name,
            remedy="Lower its rate, or set clip_norm. Its history so far is kept.",
        )
    return norms


def no_number(what: str, said: str, epoch: int, progress: Progress, watch: Watch) -> PipelineError:
    """What to raise of a result that is no number, once it is told as a fault."""
    add(progress.faults, Fault(NOT_A_NUMBER, epoch, progress.batches, what, None))
    watch.tell_faults(progress.faults)
    return PipelineError(said, where=watch.name, remedy="Lower its rate, or set clip_norm.")


def faults(
    losses: Tensor, norms: Tensor, names: list[str], epoch: int, alarm: Alarm
) -> Iterator[Fault]:
    """What is wrong in an epoch, by each step's loss (steps,) and norms (steps, parameters)."""
    sound = torch.isfinite(norms).all(dim=1) & torch.isfinite(losses)

    def at(kind: str, step: int, parameter: int, norm: Tensor, times: int = 1) -> Fault:
        done = len(sound) * (epoch - 1)  # steps of the training
        size = short(norm.item()) if norm.isfinite() else None
        return Fault(kind, epoch, done + step + 1, names[parameter], size, times)

    if not sound.all():
        step = int(sound.logical_not().nonzero()[0])
        finite = norms[step].isfinite()
        if finite.all():  # the loss comes before its gradients
            yield replace(at(NOT_A_NUMBER, step, 0, losses[step]), parameter="the loss")
        else:
            first = int(finite.int().argmin())
            yield at(NOT_A_NUMBER, step, first, norms[step, first])
        norms = norms[:step]
    exploded = (total(norms) >= alarm.explodes).nonzero().flatten()
    if len(exploded):
        step = int(exploded[0])
        where = int(norms[step].argmax())
        yield at(EXPLODING, step, where, norms[step, where], len(exploded))
    if sound.all():
        largest = norms.amax(dim=1, keepdim=True).clamp(min=torch.finfo(norms.dtype).tiny)
        shares = (norms / largest).amax(dim=0)  # of each parameter, at best
        where = int(shares.argmin())
        if shares[where] < alarm.vanishes:
            yield at(VANISHING, 0, where, norms[:, where].max())


def add(known: list[Fault], fault: Fault) -> None:
    """A new kind of fault is kept, where it was first seen; one that is known is counted."""
    for number, other in enumerate(known):
        if other.kind == fault.kind:
            known[number] = replace(other, times=other.times + fault.times)
            return
    known.append(fault)
