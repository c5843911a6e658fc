"""The train stage: what it refuses before it begins, and what it leaves behind."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from recurrent import files
from recurrent.errors import PipelineError
from recurrent.training.checkpoint import Checkpoint, Progress
from stages import train
from tests.project import ROOT, Project
from tests.training.toy import write_names, write_text

LSTM = "experiments.nietzsche_lstm"
pytestmark = pytest.mark.usefixtures("restored_torch")


@pytest.fixture
def small(project: Project) -> Project:
    """Toy data in the place of one dataset of each kind, and a small LSTM for the text."""
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    write_names(Path("data/encoded/names_lecture"))
    write_text(Path("data/encoded/nietzsche_stream"))
    project.edit(
        {
            "runtime": {"device": "cpu", "threads": 1, "tracking": False},
            f"{LSTM}.model.settings": {"cell": "lstm", "embedding": 4, "hidden": 8},
            f"{LSTM}.training.epochs": 2,
            f"{LSTM}.training.batch": 4,
            f"{LSTM}.seeds": [5, 3],
            f"{LSTM}.samples": {"prefixes": ["ab"], "length": 4, "every": 1},
        }
    )
    return project


def test_a_model_of_words_does_not_write_while_it_trains(small: Project) -> None:
    small.file("data/encoded/nietzsche_stream/words.json", b"{}")
    with pytest.raises(PipelineError, match=r"nietzsche_lstm\.samples: `every` is for models of c"):
        train.main("nietzsche_lstm")
    small.edit({f"{LSTM}.samples.every": None})
    train.main("nietzsche_lstm")


def test_a_training_leaves_weights_spec_history_and_samples(small: Project) -> None:
    train.main("nietzsche_lstm")
    assert small.listing("data/models/nietzsche_lstm") == {
        "seed-5.safetensors", "seed-3.safetensors", "spec.json", "samples.json",
    }  # fmt: skip
    spec = files.read_json(Path("data/models/nietzsche_lstm/spec.json"))
    assert spec["seeds"] == [5, 3]
    assert list(spec["about"]["vocabulary"]) == list("abcdef")
    history = pd.read_csv("metrics/history/nietzsche_lstm.csv")
    assert list(zip(history["seed"], history["epoch"], strict=True)) == [
        (5, 1), (5, 2), (3, 1), (3, 2),
    ]  # fmt: skip
    assert {"train_loss", "train_loss_smoothed", "valid_loss"} <= set(history.columns)
    samples = files.read_json(Path("data/models/nietzsche_lstm/samples.json"))
    assert list(samples) == ["5", "3"]
    assert all(list(by_epoch) == ["1", "2"] for by_epoch in samples.values())
    assert len(samples["5"]["2"]["ab"]) == 6
    assert not Path(".checkpoints/nietzsche_lstm").exists()


def test_the_source_may_choose_the_epochs(small: Project) -> None:
    small.edit({f"{LSTM}.training.epochs": {"bundled": 1, "other": 3}, f"{LSTM}.seeds": [5]})
    train.main("nietzsche_lstm")
    about = files.read_json(Path("data/encoded/nietzsche_stream/dataset.json"))
    wanted = {"bundled": 1, "upstream": 3}[about["origin"]["source"]]
    assert pd.read_csv("metrics/history/nietzsche_lstm.csv")["epoch"].tolist()[-1] == wanted
    folder = Path("data/encoded/nietzsche_stream/dataset.json")
    files.write_json(folder, {**about, "origin": {"source": "own file", "name": "x"}})
    train.main("nietzsche_lstm")
    assert pd.read_csv("metrics/history/nietzsche_lstm.csv")["epoch"].tolist()[-1] == 3


def test_each_seed_begins_with_its_own_weights(small: Project) -> None:
    train.main("nietzsche_lstm")
    five, three = (
        load_file(f"data/models/nietzsche_lstm/seed-{seed}.safetensors") for seed in (5, 3)
    )
    assert all(not torch.equal(five[name], three[name]) for name in five)


def test_a_killed_stage_leaves_the_bytes_of_one_that_was_not(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outputs() -> dict[str, bytes]:
        places = [*Path("data/models").rglob("*"), *Path("metrics/history").rglob("*")]
        return {str(path): path.read_bytes() for path in places if path.is_file()}

    train.main("nietzsche_lstm")
    undisturbed = outputs()
    written = 0
    plain = Checkpoint.write

    def killed(self: Checkpoint, progress: Progress) -> None:
        nonlocal written
        plain(self, progress)
        written += 1
        if written == 3:  # the first epoch of the second seed
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "write", killed)
        train.main("nietzsche_lstm")
    assert outputs().keys() != undisturbed.keys(), "it was stopped before its end"
    train.main("nietzsche_lstm")
    assert outputs() == undisturbed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"experiments.names_rnn.task": "translate"}, r"no stages/tasks/translate\.py"),
        ({"experiments.names_rnn.model.module": "cnn"}, r"no stages/models/cnn\.py"),
        ({"experiments.names_rnn.model.settings": {"hiden": 8}}, "hiden"),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_is_removed(
    small: Project, change: dict[str, object], says: str
) -> None:
    small.edit(change)
    trained = Path("data/models/names_rnn/spec.json")
    files.write_text(trained, "as it was")
    with pytest.raises(PipelineError, match=says):
        train.main("names_rnn")
    assert trained.read_text() == "as it was"


@pytest.mark.parametrize(
    ("experiment", "dataset", "write"),
    [
        ("names_rnn", "names_lecture", write_names),
        ("nietzsche_lstm", "nietzsche_stream", write_text),
    ],
)
def test_the_best_epoch_is_chosen_by_validation_records_or_not_at_all(
    small: Project, experiment: str, dataset: str, write: Callable[..., Path]
) -> None:
    place = f"experiments.{experiment}.training"
    small.edit({f"{place}.keep": "best", f"{place}.epochs": 1})
    train.main(experiment)
    folder = Path("data/encoded") / dataset
    shutil.rmtree(folder)
    write(folder, valid=0.0)
    says = rf"params\.yaml: {place}: keep: best needs validation records"
    with pytest.raises(PipelineError, match=says):
        train.main(experiment)
    small.edit({f"{place}.keep": "last"})
    train.main(experiment)
    history = pd.read_csv(f"metrics/history/{experiment}.csv")
    assert "train_loss" in history and "valid_loss" not in history
