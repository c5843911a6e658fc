"""Locks are released however a process ends, and an abandoned stage stops."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from recurrent.common import locking
from recurrent.common.errors import PipelineError
from recurrent.common.locking import leave_if_abandoned, locked


@pytest.fixture
def orphaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the process that started this one was killed."""
    monkeypatch.setattr(locking, "STARTED_BY", os.getppid() + 1)


def test_a_stage_goes_on_while_its_dvc_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@names_gated")
    leave_if_abandoned()


@pytest.mark.usefixtures("orphaned")
def test_a_stage_started_by_hand_outlives_its_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    leave_if_abandoned()


@pytest.mark.usefixtures("orphaned")
def test_a_stage_whose_dvc_was_killed_stops_and_releases_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@names_gated")
    lock = tmp_path / "locks/one"
    with (
        pytest.raises(PipelineError, match=r"train@names_gated: .*was killed.*dvc repro"),
        locked("training", lock),
    ):
        raise AssertionError("nothing may run here")
    FileLock(lock).acquire(timeout=0)
