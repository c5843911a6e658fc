"""The baseline of the language models: n-grams, counted and interpolated.

    p_0(c) = 1 / number of tokens
    p_k(c | k - 1 tokens) = (n(context c) + T(context) p_{k-1}(c | one token less))
                            / (n(context) + T(context))

n is a count in the training text, and T is the number of different tokens that follow the context
there (Witten and Bell's weight). After a context that the text does not contain, p_k is p_{k-1}.
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import State


class InterpolatedNgrams(base.FittedModel):
    """Witten-Bell interpolation of all orders up to `order`. Its state is the last order-1 tokens.

    A k-gram is stored as one number, whose digits in base `inputs` are its tokens. So in sorted
    order, the k-grams of one context are adjacent.
    """

    class Settings(base.Settings):
        order: Annotated[int, Field(ge=1, le=63)]  # 1 counts single tokens

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        if inputs**settings.order >= 1 << 63:
            raise PipelineError(
                f"n-grams of order {settings.order} over {inputs} tokens do not fit in 63 bits.",
                where="params.yaml: model InterpolatedNgrams: settings: order",
                remedy="Lower `order`.",
            )
        for k in self._orders():
            self._set(k, torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))

    def _orders(self) -> range:
        return range(1, self.settings.order + 1)

    def _set(self, k: int, grams: Tensor, counts: Tensor) -> None:
        """Keep the k-grams of the text, sorted, and their counts."""
        self.register_buffer(f"grams_{k}", grams)
        self.register_buffer(f"counts_{k}", counts)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        batch, steps = ids.shape
        order = self.settings.order
        # No gram contains padding, so at the start of a text only shorter contexts count.
        before = ids.new_zeros(batch, order - 1) if state is None else state
        text = torch.cat([before, ids], dim=1)
        p = torch.full(
            (batch, steps, self.outputs),
            1 / (self.inputs - 1),
            dtype=torch.float64,
            device=ids.device,
        )
        p[..., 0] = 0
        contexts = torch.zeros_like(ids)
        for k in self._orders():
            if k > 1:  # one token further back, as the most significant digit
                further = text[:, order - k + 1 :][:, :steps]
                contexts = contexts + further * self.inputs ** (k - 2)
            p = self._interpolate(k, contexts, p)
        return p.clamp(min=torch.finfo(p.dtype).tiny).log(), text[:, steps:]

    def _interpolate(self, k: int, contexts: Tensor, shorter: Tensor) -> Tensor:
        """Return p_k from p_{k-1} (`shorter`), after contexts (batch, steps)."""
        grams, counts = self.get_buffer(f"grams_{k}"), self.get_buffer(f"counts_{k}")
        start = torch.searchsorted(grams, contexts * self.inputs)
        stop = torch.searchsorted(grams, (contexts + 1) * self.inputs)
        distinct = (stop - start)[..., None]
        cumulative = F.pad(counts.cumsum(dim=0), (1, 0))
        total = (cumulative[stop] - cumulative[start])[..., None]
        following = self._following(grams, counts, contexts)
        return ((following + distinct * shorter) / (total + distinct)).where(distinct > 0, shorter)

    def _following(self, grams: Tensor, counts: Tensor, contexts: Tensor) -> Tensor:
        """Count how often each token followed each context: (batch, steps, outputs)."""
        tokens = torch.arange(self.outputs, device=contexts.device)
        wanted = contexts[..., None] * self.inputs + tokens
        places = torch.searchsorted(grams, wanted)
        # The last entry is not a gram: it is found for numbers larger than all grams.
        known = F.pad(grams, (0, 1), value=-1)[places] == wanted
        return F.pad(counts, (0, 1))[places] * known

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        """Count the k-grams of each row; `labels` are `ids` shifted by one token."""
        if labels.shape != ids.shape:
            raise PipelineError(
                f"n-grams need a target at every step, but {tuple(ids.shape)} ids have "
                f"{tuple(labels.shape)} targets.",
                where="params.yaml: model InterpolatedNgrams",
                remedy="Use a dataset with `targets: every`.",
            )
        text = torch.cat([ids[:, :1], labels], dim=1)
        codes, complete = text, text > 0  # no gram contains padding
        for k in self._orders():
            if k > 1:
                codes = codes[:, :-1] * self.inputs + text[:, k - 1 :]
                complete = complete[:, :-1] & (text[:, k - 1 :] > 0)
            self._set(k, *torch.unique(codes[complete], return_counts=True))
