"""The gradient norm of each parameter at each step, and clipping by it."""

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_

from recurrent.common.config import Descent
from recurrent.tracking.history import Row


class Gradients:
    """The gradient norms of a run, kept on the device until the epoch ends."""

    def __init__(self, model: nn.Module, training: Descent) -> None:
        self.training = training
        self.parameters = dict(model.named_parameters())
        # One block: a small tensor per step would fragment memory.
        self._norms, self._steps = torch.empty(0, len(self.parameters)), 0

    def clip(self) -> None:
        """Measure the gradients, then clip them."""
        gradients = [
            parameter.new_zeros(()) if parameter.grad is None else parameter.grad
            for parameter in self.parameters.values()
        ]
        norms = torch.stack(torch._foreach_norm(gradients))  # few kernels for all of them
        self._keep(norms)
        if self.training.clip_norm is not None:
            total = torch.linalg.vector_norm(norms)
            clip_grads_with_norm_(self.parameters.values(), self.training.clip_norm, total)
        if self.training.clip_each is not None:
            for parameter, norm in zip(self.parameters.values(), norms, strict=True):
                if parameter.grad is not None:
                    clip_grads_with_norm_(parameter, self.training.clip_each, norm)

    def take_epoch(self) -> Tensor:
        """Return the norms since the last call: (steps, parameters)."""
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


def global_norm(norms: Tensor) -> Tensor:
    """Return the global norm of the gradients at each step: (steps,)."""
    found: Tensor = torch.linalg.vector_norm(norms, dim=1)
    return found


def recorded(norms: Tensor, names: list[str], epoch: int, every: int) -> list[Row]:
    """Return the rows to record for an epoch: one per `every` steps of the run."""
    rows = []
    totals, steps = global_norm(norms), len(norms)
    for step in range(steps * (epoch - 1), steps * epoch):
        if step % every == 0:
            values = {
                "total": totals[step % steps].item(),
                **dict(zip(names, norms[step % steps].tolist(), strict=True)),
            }
            rounded = {name: four_digits(value) for name, value in values.items()}
            rows.append({"epoch": epoch, "step": step + 1, **rounded})
    return rows


def four_digits(value: float) -> float:
    """Round a number to four significant digits."""
    return float(f"{value:.4g}")
