"""A network's way from input to answers as the machine is asked to run it (`runtime`)."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from recurrent.config import Runtime
from recurrent.models.base import Model, State, changed

Shapes = tuple[Any, ...]


class Forward:
    """A network in training: in full precision or bfloat16, kernel by kernel or as CUDA graphs."""

    def __init__(self, model: Model, runtime: Runtime, device: torch.device) -> None:
        self.model, self.device = model, device
        self.graphs = runtime.graphs and device.type == "cuda"
        # Graphs read from fixed places: no weight's bfloat16 copy may stay from an earlier step.
        self.autocast = torch.autocast(
            device.type,
            torch.bfloat16,
            enabled=runtime.precision == "bf16",
            cache_enabled=not self.graphs,
        )
        self._seen: set[Shapes] = set()
        self._captured: dict[Shapes, nn.Module] = {}

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Answers to a batch, of full precision again, and the state after it."""
        given = (ids,) if state is None else (ids, state)
        with self.autocast:
            logits, after = (self._graph(given) if self.graphs else self.model)(*given)
        return logits.float(), None if isinstance(after, tuple) and not after else after

    def _graph(self, given: tuple[State, ...]) -> nn.Module:
        """The graph for inputs of these shapes, from the second time that they come."""
        shapes = changed(given, lambda part: (part.shape, part.dtype))
        if shapes not in self._seen:  # a last batch comes once: it is not worth a graph
            self._seen.add(shapes)
            return self.model
        if shapes not in self._captured:
            self._captured[shapes] = self._capture(given)
        return self._captured[shapes]

    def _capture(self, given: tuple[State, ...]) -> nn.Module:
        """All kernels of a forward and of a backward pass, each pass as one launch."""
        own = changed(given, Tensor.clone)  # later batches are written over them
        with torch.random.fork_rng([self.device]):  # dropout of the trial runs is not drawn from it
            captured = torch.cuda.make_graphed_callables(
                Tensors(self.model), own, allow_unused_input=True
            )
        return cast(nn.Module, captured)


class Tensors(nn.Module):
    """A network whose state is () where it has none, and cut off: graphs know tensors alone."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        logits, after = self.model(ids, state)
        return logits, () if after is None else changed(after, Tensor.detach)
