"""The network that validation chooses, and how near it comes to the best possible."""

from pathlib import Path
from typing import Any

import pytest

from recurrent.common import files
from recurrent.common.config import Config, checked
from recurrent.evaluation.headline import share_of_the_way, validation_losses
from tests.report.example import score
from tests.small_experiment import settings

COUNTS = [score("counts/bigram", 2.0), score("counts/other", 3.0)]


def test_the_share_is_measured_from_the_best_model_without_a_network() -> None:
    scores = [score("nets/plain", 1.75), score("nets/deep", 1.25), *COUNTS]
    assert share_of_the_way(scores, "nets/plain") == 0.25
    assert share_of_the_way(scores, "nets/deep") == 0.75


@pytest.mark.parametrize(
    "changes",
    [{"ours": 2.5}, {"bayes": None}, {"bayes": 2.0}, {"metric": "accuracy"}],
    ids=["it loses", "unknown source", "nothing to gain", "no loss"],
)
def test_there_may_be_no_share(changes: dict[str, Any]) -> None:
    network = score("nets/plain", 1.75)
    assert share_of_the_way([network, *COUNTS], "nets/plain") is not None
    assert share_of_the_way([network._replace(**changes), *COUNTS], "nets/plain") is None
    assert share_of_the_way([network], "nets/plain") is None
    assert share_of_the_way(COUNTS, "nets/plain") is None


def with_training(**changes: Any) -> Config:
    values = settings().model_dump()
    values["experiments"]["small"]["training"] |= changes
    return checked(Config, values, "here")


@pytest.mark.parametrize(("keep", "expected"), [("best", 1.5), ("last", 3.0)])
def test_the_validation_loss_is_that_of_the_kept_weights(
    keep: str, expected: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = with_training(keep=keep)
    assert validation_losses(config) == {}
    rows = ["one,0,1,1", "one,0,2,3", "one,1,1,4", "one,1,2,2", "one,1,3,3", "other,0,1,9"]
    text = "\n".join(["variant,seed,epoch,valid_loss", *rows, ""])
    files.write_text(config.results.history("small"), text)
    assert validation_losses(config) == {"small/one": expected}
    files.write_text(config.results.history("small"), "variant,seed,epoch,train_loss\none,0,1,1\n")
    assert validation_losses(config) == {}


def test_losses_per_word_choose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    values = settings().model_dump()
    values["datasets"]["small"]["kind"] = "words"
    config = checked(Config, values, "here")
    files.write_text(config.results.history("small"), "variant,seed,epoch,valid_loss\none,0,1,1\n")
    assert validation_losses(config) == {}
