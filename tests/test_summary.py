"""The last screen of `make repro`: what trainings found wrong, and where to look next."""

import pytest

from recurrent import files, paths
from recurrent.commands import summary
from recurrent.errors import PipelineError

pytestmark = pytest.mark.usefixtures("project")


def ill(name: str, *messages: str) -> None:
    findings = [{"seed": 0, "message": message} for message in messages]
    files.write_json(paths.health(name), {"healthy": not findings, "findings": findings})


def test_healthy_trainings_are_not_spoken_of() -> None:
    assert summary.unwell() == []
    ill("names_gru")
    assert summary.unwell() == []


def test_each_training_that_is_unwell_has_a_line_with_its_first_finding() -> None:
    ill("lyrics_lstm_6", "gradient vanishing at step 4", "gradient vanishing at step 7")
    ill("names_gru")
    ill("hard_rnn", "gradient exploding at step 10")
    assert summary.unwell()[1:3] == [
        "lyrics_lstm_6: gradient vanishing at step 4 (and 1 more)",
        "hard_rnn: gradient exploding at step 10",
    ]


def test_what_params_yaml_no_longer_names_is_not_spoken_of() -> None:
    ill("forgotten", "gradient exploding at step 10")
    assert summary.unwell() == []


def test_before_anything_is_evaluated_it_says_what_to_do() -> None:
    with pytest.raises(PipelineError, match=r"nothing has been evaluated yet\. Run make repro"):
        summary.main()
