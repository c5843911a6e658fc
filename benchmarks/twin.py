"""A plain training loop: a DataLoader, one-hot inputs, `loss.item()` after each batch."""

import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from recurrent.common.config import Descent
from recurrent.models.base import State, detach
from recurrent.tasks.base import Batch, Task
from recurrent.tasks.classify import Classify
from recurrent.tasks.next_token import NextToken
from recurrent.training.optimizers import make_optimizer, set_learning_rate


def dataset(task: Task) -> TensorDataset:
    """Return every record as tensors, with the same indices as in the task."""
    if isinstance(task, Classify):
        return TensorDataset(task.ids.long().cpu(), task.labels.long().cpu())
    assert isinstance(task, NextToken)
    windows = task.windows.cpu()
    targets = windows[:, -1] if task.last_only else windows[:, 1:]
    return TensorDataset(windows[:, :-1].contiguous(), targets.contiguous())


class Twin:
    """A network and its optimiser; a recurrent state may be carried over to the next epoch."""

    def __init__(
        self, network: nn.Module, task: Task, training: Descent, over_epochs: bool = False
    ) -> None:
        self.network, self.training, self.device = network, training, task.device
        self.records = dataset(task)
        self.stateful = isinstance(task, NextToken) and task.stateful
        self.over_epochs = over_epochs
        self.state: State = None
        self.optimizer = make_optimizer(network, training, "twin")

    def epoch(self, batches: list[Batch], number: int) -> list[float]:
        """Train on these records in this order; return the loss of each batch."""
        losses, state = [], self.state if self.over_epochs else None
        loader = DataLoader(self.records, batch_sampler=[batch.tolist() for batch in batches])
        for step, (inputs, targets) in enumerate(loader):
            set_learning_rate(self.optimizer, self.training, number - 1 + step / len(batches))
            inputs, targets = inputs.to(self.device), targets.to(self.device)
            logits, state = self.network(inputs, detach(state) if self.stateful else None)
            loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
            self.optimizer.zero_grad()
            loss.backward()
            if self.training.clip_norm is not None:
                nn.utils.clip_grad_norm_(self.network.parameters(), self.training.clip_norm)
            self.optimizer.step()
            losses.append(loss.item())
        self.state = detach(state)
        return losses
