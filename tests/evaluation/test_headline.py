"""The network that validation chooses, and how near it comes to the best possible."""

from pathlib import Path
from typing import Any

import pytest

from recurrent.common import files
from recurrent.common.config import Config, checked
from recurrent.evaluation.headline import headline, headlines, validation_losses
from tests.report.example import score
from tests.small_experiment import settings

COUNTS = score("counts/bigram", 2.0)
VALID = {"nets/plain": 1.4, "nets/deep": 1.6}


def test_validation_chooses_and_not_the_test_score() -> None:
    found = headline([score("nets/plain", 1.75), score("nets/deep", 1.25), COUNTS], VALID)
    assert found is not None
    assert (found.model, found.baseline, found.loss) == ("nets/plain", "counts/bigram", 1.75)
    assert (found.share, found.behind) == (0.25, None)


def test_a_network_that_loses_to_counting_has_no_share() -> None:
    found = headline([score("nets/plain", 2.5), COUNTS, score("counts/other", 3.0)], VALID)
    assert found is not None
    assert (found.share, found.behind, found.baseline_loss) == (None, 0.5, 2.0)


def test_without_a_known_source_there_is_no_share() -> None:
    found = headline([score(bayes=None), COUNTS], VALID)
    assert found is not None
    assert (found.loss, found.bayes, found.share, found.behind) == (1.5, None, None, None)


def test_without_a_chosen_network_or_a_baseline_there_is_nothing() -> None:
    assert headline([score(), COUNTS], {}) is None
    assert headline([score()], VALID) is None


@pytest.mark.parametrize(
    "changes", [{"split": "train"}, {"metric": "accuracy"}, {"by_prefix": True}]
)
def test_only_losses_on_held_out_records_count(changes: dict[str, Any]) -> None:
    assert [one.model for one in headlines([score(), COUNTS], VALID)] == ["nets/plain"]
    assert [*headlines([score(**changes), COUNTS], VALID)] == []


def test_each_set_of_records_has_its_own_headline() -> None:
    others = [score("nets/deep", records="others"), score("counts/bigram", 2.0, records="others")]
    found = headlines([score(), COUNTS, *others], VALID)
    assert [one.model for one in found] == ["nets/plain", "nets/deep"]


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
