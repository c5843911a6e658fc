"""A run with exploding, vanishing or NaN gradients reports the step and the parameter."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recurrent.common.config import Alarm
from recurrent.common.errors import PipelineError
from recurrent.models.names import RecurrentClassifier
from recurrent.tracking.history import Finding
from recurrent.training.health import add, findings
from tests.training.toy import Trained, descent, fresh, toy_task, train

ALARM = Alarm(explodes=100.0, vanishes=1e-5)
NAMES = ["W_xh", "W_hh"]
FINE = [1.0, 2.0]


def check(
    norms: list[list[float]], losses: list[float] | None = None, epoch: int = 1
) -> list[Finding]:
    given = torch.tensor(losses or [1.0] * len(norms))
    return list(findings(given, torch.tensor(norms, dtype=torch.double), NAMES, epoch, ALARM))


def test_a_healthy_epoch_has_no_findings() -> None:
    assert check([FINE, [50.0, 0.01], [1e-4, 1e-6]]) == []


def test_the_first_step_that_explodes_is_named_and_all_are_counted() -> None:
    (finding,) = check([FINE, [80.0, 70.0], [1.0, 500.0], FINE], epoch=3)
    assert finding == Finding("exploding", 3, step=10, parameter="W_xh", norm=80.0, times=2)


def test_a_gradient_that_is_small_for_a_whole_epoch_vanishes() -> None:
    (finding,) = check([[1.0, 9e-6], [2.0, 1e-6]], epoch=2)
    assert finding == Finding("vanishing", 2, step=3, parameter="W_hh", norm=9e-6)
    assert check([[1.0, 9e-6], [2.0, 1e-3]]) == []


def test_a_step_without_any_gradient_hides_no_vanishing_one() -> None:
    (finding,) = check([[1.0, 1e-9], [0.0, 0.0]])
    assert (finding.kind, finding.parameter) == ("vanishing", "W_hh")


def test_an_epoch_cut_short_by_nan_is_not_judged_as_a_whole() -> None:
    kinds = [finding.kind for finding in check([[1.0, 1e-9], [float("nan"), 1e-9]])]
    assert kinds == ["nan"]


def test_gradients_that_are_all_tiny_do_not_count_as_vanishing() -> None:
    assert check([[1e-12, 1e-13]]) == []


def test_the_first_parameter_that_is_nan_is_named() -> None:
    (finding,) = check([FINE, [1.0, float("nan")], [float("nan")] * 2], [1.0, float("nan"), 0.0])
    assert finding == Finding("nan", 1, step=2, parameter="W_hh", norm=None)


def test_a_loss_that_is_infinite_is_found_if_all_norms_are_finite() -> None:
    (finding,) = check([FINE, FINE], [1.0, float("inf")])
    assert finding == Finding("nan", 1, step=2, parameter="the loss", norm=None)


def test_an_explosion_before_nan_is_reported_as_well() -> None:
    kinds = [finding.kind for finding in check([FINE, [1e9, 1.0], [float("inf"), 1.0]])]
    assert kinds == ["nan", "exploding"]


def test_a_known_finding_is_counted_where_it_was_first_seen() -> None:
    known: list[Finding] = []
    for epoch, times in ((2, 3), (5, 4)):
        add(known, Finding("exploding", epoch, 10 * epoch, "W_hh", 200.0, times))
    add(known, Finding("vanishing", 5, 50, "W_xh", 1e-9))
    assert known == [
        Finding("exploding", 2, 20, "W_hh", 200.0, 7),
        Finding("vanishing", 5, 50, "W_xh", 1e-9, 1),
    ]


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A classifier of which the n-th forward pass in training is multiplied by factors[n]."""
    factors: dict[str, float] = {}
    plain, calls = RecurrentClassifier.forward, [0]

    def louder(self: Any, ids: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        logits, after = plain(self, ids, state)
        if self.training:
            calls[0] += 1
            logits = logits * factors.get(str(calls[0]), 1.0)
        return logits, after

    monkeypatch.setattr(RecurrentClassifier, "forward", louder)
    return factors


def test_a_run_that_explodes_continues_and_reports_it(
    tmp_path: Path, loud: dict[str, float]
) -> None:
    loud["3"] = 1e5
    done = train(toy_task(tmp_path), tmp_path, descent(clip_norm=1.0, epochs=3))
    (finding,) = done.findings
    assert (finding.kind, finding.epoch, finding.step, finding.times) == ("exploding", 1, 3, 1)
    assert len(done.rows) == 3
    assert done.rows[0]["gradient_norm_max"] > 100


def test_nan_stops_it_with_its_step_and_keeps_its_history(
    tmp_path: Path, loud: dict[str, float]
) -> None:
    loud["25"] = float("nan")
    task = toy_task(tmp_path)
    done = Trained(fresh(task))
    with pytest.raises(PipelineError, match=r"embedding\.weight is NaN.* at step 25 \(epoch 3\)"):
        train(task, tmp_path, descent(epochs=4), done=done)
    assert [row["epoch"] for row in done.rows] == [1, 2]
    assert done.findings[-1].kind == "nan"


def test_a_resumed_run_keeps_its_findings(tmp_path: Path, loud: dict[str, float]) -> None:
    loud["3"] = 1e5
    task, training = toy_task(tmp_path), descent(clip_norm=1.0, gradient_norms=2)
    train(task, tmp_path / "a", training, stop_after=2)
    resumed = train(task, tmp_path / "a", training)
    assert [(finding.kind, finding.step) for finding in resumed.findings] == [("exploding", 3)]
    assert [row["step"] for row in resumed.gradients] == [*range(1, 41, 2)]


def test_six_layers_vanish_and_one_does_not() -> None:
    """Check the default thresholds on the case that they are made for: a deep stack of layers."""
    found = {}
    for layers in (1, 6):
        torch.manual_seed(0)
        rnn, head = nn.RNN(8, 16, layers), nn.Linear(16, 8)
        for name, weights in rnn.named_parameters():
            if name.startswith("weight"):
                nn.init.normal_(weights, std=0.02)
        x = torch.randn(35, 4, 8)
        head(rnn(x)[0]).pow(2).mean().backward()
        norms = {
            n: p.grad.norm()
            for n, p in [*rnn.named_parameters(), *head.named_parameters()]
            if p.grad is not None
        }
        stacked = torch.stack([*norms.values()])[None].double()
        found[layers] = list(findings(torch.ones(1), stacked, [*norms], 1, Alarm()))
    assert found[1] == []
    assert found[6][0].kind == "vanishing" and "_l0" in found[6][0].parameter
