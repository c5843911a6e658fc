"""A train stage leaves the same bytes, whatever the store already has."""

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from recurrent.commands.jobs import training_job
from recurrent.common import config, console, files
from recurrent.common.errors import PipelineError
from recurrent.tracking.history import read_history
from recurrent.training import store
from recurrent.training.fingerprint import Run, plan
from recurrent.training.store import RunStore
from stages import train
from tests.training.small import edit, fill, write_project
from tests.training.toy import write_names, write_text

pytestmark = pytest.mark.usefixtures("restored_torch")
MODELS = Path("data/models/writing")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that the stage trains itself."""
    noted: list[str] = []
    plain = train.train

    def noting(run: Run, *others: Any) -> None:
        noted.append(str(run))
        plain(run, *others)

    monkeypatch.setattr(train, "train", noting)
    return noted


def outputs() -> dict[str, bytes]:
    """Every file that the stage has written."""
    places = [*Path("data/models").rglob("*"), *Path("data/runs").rglob("*")]
    return {str(path): path.read_bytes() for path in places if path.is_file()}


def empty(runs_store: RunStore) -> None:
    """Remove every run."""
    assert all(map(runs_store.remove, runs_store.entries()))


def test_the_stage_leaves_weights_spec_history_gradients_and_samples() -> None:
    train.main("writing")
    assert {str(path.relative_to(MODELS)) for path in MODELS.rglob("*") if path.is_file()} == {
        "lstm/seed-5.safetensors", "lstm/seed-3.safetensors", "lstm/spec.json",
        "gru/seed-5.safetensors", "gru/spec.json",
    }  # fmt: skip
    spec = files.read_json(MODELS / "lstm/spec.json")
    assert spec["seeds"] == [5, 3] and spec["name"] == "StatefulRnn"
    assert list(spec["about"]["vocabulary"]) == list("abcdef")
    history = read_history(Path("data/runs/writing/history.csv"))
    assert {(v, s) for v, s in zip(history["variant"], history["seed"], strict=True)} == {
        ("lstm", 5), ("lstm", 3), ("gru", 5),
    }  # fmt: skip
    samples = files.read_json(Path("data/runs/writing/lstm/samples.json"))
    assert list(samples) == ["5", "3"]
    assert all(list(by_epoch) == ["1", "2", "3"] for by_epoch in samples.values())
    assert len(samples["5"]["3"]["ab"]) == 6
    five, three = (load_file(MODELS / f"lstm/seed-{seed}.safetensors") for seed in (5, 3))
    assert all(not five[name].equal(three[name]) for name in five)


def test_only_what_is_new_is_trained_and_a_revert_trains_nothing(
    project: Path, trained: list[str]
) -> None:
    train.main("writing")
    before = outputs()
    trained.clear()
    edit(project, {"experiments": {"writing": {"variants": {"gru": {"training": {"epochs": 4}}}}}})
    train.main("writing")
    assert trained == ["writing/gru, seed 5"]
    edit(project, {"experiments": {"writing": {"variants": {"gru": {"training": {"epochs": 3}}}}}})
    train.main("writing")
    assert trained == ["writing/gru, seed 5"] and outputs() == before
    edit(project, {"experiments": {"writing": {"seeds": [5, 3, 8]}}})
    train.main("writing")
    assert trained == ["writing/gru, seed 5", "writing/lstm, seed 8"]
    partly = outputs()
    empty(RunStore())
    train.main("writing")
    assert len(trained) == 2 + 4 and outputs() == partly


def test_a_killed_stage_leaves_the_bytes_of_one_that_was_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train.main("writing")
    whole = outputs()
    empty(RunStore())
    epochs = 0
    plain = console.Progress.step

    def killing(self: console.Progress, *arguments: Any) -> None:
        nonlocal epochs
        plain(self, *arguments)
        epochs += 1
        if epochs == 5:  # the second epoch of the second run
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(console.Progress, "step", killing)
        train.main("writing")
    train.main("writing")
    assert outputs() == whole


def test_a_worker_leaves_the_same_bytes(trained: list[str]) -> None:
    train.main("writing")
    train.main("counting")
    alone = outputs()
    runs_store, settings = RunStore(), config.load()
    empty(runs_store)
    trained.clear()
    fill(plan(settings), settings.runtime, 1, runs_store)  # tests/pipeline has two workers
    train.main("writing")
    train.main("counting")
    assert trained == [] and outputs() == alone


def test_a_damaged_run_is_trained_again(
    trained: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    train.main("counting")
    before = outputs()
    (run,) = plan(config.load(), "counting")
    weights = RunStore().place(run.fingerprint) / store.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    train.main("counting")
    assert trained == ["counting/naive_bayes, seed 0"] * 2
    assert "damaged weights.safetensors" in capsys.readouterr().err
    assert outputs() == before


def test_a_run_that_fails_names_itself_and_keeps_what_is_finished(project: Path) -> None:
    training = {"optimizer": "sgd", "learning_rate": 1e38, "epochs": 1}
    settings = edit(
        project, {"experiments": {"writing": {"variants": {"gru": {"training": training}}}}}
    )
    with pytest.raises(PipelineError, match=r"writing.*NaN"):
        fill(plan(settings), settings.runtime, 1, RunStore())
    finished = [run for run in plan(settings) if RunStore().finished(run.fingerprint)]
    assert "counting/naive_bayes, seed 0" in map(str, finished)
    assert "writing/gru, seed 5" not in map(str, finished)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"task": "translate"}, r"recurrent/tasks/translate\.py|translate"),
        ({"model": {"module": "cnn"}, "variants": {"gru": None, "lstm": None}}, "cnn"),
        ({"model": {"settings": {"hiden": 8}}}, "hiden"),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_is_removed(
    project: Path, overrides: dict[str, object], message: str
) -> None:
    trained = MODELS / "lstm/spec.json"
    files.write_text(trained, "as it was")
    edit(project, {"experiments": {"writing": overrides}})
    with pytest.raises(PipelineError, match=message):
        train.main("writing")
    assert trained.read_text() == "as it was"


def test_keep_best_needs_validation_records(project: Path) -> None:
    write_text(project / "data/encoded/text", valid=0.0)
    edit(project, {"experiments": {"writing": {"training": {"keep": "best"}, "samples": None}}})
    with pytest.raises(PipelineError, match=r"experiments\.writing\.training: keep: best needs"):
        train.main("writing")
    edit(project, {"experiments": {"writing": {"training": {"keep": "last"}}}})
    train.main("writing")
    assert "valid_loss" not in read_history(Path("data/runs/writing/history.csv"))


def test_a_model_of_words_does_not_write_while_it_trains(project: Path) -> None:
    (project / "data/encoded/text/words.json").write_text("{}")
    with pytest.raises(PipelineError, match=r"writing\.samples: `every` needs a dataset of char"):
        train.main("writing")


def test_names_alone_are_enough(project: Path) -> None:
    write_names(project / "data/encoded/names", names=60)
    train.main("counting")
    assert Path("data/models/counting/naive_bayes/seed-0.safetensors").exists()


def test_a_change_between_planning_and_training_is_refused(project: Path) -> None:
    settings = config.load()
    (run,) = plan(settings, "counting")
    write_names(project / "data/encoded/names", names=100)
    with pytest.raises(PipelineError, match="naive_bayes, seed 0: its data or code changed"):
        training_job(run, settings.runtime, RunStore()).work()
    train.main("counting")


def test_titles_lectures_and_samples_are_outputs_of_the_stage(project: Path) -> None:
    edit(project, {"experiments": {"writing": {"samples": {"every": None}}}})
    train.main("writing")
    settings = Path("data/runs/writing/settings.json")
    before = settings.read_bytes()
    edit(project, {"experiments": {"writing": {"title": "another", "samples": {"length": 9}}}})
    train.main("writing")
    assert settings.read_bytes() != before
