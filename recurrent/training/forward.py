"""The forward pass in training, run as `runtime` in params.yaml says."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from recurrent.common.config import Runtime
from recurrent.models.base import Model, State, map_state

Shapes = tuple[Any, ...]


class Forward:
    """A network in training: full precision or bfloat16, kernel by kernel or as CUDA graphs."""

    def __init__(self, model: Model, runtime: Runtime, device: torch.device) -> None:
        self.model, self.device = model, device
        on_cuda = device.type == "cuda"
        self.graphs = on_cuda and runtime.graphs_on_cuda and can_be_captured(model)
        # Graphs read fixed addresses: autocast must not keep bfloat16 copies of the weights.
        self.autocast = torch.autocast(
            device.type,
            torch.bfloat16,
            enabled=runtime.precision == "bf16",
            cache_enabled=not self.graphs,
        )
        self._seen: set[Shapes] = set()
        self._captured: dict[Shapes, nn.Module] = {}

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits of a batch in full precision, and the state after it."""
        inputs = (ids,) if state is None else (ids, state)
        with self.autocast:
            logits, after = (self._graph(inputs) if self.graphs else self.model)(*inputs)
        return logits.float(), None if isinstance(after, tuple) and not after else after

    def _graph(self, inputs: tuple[State, ...]) -> nn.Module:
        """Return the graph for inputs of these shapes; for the first ones, the network itself."""
        shapes = map_state(inputs, lambda part: (part.shape, part.dtype))
        if shapes not in self._seen:  # a shape that occurs only once is not worth a graph
            self._seen.add(shapes)
            return self.model
        if shapes not in self._captured:
            self._captured[shapes] = self._capture(inputs)
        return self._captured[shapes]

    def _capture(self, inputs: tuple[State, ...]) -> nn.Module:
        """Capture all kernels of a forward and a backward pass, one launch for each pass."""
        own = map_state(inputs, Tensor.clone)  # later batches are copied into these
        # PyTorch warns that a graph is captured on another stream than the weights' gradients.
        torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(False)
        # The warm-up must not advance dropout's random numbers.
        with torch.random.fork_rng([self.device]):
            captured = torch.cuda.make_graphed_callables(
                TensorsOnly(self.model), own, allow_unused_input=True
            )
        return cast(nn.Module, captured)


def can_be_captured(model: Model) -> bool:
    """Return whether CUDA graphs are safe: cuDNN replaces the dropout state of stacked layers."""
    return not any(
        isinstance(part, nn.RNNBase) and part.num_layers > 1 and part.dropout > 0
        for part in model.modules()
    )


class TensorsOnly(nn.Module):
    """A network whose state is () instead of None, and detached: graphs take tensors only."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        logits, after = self.model(ids, state)
        return logits, () if after is None else map_state(after, Tensor.detach)
