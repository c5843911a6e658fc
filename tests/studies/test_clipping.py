"""Three ways to clip, against PyTorch's own on real gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from recurrent.studies import clipping
from recurrent.studies.clipping import Clipped, each, last, together

norms = st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=5).map(lambda row: np.array([row]))


def network() -> tuple[nn.Module, list[Tensor]]:
    """With gradients, and a copy of those."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    model(50 * torch.randn(8, 3).double()).pow(2).sum().backward()
    return model, [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("threshold", [0.01, 3.0, 1e6])
def test_each_way_is_what_pytorch_makes_of_real_gradients(threshold: float) -> None:
    def clip_each(model: nn.Module) -> None:
        for p in model.parameters():
            clip_grad_norm_(p, threshold)

    def clip_last(model: nn.Module) -> None:
        *_, p = model.parameters()  # what the lecture's loop leaves behind
        clip_grad_norm_(p, threshold)

    def clip_together(model: nn.Module) -> None:
        clip_grad_norm_(model.parameters(), threshold)

    for way, on_model in ((each, clip_each), (last, clip_last), (together, clip_together)):
        model, before = network()
        on_model(model)
        after = [p.grad for p in model.parameters() if p.grad is not None]
        flat = [torch.cat([g.flatten() for g in side]) for side in (before, after)]
        found = way(np.array([[g.norm().item() for g in before]]), threshold)
        assert found.norm[0] == pytest.approx(flat[1].norm().item(), rel=1e-3)
        cosine = torch.nn.functional.cosine_similarity(flat[0], flat[1], dim=0).item()
        assert found.cosine[0] == pytest.approx(cosine, abs=1e-4)


@given(norms, st.floats(1e-3, 1e3))
def test_only_all_together_keeps_the_direction_and_the_bound(row: np.ndarray, limit: float) -> None:
    ways: dict[str, Clipped] = {way.__name__: way(row, limit) for way in (together, each, last)}
    assert ways["together"].cosine[0] == pytest.approx(1)
    assert ways["together"].norm[0] <= limit * (1 + 1e-9)
    assert ways["each"].norm[0] <= limit * np.sqrt(row.shape[1]) * (1 + 1e-9)
    assert ways["together"].norm[0] <= ways["each"].norm[0] * (1 + 1e-9)
    for found in ways.values():
        assert 0 < found.cosine[0] <= 1 + 1e-12
        assert found.norm[0] <= np.linalg.norm(row) * (1 + 1e-12)


def test_no_gradient_at_all_is_clipped_to_none() -> None:
    for way in (together, each, last):
        found = way(np.zeros((1, 3)), 1.0)
        assert (found.norm[0], found.cosine[0]) == (0, 1)


def test_what_the_lecture_prints_bounds_one_parameter() -> None:
    found = clipping.last(np.array([[300.0, 400.0, 12.0]]), 10.0)
    assert found.norm[0] == pytest.approx(np.sqrt(300**2 + 400**2 + 10**2))
