"""Proposals depend on the seed and on earlier trials alone; the file survives a kill."""

from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, create_trial

from recurrent.common.errors import PipelineError
from recurrent.sweeps.space import parse
from recurrent.sweeps.study import Study, is_worse_than_median
from recurrent.sweeps.trial import Outcome
from recurrent.tracking.sweeps import TrackedTrial

RATE, HIDDEN, CELL = "training.learning_rate", "model.settings.hidden", "model.settings.cell"
SPACE = parse([f"{RATE}=0.001..0.1:log", f"{HIDDEN}=8..64", f"{CELL}=rnn,gru,null"])


def opened(folder: Path, seed: int = 0, identity: str = "this") -> Study:
    return Study(folder / "sweep.log", SPACE, seed, identity)


def outcome(trial: TrackedTrial) -> Outcome:
    """The outcome of a trial with these values: the best learning rate is 0.01."""
    rate = trial.values[RATE]
    assert isinstance(rate, float)
    if rate > 0.08:
        return Outcome("failed", {}, reason="the loss is NaN")
    loss = abs(rate - 0.01)
    if trial.number % 4 == 3:
        return Outcome("pruned", {1: loss + 1})
    return Outcome("complete", {1: loss + 1, 2: loss}, loss)


def run(study: Study, trials: int) -> None:
    for _ in range(trials):
        proposed = study.propose()
        study.record(proposed.number, outcome(proposed))


def values(study: Study) -> list[dict[str, object]]:
    return [dict(trial.values) for trial in study.trials()]


def test_a_sweep_that_is_opened_again_proposes_what_it_would_have_proposed(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    run(opened(one), 16)
    for trials in (3, 9, 4):
        run(opened(two), trials)
    found = values(opened(one))
    assert found == values(opened(two))
    assert len({str(one) for one in found}) == 16
    run(opened(tmp_path / "three", seed=1), 2)
    assert values(opened(tmp_path / "three")) != found[:2]


def test_values_are_short_and_within_their_ranges(tmp_path: Path) -> None:
    study = opened(tmp_path)
    run(study, 16)
    for one in values(study):
        rate, hidden = one[RATE], one[HIDDEN]
        assert isinstance(rate, float) and float(f"{rate:.4g}") == rate and 0.001 <= rate <= 0.1
        assert isinstance(hidden, int) and 8 <= hidden <= 64
        assert one[CELL] in ("rnn", "gru", None)


def test_outcomes_are_kept(tmp_path: Path) -> None:
    study = opened(tmp_path)
    for result in (
        Outcome("complete", {1: 0.5, 2: 0.25}, 0.25),
        Outcome("pruned", {1: 0.5}),
        Outcome("failed", {}, reason="why"),
    ):
        study.record(study.propose().number, result)
    study.propose()
    trials = opened(tmp_path).trials()
    assert [trial.state for trial in trials] == ["complete", "pruned", "failed", "running"]
    assert [trial.objective for trial in trials] == [0.25, None, None, None]
    assert [trial.losses for trial in trials] == [{1: 0.5, 2: 0.25}, {1: 0.5}, {}, {}]
    assert trials[2].reason == "why"
    assert trials[0].ended >= trials[0].started > 1e9 and trials[3].ended == 0
    assert [trial.number for trial in opened(tmp_path).complete()] == [0]


def test_a_running_trial_keeps_others_away_and_is_not_proposed_again(tmp_path: Path) -> None:
    study = opened(tmp_path)
    run(study, 12)
    waiting = [study.propose() for _ in range(3)]
    assert [trial.number for trial in waiting] == [12, 13, 14]
    assert len({str(trial.values) for trial in waiting}) == 3


def test_what_a_kill_leaves_is_removed(tmp_path: Path) -> None:
    run(opened(tmp_path), 2)
    file = tmp_path / "sweep.log"
    before = file.read_bytes()
    file.write_bytes(before + b'{"op_code": 4, "wor')
    (tmp_path / "sweep.log.lock").write_bytes(b"")
    run(opened(tmp_path), 1)
    assert len(opened(tmp_path).trials()) == 3


def test_another_sweep_of_that_name_is_refused(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(PipelineError, match=r"sweep\.log: this sweep was started with another"):
        opened(tmp_path, identity="that")


def earlier(*losses: float) -> list[FrozenTrial]:
    """Complete trials with these losses after the first epoch, and half of them after the next."""
    return [create_trial(value=one, intermediate_values={1: one, 2: one / 2}) for one in losses]


@pytest.mark.parametrize(
    ("losses", "epochs", "count", "expected"),
    [
        ({1: 3.1}, 2, 5, True),
        ({1: 2.9}, 2, 5, False),
        ({1: 3.1}, 2, 4, False),  # too few trials to compare with
        ({1: 3.1}, 6, 5, False),  # in the first third
        ({1: 3.1, 2: 1.6}, 6, 5, True),
        ({1: 1.4, 2: 9.0}, 6, 5, False),  # the best loss so far counts
    ],
)
def test_a_trial_is_worse_than_the_median_of_complete_ones_by_now(
    losses: dict[int, float], epochs: int, count: int, expected: bool
) -> None:
    assert is_worse_than_median(losses, epochs, earlier(1, 2, 3, 4, 5)[:count]) == expected
