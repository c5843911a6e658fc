"""How far back a gradient reaches: |dL_T/dh_t|, step by step backwards from the loss.

The lecture: dh_T/dh_t is a product of Jacobians dh_k/dh_{k-1}, for its network
diag(tanh') W_hh each; so the norm of the product is at most the product of their norms. Both are
measured here, on any network that carries a state: the gradient by running it one step at a time
and asking for the gradient of each state on the way, the Jacobians row by row.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.models.base import Model, State

PARTS = ("h", "c")  # of a state: the hidden state, and the cell of an LSTM


class Reach(NamedTuple):
    """The gradient's norms, the latest step first: (steps, records)."""

    by_part: dict[str, Tensor]
    whole: Tensor  # of all parts of the state together
    bound: Tensor  # what the Jacobians allow `whole` to be, of the first records


def reach(model: Model, ids: Tensor, targets: Tensor, bounded: int) -> Reach:
    """Measure it on `ids` (records, steps) with one answer each; the bound on the first few."""
    if len({name[:-1] for name in model.recurrent()}) != 1:  # all but the gate
        raise PipelineError(
            "the reach of a gradient is measured in networks of one layer and direction.",
            where="params.yaml: probes.experiments",
            remedy="Leave this one out.",
        )
    model.eval()
    found = {part: g.norm(dim=2) for part, g in gradients(model, ids, targets).items()}
    if "c" in found:
        only = gradients(model, ids, targets, cell_path=True)["c"]
        found["c, forget gates alone"] = only.norm(dim=2)
    whole = torch.stack([found[part] ** 2 for part in PARTS if part in found]).sum(dim=0).sqrt()
    stretch = torch.stack([jacobian_norms(model, row[None]) for row in ids[:bounded]], dim=1)
    ones = torch.ones(1, stretch.shape[1], dtype=stretch.dtype)
    product = torch.cat([ones, stretch.flip(0).cumprod(dim=0)])
    return Reach(found, whole, whole[:1, :bounded] * product[: len(whole)])


def gradients(
    model: Model, ids: Tensor, targets: Tensor, *, cell_path: bool = False
) -> dict[str, Tensor]:
    """dL_T/ds for the state that enters each step but the first, by its parts.

    (steps - 1, records, hidden) each, the last step's first: none of records of one step. With
    `cell_path`, h is cut off between steps: what is left runs through the cell alone, and only
    the forget gate is in it.
    """
    state: State = None
    entering: list[list[Tensor]] = []
    for step in ids.T[:, :, None]:  # (records, 1)
        logits, state = model(step, state)
        for part in leaves(state):
            part.retain_grad()
        entering.append(leaves(state))
        if cell_path:
            state = rebuilt(
                state, [part.detach() if n == 0 else part for n, part in enumerate(leaves(state))]
            )
    loss = F.cross_entropy(logits.flatten(0, -2), targets, reduction="sum")
    loss.backward()
    model.zero_grad()
    # The state after the last step leads nowhere.
    return {
        name: torch.stack([_gradient(parts[number]) for parts in reversed(entering)])[1:]
        for number, name in enumerate(PARTS[: len(entering[0])])
    }


def jacobian_norms(model: Model, ids: Tensor) -> Tensor:
    """|ds_k/ds_{k-1}| in the spectral norm, for each step of one record that a state enters.

    As many copies of the record as the state has numbers: the k-th gives the k-th row.
    """
    with torch.no_grad():
        _, state = model(ids[:, :1])
    found = []
    for character in ids.T[1:-1]:  # the last step leads to the loss and to no further state
        size = sum(part.shape[-1] for part in leaves(state))
        copies = [
            part.detach().expand(*part.shape[:-2], size, part.shape[-1]).clone().requires_grad_()
            for part in leaves(state)
        ]
        _, after = model(character.expand(size, 1), rebuilt(state, copies))
        joined = torch.cat([part.reshape(size, -1) for part in leaves(after)], dim=1)
        rows = torch.autograd.grad(joined.diagonal().sum(), copies)
        jacobian = torch.cat([row.reshape(size, -1) for row in rows], dim=1).double()
        found.append(torch.linalg.eigvalsh(jacobian @ jacobian.T)[-1].clamp(min=0).sqrt())
        with torch.no_grad():
            _, state = model(character[None], state)
    return torch.stack(found) if found else torch.zeros(0, dtype=torch.double)


def leaves(state: State) -> list[Tensor]:
    """The tensors of a state, h before c."""
    return [state] if isinstance(state, Tensor) else [x for part in state for x in leaves(part)]


def rebuilt(state: State, parts: list[Tensor]) -> State:
    """A state of the same shape from other tensors."""
    following = iter(parts)

    def fill(part: State) -> State:
        return next(following) if isinstance(part, Tensor) else tuple(fill(one) for one in part)

    return fill(state)


def _gradient(part: Tensor) -> Tensor:
    """(records, hidden); what the loss does not depend on has no gradient."""
    found = torch.zeros_like(part) if part.grad is None else part.grad
    return found.reshape(-1, part.shape[-1]).double()
