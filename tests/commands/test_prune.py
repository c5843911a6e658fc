"""Prune: what the parameter files name stays; everything else is removed from disk and locks."""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest

from recurrent.commands import lookup, prune
from recurrent.common import config, files, locking, paths
from recurrent.common.config import Config
from recurrent.training.fingerprint import Run
from recurrent.training.store import FILES, MANIFEST, WEIGHTS, RunStore
from tests.project import ABSENT, ROOT, Project

OLD = "schema: '2.0'\nstages:\n"


@pytest.fixture
def declared(project: Project) -> Project:
    """A project with both pipelines' stages."""
    for name in ("dvc.yaml", "beyond/dvc.yaml"):
        files.write_text(Path(name), (ROOT / name).read_text(encoding="utf-8"))
    return project


def stages(lock: str) -> list[str]:
    return [*config.read_yaml(Path(lock))["stages"]]


def entry(name: str, *outs: str) -> str:
    listed = "".join(f"    - path: {out}\n" for out in outs)
    return f"  {name}:\n    cmd: a\n" + (f"    outs:\n{listed}" if outs else "")


def written(*places: str | Path) -> list[Path]:
    """Make a folder with a file at each place, or a file if the place has a suffix."""
    for path in map(Path, places):
        files.write_text(path if path.suffix else path / "a.txt", "a")
    return [Path(place) for place in places]


def test_outputs_and_lock_entries_that_nothing_names_are_removed(
    declared: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    beyond = paths.PIPELINES["beyond"]
    kept = written(
        paths.encoded("names_lecture"),
        "data/models/names_gated",
        "data/models/.gitignore",
        beyond.model("lyrics_words", "gru").parent,
    )
    gone = written("data/models/gone", "data/beyond/models/gone", paths.clean_report("gone"))
    files.write_text(
        Path("dvc.lock"),
        OLD
        + entry("train@names_gated", "data/models/names_gated")
        + entry("train@gone", "data/models/gone", "data/runs/not_there")
        + entry("clean@gone", str(paths.clean_report("gone"))),
    )
    files.write_text(
        Path("beyond/dvc.lock"),
        OLD
        + entry("train@gone", "data/beyond/models/gone")
        + entry("train@lyrics_words", str(kept[-1])),
    )
    prune.prune_outputs()
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)
    assert stages("dvc.lock") == ["train@names_gated"]
    assert stages("beyond/dvc.lock") == ["train@lyrics_words"]
    assert Path("dvc.lock").read_text().startswith(OLD)
    assert "removed from dvc.lock: clean@gone, train@gone" in capsys.readouterr().err


def test_files_that_no_stage_wrote_are_kept(declared: Project) -> None:
    own = written("data/raw/names_mine.txt", "data/models/my_experiment", "metrics/clean/a.json")
    files.write_text(Path("dvc.lock"), OLD + entry("train@names_gated", "data/models/names_gated"))
    prune.prune_outputs()
    assert all(path.exists() for path in own)


def test_what_another_stage_declares_now_is_kept(declared: Project) -> None:
    kept = written("data/evaluation", "data/models/names_gated", "metrics/curves/a.csv")
    outs = ("data/evaluation", "data/models", "metrics/curves/a.csv")
    files.write_text(Path("dvc.lock"), OLD + entry("old", *outs))
    prune.prune_outputs()
    assert all(path.exists() for path in kept)
    assert not stages("dvc.lock")


def test_the_outputs_of_a_removed_experiment_are_removed(declared: Project) -> None:
    (folder,) = written(paths.PIPELINES["lectures"].run("nietzsche_char3"))
    files.write_text(Path("dvc.lock"), OLD + entry("train@nietzsche_char3", str(folder)))
    prune.prune_outputs()
    assert folder.exists()
    declared.edit({"experiments.nietzsche_char3": ABSENT})
    prune.prune_outputs()
    assert not folder.exists()


@pytest.mark.parametrize(
    "text", ["", "schema: '2.0'\n", OLD, (OLD + entry("train@names_gated")).replace("'", '"')]
)
def test_without_anything_stale_the_lock_is_not_rewritten(declared: Project, text: str) -> None:
    files.write_text(Path("dvc.lock"), text)
    prune.prune_outputs()
    assert Path("dvc.lock").read_text() == text


class Stored:
    """A store, and what each project's plan says of one experiment."""

    EXPERIMENT = "nietzsche_char3"  # variants lecture and held_out

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = RunStore()
        self.plans: dict[Path, dict[str, str]] = {Path.cwd(): {}}  # by folder: variant, fingerprint
        monkeypatch.setattr(prune, "plan_if_encoded", self.plan)

    def plan(self, settings: Config, experiment: str) -> list[Run]:
        variants = self.plans[Path.cwd()] if experiment == self.EXPERIMENT else {}
        other = next(settings.variants(experiment))
        return [
            Run(settings.find(f"{experiment}/{variant}"), 0, fingerprint)
            for variant, fingerprint in variants.items()
        ] or [Run(other, 0, f"{experiment}-of-today")]

    def clone(self) -> Path:
        folder = Path.cwd() / ".dvc/tmp/upstream"
        folder.mkdir(parents=True)
        Project.copied_to(folder)
        self.plans[folder] = {}
        return folder

    def finished(self, fingerprint: str, variant: str, experiment: str = EXPERIMENT) -> None:
        for name in FILES:
            files.write_text(self.store.place(fingerprint) / name, fingerprint)
        about = {"experiment": experiment, "variant": variant, "seed": 0}
        self.store.finish(fingerprint, about)

    def left(self) -> list[str]:
        prune.prune_runs()
        return self.store.entries()


@pytest.fixture
def stored(declared: Project, monkeypatch: pytest.MonkeyPatch) -> Stored:
    return Stored(monkeypatch)


def test_a_run_of_older_code_stays_until_its_successor_is_finished(stored: Stored) -> None:
    stored.finished("old", "lecture")
    stored.finished("other", "held_out")
    stored.plans[Path.cwd()] = {"lecture": "new"}
    assert stored.left() == ["old", "other"]
    stored.store.place("new").mkdir()
    assert stored.left() == ["new", "old", "other"]
    stored.finished("new", "lecture")
    assert stored.left() == ["new", "other"]


def test_a_run_that_no_parameter_file_names_is_removed_unless_it_is_in_a_plan(
    stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    stored.finished("gone", "lecture", "an_old_experiment")
    stored.finished("variant", "an_old_variant")
    stored.finished("renamed", "an_old_name")
    stored.plans[Path.cwd()] = {"lecture": "renamed"}
    assert stored.left() == ["renamed"]
    assert "no parameter file names an_old_experiment/lecture, seed 0" in capsys.readouterr().err


def test_the_runs_of_the_clone_are_kept(stored: Stored) -> None:
    folder = stored.clone()
    stored.finished("here", "lecture")
    stored.finished("replica", "lecture")
    stored.finished("older", "lecture")
    stored.finished("only there", "lecture", "names_theirs")
    with chdir(folder):
        values = config.read_yaml(Path("params.yaml"))
        values["experiments"]["names_theirs"] = values["experiments"]["nietzsche_char3"]
        files.write_json(Path("params.yaml"), values)
    stored.plans = {Path.cwd(): {"lecture": "here"}, folder: {"lecture": "replica"}}
    assert stored.left() == ["here", "only there", "replica"]


@pytest.mark.parametrize("content", [None, "experiments: [", "[a]"])
def test_without_the_clones_parameters_all_runs_are_kept(
    stored: Stored, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stored.clone() / "params.yaml"
    file.write_text(content) if content else file.unlink()
    stored.finished("replica", "a_variant_of_the_clone")
    stored.store.place("unfinished").mkdir()
    assert stored.left() == ["replica", "unfinished"]
    assert ".dvc/tmp/upstream/params.yaml" in capsys.readouterr().err


def test_damaged_and_unfinished_entries_are_removed_unless_a_process_trains_them(
    stored: Stored,
) -> None:
    stored.plans[Path.cwd()] = {"lecture": "planned"}
    for name in ("planned", "unplanned", "aside.damaged"):
        stored.store.place(name).mkdir(parents=True)
    with stored.store.filling("running", "a run"):
        assert stored.left() == ["planned", "running"]
        assert not stored.store.set_aside()
    assert stored.left() == ["planned"]


def test_runs_whose_data_are_not_encoded_are_kept(
    declared: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = Stored(monkeypatch)
    monkeypatch.setattr(prune, "plan_if_encoded", lookup.plan_if_encoded)
    stored.finished("maybe", "an_old_variant")
    stored.finished("gone", "lecture", "an_old_experiment")
    stored.store.place("unfinished").mkdir()
    assert stored.left() == ["maybe", "unfinished"]
    assert "not all data are encoded" in capsys.readouterr().err


def test_an_evaluation_goes_with_its_runs_or_when_a_newer_one_replaces_it(stored: Stored) -> None:
    stored.plans[Path.cwd()] = {"lecture": "run"}
    stored.finished("run", "lecture")
    (weights,) = [stored.store.checksums("run") or {}]
    for number, (key, trained) in enumerate(
        (("old", weights[WEIGHTS]), ("new", weights[WEIGHTS]), ("of a lost run", "0"))
    ):
        files.write_text(stored.store.place(key) / "report.json", "{}")
        about = {"experiment": stored.EXPERIMENT, "variant": "lecture", "weights": [trained]}
        stored.store.finish(key, about, ["report.json"])
        os.utime(stored.store.place(key) / MANIFEST, (number, number))
    assert stored.left() == ["new", "run"]


def test_the_command_waits_for_the_pipeline(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Path] = []

    @contextmanager
    def locked(what: str, lock: Path) -> Iterator[None]:
        held.append(lock)
        yield
        held.remove(lock)

    monkeypatch.setattr(prune, "locked", locked)
    for name in ("prune_outputs", "prune_runs"):
        monkeypatch.setattr(prune, name, lambda: seen.append(locking.REPRO in held))
    seen: list[bool] = []
    prune.main()
    assert seen == [True, True]
