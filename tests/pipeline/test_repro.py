"""The whole pipeline, shrunk: it rebuilds everything, then nothing, then what changed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd
import pytest

from recurrent.common import files
from recurrent.evaluation import rows
from tests.pipeline.workspace import BEYOND, DATASETS, KEPT, Workspace, ran, yaml

CORPORA = ("names", "prose", "lyrics", "sales")
EVERYTHING = {
    *(f"{stage}@{corpus}" for stage in ("download", "clean") for corpus in CORPORA),
    *(f"encode@{name}" for name in DATASETS),
    *(f"{stage}@{name}" for stage in ("train", "evaluate") for name in KEPT),
    "embed@sales_vectors",
    *(f"study@{name}" for name in ("line", "error_surface", "powers")),
    "champions",
    "compare",
    "examine",
    "publish",
    "report",
}
AGAIN = [  # a stage of each kind
    "download@lyrics", "clean@names", "encode@nietzsche_stream", "train@sales_networks",
    "embed@sales_vectors", "train@sales_methods_on_vectors", "study@powers",
    "evaluate@nietzsche_rnn", "examine", "compare", "report",
]  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Both pipelines reproduced once, from nothing, two runs at a time, and committed."""
    made = Workspace(tmp_path_factory.mktemp("project"))
    done = made.recurrent("repro", "--jobs", "2", "--beyond", COLUMNS="80")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "jobs, 2 in parallel" in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 200
    recorded = yaml.load((made.folder / "dvc.lock").read_text(encoding="utf-8"))
    assert set(recorded["stages"]) == EVERYTHING
    beyond = yaml.load((made.folder / "beyond/dvc.lock").read_text(encoding="utf-8"))
    assert set(beyond["stages"]) == {
        *(f"{stage}@{name}" for stage in ("train", "evaluate") for name in BEYOND),
        "compare",
        "publish",
        "report",
    }
    made.commit("reproduced")
    return made


def test_every_variant_has_models_scores_and_an_evaluation(workspace: Workspace) -> None:
    for folder, variants in (("", KEPT), ("beyond/", BEYOND)):
        found = rows.read(workspace.folder / f"metrics/{folder}scores.csv", rows.Score)
        wanted = {(name, variant) for name, of in variants.items() for variant in of}
        assert {(row.experiment, row.variant) for row in found} == wanted
        for name, variant in wanted:
            place = workspace.folder / f"data/{folder}"
            assert (place / f"models/{name}/{variant}/spec.json").exists()
            assert (place / f"evaluation/{name}/{variant}.json").exists()
            assert (workspace.folder / f"metrics/{folder}scores/{name}/{variant}.json").exists()


def test_every_published_number_has_a_verdict_or_a_reason(workspace: Workspace) -> None:
    published = rows.read(workspace.folder / "metrics/published.csv", rows.Published)
    assert len({row.id for row in published}) == len(published) > 80
    assert all((row.verdict is None) != (row.reason is None) for row in published)
    computed = {row.row for row in published if row.source == "no corpus"}
    assert computed == {"A8", "A9", "D5"}


def test_every_claim_has_a_verdict_or_a_reason(workspace: Workspace) -> None:
    claims = rows.read(workspace.folder / "metrics/claims.csv", rows.Claim)
    assert len({row.id for row in claims}) == len(claims) > 25
    assert all(row.verdict or row.reason for row in claims)
    assert {row.id for row in claims if row.row == "B4" and row.verdict == "holds"}


def test_a_sweep_trains_in_workers_and_leaves_the_results_alone(workspace: Workspace) -> None:
    before = workspace.git("status", "--porcelain")
    space = "training.learning_rate=0.001..0.1:log"
    done = workspace.recurrent("sweep", "names_gated", space, "--trials", "3", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "starting jobs, 2 in parallel" in done.stderr and "warning" not in done.stderr
    assert "names_gated/gru: the best of 3 trials (3 complete)" in done.stdout
    assert workspace.git("status", "--porcelain") == before


def test_models_are_compared_on_the_same_records(workspace: Workspace) -> None:
    compared = rows.read(workspace.folder / "metrics/beyond/comparisons.csv", rows.Comparison)
    words = [row for row in compared if row.experiment == "lyrics_words"]
    assert {row.rival for row in words} == {"lyrics_whole_ngrams/order_2"}
    ours = rows.read(workspace.folder / "metrics/comparisons.csv", rows.Comparison)
    rivals = {(row.experiment, row.variant): row.rival for row in ours if row.kind == "rival"}
    assert rivals["sales_networks", "embeddings"] == "sales_networks/one_hot"


def test_a_model_that_looks_ahead_is_evaluated_by_prefix_as_well(workspace: Workspace) -> None:
    path = "data/evaluation/lyrics_bidirectional/lecture.json"
    report = files.read_json(workspace.folder / path)
    assert report["by_prefix"] and report["mean"]["loss"] > report["mean"]["loss_in_view"]
    done = workspace.recurrent("generate", "lyrics_bidirectional", "--prefix", "分开")
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_the_page_shows_results_studies_and_examined_networks(workspace: Workspace) -> None:
    page = (workspace.folder / "metrics/report.html").read_text(encoding="utf-8")
    for text in ("names_gated", "hard_clipping", "奇异值", "data:image/gif"):
        assert text in page, text
    flow = pd.read_csv(workspace.folder / "data/examined/gradient_flow.csv")
    assert set(flow["experiment"]) == {"names_gated", "hard_clipping"}
    assert (workspace.folder / "metrics/tables.md").exists()
    assert (workspace.folder / "metrics/curves/lyrics.csv").exists()


def test_a_second_run_does_nothing_even_with_other_runtime_settings(
    workspace: Workspace,
) -> None:
    def elsewhere(values: Any) -> None:
        values["runtime"] |= {"threads": 2, "reproducible": "fast"}

    workspace.edit(elsewhere)
    assert workspace.repro("-P") == []
    workspace.git("checkout", "--", "params.yaml")


def test_mlflow_shows_a_run_for_each_variant(workspace: Workspace) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{workspace.folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("RNNs from scratch on Nietzsche")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) >= {"nn.RNN, last output", "nn.RNN, last output, held-out text"}
    run = runs["nn.RNN, last output"]
    assert run.info.status == "FINISHED" and run.data.tags["fingerprint"]
    for name in ("train/loss", "seed_0/valid/loss", "seed_1/valid/loss"):
        steps = [point.step for point in client.get_metric_history(run.info.run_id, name)]
        assert sorted(steps) == [1, 2, 3, 4], name
    (model,) = client.search_logged_models(
        [experiment.experiment_id], filter_string=f"source_run_id = '{run.info.run_id}'"
    )
    network = Path(url2pathname(urlsplit(model.artifact_location).path)) / "artifacts/network"
    assert {path.name for path in network.iterdir()} == {
        "seed-0.safetensors",
        "seed-1.safetensors",
        "spec.json",
    }


def test_publishing_again_changes_nothing(workspace: Workspace) -> None:
    done = workspace.recurrent("publish")
    assert done.returncode == 0 and "up to date" in done.stderr, done.stderr


def untracked(values: Any) -> None:
    """Publish nothing: it takes seconds, and other tests look at MLflow."""
    values["runtime"]["tracking"] = False


def test_plain_dvc_from_an_empty_store_leaves_the_same_bytes(workspace: Workspace) -> None:
    before = workspace.tree("data", "metrics")
    workspace.edit(untracked)
    store, aside = workspace.folder / ".dvc/cache/trained", workspace.folder / ".dvc/tmp/aside"
    store.rename(aside)
    assert workspace.repro("--force", "--single-item", *AGAIN) == AGAIN
    assert workspace.tree("data", "metrics") == before
    shutil.rmtree(store)
    aside.rename(store)
    workspace.git("checkout", "--", "params.yaml")
    assert workspace.git("status", "--porcelain") == ""


class Tried(NamedTuple):
    """What `recurrent try` printed, and every file of data and metrics before it."""

    printed: str
    before: dict[str, bytes]


@pytest.fixture(scope="class")
def tried(workspace: Workspace) -> Iterator[Tried]:
    """Another learning rate of nietzsche_rnn/held_out, tried."""
    before = workspace.tree("data", "metrics")
    change = "variants.held_out.training.learning_rate=0.002"
    done = workspace.recurrent("try", "nietzsche_rnn", "-S", change, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    workspace.edit(untracked)
    yield Tried(done.stdout, before)
    workspace.revert()
    assert workspace.tree("data", "metrics") == before


class TestOneVariantIsEdited:
    """An edit is tried; then everything is reproduced; then the edit is undone."""

    def test_that_one_is_trained_and_the_experiment_is_evaluated(
        self, workspace: Workspace, tried: Tried
    ) -> None:
        jobs = pd.read_csv(workspace.folder / ".dvc/tmp/jobs.csv")["job"]
        assert {*jobs} == {
            *(f"nietzsche_rnn/held_out, seed {seed}" for seed in (0, 1)),
            "evaluate nietzsche_rnn/held_out",
        }
        assert ran(tried.printed) == ["train@nietzsche_rnn", "evaluate@nietzsche_rnn"]
        assert "nietzsche_rnn: scores now and in the last commit" in tried.printed
        assert workspace.repro("evaluate@nietzsche_rnn") == []

    def test_what_depends_on_the_experiment_is_made_again(
        self, workspace: Workspace, tried: Tried
    ) -> None:
        assert {*workspace.repro()} == {"champions", "compare", "examine", "publish", "report"}
        shown = workspace.run("dvc", "metrics", "diff").stdout.replace("\\", "/")
        assert "metrics/scores/nietzsche_rnn/held_out.json" in shown
        assert "metrics/scores/nietzsche_rnn/lecture.json" not in shown

    def test_without_the_edit_nothing_is_trained(self, workspace: Workspace, tried: Tried) -> None:
        def changed() -> set[str]:
            models = workspace.tree("data/models/nietzsche_rnn")
            return {name.split("/")[3] for name in models if models[name] != tried.before[name]}

        assert changed() == {"held_out"}
        workspace.git("checkout", "--", "params.yaml")
        assert workspace.repro("train@nietzsche_rnn") == []  # DVC's run cache has it
        assert changed() == set()


def test_predict_reports_characters_that_it_does_not_know(workspace: Workspace) -> None:
    name = workspace.tree("data/clean")["data/clean/names/names.csv"].decode().split("\n")[1]
    name = name.split(",")[0]
    done = workspace.recurrent("predict", "names_baselines/logistic", name, "A", f"A{name}")
    assert done.returncode == 0, done.stderr
    known, unknown, partly = (line.split("\t") for line in done.stdout.splitlines())
    assert known[0] == name and known[1] in ("男", "女") and 0.5 <= float(known[2]) <= 1
    assert unknown[:3] == ["A", "?", ""] and "A" in unknown[3]
    assert partly[1:3] == known[1:3] and "A" in partly[3]


def test_generate_continues_a_text(workspace: Workspace) -> None:
    done = workspace.recurrent("generate", "nietzsche_rnn", "--prefix", "the wise", "-n", "20")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the wise") and len(done.stdout) >= 28


def test_an_error_is_one_paragraph_and_exit_status_1(workspace: Workspace) -> None:
    done = workspace.run("python", "-m", "stages.train", "names_gatde")
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no experiment 'names_gatde'")
    assert "names_gated" in done.stderr and "Traceback" not in done.stderr
    shown = workspace.run("python", "-m", "stages.train", "names_gatde", "--debug")
    assert "Traceback" in shown.stderr
    assert workspace.run("python", "-m", "stages.train").returncode == 2


def test_the_summary_fits_a_terminal(workspace: Workspace) -> None:
    done = workspace.recurrent("summary", COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert "names_gated" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_dvc_shows_metrics_and_plots(workspace: Workspace) -> None:
    shown = workspace.run("dvc", "metrics", "show", COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert "names_gated" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 200
    plotted = workspace.run("dvc", "plots", "diff", "HEAD", "--out", "plots")
    assert plotted.returncode == 0 and "failed" not in plotted.stderr, plotted.stderr
    workspace.run("rm", "-r", "plots")


def test_a_run_that_fails_is_named_with_its_reason(workspace: Workspace) -> None:
    def without_validation(values: Any) -> None:
        values["experiments"]["lyrics_bidirectional"]["training"]["keep"] = "best"

    workspace.edit(without_validation)
    done = workspace.recurrent("repro", "lyrics_bidirectional", "--jobs", "2")
    assert done.returncode == 1
    assert "keep: best needs validation records" in done.stderr
    # Two runs fail at the same time; either may be the first.
    assert re.search(r"lyrics_bidirectional/lecture, seed [01] failed", done.stderr)
    assert "Traceback" not in done.stderr
    workspace.revert()


def test_a_removed_experiment_leaves_nothing_behind(workspace: Workspace) -> None:
    def without(values: Any) -> None:
        del values["experiments"]["names_baselines"]

    workspace.edit(without)
    pruned = workspace.recurrent("prune")
    assert "data/models/names_baselines" in pruned.stderr
    assert workspace.repro("compare") == ["examine", "compare"]
    found = rows.read(workspace.folder / "metrics/scores.csv", rows.Score)
    assert "names_baselines" not in {row.experiment for row in found}
    workspace.revert()
    assert workspace.repro() == []
    assert workspace.git("status", "--porcelain") == ""
