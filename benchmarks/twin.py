"""Training as somebody would write it: a DataLoader, one-hot inputs, each loss asked for."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.plain import State
from recurrent.config import Descent
from recurrent.tasks.base import Batch, Task
from recurrent.tasks.classify import Classify
from recurrent.tasks.next_token import NextCharacter
from recurrent.training.optimizers import optimizer_of, set_rate


def dataset(task: Task) -> TensorDataset:
    """Every record as tensors, under the number that the task has for it."""
    if isinstance(task, Classify):
        return TensorDataset(task.ids.long().cpu(), task.labels.long().cpu())
    assert isinstance(task, NextCharacter)
    windows = task.windows.cpu()
    targets = windows[:, -1] if task.last_only else windows[:, 1:]
    return TensorDataset(windows[:, :-1].contiguous(), targets.contiguous())


class Twin:
    """A plain network and its optimiser."""

    def __init__(self, network: nn.Module, task: Task, training: Descent) -> None:
        self.network, self.training, self.device = network, training, task.device
        self.records = dataset(task)
        self.reads_on = isinstance(task, NextCharacter) and task.reads_on
        self.optimizer = optimizer_of(network, training, "twin")

    def epoch(self, batches: list[Batch], number: int) -> list[float]:
        """Train on these records in this order; each batch's loss."""
        losses, state = [], None
        loader = DataLoader(self.records, batch_sampler=[batch.tolist() for batch in batches])
        for step, (inputs, targets) in enumerate(loader):
            set_rate(self.optimizer, self.training, number - 1 + step / len(batches))
            inputs, targets = inputs.to(self.device), targets.to(self.device)
            answers, state = self.network(inputs, detached(state) if self.reads_on else None)
            loss = F.cross_entropy(answers.reshape(-1, answers.shape[-1]), targets.reshape(-1))
            self.optimizer.zero_grad()
            loss.backward()
            if self.training.clip_norm is not None:
                nn.utils.clip_grad_norm_(self.network.parameters(), self.training.clip_norm)
            self.optimizer.step()
            losses.append(loss.item())
        return losses


def detached(state: State) -> State:
    if state is None or isinstance(state, Tensor):
        return state if state is None else state.detach()
    return tuple(part.detach() for part in state)
