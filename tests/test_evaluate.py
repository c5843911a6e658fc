"""One experiment measured: in characters, never with the answer in view, and what it writes."""

import math
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import ANY

import numpy as np
import pytest

from stages import evaluate
from stages.common import files, params, paths
from stages.common.errors import PipelineError
from stages.common.experiments import Samples
from stages.common.params import Runtime
from stages.evaluation.measured import Measured
from stages.models import contract
from stages.probes.foresight import answers_by_prefix, answers_in_view
from stages.tasks.contract import Task, load
from stages.tasks.next_character import NextCharacter
from stages.training.device import prepare
from stages.training.seeding import seed_torch
from tests.encoders.texts import encoded, some_text
from tests.evaluation.words import chinese, has_symbols, in_words
from tests.project import ROOT
from tests.training.toy import READING, some_table

REAL = params.load(ROOT / "params.yaml")
HERE = Runtime(device="cpu", threads=1, tracking=False)
IN_VIEW = "loss_with_the_answer_in_view"
STREAM: dict[str, Any] = {"order": "consecutive"}
LANGUAGE: dict[str, Any] = {
    "module": "language_model",
    "name": "LanguageModel",
    "settings": {"cell": "gru", "embedding": 4, "hidden": 8},
}
ONE_WAY: dict[str, Any] = {
    "module": "stacked",
    "name": "Stacked",
    "settings": {"cell": "gru", "hidden": 8},
}
BOTH_WAYS = {**ONE_WAY, "settings": {**ONE_WAY["settings"], "bidirectional": True}}
WANTED = Samples(prefixes=("ab", "fad"), length=7)

pytestmark = pytest.mark.usefixtures("project", "restored_torch")


class Saved(Protocol):
    """What encoders leave."""

    def save(self, folder: Path) -> None: ...


def trained(
    data: Saved, spec: dict[str, Any], asked: str = "next_character", seeds: int = 2
) -> tuple[Task, list[contract.Model]]:
    """The dataset and the models of an experiment: `small`, from some seeds."""
    folder, dataset = paths.model("small"), paths.encoded("small")
    for path in (folder, dataset):
        path.mkdir(parents=True)
    data.save(dataset)
    task = load(asked)(dataset, prepare(HERE))
    models = []
    for seed in range(seeds):
        seed_torch("test", seed)
        model = contract.build({**spec, "inputs": task.inputs, "outputs": task.outputs})
        contract.save(model, contract.seed_file(folder, seed))
        models.append(model.eval())
    about = {"seeds": [*range(seeds)], "about": task.about, "fingerprint": "0"}
    files.write_json(folder / "spec.json", {**models[0].spec(), **about})
    files.write_json(folder / "samples.json", {str(seed): {} for seed in range(seeds)})
    return task, models


def measured(
    asked: str = "next_character", samples: Samples | None = None, seeds: int = 2
) -> Measured:
    update: dict[str, Any] = {"dataset": "small", "task": asked, "seeds": tuple(range(seeds))}
    experiment = REAL.experiments["lyrics_gru"].model_copy(update=update)
    settings = REAL.model_copy(update={"runtime": HERE, "experiments": {"small": experiment}})
    return evaluate.measure("small", settings, samples)


def nats(gave: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    return pytest.approx(-float(gave.mean()), abs=1e-5)


def test_every_task_of_an_experiment_can_be_measured() -> None:
    assert {experiment.task for experiment in REAL.experiments.values()} <= set(evaluate.KINDS)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    evaluate.refuse_no_numbers("small", {"loss": 1.5, "records": 3})
    with pytest.raises(PipelineError, match="small: loss on its held-out records is no number"):
        evaluate.refuse_no_numbers("small", {"loss": value, "accuracy": 0.5})


@pytest.mark.parametrize("changes", [{}, STREAM])
def test_a_network_that_looks_ahead_is_measured_by_prefix(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    task, models = trained(encoded(tmp_path, some_text(400), **changes), BOTH_WAYS)
    found = measured(samples=WANTED)
    for seed, model in enumerate(models):
        figures = found.report["by_seed"][seed]
        assert figures["loss"] == nats(answers_by_prefix(model, task, "test").said)
        assert figures[IN_VIEW] == nats(answers_in_view(model, task, "test").said)
        assert figures["loss"] != pytest.approx(figures[IN_VIEW], abs=1e-3)
    assert {IN_VIEW, "loss"} < found.report["mean"].keys() & found.report["spread"].keys()
    assert found.records.tolist() == answers_by_prefix(models[0], task, "test").records.tolist()
    assert found.merit.mean() == pytest.approx(-found.report["mean"]["loss"], abs=1e-5)
    assert found.report["protocol"] == "held-out by prefix"
    assert found.samples == {}, "it cannot write"


@pytest.mark.parametrize("hidden", [5, 6, 7, 8, 100])  # sums of some sizes differ by their row
def test_a_network_of_one_direction_is_measured_as_it_answers_and_writes(
    tmp_path: Path, hidden: int
) -> None:
    spec = {**ONE_WAY, "settings": {"cell": "gru", "hidden": hidden}}
    task, models = trained(encoded(tmp_path, some_text(400), **STREAM), spec)
    found = measured(samples=WANTED)
    assert not [name for name in found.report["mean"] if "in_view" in name]
    for seed, model in enumerate(models):
        gave = task.answers(model, "test").said
        assert found.report["by_seed"][seed]["loss"] == nats(gave)
        assert found.samples["by_seed"][str(seed)] == task.samples(model, WANTED)
    assert "while_training" not in found.samples
    assert measured().samples == {}, "nobody asked"


def test_only_what_is_of_its_text_is_written_on(tmp_path: Path) -> None:
    trained(encoded(tmp_path, some_text(400), **STREAM), ONE_WAY)
    wanted = Samples(prefixes=("xyz", "fad"), length=7)
    by_seed = measured(samples=wanted).samples["by_seed"]
    assert [[*texts] for texts in by_seed.values()] == [["fad"], ["fad"]]
    assert measured(samples=Samples(prefixes=("xyz",), length=7)).samples == {}


def test_of_its_training_text_only_what_trained_it_counts(tmp_path: Path) -> None:
    whole: dict[str, Any] = {**STREAM, "valid": 0.0, "test": 0.0}
    task, (model,) = trained(encoded(tmp_path, some_text(400), **whole), ONE_WAY, seeds=1)
    found = measured(seeds=1)
    batches = task.batches("train", 32)
    asked = {int(begin) + n for batch in batches for begin in batch for n in range(1, 5)}
    assert found.records.tolist() == sorted(asked)
    assert len(asked) < 399
    assert found.report["on"] == f"the {len(asked)} characters that trained it"
    places, gave = task.answers(model, "train")
    kept = [float(ln) for place, ln in zip(places, gave, strict=True) if place in asked]
    assert found.report["mean"]["loss"] == pytest.approx(-np.mean(kept), abs=1e-5)


def test_what_was_written_while_training_stands_beside_it(tmp_path: Path) -> None:
    trained(encoded(tmp_path, some_text(400), **STREAM), ONE_WAY)
    earlier = {"0": {"40": {"ab": "abc"}}, "1": {}}
    files.write_json(paths.model("small") / "samples.json", earlier)
    assert measured(samples=WANTED).samples["while_training"] == earlier


@pytest.mark.parametrize("spec", [ONE_WAY, BOTH_WAYS])
def test_a_network_that_restores_is_asked_for_what_is_hidden_and_never_to_write(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    task, models = trained(encoded(tmp_path, some_text(400)), spec, "restore")
    found = measured("restore", samples=WANTED)
    for seed, model in enumerate(models):
        score = task.score(model, "test")
        assert found.report["by_seed"][seed] == {
            "restored": pytest.approx(score["restored"], abs=1e-6),
            "restoring_loss": pytest.approx(score["loss"], abs=1e-5),
            "restored_by_the_commonest_character": ANY,
        }
    assert found.samples.keys() == {"restored"}


def test_a_regression_is_measured_by_the_numbers_that_it_answers_and_writes_nothing() -> None:
    task, models = trained(some_table(), {**READING}, "regress")
    found = measured("regress", samples=WANTED)
    rows = task.data.splits["test"]
    values, said = task.data.values[rows], [task.answers(m, "test").said for m in models]
    for seed, each in enumerate(said):
        share = float((abs(each - values) / values).mean())
        assert found.report["by_seed"][seed] == {"mape": pytest.approx(share, abs=1e-6)}
    together = float((abs((said[0] + said[1]) / 2 - values) / values).mean())
    assert found.report["together"] == {"mape": pytest.approx(together, abs=1e-6)}
    assert found.records.tolist() == rows.tolist()
    assert (found.report["protocol"], found.report["on"]) == ("held-out", "the last 48 rows")
    assert found.samples == {}


def test_a_report_names_its_dataset_and_where_its_text_is_from(tmp_path: Path) -> None:
    task, _ = trained(encoded(tmp_path, some_text(400)), ONE_WAY)
    report = measured().report
    assert (report["fingerprint"], report["dataset"]) == ("0", "small")
    assert report["origin"] == task.about["origin"]


class TestWords:
    """A model of words: measured and read in characters."""

    PREFIXES = Samples(prefixes=("我们", "的我", "中国！\n"), length=30)

    def test_each_character_of_the_held_out_text_counts(self, tmp_path: Path) -> None:
        text = chinese()
        task, models = trained(in_words(tmp_path, text), LANGUAGE)
        report = measured().report
        held_out = len(text) // 5
        assert report["characters"] == held_out
        assert report["on"] == f"the last {held_out} of {len(text)} characters"
        for seed, model in enumerate(models):
            gave = task.answers(model, "test").said
            assert len(gave) < held_out
            loss = -gave.sum() / held_out
            assert report["by_seed"][seed]["loss"] == pytest.approx(loss, abs=1e-5)

    def test_what_it_writes_is_spelt_and_begins_as_it_was_asked(self, tmp_path: Path) -> None:
        _, models = trained(in_words(tmp_path, chinese()), LANGUAGE)
        by_seed = measured(samples=self.PREFIXES).samples["by_seed"]
        assert len(by_seed) == len(models)
        for texts in by_seed.values():
            assert [*texts] == [*self.PREFIXES.prefixes]
            for prefix, text in texts.items():
                assert text.startswith(prefix)
                assert len(text) >= len(prefix) + self.PREFIXES.length
                assert not has_symbols(text)

    def test_a_prefix_is_read_as_the_words_that_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = in_words(tmp_path, chinese())
        trained(data, LANGUAGE, seeds=1)
        read: list[str] = []
        samples = NextCharacter.samples

        def heard(task: NextCharacter, model: contract.Model, wanted: Samples) -> Any:
            read.extend(wanted.prefixes)
            return samples(task, model, wanted)

        monkeypatch.setattr(NextCharacter, "samples", heard)
        measured(samples=self.PREFIXES, seeds=1)
        symbol = {word: symbol for symbol, word in data.words.items()}
        assert read == [symbol["我们"], "的我", symbol["中国"] + symbol.get("！\n", "！\n")]

    def test_what_it_wrote_while_training_is_spelt_too(self, tmp_path: Path) -> None:
        data = in_words(tmp_path, chinese())
        trained(data, LANGUAGE, seeds=1)
        symbol, word = next(iter(data.words.items()))
        earlier = {"0": {"40": {"我们": f"我们{symbol}"}}}
        files.write_json(paths.model("small") / "samples.json", earlier)
        found = measured(samples=self.PREFIXES, seeds=1)
        assert found.samples["while_training"] == {"0": {"40": {"我们": f"我们{word}"}}}

    def test_what_looks_ahead_is_measured_in_characters_in_view_or_not(
        self, tmp_path: Path
    ) -> None:
        data = in_words(tmp_path, chinese())
        task, (model,) = trained(data, BOTH_WAYS, seeds=1)
        mean = measured(seeds=1).report["mean"]
        line = data.text.vocabulary.decode(data.text.ids)
        for name, (places, gave) in (
            ("loss", answers_by_prefix(model, task, "test")),
            (IN_VIEW, answers_in_view(model, task, "test")),
        ):
            characters = sum(len(data.words.get(line[place], line[place])) for place in places)
            assert mean[name] == pytest.approx(-gave.sum() / characters, abs=1e-5), name


def test_scores_are_of_held_out_text_alone() -> None:
    figures: dict[str, Any] = {"mean": {"loss": 2.0}, "spread": {"loss": 0.1}}
    evaluations = {
        "ours": {**figures, "protocol": "held-out", "together": {"loss": 1.9}},
        "one": {"mean": {"loss": 3.0}, "protocol": "held-out"},
        "memory": {**figures, "protocol": "its training text"},
    }
    assert evaluate.scores(evaluations) == {
        "ours": {"loss": 2.0, "loss_spread": 0.1, "loss_together": 1.9},
        "one": {"loss": 3.0},
    }
