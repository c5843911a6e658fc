import os
from pathlib import Path

import pytest
from filelock import FileLock

from recurrent import locking as module
from recurrent.errors import PipelineError
from recurrent.locking import alone, leave_if_abandoned


@pytest.fixture
def orphaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if whoever started this process had been killed."""
    monkeypatch.setattr(module, "STARTED_BY", os.getppid() + 1)


def test_a_stage_goes_on_while_its_dvc_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@names_rnn")
    leave_if_abandoned()


@pytest.mark.usefixtures("orphaned")
def test_a_training_started_by_hand_outlives_its_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    leave_if_abandoned()


@pytest.mark.usefixtures("orphaned")
def test_a_stage_whose_dvc_was_killed_leaves_and_gives_the_lock_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@names_rnn")
    lock = tmp_path / "locks/one"
    with (
        pytest.raises(PipelineError, match=r"train@names_rnn: .*was killed.*dvc repro"),
        alone("training", lock),
    ):
        raise AssertionError("nothing may be done here")
    FileLock(lock).acquire(timeout=0)
