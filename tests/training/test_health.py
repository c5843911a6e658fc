"""A training that explodes, vanishes or meets NaN says so: at which step, in which parameter."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.experiments import Alarm
from recurrent.models.recurrent_classifier import RecurrentClassifier
from recurrent.tracking.history import EXPLODING, NOT_A_NUMBER, VANISHING, Fault, Row
from recurrent.training.health import add, faults
from recurrent.training.loop import descend
from tests.training.toy import PLAIN, descent, fresh, toy_task, train, watch

ALARM = Alarm(explodes=100.0, vanishes=1e-5)
NAMES = ["W_xh", "W_hh"]
FINE = [1.0, 2.0]


def examined(
    norms: list[list[float]], losses: list[float] | None = None, epoch: int = 1
) -> list[Fault]:
    given = torch.tensor(losses or [1.0] * len(norms))
    return list(faults(given, torch.tensor(norms, dtype=torch.double), NAMES, epoch, ALARM))


def test_a_healthy_epoch_has_no_faults() -> None:
    assert examined([FINE, [50.0, 0.01], [1e-4, 1e-6]]) == [], "small beside others, not small"


def test_the_first_step_that_explodes_is_named_and_all_are_counted() -> None:
    (fault,) = examined([FINE, [80.0, 70.0], [1.0, 500.0], FINE], epoch=3)
    assert fault == Fault(EXPLODING, 3, step=10, parameter="W_xh", norm=80.0, times=2)


def test_a_gradient_vanishes_that_is_small_through_a_whole_epoch() -> None:
    (fault,) = examined([[1.0, 9e-6], [2.0, 1e-6]], epoch=2)
    assert fault == Fault(VANISHING, 2, step=3, parameter="W_hh", norm=9e-6)
    assert examined([[1.0, 9e-6], [2.0, 1e-3]]) == [], "one step is enough to learn from"


def test_a_step_without_any_gradient_hides_no_vanishing_one() -> None:
    (fault,) = examined([[1.0, 1e-9], [0.0, 0.0]])
    assert (fault.kind, fault.parameter) == (VANISHING, "W_hh")


def test_an_epoch_that_was_cut_short_is_not_judged_as_a_whole() -> None:
    kinds = [fault.kind for fault in examined([[1.0, 1e-9], [float("nan"), 1e-9]])]
    assert kinds == [NOT_A_NUMBER]


def test_once_is_once() -> None:
    assert str(Fault(VANISHING, 1, 1, "W", 1e-9)).endswith("norm 1e-09; 1 epoch")
    assert str(Fault(EXPLODING, 1, 1, "W", 1e9, 2)).endswith("norm 1e+09; 2 steps")


def test_a_loss_that_is_learnt_to_nothing_is_no_vanishing_gradient() -> None:
    assert examined([[1e-12, 1e-13]]) == []


def test_the_first_parameter_that_is_no_number_is_named() -> None:
    (fault,) = examined([FINE, [1.0, float("nan")], [float("nan")] * 2], [1.0, float("nan"), 0.0])
    assert fault == Fault(NOT_A_NUMBER, 1, step=2, parameter="W_hh", norm=None)


def test_a_loss_that_is_no_number_is_found_where_all_norms_are() -> None:
    (fault,) = examined([FINE, FINE], [1.0, float("inf")])
    assert fault == Fault(NOT_A_NUMBER, 1, step=2, parameter="the loss", norm=None)
    assert str(fault) == "not a number at step 2 (epoch 1) in the loss"


def test_what_exploded_before_is_told_as_well() -> None:
    kinds = [fault.kind for fault in examined([FINE, [1e9, 1.0], [float("inf"), 1.0]])]
    assert kinds == [NOT_A_NUMBER, EXPLODING]


def test_a_known_fault_is_counted_and_keeps_its_place() -> None:
    known: list[Fault] = []
    for epoch, times in ((2, 3), (5, 4)):
        add(known, Fault(EXPLODING, epoch, 10 * epoch, "W_hh", 200.0, times))
    add(known, Fault(VANISHING, 5, 50, "W_xh", 1e-9))
    assert known == [
        Fault(EXPLODING, 2, 20, "W_hh", 200.0, 7),
        Fault(VANISHING, 5, 50, "W_xh", 1e-9, 1),
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


def test_a_training_that_explodes_goes_on_and_says_so(
    tmp_path: Path, loud: dict[str, float]
) -> None:
    loud["3"] = 1e5
    done = train(toy_task(tmp_path), tmp_path, descent(clip_norm=1.0, epochs=3))
    (fault,) = done.faults
    assert (fault.kind, fault.epoch, fault.step, fault.times) == (EXPLODING, 1, 3, 1)
    assert len(done.told) == 3
    assert done.told[0]["gradient_norm_max"] > 100


def test_nan_stops_it_with_its_step_and_keeps_what_was_told(
    tmp_path: Path, loud: dict[str, float]
) -> None:
    loud["25"] = float("nan")
    task = toy_task(tmp_path)
    told: list[Row] = []
    heard: list[Fault] = []
    listener = replace(watch(tmp_path, told), tell_faults=heard.extend)
    with pytest.raises(PipelineError, match=r"at step 25 \(epoch 3\) in embedding\.weight"):
        descend(fresh(task), task, descent(epochs=4), listener, PLAIN)
    assert [row["epoch"] for row in told] == [1, 2]
    assert heard[-1].kind == NOT_A_NUMBER


def test_a_resumed_training_knows_what_was_wrong_before(
    tmp_path: Path, loud: dict[str, float]
) -> None:
    loud["3"] = 1e5
    task, training = toy_task(tmp_path), descent(clip_norm=1.0, gradient_norms=2)
    train(task, tmp_path / "a", training, stop_after=2)
    resumed = train(task, tmp_path / "a", training)
    assert [(fault.kind, fault.step) for fault in resumed.faults] == [(EXPLODING, 3)]
    assert [row["step"] for row in resumed.gradients] == [*range(1, 41, 2)]


def test_six_layers_vanish_and_one_does_not() -> None:
    """The levels by default, on what they are for: a deep stack of small weights."""
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
        found[layers] = list(faults(torch.ones(1), stacked, [*norms], 1, Alarm()))
    assert found[1] == []
    assert found[6][0].kind == VANISHING and "_l0" in found[6][0].parameter
