"""Three ways to clip, against PyTorch's own on real gradients."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from recurrent.studies.clipping import WAYS, each_parameter, last_parameter, table

NORMS = st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=5).map(lambda row: np.array([row]))


def network() -> tuple[nn.Module, list[Tensor]]:
    """A network with gradients, and a copy of the gradients."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    model(50 * torch.randn(8, 3).double()).pow(2).sum().backward()
    return model, [p.grad.clone() for p in model.parameters() if p.grad is not None]


def clip(model: nn.Module, way: str, threshold: float) -> None:
    """Clip as PyTorch and the lecture's listing do."""
    parameters = [*model.parameters()]
    if way == "global":
        clip_grad_norm_(parameters, threshold)
    for p in {"each": parameters, "last": parameters[-1:]}.get(way, []):
        clip_grad_norm_(p, threshold)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("threshold", [0.01, 3.0, 1e6])
def test_each_way_is_what_pytorch_makes_of_real_gradients(way: str, threshold: float) -> None:
    model, before = network()
    clip(model, way, threshold)
    after = [p.grad for p in model.parameters() if p.grad is not None]
    flat = [torch.cat([g.flatten() for g in side]) for side in (before, after)]
    found = WAYS[way](np.array([[g.norm().item() for g in before]]), threshold)
    assert found.norm[0] == pytest.approx(flat[1].norm().item(), rel=1e-3)
    cosine = torch.nn.functional.cosine_similarity(flat[0], flat[1], dim=0).item()
    assert found.cosine[0] == pytest.approx(cosine, abs=1e-4)


@given(NORMS, st.floats(1e-3, 1e3))
def test_only_the_global_norm_keeps_the_direction_and_the_bound(
    row: np.ndarray, limit: float
) -> None:
    ways = {name: way(row, limit) for name, way in WAYS.items()}
    assert ways["global"].cosine[0] == pytest.approx(1)
    assert ways["global"].norm[0] <= limit * (1 + 1e-9)
    assert ways["each"].norm[0] <= limit * np.sqrt(row.shape[1]) * (1 + 1e-9)
    assert ways["global"].norm[0] <= ways["each"].norm[0] * (1 + 1e-9)
    for found in ways.values():
        assert 0 < found.cosine[0] <= 1 + 1e-12
        assert found.norm[0] <= np.linalg.norm(row) * (1 + 1e-12)


def test_a_zero_gradient_stays_zero_and_the_listing_bounds_one_parameter() -> None:
    nothing = each_parameter(np.zeros((1, 3)), 1.0)
    assert (nothing.norm[0], nothing.cosine[0]) == (0, 1)
    found = last_parameter(np.array([[300.0, 400.0, 12.0]]), 10.0)
    assert found.norm[0] == pytest.approx(np.sqrt(300**2 + 400**2 + 10**2))


def test_recorded_gradients_are_clipped_at_each_threshold() -> None:
    columns = ["seed", "epoch", "step", "total", "a", "b"]
    recorded = pd.DataFrame([[0, 1, 1, 5, 3, 4], [1, 1, 1, 0.5, 0.3, 0.4]], columns=columns)
    found = table(recorded, [1.0, 3.5])
    assert found[["threshold", "seed"]].to_numpy().tolist() == [[1, 0], [1, 1], [3.5, 0], [3.5, 1]]
    first = found.iloc[0]
    assert (first["norm"], first["norm_global"], first["cosine_global"]) == pytest.approx((5, 1, 1))
    assert (first["norm_each"], first["cosine_each"]) == pytest.approx((2**0.5, 7 / 5 / 2**0.5))
    assert first["norm_last"] == pytest.approx(10**0.5)
    assert [*found.iloc[1][["norm_global", "norm_each", "norm_last"]]] == pytest.approx([0.5] * 3)
