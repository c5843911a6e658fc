"""The norms of the gradients, parameter by parameter and step by step, and clipping by them."""

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_

from recurrent.experiments import Descent
from recurrent.tracking.history import Row


class Gradients:
    """What one training's gradients are; kept on the device until an epoch is over."""

    def __init__(self, model: nn.Module, training: Descent) -> None:
        self.training = training
        self.parameters = dict(model.named_parameters())
        # One block of memory: a small tensor a step, kept among large ones that come and go, would
        # leave holes between them that nothing fits into.
        self._norms, self._steps = torch.empty(0, len(self.parameters)), 0

    def clip(self) -> None:
        """Measure the gradients as they came, then shorten them as the training asks."""
        norms = torch.stack([self._norm(p) for p in self.parameters.values()])
        self._keep(norms)
        if self.training.clip_norm is not None:
            total = torch.linalg.vector_norm(norms)
            clip_grads_with_norm_(self.parameters.values(), self.training.clip_norm, total)
        if self.training.clip_each is not None:
            for parameter, norm in zip(self.parameters.values(), norms, strict=True):
                if parameter.grad is not None:
                    clip_grads_with_norm_(parameter, self.training.clip_each, norm)

    @staticmethod
    def _norm(parameter: nn.Parameter) -> Tensor:
        """Of a parameter that the loss does not depend on, 0."""
        if parameter.grad is None:
            return parameter.new_zeros(())
        norm: Tensor = torch.linalg.vector_norm(parameter.grad)
        return norm

    def of_epoch(self) -> Tensor:
        """The norms since it was last asked: (steps, parameters)."""
        norms = self._norms[: self._steps].double().cpu()
        self._steps = 0
        return norms

    def _keep(self, norms: Tensor) -> None:
        if self._steps == len(self._norms):
            larger = norms.new_empty(max(64, 2 * self._steps), len(norms))
            larger[: self._steps] = self._norms[: self._steps]
            self._norms = larger
        self._norms[self._steps] = norms
        self._steps += 1


def total(norms: Tensor) -> Tensor:
    """The norm of all gradients together, at each step."""
    found: Tensor = torch.linalg.vector_norm(norms, dim=1)
    return found


def recorded(norms: Tensor, names: list[str], epoch: int, every: int) -> list[Row]:
    """Every so many steps of the training, the first among them: a line for its file."""
    rows = []
    totals, steps = total(norms), len(norms)
    for step in range(steps * (epoch - 1), steps * epoch):
        if step % every == 0:
            of_step = norms[step % steps].tolist()
            values = {
                "total": totals[step % steps].item(),
                **dict(zip(names, of_step, strict=True)),
            }
            shown = {name: short(value) for name, value in values.items()}
            rows.append({"epoch": epoch, "step": step + 1, **shown})
    return rows


def short(value: float) -> float:
    """Four digits: enough to see by, and few enough for git."""
    return float(f"{value:.4g}")
