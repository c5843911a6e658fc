"""SIGKILL at any moment: what was finished stays, and the end is the same bytes."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.reliability import faults, runs
from tests.reliability.ledger import Promise
from tests.reliability.runs import Stage

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]


def test_a_stage_killed_at_random_moments(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "A killed training continues after its last epoch and ends in the bytes of one that was "
        "not killed",
        "kill -9 of `python -m stages.train` at a random moment",
    )
    draw = random.Random(0)
    for number in range(many(2, 40)):
        folder = runs.prepare(tmp_path / str(number))
        done = 0
        while True:
            stage = Stage(folder)
            stage.process.join(draw.uniform(0.0, 1.0))
            if stage.process.exitcode is not None:
                break
            stage.kill()
            kept.injected += 1
            kept.lost += runs.epochs_done(folder) < done
            done = runs.epochs_done(folder)
        status, said = stage.end()
        assert status == 0 and "damaged" not in said, said
        assert runs.results(folder) == undisturbed
        assert not kept.lost


def test_a_stage_killed_before_each_change_of_the_disk(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "Whichever file a kill interrupts, nothing half-written is used and finished runs stay",
        "kill -9 before each change that the stage makes on the disk",
    )
    counted = tmp_path / "changes"
    assert Stage(runs.prepare(tmp_path / "all"), partial(faults.count_to, counted)).end()[0] == 0
    changes = counted.stat().st_size
    for step in range(1, changes + 1, changes // many(6, changes)):
        folder = runs.prepare(tmp_path / str(step))
        status, _ = Stage(folder, partial(faults.kill_at, step)).end()
        assert status == -9
        kept.injected += 1
        finished, _ = runs.finished(folder), runs.trained(folder)
        status, said = Stage(folder).end()
        assert status == 0 and "damaged" not in said, said
        assert finished.isdisjoint(runs.trained(folder))
        assert runs.results(folder) == undisturbed
