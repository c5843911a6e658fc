"""D4: how far back a gradient reaches, |dL_T/dh_t| for each step t before the loss at T.

dh_T/dh_t is a product of Jacobians dh_k/dh_(k-1), which for the lecture's network are
diag(tanh') W_hh. The norm of the product is at most the product of the norms: below 1 the gradient
must vanish, above 1 it may explode. An LSTM's cell offers a second way back, along which only the
forget gate multiplies.

Both are measured here, on any network that carries a state. For the gradient we run the network one
step at a time and keep the gradient of each state; the Jacobians are computed row by row.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models.base import Model, State

PARTS = ("h", "c")  # of a state: the hidden state, and an LSTM's cell
FORGET_PATH = "c, forget gates only"


class Flow(NamedTuple):
    """Norms of gradients, backwards from the step before the last: (steps, records)."""

    by_part: dict[str, Tensor]  # h; for an LSTM also c, and c along the forget gates only
    whole: Tensor  # of all parts of the state together
    bound: Tensor  # upper bound of `whole` by the Jacobians, for the first records


def gradient_flow(model: Model, ids: Tensor, targets: Tensor, bounded: int) -> Flow:
    """Measure the gradients of `ids` (records, steps) with one target each.

    The bound needs one Jacobian per step, so only the first `bounded` records have it.
    """
    layers = {name[:-1] for name in model.recurrent_matrices()}  # without the gate
    if len(layers) != 1:
        raise PipelineError(
            "gradients are followed through networks of one layer and one direction only.",
            where="params.yaml: examined.gradient_flow",
            remedy="Remove this network from that list.",
        )
    model.eval()
    found = {part: g.norm(dim=2) for part, g in gradients(model, ids, targets).items()}
    if "c" in found:
        cell = gradients(model, ids, targets, cell_only=True)["c"]
        found[FORGET_PATH] = cell.norm(dim=2)
    whole = torch.stack([found[part] ** 2 for part in PARTS if part in found]).sum(dim=0).sqrt()
    norms = torch.stack([jacobian_norms(model, row[None]) for row in ids[:bounded]], dim=1)
    ones = torch.ones(1, norms.shape[1], dtype=norms.dtype)
    product = torch.cat([ones, norms.flip(0).cumprod(dim=0)])
    return Flow(found, whole, whole[:1, :bounded] * product[: len(whole)])


def table(flow: Flow) -> pd.DataFrame:
    """Return median and quartiles over the records, by part of the state and steps back.

    The ratio of bound to gradient is a median over the few records that have a bound. It multiplies
    the median gradient, so the bound is never below that.
    """
    bounded = flow.whole[:, : flow.bound.shape[1]]
    slack = (flow.bound / bounded).nanquantile(0.5, dim=1) if len(bounded) else bounded
    rows = []
    for state, norms in flow.by_part.items():
        for back, of_step in enumerate(norms.numpy(), 1):
            low, median, high = np.quantile(of_step, [0.25, 0.5, 0.75])
            row = {"state": state, "back": back, "gradient": median, "low": low, "high": high}
            rows.append({**row, "bound": median * slack[back - 1].item() if state == "h" else None})
    return pd.DataFrame(rows, columns=["state", "back", "gradient", "low", "high", "bound"])


def decay(table: pd.DataFrame) -> float:
    """Return the factor by which the gradient of h changes per step backwards, on average."""
    sizes = table.loc[table["state"] == "h", "gradient"].to_numpy()
    back = np.flatnonzero(sizes > 0)
    if len(back) < 2:
        return float("nan")  # a single step, or no gradient at all
    first, last = back[0], back[-1]
    return float((sizes[last] / sizes[first]) ** (1 / (last - first)))


def gradients(
    model: Model, ids: Tensor, targets: Tensor, *, cell_only: bool = False
) -> dict[str, Tensor]:
    """Return dL_T/ds of each state s that enters a step, by its parts, the latest first.

    Each is (steps - 1, records, hidden). With `cell_only`, h is cut off between steps, so that the
    gradient flows through the cell alone and only the forget gate multiplies it.
    """
    state: State = None
    states: list[list[Tensor]] = []
    for step in ids.T[:, :, None]:  # (records, 1)
        logits, state = model(step, state)
        for part in tensors(state):
            part.retain_grad()
        states.append(tensors(state))
        if cell_only:
            cut = [part.detach() if n == 0 else part for n, part in enumerate(tensors(state))]
            state = like(state, cut)
    loss = F.cross_entropy(logits.flatten(0, -2), targets, reduction="sum")
    loss.backward()
    model.zero_grad()
    # Nothing depends on the state after the last step.
    return {
        name: torch.stack([_gradient(parts[number]) for parts in reversed(states)])[1:]
        for number, name in enumerate(PARTS[: len(states[0])])
    }


def jacobian_norms(model: Model, ids: Tensor) -> Tensor:
    """Return the spectral norm of ds_k/ds_(k-1), at each step of one record that a state enters.

    A batch with one copy of the record for each component of the state gives all rows of the
    Jacobian at once: in copy k, component k is differentiated.
    """
    with torch.no_grad():
        _, state = model(ids[:, :1])
    found = []
    for token in ids.T[1:-1]:  # only the loss depends on the last step, no further state
        size = sum(part.shape[-1] for part in tensors(state))
        copies = [
            part.detach().expand(*part.shape[:-2], size, part.shape[-1]).clone().requires_grad_()
            for part in tensors(state)
        ]
        _, after = model(token.expand(size, 1), like(state, copies))
        joined = torch.cat([part.reshape(size, -1) for part in tensors(after)], dim=1)
        rows = torch.autograd.grad(joined.diagonal().sum(), copies)
        jacobian = torch.cat([row.reshape(size, -1) for row in rows], dim=1).double()
        found.append(torch.linalg.eigvalsh(jacobian @ jacobian.T)[-1].clamp(min=0).sqrt())
        with torch.no_grad():
            _, state = model(token[None], state)
    return torch.stack(found) if found else torch.zeros(0, dtype=torch.double)


def tensors(state: State) -> list[Tensor]:
    """Return the tensors of a state, h before c."""
    return [state] if isinstance(state, Tensor) else [x for part in state for x in tensors(part)]


def like(state: State, parts: list[Tensor]) -> State:
    """Return a state of the same structure with other tensors."""
    following = iter(parts)

    def fill(part: State) -> State:
        return next(following) if isinstance(part, Tensor) else tuple(fill(one) for one in part)

    return fill(state)


def _gradient(part: Tensor) -> Tensor:
    """Return the gradient of a part, (records, hidden); 0 if the loss does not depend on it."""
    found = torch.zeros_like(part) if part.grad is None else part.grad
    return found.reshape(-1, part.shape[-1]).double()
