"""Counting instead of learning: the character n-gram model that a recurrent network must beat.

    p_0(c) = 1 / number of characters
    p_k(c | k - 1 characters) = (n(context c) + T(context) p_{k-1}(c | one character less))
                                / (n(context) + T(context))

n counts in the training text; T is how many different characters followed the context there
(Witten and Bell's weight). A context that the text never had leaves p_{k-1} as it is.
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field, NonNegativeInt
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import State


class InterpolatedNgrams(contract.Model):
    """The text so far through its last order-1 characters.

    Witten-Bell interpolation of all orders down to uniform. A k-gram is one number, its
    characters the digits in base `inputs`: the grams of one context stand side by side.
    """

    class Settings(contract.Settings):
        order: Annotated[int, Field(ge=1, le=63)]  # 1 counts characters alone, without any context
        # How many different k-grams each order has: found by fit.
        sizes: list[NonNegativeInt] = Field(default_factory=list)

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        if inputs**settings.order >= 1 << 63:
            raise PipelineError(
                f"order {settings.order} of {inputs} characters does not fit in 63 bits.",
                where="params.yaml: model InterpolatedNgrams",
                remedy="Lower its order.",
            )
        sizes = [*settings.sizes, *[0] * settings.order]
        for k in self._orders():
            room = torch.zeros(sizes[k - 1], dtype=torch.int64)
            self._keep(k, room, room.clone())

    def _orders(self) -> range:
        return range(1, self.settings.order + 1)

    def _keep(self, k: int, grams: Tensor, counts: Tensor) -> None:
        """The k-grams of the text, sorted, and how often each is there."""
        self.register_buffer(f"grams_{k}", grams)
        self.register_buffer(f"counts_{k}", counts)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        batch, steps = ids.shape
        order = self.settings.order
        # Padding is in no gram: before a text's beginning only the shorter contexts speak.
        before = ids.new_zeros(batch, order - 1) if state is None else state
        text = torch.cat([before, ids], dim=1)
        chances = torch.full(
            (batch, steps, self.outputs),
            1 / (self.inputs - 1),
            dtype=torch.float64,
            device=ids.device,
        )
        chances[..., 0] = 0
        contexts = torch.zeros_like(ids)
        for k in self._orders():
            if k > 1:  # one character further back, as the most significant digit
                reached = text[:, order - k + 1 :][:, :steps]
                contexts = contexts + reached * self.inputs ** (k - 2)
            chances = self._interpolate(k, contexts, chances)
        return chances.clamp(min=torch.finfo(chances.dtype).tiny).log(), text[:, steps:]

    def _interpolate(self, k: int, contexts: Tensor, shorter: Tensor) -> Tensor:
        """p_k from p_{k-1}, after contexts (batch, steps)."""
        grams, counts = self.get_buffer(f"grams_{k}"), self.get_buffer(f"counts_{k}")
        first = torch.searchsorted(grams, contexts * self.inputs)
        end = torch.searchsorted(grams, (contexts + 1) * self.inputs)
        distinct = (end - first)[..., None]
        up_to = F.pad(counts.cumsum(dim=0), (1, 0))
        total = (up_to[end] - up_to[first])[..., None]
        mixed = (self._following(grams, counts, contexts) + distinct * shorter) / (total + distinct)
        return mixed.where(distinct > 0, shorter)

    def _following(self, grams: Tensor, counts: Tensor, contexts: Tensor) -> Tensor:
        """How often each character came after each context: (batch, steps, outputs)."""
        characters = torch.arange(self.outputs, device=contexts.device)
        wanted = contexts[..., None] * self.inputs + characters
        places = torch.searchsorted(grams, wanted)
        # One more at the end, that is no gram: the place of what is larger than all.
        found = F.pad(grams, (0, 1), value=-1)[places] == wanted
        return F.pad(counts, (0, 1))[places] * found

    def fit(self, ids: Tensor, targets: Tensor) -> None:
        """Count the k-grams of each row; `targets` are `ids` one character on."""
        if targets.shape != ids.shape:
            raise PipelineError(
                "n-grams need a dataset whose windows have a target at every step: ids are "
                f"{tuple(ids.shape)}, targets {tuple(targets.shape)}.",
                where="params.yaml: model InterpolatedNgrams",
            )
        text = torch.cat([ids[:, :1], targets], dim=1)
        codes, whole = text, text > 0  # a gram with padding in it is none
        for k in self._orders():
            if k > 1:
                codes = codes[:, :-1] * self.inputs + text[:, k - 1 :]
                whole = whole[:, :-1] & (text[:, k - 1 :] > 0)
            self._keep(k, *torch.unique(codes[whole], return_counts=True))
        sizes = [len(self.get_buffer(f"grams_{k}")) for k in self._orders()]
        self.settings = self.settings.model_copy(update={"sizes": sizes})
