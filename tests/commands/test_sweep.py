"""`recurrent sweep`: what it refuses, what it prints, and that a second call continues."""

import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from recurrent.commands import sweep, trials
from recurrent.commands.lookup import find, parameter_file
from recurrent.commands.try_experiment import assign, parse_yaml
from recurrent.common import config, files, paths
from recurrent.common.errors import PipelineError
from recurrent.sweeps.space import Values
from recurrent.training import parallel
from recurrent.training.schedule import Job
from recurrent.training.store import MANIFEST
from tests.project import ROOT, Project
from tests.training.small import edit, write_project

RATE, HIDDEN = "training.learning_rate", "model.settings.hidden"


@pytest.fixture
def encoded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real parameters, and how many validation records three datasets have."""
    monkeypatch.setattr(sweep, "encode", lambda *_: None)
    for dataset, valid in {"lyrics_lecture": 0, "lyrics_held_out": 28, "nietzsche_3": 1}.items():
        files.write_json(paths.encoded(dataset) / "report.json", {"valid": valid})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "lyrics_lstm",
            r"lyrics_lstm/lecture: .* has 0 validation records\. "
            r"Choose a variant with at least 10: lyrics_lstm/held_out\.$",
        ),
        ("nietzsche_char3", r"has 1 validation record\. .*lyrics_gru/held_out"),
    ],
)
@pytest.mark.usefixtures("encoded")
def test_a_variant_without_validation_is_refused_and_others_are_named(
    name: str, message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        sweep.main(name, [f"{RATE}=0.1..0.2"], 1)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ([f"{RATE}=-1..2"], r"variants\.held_out\.training\.learning_rate.*-1"),
        (["training.epochs=1..2.5"], r"held_out\.training\.epochs"),
        (["training.learning_rat=1..2"], r"training\.learning_rat: unknown key"),
        (["training.alarm=1..2"], r"training\.alarm"),
        ([f"{HIDDEN}=0..2"], r"hidden.*greater than 0"),
        (["model.settings.hiden=1..2"], "hiden: unknown key"),
        (["training.clip_norm=null,1", "training.clip_each=null,2"], "not both"),
    ],
)
@pytest.mark.usefixtures("encoded")
def test_a_value_that_does_not_fit_its_key_is_refused_before_any_trial(
    ranges: list[str], message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        sweep.main("lyrics_lstm/held_out", ranges, 1)


@pytest.mark.usefixtures("encoded")
def test_without_optuna_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "recurrent.sweeps.study", None)
    with pytest.raises(PipelineError, match=r"Optuna is missing .* pip install -e '\.\[sweep\]'"):
        sweep.main("lyrics_lstm/held_out", [f"{RATE}=0.1..0.2"], 1)


VALUES: Values = {
    RATE: 1.5e-05,
    "training.clip_norm": None,
    "training.weight_decay": 0.1,
    "model.settings.repair": "residual",
    HIDDEN: 8,
}


@pytest.mark.parametrize("name", ["lyrics_lstm/held_out", "nietzsche_seq/identity", "names_all"])
@pytest.mark.usefixtures("project")
def test_the_printed_lines_change_that_variant_and_no_other(name: str) -> None:
    settings, variant = find(name)
    file = parameter_file(settings)
    before = file.read_bytes()
    wanted = trials.with_values(settings, variant, VALUES)
    assert wanted != variant
    ours, dvc = map(shlex.split, sweep.commands(settings, variant, VALUES))
    assert ours[:4] == ["recurrent", "try", variant.experiment, "-S"]
    assert dvc[:4] == ["dvc", "exp", "run", "-S"]

    def check() -> None:
        others = {one.name: one for one in settings.variants() if one.name != variant.name}
        for one in config.load(settings.pipeline).variants():
            assert one == others.get(one.name, wanted)

    values: Any = config.read_yaml(file)
    for change in ours[4::2]:
        key, _, text = change.partition("=")
        assign(values["experiments"][variant.experiment], key, parse_yaml(text))
    with file.open("w", encoding="utf-8") as opened:
        config.YAML().dump(values, opened)
    check()
    file.write_bytes(before)
    overrides = [override.rpartition(":")[2] for override in dvc[4::2]]
    assert all(override.startswith(f"{file}:") for override in dvc[4::2]) == (name == "names_all")
    apply_overrides(file, overrides)
    check()


def run_here(jobs: Iterable[Job], *_: object, **__: object) -> None:
    """Do what `run_jobs` does, in this process."""
    for job in jobs:
        result = None if job.finished() else job.work()
        assert not [*job.next_jobs(result)]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run store of a small project, which is the current folder."""
    write_project(tmp_path)
    shutil.copy(ROOT / "lectures.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    edit(tmp_path, {"experiments": {"writing": {"samples": None}}})
    files.write_json(paths.encoded("text") / "report.json", {"valid": 24})
    monkeypatch.setattr(sweep, "encode", lambda *_: None)
    monkeypatch.setattr(parallel, "run_jobs", run_here)
    return tmp_path / ".dvc/cache/trained"


@pytest.mark.usefixtures("restored_torch")
def test_a_sweep_shows_its_best_trials_and_a_second_call_adds_the_missing_ones(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Half of these learning rates are so high that the loss becomes NaN.
    ranges = [f"{RATE}=0.001,0.01,0.1,2e38,3e38", f"{HIDDEN}=2..9"]
    changes = {"optimizer": "sgd", "epochs": 2}
    edit(Path(), {"experiments": {"writing": {"training": changes}}})
    sweep.main("writing/lstm", ranges, trials=4, workers=1, name="mine")
    printed = capsys.readouterr()
    assert "sweep mine: 0 of 4 trials are done" in printed.err
    assert "failed: writing/lstm, seed 5: " in printed.err
    before = {path: path.stat().st_mtime_ns for path in small.glob(f"*/{MANIFEST}")}
    assert before
    sweep.main("writing/lstm", ranges, trials=6, workers=1, name="mine")
    printed = capsys.readouterr()
    assert "sweep mine: 4 of 6 trials are done" in printed.err
    assert "the best of 6 trials (" in printed.out and "validation loss" in printed.out
    assert "recurrent try writing -S variants.lstm.training.learning_rate=0." in printed.out
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    sweep.main("writing/lstm", ranges, trials=6, workers=1, name="mine")
    again = capsys.readouterr()
    assert "6 of 6 trials are done" in again.err and again.out == printed.out
    with pytest.raises(PipelineError, match="another variant, space"):
        sweep.main("writing/gru", ranges, trials=6, workers=1, name="mine")


@pytest.mark.usefixtures("restored_torch")
def test_a_trial_that_the_run_store_has_is_not_trained_again(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ranges = [f"{RATE}=0.001..0.1"]
    sweep.main("writing/lstm", ranges, trials=2, workers=1, name="one")
    one = capsys.readouterr().out
    monkeypatch.setattr(trials, "train_trial", lambda *_: pytest.fail("trained again"))
    sweep.main("writing/lstm", ranges, trials=2, workers=1, name="two")
    assert capsys.readouterr().out == one
    assert len([*small.glob(f"*/{MANIFEST}")]) == 2


@pytest.mark.usefixtures("restored_torch", "small")
def test_a_sweep_in_which_every_trial_fails_says_why() -> None:
    changed = {"optimizer": "sgd"}
    edit(Path(), {"experiments": {"writing": {"training": changed}}})
    with pytest.raises(PipelineError, match=r"no trial is complete \(2 failed\).*NaN"):
        sweep.main("writing", [f"{RATE}=2e38,3e38"], trials=2, workers=1)


@pytest.mark.usefixtures("restored_torch", "small")
def test_after_a_sweep_a_failing_tracker_is_only_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(Path(), {"runtime": {"tracking": True}})
    monkeypatch.setattr(sweep, "publish_sweep", lambda _: 1 / 0)
    sweep.main("writing/lstm", [f"{RATE}=0.001..0.1"], trials=1, workers=1)
    printed = capsys.readouterr()
    assert "warning: MLflow is not up to date (ZeroDiv" in printed.err
    assert "run the same command: finished trials are not repeated" in printed.err
    assert "the best of 1 trial" in printed.out


def test_a_name_is_the_name_of_a_file(small: Path) -> None:
    with pytest.raises(PipelineError, match=r"--name: '\.\./x' may have only letters"):
        sweep.main("writing", [f"{RATE}=0.1..0.2"], trials=1, name="../x")
    assert not small.exists()
