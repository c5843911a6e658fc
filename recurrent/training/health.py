"""Detect exploding and vanishing gradients, and NaN losses."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from recurrent.common.config import Alarm
from recurrent.common.errors import PipelineError
from recurrent.tracking.history import Finding
from recurrent.training.callbacks import Callbacks
from recurrent.training.checkpoint import Progress
from recurrent.training.gradients import Gradients, four_digits, global_norm, recorded

REMEDY = "Lower `learning_rate`, or set `clip_norm`."


def check_epoch(
    gradients: Gradients, losses: Tensor, epoch: int, progress: Progress, callbacks: Callbacks
) -> Tensor:
    """Record, check and return an epoch's gradient norms: (steps, parameters)."""
    norms, names = gradients.take_epoch(), [*gradients.parameters]
    training = gradients.training
    if training.gradient_norms is not None:
        rows = recorded(norms, names, epoch, training.gradient_norms)
        progress.gradients += rows
        callbacks.gradients(rows)
    for finding in findings(losses, norms, names, epoch, training.alarm):
        add(progress.findings, finding)
    callbacks.findings(progress.findings)
    fatal = [finding for finding in progress.findings if finding.kind == "nan"]
    if fatal:
        raise PipelineError(
            f"{fatal[0]} (seed {callbacks.seed}).", where=callbacks.name, remedy=REMEDY
        )
    return norms


def nan_error(
    what: str, message: str, epoch: int, progress: Progress, callbacks: Callbacks
) -> PipelineError:
    """Record a result that is NaN or infinite as a finding; return the error to raise."""
    add(progress.findings, Finding("nan", epoch, progress.batches, what, None))
    callbacks.findings(progress.findings)
    return PipelineError(f"{message} (seed {callbacks.seed}).", where=callbacks.name, remedy=REMEDY)


def findings(
    losses: Tensor, norms: Tensor, names: list[str], epoch: int, alarm: Alarm
) -> Iterator[Finding]:
    """Yield an epoch's findings, given each step's loss (steps,) and norms (steps, parameters)."""
    finite = torch.isfinite(norms).all(dim=1) & torch.isfinite(losses)

    def at(
        kind: Literal["exploding", "vanishing", "nan"],
        step: int,
        parameter: int,
        norm: Tensor,
        times: int = 1,
    ) -> Finding:
        before = len(finite) * (epoch - 1)  # steps of earlier epochs
        size = four_digits(norm.item()) if norm.isfinite() else None
        return Finding(kind, epoch, before + step + 1, names[parameter], size, times)

    if not finite.all():
        step = int(finite.logical_not().nonzero()[0])
        finite_norms = norms[step].isfinite()
        if finite_norms.all():  # the loss is computed before the gradients
            yield replace(at("nan", step, 0, losses[step]), parameter="the loss")
        else:
            first = int(finite_norms.int().argmin())
            yield at("nan", step, first, norms[step, first])
        norms = norms[:step]
    exploded = (global_norm(norms) >= alarm.explodes).nonzero().flatten()
    if len(exploded):
        step = int(exploded[0])
        parameter = int(norms[step].argmax())
        yield at("exploding", step, parameter, norms[step, parameter], len(exploded))
    if finite.all():
        largest = norms.amax(dim=1, keepdim=True).clamp(min=torch.finfo(norms.dtype).tiny)
        shares = (norms / largest).amax(dim=0)  # the largest share of each parameter in the epoch
        parameter = int(shares.argmin())
        if shares[parameter] < alarm.vanishes:
            yield at("vanishing", 0, parameter, norms[:, parameter].max())


def add(known: list[Finding], finding: Finding) -> None:
    """Add a finding of a new kind; add the count of a known kind to the first one."""
    for number, other in enumerate(known):
        if other.kind == finding.kind:
            known[number] = replace(other, times=other.times + finding.times)
            return
    known.append(finding)
