"""Detect models that see the token that they predict, and measure them without it.

A bidirectional network has already read each character that it predicts, so its loss is not that of
a language model. We measure it again with only the preceding characters in view.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from recurrent.models.base import Model
from recurrent.tasks.base import Predictions, Task

WINDOWS = 256  # per batch


@torch.inference_mode()
def sees_ahead(model: Model) -> bool:
    """Return whether the prediction after a window's first character depends on what follows."""
    device = next((tensor.device for tensor in model.state_dict().values()), None)
    model.eval()
    one, other = (
        model(torch.tensor([[1, following, following]], device=device))[0]
        for following in (1, min(2, model.inputs - 1))
    )
    # A model that predicts only after the whole window has no earlier prediction to check.
    return one.dim() == 3 and not torch.allclose(one[0, 0], other[0, 0], rtol=0, atol=1e-6)


@torch.inference_mode()
def predict_by_prefix(model: Model, task: Task, split: str) -> Predictions:
    """Return the log-probability of each next character, given only the window before it."""

    def ask(ids: Tensor) -> Tensor:
        prefixes = (ids[:, :n] for n in range(1, ids.shape[1] + 1))
        return torch.stack([model(prefix)[0][:, -1] for prefix in prefixes], dim=1)

    return _window_by_window(model, task, split, ask)


@torch.inference_mode()
def predict_in_view(model: Model, task: Task, split: str) -> Predictions:
    """Return the same with the whole window in view, which has each target but the last."""
    return _window_by_window(model, task, split, lambda ids: model(ids)[0])


def _window_by_window(
    model: Model, task: Task, split: str, ask: Callable[[Tensor], Tensor]
) -> Predictions:
    model.eval()
    places, log_probs = [], []
    starts = task.data.starts[split]
    for first in range(0, len(starts), WINDOWS):
        batch = starts[first : first + WINDOWS]
        ids, targets = task.take(batch)
        table = ask(ids).double().log_softmax(dim=-1)  # (windows, steps, characters)
        log_probs.append(table.gather(-1, targets[..., None])[..., 0].cpu().numpy().ravel())
        places.append((batch[:, None] + np.arange(1, ids.shape[1] + 1)).ravel())
    return Predictions(np.concatenate(places).astype(np.int32), np.concatenate(log_probs))
