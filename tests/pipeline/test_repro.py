"""The whole pipeline for real, shrunk: it rebuilds everything, then nothing, then what changed."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recurrent import files
from tests.pipeline.workspace import (
    DATASETS,
    DEMONSTRATIONS,
    KEPT,
    LYRICS,
    NAMES,
    NIETZSCHE,
    Workspace,
    yaml,
)

EVERYTHING = [
    *(
        f"{stage}@{corpus}"
        for stage in ("download", "clean")
        for corpus in ("names", "prose", "lyrics", "sales")
    ),
    *(f"encode@{name}" for name in DATASETS),
    *(f"train@{name}" for name in KEPT),
    "embed@sales_vectors",
    *(f"demonstrate@{name}" for name in DEMONSTRATIONS),
    "evaluate",
    "probe",
    "report",
]
# A stage of each kind and a training of each task, to be run twice.
AGAIN = [
    "download@lyrics",
    "clean@names",
    "encode@nietzsche_stream",
    "train@names_rnn",
    "train@nietzsche_lstm",
    "train@lyrics_restore_both",
    "train@sales_network",
    "embed@sales_vectors",
    "train@sales_network_vectors",
    "demonstrate@powers",
    "evaluate",
    "probe",
    "report",
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Reproduced once, from nothing, two trainings at a time, and committed."""
    made = Workspace(tmp_path_factory.mktemp("project"))
    done = made.run("python", "-m", "recurrent.commands.repro", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f": {len(KEPT) - 1} of {len(KEPT) - 1}, 2 side by side" in done.stderr
    assert ": 1 of 1, 2 side by side" in done.stderr, "what reads vectors waits for them"
    recorded = yaml.load((made.folder / "dvc.lock").read_text(encoding="utf-8"))
    assert sorted(recorded["stages"]) == sorted(EVERYTHING)
    made.commit("reproduced")
    return made


def test_everything_is_there(workspace: Workspace) -> None:
    table = pd.read_csv(workspace.folder / "metrics/replication.csv")
    assert list(table.columns) == [
        "row", "experiment", "source", "protocol", "metric",
        "printed", "ours", "spread", "seeds", "floor", "verdict",
    ]  # fmt: skip
    assert set(KEPT) <= set(table["experiment"])
    assert set(table["source"][table["ours"].notna()]) == {"bundled", "no corpus"}
    page = (workspace.folder / "metrics/replication.md").read_text(encoding="utf-8")
    assert "names_gru" in page and "nietzsche_lstm" in page
    for lecture in ("names", "nietzsche", "lyrics", "entities"):
        assert (workspace.folder / f"metrics/figures/{lecture}.svg").exists()
    for name in KEPT:
        assert (workspace.folder / f"data/models/{name}/spec.json").exists()
    assert not (workspace.folder / ".checkpoints/names_gru").exists()


def test_a_language_model_leaves_what_it_wrote_while_training_and_afterwards(
    workspace: Workspace,
) -> None:
    samples = files.read_json(workspace.folder / "metrics/samples/nietzsche_lstm.json")
    assert samples.keys() == {"by_seed", "while_training"}
    for seed in ("0", "1"):
        assert samples["while_training"][seed].keys() == {"1", "2"}
        texts = [samples["by_seed"][seed], *samples["while_training"][seed].values()]
        assert all(len(text["for thos"]) == len("for thos") + 40 for text in texts)
    counted = files.read_json(workspace.folder / "metrics/samples/nietzsche_trigram.json")
    assert counted["by_seed"]["0"].keys() == {"for thos"}, "the lecture's own, for want of others"


def test_networks_stand_against_the_baseline_on_the_same_held_out_text(
    workspace: Workspace,
) -> None:
    lstm, trigram, rnn = (
        files.read_json(workspace.folder / f"metrics/evaluation/nietzsche_{name}.json")
        for name in ("lstm", "trigram", "rnn")
    )
    assert lstm["against"]["baseline"] == "nietzsche_trigram"
    assert lstm["protocol"] == trigram["protocol"] == "held-out"
    assert lstm["characters"] == trigram["characters"]
    assert lstm["floor"] == trigram["floor"] and lstm["floor"]["loss"] < lstm["mean"]["loss"]
    gap = trigram["mean"]["loss"] - lstm["mean"]["loss"]
    assert lstm["against"]["seeds"]["difference"] == pytest.approx(gap, abs=2e-6)
    assert rnn["protocol"] == "lecture's split" and "against" not in rnn


def test_a_network_stands_against_the_rival_that_its_lecture_names(workspace: Workspace) -> None:
    ours = files.read_json(workspace.folder / "metrics/evaluation/sales_network_vectors.json")
    assert ours["against"]["baseline"] == "sales_network"


def test_what_sees_the_answer_is_asked_without_it_as_well(workspace: Workspace) -> None:
    report = files.read_json(workspace.folder / "metrics/evaluation/lyrics_bigru.json")
    assert report["protocol"] == "its training text by prefix"
    for figures in (report["mean"], *report["by_seed"].values()):
        assert figures["loss"] > figures["loss_with_the_answer_in_view"]
    assert not (workspace.folder / "metrics/samples/lyrics_bigru.json").exists()
    done = workspace.run(
        "python", "-m", "recurrent.commands.generate", "lyrics_bigru", "--prefix", "分开"
    )
    assert done.returncode == 1 and "cannot write on" in done.stderr


def test_words_stand_against_characters_on_the_same_characters(workspace: Workspace) -> None:
    words, bigram = (
        files.read_json(workspace.folder / f"metrics/evaluation/lyrics_{name}.json")
        for name in ("words_gru", "whole_bigram")
    )
    assert words["characters"] == bigram["characters"] and words["on"] == bigram["on"]
    assert words["floor"]["loss"] == pytest.approx(bigram["floor"]["loss"], abs=1e-5)
    assert words["against"]["baseline"] == "lyrics_whole_bigram"
    gap = bigram["mean"]["loss"] - words["mean"]["loss"]
    assert words["against"]["seeds"]["difference"] == pytest.approx(gap, abs=2e-6)
    written = files.read_json(workspace.folder / "metrics/samples/lyrics_words_gru.json")
    text = written["by_seed"]["0"]["分开"]
    assert text.startswith("分开") and not any(ord(c) >= 0xF0000 for c in text)


def test_hidden_characters_are_restored_and_shown(workspace: Workspace) -> None:
    report = files.read_json(workspace.folder / "metrics/evaluation/lyrics_restore_both.json")
    assert 0 <= report["mean"]["restored"] <= 1 and "loss" not in report["mean"]
    shown = files.read_json(workspace.folder / "metrics/samples/lyrics_restore_both.json")
    assert all("□" in place["text"] for place in shown["restored"])
    page = (workspace.folder / "metrics/replication.md").read_text(encoding="utf-8")
    assert "hidden characters that is restored" in page


def test_the_page_has_what_was_demonstrated_and_probed(workspace: Workspace) -> None:
    for name in DEMONSTRATIONS:
        assert (workspace.folder / f"metrics/demonstrations/{name}/report.json").exists()
    through = pd.read_csv(workspace.folder / "metrics/probes/through_time.csv")
    assert set(through["experiment"]) == {"names_gru", "nietzsche_lstm", "hard_rnn"}
    assert set(through["when"]) == {"before", "after"}
    bounded = through[(through["state"] == "h") & through["bound"].notna()]
    assert len(bounded) == (through["state"] == "h").sum()
    clipped = pd.read_csv(workspace.folder / "metrics/probes/clipping.csv")
    assert (clipped["cosine_global"] > 0.9999).all() and (clipped["cosine_each"] <= 1).all()
    table = pd.read_csv(workspace.folder / "metrics/replication.csv")
    computed = table[table["source"] == "no corpus"]
    assert set(computed["row"]) == {"A8", "A9", "D5"}
    page = (workspace.folder / "metrics/report.html").read_text(encoding="utf-8")
    for name in ("names_gru", "nietzsche_lstm", "hard_rnn", "梯度消失", "by_hand"):
        assert name in page, name


def test_gradient_norms_and_health_are_there_for_every_training(workspace: Workspace) -> None:
    for name in KEPT:
        health = files.read_json(workspace.folder / f"metrics/health/{name}.json")
        assert health["healthy"] is not bool(health["findings"])
        norms = pd.read_csv(workspace.folder / f"metrics/gradients/{name}.csv")
        assert ("lstm" not in name and "gru" not in name) or len(norms), name


def test_dvc_plots_show_every_lecture_and_lay_two_revisions_over(workspace: Workspace) -> None:
    done = workspace.run("dvc", "plots", "diff", "HEAD", "--out", "plots")
    assert done.returncode == 0 and "failed" not in done.stderr, done.stderr
    page = (workspace.folder / "plots/index.html").read_text(encoding="utf-8")
    (workspace.folder / "plots/index.html").unlink()
    for lecture in ("Names to sex", "Nietzsche", "Lyrics", "Hard to train"):
        assert f"{lecture}, training loss" in page
    for name in ("names_gru", "nietzsche_lstm", "lyrics_bigru", "hard_rnn"):
        assert f'"experiment": "{name}"' in page


def test_a_second_run_does_nothing(workspace: Workspace) -> None:
    assert workspace.repro() == []


def test_a_forced_run_one_stage_after_the_other_leaves_the_same_bytes(
    workspace: Workspace,
) -> None:
    def untracked(values: Any) -> None:
        values["runtime"]["tracking"] = False  # MLflow has been told

    before = workspace.tree("data", "metrics")
    workspace.edit(untracked)
    assert workspace.repro("--force", "--single-item", *AGAIN) == AGAIN
    assert workspace.tree("data", "metrics") == before
    workspace.git("checkout", "--", "params.yaml")
    assert workspace.git("status", "--porcelain") == ""


def test_editing_one_experiment_reruns_that_one(workspace: Workspace) -> None:
    def faster(values: Any) -> None:
        values["experiments"]["names_gru"]["training"]["rate"] *= 2

    def slower(values: Any) -> None:
        values["experiments"]["names_gru"]["training"]["rate"] /= 2

    learned = ("data", "metrics/gradients", "metrics/health", "metrics/history")
    before, table = workspace.tree(*learned), workspace.tree("metrics/evaluation")
    workspace.edit(faster)
    assert workspace.repro() == ["train@names_gru", "evaluate", "probe", "report"]
    assert workspace.tree(*learned) != before
    assert workspace.tree("metrics/evaluation") != table
    workspace.edit(slower)
    assert workspace.repro("train@names_gru") == [], "the training is in DVC's run cache"
    assert workspace.tree(*learned) == before
    workspace.revert()
    assert workspace.repro() == []


def test_runtime_settings_rerun_nothing(workspace: Workspace) -> None:
    def elsewhere(values: Any) -> None:
        values["runtime"]["device"] = "cpu"

    workspace.edit(elsewhere)
    assert workspace.repro() == []
    workspace.revert()


def test_mlflow_shows_one_run_a_training_with_curves_figures_and_weights(
    workspace: Workspace,
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{workspace.folder / 'mlflow.db'}")
    original: dict[str, Any] = {}
    for lecture, named in (("names", NAMES), ("nietzsche", NIETZSCHE), ("lyrics", LYRICS)):
        experiment = client.get_experiment_by_name(lecture)
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id], "params.training.rate != '0.0'")
        closed = "params.training.kind = 'closed_form'"
        runs += client.search_runs([experiment.experiment_id], closed)
        assert {run.info.run_name for run in runs} == set(named)
        original |= {run.info.run_name: run for run in reversed(runs)}
    run = original["names_rnn"]
    assert run.info.status == "FINISHED"
    assert {"fingerprint", "source", "stage", "device"} <= set(run.data.tags)
    for name in ("mean/train_loss", "seed_0/valid_accuracy", "seed_1/valid_accuracy"):
        steps = [point.step for point in client.get_metric_history(run.info.run_id, name)]
        assert sorted(steps) == [1, 2], name
    table = pd.read_csv(workspace.folder / "metrics/replication.csv")
    ours = table[(table.experiment == "names_rnn") & (table.metric == "log_loss")]["ours"].item()
    assert run.data.metrics["final/log_loss"] == float(ours)  # texts stand in that column too
    stored = {Path(item.path).name for item in client.list_artifacts(run.info.run_id, "model")}
    assert stored == {"seed-0.safetensors", "seed-1.safetensors", "spec.json", "samples.json"}
    assert client.list_artifacts(run.info.run_id, "samples")
    assert client.list_artifacts(original["nietzsche_trigram"].info.run_id, "samples")
    curves = original["nietzsche_lstm"].data.metrics
    assert {"mean/train_loss_smoothed", "seed_1/valid_loss", "final/perplexity"} <= set(curves)


def test_publishing_again_changes_nothing(workspace: Workspace) -> None:
    done = workspace.run("python", "-m", "recurrent.commands.publish")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "MLflow is up to date\n"


def test_a_training_is_not_shown_with_what_its_experiment_has_become(
    workspace: Workspace, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    def faster(values: Any) -> None:
        values["experiments"]["names_rnn"]["training"]["rate"] *= 2

    elsewhere = f"sqlite:///{tmp_path / 'empty.db'}"
    workspace.edit(faster)
    done = workspace.run(
        "python", "-m", "recurrent.commands.publish", MLFLOW_TRACKING_URI=elsewhere
    )
    workspace.revert()
    assert done.returncode == 0, done.stderr
    assert "not brought up to date" in done.stderr and ": names_rnn. " in done.stderr
    client = MlflowClient(elsewhere)
    experiment = client.get_experiment_by_name("names")
    assert experiment is not None
    shown = {run.info.run_name for run in client.search_runs([experiment.experiment_id])}
    assert shown == {*NAMES} - {"names_rnn"}
    done = workspace.run(
        "python", "-m", "recurrent.commands.publish", MLFLOW_TRACKING_URI=elsewhere
    )
    assert "MLflow: 1 runs brought up to date" in done.stderr


def test_predict_answers_and_names_what_it_does_not_know(workspace: Workspace) -> None:
    name = workspace.tree("data/clean")["data/clean/names/names.csv"].decode().split("\n")[1]
    name = name.split(",")[0]
    done = workspace.run(
        "python", "-m", "recurrent.commands.predict", "names_logistic", name, "A", f"A{name}"
    )
    assert done.returncode == 0, done.stderr
    known, unknown, partly = (line.split("\t") for line in done.stdout.splitlines())
    assert known[0] == name and known[1] in ("男", "女") and 0.5 <= float(known[2]) <= 1
    assert unknown == ["A", "?", "", "unknown: A"]
    assert partly[1:] == [known[1], known[2], "unknown: A"]


def test_a_fault_is_one_paragraph_and_exit_status_1(workspace: Workspace) -> None:
    done = workspace.run("python", "-m", "stages.train", "names_gur")
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no experiment 'names_gur'")
    assert "names_gru" in done.stderr
    assert "Traceback" not in done.stderr
    shown = workspace.run("python", "-m", "stages.train", "names_gur", "--debug")
    assert "Traceback" in shown.stderr
    assert workspace.run("python", "-m", "stages.train").returncode == 2


def test_the_summary_fits_a_terminal(workspace: Workspace) -> None:
    done = workspace.run("python", "-m", "recurrent.commands.summary", COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert "names_gru" in done.stdout
    assert "make ui" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_metrics_and_plots_speak_dvc(workspace: Workspace) -> None:
    shown = workspace.run("dvc", "metrics", "show", "--json")
    assert "names_gru" in shown.stdout
    plotted = workspace.run("dvc", "plots", "show", "--json")
    assert plotted.returncode == 0, plotted.stderr
    assert "metrics/history/names_gru.csv" in plotted.stdout


def test_a_training_that_fails_beside_others_is_named_with_its_reason(
    workspace: Workspace,
) -> None:
    def without_validation(values: Any) -> None:
        values["experiments"]["lyrics_bigru"]["training"]["keep"] = "best"

    workspace.edit(without_validation)
    done = workspace.run("python", "-m", "recurrent.commands.repro", "--jobs", "2")
    assert done.returncode == 1
    assert "keep: best needs validation records" in done.stderr, "the training's own words"
    assert "ERROR: failed to reproduce 'train@lyrics_bigru'" in done.stderr, "DVC's"
    assert "training lyrics_bigru failed" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: train@lyrics_bigru")
    workspace.revert()
    assert workspace.repro() == []


def test_an_experiment_taken_out_leaves_the_table(workspace: Workspace) -> None:
    def without(values: Any) -> None:
        del values["experiments"]["nietzsche_trigram"]

    workspace.edit(without)
    pruned = workspace.run("python", "-m", "recurrent.commands.prune")
    assert "removed data/models/nietzsche_trigram" in pruned.stderr
    assert workspace.repro("evaluate") == ["evaluate"]
    table = pd.read_csv(workspace.folder / "metrics/replication.csv")
    own = table[table["protocol"] != "lecture"]
    assert "nietzsche_lstm" in set(own["experiment"])
    assert "nietzsche_trigram" not in set(own["experiment"])
    assert not own["verdict"].str.contains("nietzsche_trigram", na=False).any()
    workspace.revert()
    assert workspace.repro() == []
    assert workspace.git("status", "--porcelain") == ""
