"""kill -9 at random moments: nothing that was finished is lost, and the end is the same bytes."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.workspace import Workspace, names_alone
from tests.reliability import trainings
from tests.reliability.ledger import Promise
from tests.reliability.trainings import EPOCHS, EXPERIMENTS

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every experiment trained in peace."""
    folder = tmp_path_factory.mktemp("undisturbed")
    trainings.prepared(folder)
    for experiment in EXPERIMENTS:
        trainings.run(folder, "stages.train", experiment)
    return folder


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_killed_training_goes_on_from_its_last_finished_epoch(
    experiment: str, tmp_path: Path, undisturbed: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        f"A killed training ({experiment}) goes on from its last finished epoch and ends in the "
        "bytes of an undisturbed one",
        "kill -9 at a random moment",
    )
    trainings.prepared(tmp_path)
    draw = random.Random(experiment)
    finished = 0
    while kept.injected < many(1, 8):
        process = trainings.start(tmp_path, "stages.train", experiment)
        wait_for_epochs(tmp_path, experiment, finished + draw.randint(0, 3), process)
        time.sleep(draw.uniform(0, 0.03))  # somewhere in an epoch, or in writing it down
        process.kill()
        process.communicate()
        assert process.returncode == -9, "the training must not have ended before it was killed"
        kept.injected += 1
        now = trainings.epochs_done(tmp_path, experiment)
        kept.lost += now < finished
        finished = now
    said = trainings.run(tmp_path, "stages.train", experiment)
    assert "damaged" not in said
    assert trainings.results(tmp_path) == trainings.results_of(experiment, undisturbed)
    assert not kept.lost


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_training_whose_dvc_was_killed_leaves_and_the_next_goes_on(
    shell: str, tmp_path: Path, undisturbed: Path, promise: Promised
) -> None:
    kept = promise(
        "A training whose dvc was killed leaves after its epoch, and the next goes on from there",
        f"kill -9 of the process that started it in {shell}",
    )
    experiment = "nietzsche_lstm"
    trainings.prepared(tmp_path)
    parent = trainings.start_as_dvc_does(tmp_path, experiment, shell)
    wait_for_epochs(tmp_path, experiment, 2, parent)
    parent.kill()
    said, _ = parent.communicate()  # the training holds the other end until it leaves
    kept.injected = 1
    assert f"error: train@{experiment}: the dvc that started this was killed" in said
    kept.lost = trainings.epochs_done(tmp_path, experiment) < 2
    assert 2 <= trainings.epochs_done(tmp_path, experiment) < EPOCHS
    trainings.run(tmp_path, "stages.train", experiment)
    assert trainings.results(tmp_path) == trainings.results_of(experiment, undisturbed)


def wait_for_epochs(folder: Path, experiment: str, epochs: int, process: object) -> None:
    """Until so many are finished, but no longer than a training could take."""
    deadline = time.monotonic() + 120
    while trainings.epochs_done(folder, experiment) < epochs and time.monotonic() < deadline:
        time.sleep(0.002)


@pytest.mark.long
@pytest.mark.parametrize("change", ["another rate", "other data", "other code"])
def test_a_checkpoint_of_another_training_is_never_resumed_from(
    change: str, tmp_path: Path, promise: Promised
) -> None:
    kept = promise("A stale checkpoint is not resumed from", f"killed, then {change}")
    experiment = "nietzsche_lstm"
    peace, war = (trainings.prepared(tmp_path / name) for name in ("peace", "war"))
    process = trainings.start(war.folder, "stages.train", experiment)
    wait_for_epochs(war.folder, experiment, 5, process)
    process.kill()
    process.communicate()
    kept.injected = 1
    for project in (peace, war):
        if change == "another rate":
            project.edit({f"experiments.{experiment}.training.rate": 0.003})
        elif change == "other data":
            trained_on = project.folder / "data/encoded"
            shutil.rmtree(trained_on / "nietzsche_stream")
            trainings.write_text(trained_on / "nietzsche_stream", valid=0.1)
        else:
            shutil.copytree(trainings.ROOT / "stages", project.folder / "stages")
            with (project.folder / "recurrent/training/loop.py").open("a") as code:
                code.write("# changed\n")
        trainings.run(project.folder, "stages.train", experiment)
    assert trainings.results(war.folder) == trainings.results(peace.folder)


@pytest.mark.long
def test_a_killed_dvc_repro_is_finished_by_the_next(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "A killed dvc repro is finished by the next, with the same dvc.lock",
        "kill -9 of dvc alone at a random moment: its stage lives on for a while",
    )
    peace, war = Workspace(tmp_path / "peace"), Workspace(tmp_path / "war")
    for workspace in (peace, war):
        workspace.edit(names_alone)
    assert peace.repro("train")
    draw = random.Random(0)
    while kept.injected < 6:
        process = war.start("dvc", "repro", "train")
        time.sleep(draw.uniform(2, 12))
        process.kill()
        process.wait()
        kept.injected += 1
    war.repro("train")
    outputs = [workspace.tree("data", "metrics") for workspace in (peace, war)]
    kept.lost = sum(outputs[0].get(name) != content for name, content in outputs[1].items())
    assert outputs[0] == outputs[1]
    locks = [(workspace.folder / "dvc.lock").read_bytes() for workspace in (peace, war)]
    assert locks[0] == locks[1]
