"""One variant measured: in characters, never with the answer in view, and what it writes."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurrent.common import config as params
from recurrent.common import files
from recurrent.common.config import Samples, checked
from recurrent.common.errors import PipelineError
from recurrent.data.words import encode as words_encode
from recurrent.data.words.encode import RunningWords
from recurrent.evaluation import variants
from recurrent.evaluation.foresight import predict_by_prefix, predict_in_view
from recurrent.models import base
from recurrent.models.base import Model
from recurrent.tasks.generation import Choice, sample
from recurrent.tasks.next_token import NextToken
from tests.data.texts import cleaned, encoded, some_text
from tests.project import ROOT
from tests.small_experiment import BOTH_WAYS, ONE_WAY, RESULTS, evaluated, trained
from tests.training.toy import some_table

STATEFUL: dict[str, Any] = {
    "module": "nietzsche",
    "name": "StatefulRnn",
    "settings": {"cell": "gru", "embedding": 4, "hidden": 8},
}
EMBEDDINGS: dict[str, Any] = {
    "module": "sales",
    "name": "EntityEmbeddings",
    "settings": {"widths": [3, 2, 1], "hidden": [8, 4]},
}
STREAM: dict[str, Any] = {"order": "sequential"}
WANTED = Samples(prefixes=("ab", "fad"), length=7)
CHINESE = "".join(
    np.random.default_rng(0).choice(["我们", "北京大学", "中国", "的", "！\n"], size=160)
)

pytestmark = pytest.mark.usefixtures("project", "restored_torch")


def nats(log_probs: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    return pytest.approx(-float(log_probs.mean()), abs=1e-5)


def test_every_task_can_be_measured() -> None:
    every = [*params.load(folder=ROOT).variants(), *params.load("beyond", ROOT).variants()]
    assert {variant.task for variant in every} <= set(variants.KINDS)


@pytest.mark.parametrize("weight", [3e38, 1e4], ids=["nan", "infinite perplexity"])
@pytest.mark.parametrize("changes", [{}, STREAM, {"targets": "last"}])
def test_nan_or_infinite_predictions_are_refused_by_the_variants_name(
    tmp_path: Path, changes: dict[str, Any], weight: float
) -> None:
    trained(encoded(tmp_path, some_text(400), **changes))
    folder = RESULTS.model("small", "one")
    model = base.restore(base.read_spec(folder), base.seed_file(folder, 0))
    state = model.state_dict()  # finite weights by which the logits of two symbols run away
    state["h2o.bias"][1:3] = weight
    state["h2o.weight"][1], state["h2o.weight"][2] = weight, -weight
    base.save(model, base.seed_file(folder, 0))
    with pytest.raises(PipelineError, match=r"small/one: .*perplexity on the measured records is"):
        evaluated()


@pytest.mark.parametrize("changes", [{}, STREAM])
def test_a_network_that_sees_ahead_is_measured_by_prefix(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    task, models = trained(encoded(tmp_path, some_text(400), **changes), BOTH_WAYS)
    measured = evaluated(spec=BOTH_WAYS, samples=WANTED)
    report = measured.report
    for seed, model in enumerate(models):
        found = report["by_seed"][str(seed)]
        assert found["loss"] == nats(predict_by_prefix(model, task, "test").values)
        assert found["loss_in_view"] == nats(predict_in_view(model, task, "test").values)
        assert found["loss"] != pytest.approx(found["loss_in_view"], abs=1e-3)
    assert report["by_prefix"]
    assert "loss_in_view" in report["sd"] and "loss_in_view" not in report["ensemble"]
    assert measured.merit.mean() == pytest.approx(-report["mean"]["loss"], abs=1e-5)
    assert measured.samples == {}, "it cannot write"


def test_a_network_of_one_direction_is_measured_as_its_task_asks_and_writes(tmp_path: Path) -> None:
    task, models = trained(encoded(tmp_path, some_text(400), **STREAM))
    measured = evaluated(samples=WANTED)
    report = measured.report
    for seed, model in enumerate(models):
        loss = nats(task.predictions(model, "test").values)
        assert report["by_seed"][str(seed)]["loss"] == loss
        assert measured.samples["by_seed"][str(seed)] == task.samples(model, WANTED)
        drawn = task.samples(model, WANTED, sample(0.8, None, seed))
        assert measured.samples["drawn"][str(seed)] == drawn
    assert measured.samples["temperature"] == 0.8
    assert "while_training" not in measured.samples
    assert evaluated().samples == {}, "nobody asked"


def test_the_report_names_the_records_and_where_the_text_is_from(tmp_path: Path) -> None:
    task, _ = trained(encoded(tmp_path, some_text(400)))
    report = evaluated().report
    assert report["origin"] == task.about["origin"]
    assert (report["split"], report["count"], report["unit"]) == ("test", 36, "characters")
    assert report["records"] == "letters, the last 40 of 400 characters"
    assert [report[key] for key in ("experiment", "variant", "dataset")] == [
        "small",
        "one",
        "small",
    ]
    assert (report["by_prefix"], report["bayes"]) == (False, None)


@pytest.mark.parametrize(
    ("changes", "split", "records"),
    [
        ({"valid": 0.25, "test": 0.0}, "valid", "letters, the last 100 of 400 characters"),
        ({"split": "random", "valid": 0.2, "test": 0.0, "seed": 0}, "valid", "small, valid"),
        ({"valid": 0.0, "test": 0.0}, "train", "small, train"),
    ],
)
def test_other_splits_are_named_too(
    tmp_path: Path, changes: dict[str, Any], split: str, records: str
) -> None:
    trained(encoded(tmp_path, some_text(400), **changes))
    report = evaluated().report
    assert (report["split"], report["records"]) == (split, records)


def test_only_known_prefixes_are_continued(tmp_path: Path) -> None:
    trained(encoded(tmp_path, some_text(400), **STREAM))
    wanted = Samples(prefixes=("xyz", "fad"), length=7)
    by_seed = evaluated(samples=wanted).samples["by_seed"]
    assert [[*texts] for texts in by_seed.values()] == [["fad"], ["fad"]]
    assert evaluated(samples=Samples(prefixes=("xyz",), length=7)).samples == {}


def test_only_training_text_that_was_in_a_batch_counts(tmp_path: Path) -> None:
    whole: dict[str, Any] = {**STREAM, "valid": 0.0, "test": 0.0}
    task, (model,) = trained(encoded(tmp_path, some_text(400), **whole), seeds=1)
    measured = evaluated()
    report = measured.report
    starts = [int(start) for batch in task.batches("train", 32) for start in batch]
    read = {start + n for start in starts for n in range(1, 5)}
    assert measured.records.tolist() == sorted(read)
    assert len(read) < 399
    places, log_probs = task.predictions(model, "train")
    kept = [float(log) for place, log in zip(places, log_probs, strict=True) if place in read]
    assert report["mean"]["loss"] == pytest.approx(-np.mean(kept), abs=1e-5)
    assert (report["sd"], report["ensemble"]) == (None, None)


def test_texts_written_during_training_are_included(tmp_path: Path) -> None:
    trained(encoded(tmp_path, some_text(400), **STREAM))
    earlier = {"0": {"40": {"ab": "abc"}}, "1": {}}
    files.write_json(RESULTS.written("small", "one"), earlier)
    assert evaluated(samples=WANTED).samples["while_training"] == earlier


@pytest.mark.parametrize("spec", [ONE_WAY, BOTH_WAYS])
def test_a_network_that_restores_is_asked_for_hidden_characters_and_never_to_write(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    task, models = trained(encoded(tmp_path, some_text(400)), spec, "restore")
    measured = evaluated("restore", spec, WANTED)
    report = measured.report
    for seed, model in enumerate(models):
        score, found = task.score(model, "test"), report["by_seed"][str(seed)]
        assert found["restored"] == pytest.approx(score["restored"], abs=1e-6)
        assert found["restoration_loss"] == pytest.approx(score["loss"], abs=1e-5)
    assert measured.samples.keys() == {"restored"}
    assert not report["by_prefix"]


def test_a_regression_is_measured_by_its_predictions_and_writes_nothing() -> None:
    task, models = trained(some_table(), EMBEDDINGS, "regress")
    measured = evaluated("regress", EMBEDDINGS, WANTED)
    report = measured.report
    rows = task.data.splits["test"]
    truth, found = task.data.values[rows], [task.predictions(m, "test").values for m in models]
    for seed, each in enumerate(found):
        share = float((abs(each - truth) / truth).mean())
        assert report["by_seed"][str(seed)] == {"mape": pytest.approx(share, abs=1e-6)}
    ensemble = float((abs((found[0] + found[1]) / 2 - truth) / truth).mean())
    assert report["ensemble"] == {"mape": pytest.approx(ensemble, abs=1e-6)}
    assert (report["records"], report["count"], measured.samples) == ("small, test", 48, {})


class TestWords:
    """A model of words: measured and read in characters."""

    PREFIXES = Samples(prefixes=("我们", "的我", "中国！\n"), length=30)

    @pytest.fixture
    def data(self, tmp_path: Path) -> RunningWords:
        values = {"min_count": 2, "window": 3, "order": "sequential", "valid": 0.2, "test": 0.2}
        settings = checked(words_encode.Settings, values, "here")
        return words_encode.encode(cleaned(tmp_path, CHINESE), settings)[0]

    def test_each_character_of_the_held_out_text_counts(self, data: RunningWords) -> None:
        task, models = trained(data, STATEFUL)
        report = evaluated(spec=STATEFUL).report
        held_out = len(CHINESE) // 5
        assert report["count"] == held_out
        for seed, model in enumerate(models):
            log_probs = task.predictions(model, "test").values
            assert len(log_probs) < held_out
            loss = -log_probs.sum() / held_out
            assert report["by_seed"][str(seed)]["loss"] == pytest.approx(loss, abs=1e-5)

    def test_prefixes_are_read_as_words_and_texts_are_spelled_out(
        self, data: RunningWords, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trained(data, STATEFUL)
        symbol = {word: symbol for symbol, word in data.words.items()}
        earlier = {"0": {"40": {"我们": f"我们{symbol['中国']}"}}}
        files.write_json(RESULTS.written("small", "one"), earlier)
        read: list[str] = []
        samples = NextToken.samples

        def heard(task: NextToken, model: Model, wanted: Samples, choose: Choice) -> Any:
            read.extend(wanted.prefixes)
            return samples(task, model, wanted, choose)

        monkeypatch.setattr(NextToken, "samples", heard)
        found = evaluated(spec=STATEFUL, samples=self.PREFIXES).samples
        assert read[:2] == [symbol["我们"], "的我"]
        assert found["while_training"] == {"0": {"40": {"我们": "我们中国"}}}
        for texts in found["by_seed"].values():
            assert [*texts] == [*self.PREFIXES.prefixes]
            for prefix, text in texts.items():
                assert text.startswith(prefix) and len(text) >= len(prefix) + self.PREFIXES.length
                assert not set(text) & set(data.words)

    def test_one_that_sees_ahead_is_measured_in_characters_too(self, data: RunningWords) -> None:
        task, (model,) = trained(data, BOTH_WAYS, seeds=1)
        mean = evaluated(spec=BOTH_WAYS).report["mean"]
        line = data.text.vocabulary.decode(data.text.ids)
        for name, ask in (("loss", predict_by_prefix), ("loss_in_view", predict_in_view)):
            places, log_probs = ask(model, task, "test")
            characters = sum(len(data.words.get(line[place], line[place])) for place in places)
            assert mean[name] == pytest.approx(-log_probs.sum() / characters, abs=1e-5), name
            assert math.isfinite(mean[name])
