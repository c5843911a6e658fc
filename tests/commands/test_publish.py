"""Which variants are published: those with the weights of the current settings."""

import shutil
import subprocess
from pathlib import Path

import pytest

from recurrent.commands import lookup, publish
from recurrent.common import config, files, paths
from recurrent.common.config import Config
from recurrent.common.errors import PipelineError
from recurrent.tracking.runs import TrackedRun
from recurrent.training.fingerprint import Run
from recurrent.training.store import FILES, RunStore
from tests.project import Project

EXPERIMENT, VARIANT = KEY = "names_gated", "gru"  # three seeds
RESULTS = paths.PIPELINES["lectures"]


def plan(settings: Config, *experiments: str) -> list[Run]:
    """Runs whose fingerprints are their names."""
    variants = settings.variants(*experiments)
    return [
        Run(v, seed, f"{v.name}-{seed}".replace("/", "-")) for v in variants for seed in v.seeds
    ]


@pytest.fixture
def trained(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One variant that is trained, collected from the store, and evaluated."""
    monkeypatch.setattr(lookup, "plan", plan)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for dataset in ("names_top500",):
        paths.encoded(dataset).mkdir(parents=True)
    store = RunStore()
    for run in plan(config.load(), EXPERIMENT):
        for name in FILES:
            files.write_bytes(store.place(run.fingerprint) / name, str(run).encode())
        store.finish(run.fingerprint, {"device": "cpu", "seconds": 2.0})
        if run.variant.variant == VARIANT:
            files.write_bytes(RESULTS.weights(*KEY, run.seed), str(run).encode())
    files.write_json(RESULTS.model(*KEY) / "spec.json", {})
    files.write_json(RESULTS.evaluation(*KEY), {"mean": {}})
    return project


def tracked() -> list[TrackedRun]:
    """What is published; what is skipped is reported."""
    skipped = publish.Skipped()
    found = [*publish.tracked_runs(skipped)]
    skipped.report()
    return found


def names() -> list[str]:
    return [run.variant.name for run in tracked()]


def test_a_variant_is_one_record_of_all_its_seeds(trained: Project) -> None:
    (run,) = tracked()
    assert run.variant.name == "names_gated/gru"
    assert (run.device, run.seconds) == ("cpu", 6.0)
    assert run.dataset == config.load().datasets["names_top500"]
    assert len(run.fingerprint) == 64
    trained.edit({"experiments.names_gated.seeds": [0, 1]})
    (other,) = tracked()
    assert other.fingerprint != run.fingerprint


def test_weights_of_other_settings_are_not_published(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write_bytes(RESULTS.weights(*KEY, 2), b"others")
    assert names() == []
    said = capsys.readouterr().err
    assert "names_gated/gru: their files" in said and "`recurrent repro` rebuilds" in said


@pytest.mark.parametrize("lost", ["one", "all"])
def test_a_lost_run_store_is_reported_with_the_command_that_fills_it(
    trained: Project, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = RunStore()
    shutil.rmtree(store.folder if lost == "all" else store.place("names_gated-gru-1"))
    publish.main()
    said = capsys.readouterr().err
    assert "names_gated/gru: the run store lacks their runs" in said
    assert "dvc repro -f -s train@names_gated\n" in said
    assert "variants above were skipped" in said and "up to date" not in said


def test_lost_runs_beyond_the_lectures_name_their_own_stage(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    beyond = config.load("beyond")
    variant = beyond.find("names_all")
    paths.encoded(variant.dataset).mkdir()
    key = (variant.experiment, variant.variant)
    files.write_json(beyond.results.evaluation(*key), {})
    files.write_json(beyond.results.model(*key) / "spec.json", {})
    assert names() == ["names_gated/gru"]
    assert "dvc repro -f -s beyond/dvc.yaml:train@names_all\n" in capsys.readouterr().err


def test_what_is_not_evaluated_or_not_encoded_is_not_published(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert names() == ["names_gated/gru"]
    paths.encoded("names_top500").rmdir()
    assert names() == []
    assert "their data are not encoded here" in capsys.readouterr().err
    RESULTS.evaluation(*KEY).unlink()
    assert names() == []
    assert capsys.readouterr().err == ""


def test_a_pipeline_without_a_report_is_not_published(trained: Project) -> None:
    assert publish.tracked_results() == []
    for path in (RESULTS.report, RESULTS.summary):
        files.write_text(path, "{}")
    assert [one.pipeline for one in publish.tracked_results()] == ["lectures"]


@pytest.fixture
def best(trained: Project) -> Path:
    """The folder of a champion: a copy of the trained variant."""
    folder = paths.champion("names-to-sex")
    for seed in (0, 1, 2):
        weights = RESULTS.weights(*KEY, seed)
        files.write_bytes(folder / weights.name, weights.read_bytes())
    about = {"experiment": EXPERIMENT, "variant": VARIANT, "valid_loss": 0.125}
    files.write_json(folder / paths.CHAMPION, about)
    return folder


def test_a_champion_is_registered_with_its_run(best: Path) -> None:
    runs = tracked()
    (champion,) = publish.champions(runs)
    assert (champion.name, champion.title) == ("names-to-sex", "the sex of a Chinese name")
    assert (champion.run, champion.valid_loss) == (runs[0], 0.125)


def test_a_champion_of_the_lectures_own_corpora_has_another_name(
    trained: Project, best: Path
) -> None:
    runs = tracked()
    before = publish.champions(runs)[0]
    trained.edit({"source": "upstream"})
    files.write_text(paths.encoded("names_top500") / "dataset.json", "{}")
    (champion,) = publish.champions(runs)
    assert champion.name == "names-to-sex-upstream"
    assert champion.data != before.data


def test_a_champion_that_is_not_a_copy_is_not_registered(
    best: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tracked()
    files.write_bytes(best / "seed-1.safetensors", b"older weights")
    assert publish.champions(runs) == []
    said = capsys.readouterr().err
    assert "not registered: names-to-sex: " in said and "`recurrent repro`" in said


def test_a_switch_turns_publishing_off(trained: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[TrackedRun] = []
    monkeypatch.setattr(publish, "publish", lambda runs, *_: published.extend(runs))
    publish.after_repro()
    assert len(published) == 1
    trained.edit({"runtime.tracking": False})
    publish.after_repro()
    assert len(published) == 1


def test_the_command_says_what_is_wrong_with_the_server(
    trained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrackedRun, "state", lambda _: "state")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(PipelineError, match=r"MLflow: could not be brought up to date.*publish"):
        publish.main()


def test_the_commit_is_marked_if_the_code_differs_from_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish.git_commit() == ""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ann Other")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@localhost")
    files.write_text(Path("recurrent/a.py"), "a")
    files.write_text(Path("stages/a.py"), "a")
    for command in ("init -q", "add -A", "commit -qm one"):
        subprocess.run(["git", *command.split()], check=True)
    commit = publish.git_commit()
    assert len(commit) == 40
    files.write_text(Path("recurrent/a.py"), "b")
    assert publish.git_commit() == f"{commit}-modified"
