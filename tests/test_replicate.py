"""make replicate: what it takes, what it leaves out, and that the workspace stays as it is."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recurrent import config as params
from recurrent.commands import replicate
from recurrent.data.fetch import MIRROR_VARIABLE
from recurrent.errors import PipelineError
from tests.pipeline.workspace import SALES, Workspace
from tests.project import Project

NAMES = "dict,sex\n" + "".join(
    f"{a}{b},{'男女'[i % 2]}\n" for i, a in enumerate("王李张刘") for b in "明芳伟丽强静"
)
TRAINED = ("names_rnn", "names_logistic", "nietzsche_rnn", "nietzsche_trigram", "lyrics_bigru")
HERE = "http://127.0.0.1:9"  # nothing listens there


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def shelf(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror folder; the real params, with upstreams that no network has."""
    monkeypatch.setattr("recurrent.data.fetch.RETRIES", 0)
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv(MIRROR_VARIABLE, str(folder))
    digest = sha256(NAMES.encode())
    project.edit(
        {
            "corpora.names.upstream": {"url": f"{HERE}/upstream.txt", "sha256": digest},
            "corpora.names.standin": {"url": "standin.txt", "sha256": digest},
        }
    )
    return folder


def changes() -> replicate.Changes:
    settings = params.load()
    return replicate.obtain("names", settings.corpora["names"], settings)


def test_a_corpus_that_can_be_had_needs_nothing(shelf: Path) -> None:
    (shelf / "upstream.txt").write_text(NAMES, encoding="utf-8")
    assert changes() == {}
    assert (replicate.SHELF / "upstream.txt").exists()


def test_what_is_on_the_shelf_is_not_fetched_again(shelf: Path) -> None:
    (shelf / "upstream.txt").write_text(NAMES, encoding="utf-8")
    changes()
    (shelf / "upstream.txt").unlink()
    assert changes() == {}


def test_the_stand_in_replaces_what_cannot_be_had_and_that_is_said(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shelf / "standin.txt").write_text(NAMES, encoding="utf-8")
    digest = sha256(NAMES.encode())
    assert changes() == {"corpora.names.url": "standin.txt", "corpora.names.sha256": digest}
    assert "standin.txt stands in" in capsys.readouterr().err


def test_without_either_the_corpus_and_all_that_needs_it_are_left_out(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_out = changes()
    assert {"corpora.names", "datasets.names_top500", "experiments.names_gru"} <= left_out.keys()
    assert not any(left_out.values())
    settings = params.load()
    datasets = {name for name, d in settings.datasets.items() if d.corpus == "names"}
    experiments = {name for name, e in settings.experiments.items() if e.dataset in datasets}
    assert len(left_out) == 1 + len(datasets) + len(experiments)
    assert replicate.without(experiments, settings) == {
        "probes.experiments": [e for e in settings.probes.experiments if e not in experiments]
    }
    assert replicate.without(set(), settings) == {}
    assert "experiments.nietzsche_lstm" not in left_out, "its corpus is another"
    assert "names is left out" in capsys.readouterr().err


def test_what_nobody_may_publish_is_left_out_with_all_that_its_vectors_feed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.edit({"probes.entities": ["sales_network_vectors", "names_rnn"]})
    settings = params.load()
    left_out = replicate.obtain("sales", settings.corpora["sales"], settings)
    experiments = {name for name, e in settings.experiments.items() if e.lecture == "entities"}
    assert {"sales_network", "sales_forest_vectors"} <= experiments
    expected = {"corpora.sales", "datasets.sales", "embedded.sales_vectors"}
    assert left_out.keys() == expected | {f"experiments.{e}" for e in experiments}
    assert replicate.without(experiments, settings) == {"probes.entities": ["names_rnn"]}
    said = capsys.readouterr().err
    assert "only those who own it can give it" in said
    assert "sales is left out" in said


def test_a_wrong_file_is_an_error_and_no_reason_for_a_stand_in(shelf: Path) -> None:
    (shelf / "upstream.txt").write_text("damaged", encoding="utf-8")
    (shelf / "standin.txt").write_text(NAMES, encoding="utf-8")
    with pytest.raises(PipelineError, match="not the file that params"):
        changes()


def test_a_file_of_ones_own_is_found_from_the_clone(shelf: Path, project: Project) -> None:
    digest = sha256(NAMES.encode())
    project.edit({"corpora.names.url": "mine.txt", "corpora.names.sha256": digest})
    with pytest.raises(PipelineError, match=r"mine\.txt: could not be fetched"):
        changes()
    mine = project.file("mine.txt", NAMES.encode())
    assert changes() == {"corpora.names.url": str(mine)}
    mine.rename(shelf / "mine.txt")
    assert changes() == {}
    assert (replicate.SHELF / "mine.txt").exists()


def experiment_ref(workspace: Workspace) -> str:
    """Of the one experiment that there is."""
    pattern = "refs/exps/*/*/upstream"
    (ref,) = workspace.git("for-each-ref", "--format=%(refname)", pattern).split()
    return ref


def test_it_runs_beside_the_workspace_and_leaves_its_figures(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("project"))
    mirror = tmp_path_factory.mktemp("mirror")
    files = {"names": "names.txt", "prose": "prose.txt", "lyrics": "lyrics"}
    workspace.repro(*(f"download@{corpus}" for corpus in files))  # by the bundled generators

    def publish(values: Any) -> None:
        kept = (*TRAINED, *SALES)
        values["experiments"] = {name: values["experiments"][name] for name in kept}
        read = {experiment["dataset"] for experiment in values["experiments"].values()}
        values["datasets"] = {k: v for k, v in values["datasets"].items() if k in read}
        values["probes"] |= {"experiments": ["nietzsche_rnn"], "clipped": []}
        for corpus, file in files.items():
            content = (workspace.folder / f"data/raw/{corpus}/{file}").read_bytes()
            (mirror / file).write_bytes(content)
            values["corpora"][corpus]["upstream"] = {
                "url": f"{HERE}/{file}",
                "sha256": sha256(content),
            }

    workspace.edit(publish)
    for key, value in (("user.name", "test"), ("user.email", "test@localhost")):
        workspace.git("config", "--local", key, value)
    (workspace.folder / "metrics/history").mkdir(parents=True, exist_ok=True)
    (workspace.folder / "metrics/history/names_rnn.csv").write_text("of the bundled corpus\n")
    (workspace.folder / "metrics/mine.md").write_text("no stage's\n")
    workspace.commit("upstreams, and metrics of the bundled corpora")
    done = workspace.run("python", "-m", "recurrent.commands.replicate", CORPORA_MIRROR=str(mirror))
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(workspace.folder / "metrics/upstream/replication.csv")
    assert set(table["source"]) == {"upstream", "no corpus"}
    assert table["floor"].isna().all(), "nothing is known of a source that is not ours"
    printed = table[table["protocol"] == "lecture"]
    run = printed["experiment"].isin(TRAINED) | printed["experiment"].str.contains("/")
    verdicts = printed["verdict"][run].str.split(" (", regex=False).str[0]
    short = verdicts.str.startswith("not run: no ")  # so few epochs, and steps, are run
    shrunk = {"lyrics_bigru", "demonstrations/line/report.json"}
    assert set(printed["experiment"][run][short]) == shrunk
    assert set(verdicts[~short]) <= {"reproduced", "better", "not reproduced"}
    assert printed["verdict"][~run].str.startswith("not run").all()
    changed = workspace.git("status", "--porcelain", "--untracked-files=all").splitlines()
    assert all(line.startswith("?? metrics/upstream/") for line in changed)
    assert not (workspace.folder / "metrics/upstream/samples").exists()
    experiments = workspace.run("dvc", "exp", "list", "--name-only")
    assert experiments.stdout.split() == ["upstream"]
    kept = workspace.git("ls-tree", "-r", "--name-only", experiment_ref(workspace)).splitlines()
    assert "metrics/history/names_rnn.csv" in kept
    assert not any(path.startswith("metrics/samples") for path in kept)
    workspace.git("update-ref", f"refs/exps/00/{'1' * 38}/upstream", "HEAD")  # of another commit
    again = workspace.run(
        "python", "-m", "recurrent.commands.replicate", CORPORA_MIRROR=str(mirror)
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Running stage" not in again.stdout, "finished stages are kept"
    assert "/00/" not in experiment_ref(workspace)
    assert not (workspace.folder / "metrics/replication.csv").exists()
    assert workspace.git("diff", "--stat") == ""
    before = workspace.tree("metrics/upstream")
    applied = workspace.run("dvc", "exp", "apply", "upstream")
    assert applied.returncode == 0, applied.stderr
    assert (workspace.folder / "data/models/names_rnn/spec.json").exists()
    assert workspace.tree("metrics/upstream") == before
    assert (workspace.folder / "metrics/mine.md").exists()
    assert (workspace.folder / "metrics/samples/names_rnn.json").exists()
    assert "metrics/samples" not in workspace.git("status", "--porcelain", "--untracked-files=all")
    table = (workspace.folder / "metrics/replication.csv").read_bytes()
    assert table == before["metrics/upstream/replication.csv"]
    assert workspace.repro("evaluate") == [], "code, data and results are of one piece"
