"""Evaluate and compare: every file of both pipelines, on small models of one text."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from recurrent.commands import jobs
from recurrent.common import config as params
from recurrent.common import files, paths
from recurrent.common.config import Variant
from recurrent.common.errors import PipelineError
from recurrent.evaluation import rows, variants
from recurrent.evaluation.rows import Claim, Comparison, Published, Score
from recurrent.evaluation.trained import Trained
from recurrent.tasks.base import load
from recurrent.training.determinism import prepare
from recurrent.training.fingerprint import Run
from recurrent.training.store import FILES, MODEL, WEIGHTS, RunStore
from stages import compare, evaluate
from tests.data.texts import ORIGIN, encoded, some_text
from tests.project import Project
from tests.small_experiment import CPU, DESCENT, ONE_WAY, save_models

NGRAMS: dict[str, Any] = {
    "module": "ngrams",
    "name": "InterpolatedNgrams",
    "settings": {"order": 2},
}
COMMON: dict[str, Any] = {"lecture": "texts", "task": "next_token", "dataset": "whole"}
LECTURES = """\
texts:
  title: a lecture
  given_by: a lecturer
  headline: loss
  better: lower
  rows: {C1: a network, C+: more}
  default_row: C+
  counterparts: {unseen/net: net/lecture}
  published:
    - {row: C1, metric: train_loss, experiment: net/lecture, epochs: {1: 1.5}}
    - {row: C1, metric: get_next, experiment: net/lecture, texts: {ab: abc}}
  claims:
    it_learns:
      row: C1
      statement: it learns
      measured: training loss
      unit: nats per character
      value: {model: net/lecture, metric: train_loss, epoch: 1}
      below: 2
      margin: 0.1
    it_runs:
      row: C1
      statement: it is quick
      measured: time
      unit: seconds
      value: {seconds: net/lecture}
      below: 2
      margin: 0.1
"""
PARAMS: dict[str, Any] = {
    "runtime": CPU.model_dump(),
    "source": "upstream",
    "corpora": {"letters": {"kind": "text", "synthetic": {"seed": 0, "size": 10}}},
    "datasets": {name: {"corpus": "letters", "kind": "text"} for name in ("whole", "held_out")},
    "experiments": {
        "net": {
            **COMMON,
            "title": "a network",
            "also": "held_out",
            "model": ONE_WAY,
            "training": DESCENT,
            "seeds": [0, 1],
            "samples": {"prefixes": ["ab"], "length": 3},
            "variants": {"lecture": {}, "held_out": {"data": "also", "samples": None}},
        },
        "counts": {
            **COMMON,
            "title": "bigrams",
            "dataset": "held_out",
            "also": "held_out",
            "model": NGRAMS,
            "training": {"method": "fit"},
            "variants": {"order_2": {}},
        },
    },
}
UNSEEN = {**PARAMS["experiments"]["net"], "dataset": "held_out", "variants": {"net": {}}}

pytestmark = pytest.mark.usefixtures("restored_torch")


@pytest.fixture
def trained(project: Project) -> Project:
    """Both pipelines trained, on a text of which a quarter is held out or nothing is."""
    write(project, PARAMS, {"experiments": {"unseen": UNSEEN}})
    project.file("lectures.yaml", LECTURES.encode())
    text = some_text(1200)
    for name, test in (("whole", 0.0), ("held_out", 0.25)):
        folder = paths.encoded(name)
        folder.mkdir(parents=True)
        encoded(project.folder, text, order="sequential", valid=0.0, test=test).save(folder)
        about = files.read_json(folder / "dataset.json")
        about["origin"] = {"source": "upstream", "name": ORIGIN["name"]}
        files.write_json(folder / "dataset.json", about)
    for pipeline in ("lectures", "beyond"):
        config = params.load(pipeline)
        for variant in config.variants():
            task = load(variant.task)(paths.encoded(variant.dataset), prepare(CPU))
            folder = config.results.model(variant.experiment, variant.variant)
            save_models(folder, task, variant.model.model_dump(), len(variant.seeds))
    history = "variant,seed,epoch,train_loss\nlecture,0,1,1.5\nlecture,1,1,1.5\n"
    files.write_text(paths.PIPELINES["lectures"].history("net"), history)
    return project


def write(project: Project, root: dict[str, Any], beyond: dict[str, Any]) -> None:
    for path, values in ((paths.PARAMS, root), (paths.BEYOND_PARAMS, beyond)):
        files.write_json(project.folder / path, values)  # JSON is YAML


def run(pipeline: str) -> None:
    """Run the evaluate stage of each experiment, then compare."""
    for experiment in params.load(pipeline).experiments:
        evaluate.main(experiment, pipeline)
    compare.main(pipeline)


@pytest.mark.usefixtures("trained")
def test_the_lectures_have_scores_comparisons_and_published_numbers() -> None:
    results = paths.PIPELINES["lectures"]
    files.write_text(results.evaluation("net", "gone"), "{}")
    run("lectures")
    names = {"net/lecture", "net/held_out", "counts/order_2"}
    samples = [*results.evaluation("net", "x").parents[1].rglob("*-samples.json")]
    assert samples == [results.samples("net", "lecture")]
    samples[0].unlink()
    for file in (results.evaluation, results.score):
        found = {
            f"{path.parent.name}/{path.stem}" for path in file("x", "y").parents[1].rglob("*.json")
        }
        assert found == names
    scores = rows.read(results.scores, Score)
    assert {f"{score.experiment}/{score.variant}" for score in scores} == names
    assert [s.split for s in scores if s.metric == "loss"] == ["train", "test", "test"]
    baseline, ensemble, held_out = rows.read(results.comparisons, Comparison)
    assert [row.kind for row in (baseline, ensemble, held_out)] == [
        "baseline",
        "baseline",
        "held_out",
    ]
    assert (baseline.rival, ensemble.ensemble) == ("counts/order_2", True)
    assert (held_out.variant, held_out.rival) == ("held_out", "net/lecture")
    train_loss, text = rows.read(results.published, Published)
    assert (train_loss.verdict, train_loss.ours, train_loss.seeds) == ("reproduced", 1.5, 2)
    assert isinstance(text.ours, str) and text.ours.startswith("ab") and len(text.ours) == 3
    learns, runs = rows.read(results.claims, Claim)
    assert (learns.verdict, learns.value, learns.seeds) == ("holds", 1.5, 2)
    assert runs.verdict is None and "seconds.csv" in str(runs.reason)
    summary = files.read_json(results.summary)
    assert summary["claims_hold"] == 1
    best = min(s.ours for s in scores if s.metric == "loss" and s.split == "test")
    assert summary["texts"] == best
    assert summary["reproduced"] >= 1
    assert files.read_json(results.score("net", "held_out")).keys() == {"loss", "perplexity"}


@pytest.mark.usefixtures("trained")
def test_beyond_the_lectures_their_baselines_and_counterparts_count() -> None:
    root, results = paths.PIPELINES["lectures"], paths.PIPELINES["beyond"]
    run("lectures")
    before = {path: path.read_bytes() for path in Path("metrics").rglob("*.csv")}
    run("beyond")
    assert {path: path.read_bytes() for path in before} == before
    assert {score.experiment for score in rows.read(results.scores, Score)} == {"unseen"}
    found = rows.read(results.comparisons, Comparison)
    assert [(row.kind, row.rival) for row in found] == [
        ("baseline", "counts/order_2"),
        ("baseline", "counts/order_2"),
        ("held_out", "net/lecture"),
    ]
    theirs = [row for row in rows.read(root.comparisons, Comparison) if row.variant == "held_out"]
    assert found[0].difference == theirs[0].difference, "the same weights on the same records"
    assert not results.published.exists() and not results.claims.exists()


@pytest.mark.usefixtures("trained")
def test_evaluating_again_writes_the_same_bytes() -> None:
    written = []
    for _ in range(2):
        shutil.rmtree(RunStore().folder, ignore_errors=True)
        run("lectures")
        files_ = [path for top in ("metrics", "data/evaluation") for path in Path(top).rglob("*.*")]
        written.append({path: path.read_bytes() for path in files_})
    assert written[0] == written[1]


def test_an_unknown_lecture_is_refused(trained: Project) -> None:
    experiments = {name: {**one, "lecture": "magic"} for name, one in PARAMS["experiments"].items()}
    write(trained, {**PARAMS, "experiments": experiments}, {"experiments": {}})
    with pytest.raises(PipelineError, match=r"net\.lecture: there is no lecture 'magic'.*texts"):
        compare.main("lectures")


@pytest.mark.usefixtures("trained")
def test_what_a_worker_evaluated_is_what_the_stage_collects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, store = params.load(), RunStore()
    variant = settings.find("net/lecture")
    spec = files.read_json(settings.results.model("net", "lecture") / "spec.json")
    of_seeds = []
    for seed in spec.pop("seeds"):
        of_seeds.append(Run(variant, seed, f"run-{seed}"))
        place = store.place(f"run-{seed}")
        for name in FILES:
            files.write_json(place / name, {})
        files.write_json(place / MODEL, spec)
        shutil.copyfile(settings.results.weights("net", "lecture", seed), place / WEIGHTS)
        store.finish(f"run-{seed}", {})
    files.write_json(settings.results.written("net", "lecture"), {"0": {}, "1": {}})
    jobs.evaluate(variant, settings, store.folder, partial(Trained.in_store, of_seeds, store))
    monkeypatch.setattr(variants, "evaluate", None)  # it is not called again
    one = partial(Trained.in_workspace, variant, settings.results)
    assert jobs.is_evaluated(variant, settings, store, one)


@pytest.mark.usefixtures("trained")
def test_an_evaluation_is_computed_once_and_again_for_other_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[str] = []
    plain = variants.evaluate

    def noting(variant: Variant, *others: Any) -> Any:
        measured.append(variant.name)
        return plain(variant, *others)

    monkeypatch.setattr(variants, "evaluate", noting)
    results = paths.PIPELINES["lectures"]
    evaluate.main("net")
    before = results.evaluation("net", "lecture").read_bytes()
    evaluate.main("net")
    assert measured == ["net/lecture", "net/held_out"]
    assert results.evaluation("net", "lecture").read_bytes() == before
    one, other = (results.weights("net", "lecture", seed) for seed in (0, 1))
    one.write_bytes(other.read_bytes())
    evaluate.main("net")
    assert measured[2:] == ["net/lecture"]
    assert results.evaluation("net", "lecture").read_bytes() != before
