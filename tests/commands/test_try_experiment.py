"""`recurrent try`: parameter files are edited, or stay as they were; scores are compared."""

from pathlib import Path

import pytest

from recurrent.commands import repro, try_experiment
from recurrent.commands.lookup import find
from recurrent.common import config, files, paths
from recurrent.common.config import Config
from recurrent.common.errors import PipelineError
from recurrent.evaluation import evaluation
from recurrent.report.views import Table
from recurrent.training.fingerprint import Run
from recurrent.training.store import RunStore

NAME = "lyrics_gru"
pytestmark = pytest.mark.usefixtures("project")


def edit(*changes: str, experiment: str = NAME) -> config.Config:
    settings, _ = find(experiment)
    try_experiment.edit(settings, experiment, changes)
    return config.load(settings.pipeline)


def test_settings_of_the_experiment_and_its_variants_are_changed() -> None:
    before = paths.PARAMS.read_text(encoding="utf-8")
    settings = edit("training.learning_rate=0.02", "variants.lecture.seeds=[0, 1]", "seeds=[7]")
    lecture = settings.find(f"{NAME}/lecture")
    assert (lecture.training.learning_rate, lecture.seeds) == (0.02, (0, 1))  # type: ignore[union-attr]
    assert settings.find(f"{NAME}/clipped").seeds == (7,)
    after = paths.PARAMS.read_text(encoding="utf-8")
    assert before.count("#") == after.count("#"), "comments stay"
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) < 8, "other lines stay as they are"


def test_settings_of_its_datasets_are_changed() -> None:
    settings = edit("datasets.lyrics_lecture.settings.window=20", "seeds=[7]")
    assert settings.datasets["lyrics_lecture"].settings["window"] == 20
    assert settings.find(NAME).seeds == (7,)
    assert edit("datasets.sales.settings.test=0.2", experiment="sales_methods_on_vectors")


def test_an_experiment_beyond_the_lectures_has_its_datasets_in_the_lectures_file() -> None:
    settings, variant = find("lyrics_words")
    changes = ["seeds=[7]", f"datasets.{variant.dataset}.settings.window=20"]
    assert try_experiment.edit(settings, "lyrics_words", changes) == [
        paths.BEYOND_PARAMS,
        paths.PARAMS,
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.learning_rate=-1", r"learning_rate.*-1"),
        ("training.learning_rat=1", "learning_rat"),
        ("training.learning_rate", "expected KEY=VALUE"),
        ("model.settings.hiden=8", "hiden: unknown key"),
        ("title.a=1", "title is not a map"),
        ("seeds=[0", "not a YAML value"),
        ("datasets.sales.settings.test=0.2", r"does not use.*datasets\.lyrics_lecture, datasets"),
        ("datasets.lyrics_lecture.setings.window=20", "setings: unknown key"),
    ],
)
def test_what_is_not_valid_is_refused_and_the_files_stay(change: str, message: str) -> None:
    before = paths.PARAMS.read_bytes()
    with pytest.raises(PipelineError, match=message):
        edit("seeds=[7]", change)
    assert paths.PARAMS.read_bytes() == before


def test_a_variant_alone_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"clipped.*takes an experiment\. Name its"):
        try_experiment.main("lyrics_gru/clipped")


def write_scores(settings: Config) -> None:
    for name in settings.experiments[NAME].variants:
        scores = {"loss": 1.5, "perplexity": 4.5, "bayes": 1.0}
        files.write_json(settings.results.score(NAME, name), scores)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_scores_are_compared_with_the_last_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    committed = {"loss": 1.0, "bayes": 1.0}
    monkeypatch.setattr(try_experiment, "read_committed_scores", lambda _: committed)
    monkeypatch.setattr(try_experiment, "load_committed", config.load)
    settings = config.load()
    write_scores(settings)
    table = try_experiment.compare_scores(settings, NAME, {})
    assert table.head == ("variant", "metric", "last commit", "now", "difference")
    assert texts(table)[:2] == [
        ["lecture", "loss", "1.0000", "1.5000", "+0.5000"],
        ["lecture", "perplexity", "", "4.5000", ""],
    ]
    assert "bayes" not in {row[1] for row in texts(table)}


def test_other_epochs_and_data_stand_beside_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.load()
    monkeypatch.setattr(try_experiment, "load_committed", lambda _: before)
    settings = edit("training.epochs=40", "datasets.lyrics_held_out.settings.window=20")
    write_scores(settings)
    table = try_experiment.compare_scores(settings, NAME, {})
    changed = {row[0]: row[-1] for row in texts(table)}
    assert table.head[-1] == "also changed"
    assert changed == {"lecture": "epochs (80 → 40)", "clipped": "", "held_out": "dataset"}


class Training:
    """A run store in which some variants of the experiment cannot be trained."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *exploding: str) -> None:
        self.attempts: list[list[str]] = []
        self.exploding = exploding
        runs = [Run(one, seed, "x") for one in config.load().variants(NAME) for seed in one.seeds]
        monkeypatch.setattr(try_experiment, "plan_if_encoded", lambda *_: runs)
        monkeypatch.setattr(repro, "fill_store", self.fill_store)
        monkeypatch.setattr(repro, "main", lambda _, show, experiments: self.train(config.load()))

    def fill_store(self, pipelines: list[Config], _: int | None, chosen: list[str]) -> None:
        assert chosen == [NAME]
        self.train(pipelines[0])

    def train(self, settings: Config) -> None:
        variants = [*settings.experiments[NAME].variants]
        self.attempts.append(variants)
        for name in set(self.exploding) & {*variants}:
            raise PipelineError("the loss is NaN.", where=f"{NAME}/{name}, seed 0")


def test_what_explodes_is_marked_and_the_others_have_scores(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    training = Training(monkeypatch, "lecture", "held_out")
    monkeypatch.setattr(try_experiment, "read_committed_scores", lambda _: {"loss": 1.0})
    scores = {"clipped": {"loss": 1.25}}
    monkeypatch.setattr(try_experiment, "read_stored_scores", lambda *_: scores)
    with pytest.raises(SystemExit) as stopped:
        try_experiment.main(NAME)
    assert stopped.value.code == 1
    assert len(training.attempts) == 3 and training.attempts[-1] == ["clipped"]
    shown, said = capsys.readouterr()
    lines = {line.split()[0]: line.split() for line in shown.splitlines() if line.strip()}
    assert lines["lecture"][1:] == lines["held_out"][1:] == ["loss", "1.0000", "failed"]
    assert lines["clipped"][1:] == ["loss", "1.0000", "1.2500", "+0.2500"]
    assert "error: lyrics_gru/held_out, seed 0: the loss is NaN." in said


def test_if_all_variants_explode_all_are_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Training(monkeypatch, "lecture", "clipped", "held_out")
    with pytest.raises(SystemExit):
        try_experiment.main(NAME)
    assert capsys.readouterr().out.count("failed") == 3


def test_an_error_that_is_not_of_a_variant_stops_all(monkeypatch: pytest.MonkeyPatch) -> None:
    Training(monkeypatch)
    fault = PipelineError("no network.", where="download")
    with pytest.raises(PipelineError, match="no network"):
        try_experiment.train_others(config.load(), NAME, None, fault)


def test_scores_of_variants_that_could_be_trained_come_from_the_run_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Training(monkeypatch)
    monkeypatch.setattr(try_experiment.Trained, "in_store", lambda *_: None)
    monkeypatch.setattr(try_experiment.stored, "fingerprint", lambda variant, *_: variant.variant)
    report = {"metric": "loss", "mean": {"loss": 1.25}, "bayes": None}
    for name in ("clipped", "held_out"):
        files.write_json(RunStore().place(name) / evaluation.REPORT, report)
    failures = {"lecture": PipelineError("NaN")}
    found = try_experiment.read_stored_scores(config.load(), NAME, failures)
    assert found == {"clipped": {"loss": 1.25}, "held_out": {"loss": 1.25}}


def test_without_a_commit_there_is_nothing_to_compare_with() -> None:
    path = Path("metrics/scores/lyrics_gru/lecture.json")
    assert try_experiment.read_committed_scores(path) == {}
    assert try_experiment.load_committed("lectures") is None
