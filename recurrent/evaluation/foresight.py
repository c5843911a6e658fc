"""Does a model see what it is asked to predict? Then its loss is not that of a language model.

A network that also reads backwards has seen each next character by the time it answers. Asked
with nothing in view but what comes before, it shows what it can predict.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from recurrent.models.base import Model
from recurrent.tasks.base import Answers, Task

WINDOWS = 256  # at once


@torch.inference_mode()
def looks_ahead(model: Model) -> bool:
    """Whether its answer after the first character depends on what follows."""
    device = next((tensor.device for tensor in model.state_dict().values()), None)
    model.eval()
    first, other = (
        model(torch.tensor([[1, following, following]], device=device))[0]
        for following in (1, min(2, model.inputs - 1))
    )
    # A model that answers once a window, after all of it, has no earlier answer to give away.
    return first.dim() == 3 and not torch.allclose(first[0, 0], other[0, 0], rtol=0, atol=1e-6)


@torch.inference_mode()
def answers_by_prefix(model: Model, task: Task, split: str) -> Answers:
    """ln of what a model gave each next character, given its window up to there and no more."""

    def ask(ids: Tensor) -> Tensor:
        prefixes = (ids[:, :n] for n in range(1, ids.shape[1] + 1))
        return torch.stack([model(prefix)[0][:, -1] for prefix in prefixes], dim=1)

    return _window_by_window(model, task, split, ask)


@torch.inference_mode()
def answers_in_view(model: Model, task: Task, split: str) -> Answers:
    """The same with the whole window in view, and so each next character but the last."""
    return _window_by_window(model, task, split, lambda ids: model(ids)[0])


def _window_by_window(
    model: Model, task: Task, split: str, ask: Callable[[Tensor], Tensor]
) -> Answers:
    model.eval()
    places, gave = [], []
    begins = task.data.begins[split]
    for first in range(0, len(begins), WINDOWS):
        batch = begins[first : first + WINDOWS]
        ids, targets = task.take(batch)
        logs = ask(ids).double().log_softmax(dim=-1)
        gave.append(logs.gather(-1, targets[..., None])[..., 0].cpu().numpy().ravel())
        places.append((batch[:, None] + np.arange(1, ids.shape[1] + 1)).ravel())
    return Answers(np.concatenate(places).astype(np.int32), np.concatenate(gave))
