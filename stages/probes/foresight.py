"""Does a model see what it is asked to predict? Then its loss is not that of a language model.

A network that also reads backwards has seen each next character by the time it answers. Asked
with nothing in view but what comes before, it shows what it can predict.
"""

import numpy as np
import torch

from stages.models.contract import Model
from stages.tasks.contract import Answers, Task

WINDOWS = 256  # at once


@torch.inference_mode()
def looks_ahead(model: Model) -> bool:
    """Whether its answer after the first character depends on the last one."""
    device = next((tensor.device for tensor in model.state_dict().values()), None)
    last = min(2, model.inputs - 1)
    texts = torch.tensor([[1, 1, 1], [1, 1, last]], device=device)
    logits, _ = model.eval()(texts)
    return bool(logits.dim() == 3 and (logits[0, 0] != logits[1, 0]).any())


@torch.inference_mode()
def answers_by_prefix(model: Model, task: Task, split: str) -> Answers:
    """ln of what a model gave each next character, given its window up to there and no more."""
    model.eval()
    begins = task.data.begins[split]
    places, gave = [], []
    for first in range(0, len(begins), WINDOWS):
        batch = begins[first : first + WINDOWS]
        ids, targets = task.take(batch)
        steps = range(1, ids.shape[1] + 1)
        logs = torch.stack([model(ids[:, :n])[0][:, -1] for n in steps], dim=1).double()
        found = logs.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
        gave.append(found.cpu().numpy().ravel())
        places.append((batch[:, None] + np.array(steps)).ravel())
    return Answers(np.concatenate(places).astype(np.int32), np.concatenate(gave))
