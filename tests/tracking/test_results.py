"""All results of a pipeline: one run for each state of the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.entities import Run

from recurrent.common import files
from recurrent.common.paths import Results
from recurrent.tracking.results import ALL_LECTURES, TrackedResults
from recurrent.tracking.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        yield Store()


@pytest.fixture
def results(tmp_path: Path) -> TrackedResults:
    found = Results(tmp_path / "metrics", tmp_path / "data")
    files.write_json(found.summary, {"names": 0.98, "lyrics": None, "claims_hold": 31})
    files.write_text(found.report, "<html></html>")
    files.write_text(found.scores, "model,perplexity\none,1.5\ntwo,\n")
    return TrackedResults("lectures", "bundled", found, "c0ffee")


def runs_of(store: Store) -> list[Run]:
    return list(store.client.search_runs([store.experiment_id(ALL_LECTURES)]))


def test_a_run_has_the_report_the_headline_numbers_and_the_tables(
    store: Store, results: TrackedResults
) -> None:
    assert results.is_complete()
    assert store.publish(results, results.state())
    (run,) = runs_of(store)
    assert run.info.run_name == "lectures, bundled"
    assert run.data.metrics == {"held_out/names": 0.98, "claims_hold": 31.0}
    assert run.data.tags["mlflow.source.git.commit"] == "c0ffee"
    listed = {item.path for item in store.client.list_artifacts(run.info.run_id)}
    assert listed == {"report.html", "tables"}
    table = store.client.load_table(
        store.experiment_id(ALL_LECTURES), "tables/scores.json", [run.info.run_id]
    )
    assert table.to_dict("list")["model"] == ["one", "two"]
    assert table["perplexity"][0] == 1.5 and table["perplexity"].isna()[1]


def test_another_state_of_the_results_is_another_run(store: Store, results: TrackedResults) -> None:
    files.write_json(results.results.summary, {"claims_hold": 30})
    known, first = len(runs_of(store)), results.state()
    assert store.publish(results, first)
    assert not store.publish(results, first)
    files.write_json(results.results.summary, {"claims_hold": 32})
    assert store.publish(results, results.state())
    assert len(runs_of(store)) == known + 2
    assert results.state() != first


def test_results_that_a_kill_left_incomplete_are_completed(
    store: Store, results: TrackedResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write_json(results.results.summary, {"claims_hold": 29})
    known = len(runs_of(store))
    with monkeypatch.context() as patch:
        patch.setattr(TrackedResults, "tables", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.publish(results, results.state())
    assert store.publish(results, results.state())
    (run, *_) = runs_of(store)
    assert len(runs_of(store)) == known + 1
    assert run.info.status == "FINISHED" and run.data.metrics == {"claims_hold": 29.0}


def test_without_a_report_there_is_nothing_to_publish(tmp_path: Path) -> None:
    found = Results(tmp_path / "metrics", tmp_path / "data")
    assert not TrackedResults("lectures", "bundled", found).is_complete()
