"""The last screen of `make repro`: what trainings found wrong, and where to look next."""

from pathlib import Path

import pytest

from stages import files, paths, summary
from stages.errors import PipelineError


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ill(name: str, *messages: str) -> None:
    findings = [{"seed": 0, "message": message} for message in messages]
    files.write_json(paths.health(name), {"healthy": not findings, "findings": findings})


def test_healthy_trainings_are_not_spoken_of() -> None:
    assert summary.unwell() == []
    ill("gru")
    assert summary.unwell() == []


def test_each_training_that_is_unwell_has_a_line_with_its_first_finding() -> None:
    ill("lstm_6", "gradient vanishing at step 4", "gradient vanishing at step 7")
    ill("gru")
    ill("rnn", "gradient exploding at step 10")
    assert summary.unwell()[1:3] == [
        "lstm_6: gradient vanishing at step 4 (and 1 more)",
        "rnn: gradient exploding at step 10",
    ]


def test_before_anything_is_evaluated_it_says_what_to_do() -> None:
    with pytest.raises(PipelineError, match=r"nothing has been evaluated yet\. Run make repro"):
        summary.main()
